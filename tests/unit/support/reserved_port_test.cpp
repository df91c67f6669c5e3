#include "support/reserved_port.hpp"

#include "support/redis_probe.hpp"

#include <cerrno>
#include <set>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite::test;

BOOST_AUTO_TEST_SUITE(reserved_port)

BOOST_AUTO_TEST_CASE(reserved_ports_differ) {
  std::vector<ReservedPort> ports(200);
  std::set<std::uint16_t> numbers;
  for (const ReservedPort& port : ports)
    numbers.insert(port.number());
  BOOST_TEST(numbers.size() == ports.size());
}

BOOST_AUTO_TEST_CASE(a_reserved_port_refuses_until_somebody_listens_and_again_afterwards) {
  const ReservedPort port;
  const auto connect = [&] { RedisProbe probe({.port = port.number()}); };
  const auto refused = [](const std::system_error& failure) {
    return failure.code().value() == ECONNREFUSED;
  };
  for (int round = 0; round < 3; ++round) {
    BOOST_CHECK_EXCEPTION(connect(), std::system_error, refused);
    const FileDescriptor listener = listen_on_loopback(port.number());
    BOOST_CHECK_NO_THROW(connect());
  }
}

BOOST_AUTO_TEST_SUITE_END()
