// The TLS handshake cut at every byte: each attempt ends in time with an error, and the next one succeeds.

#include "fault/tls_world.hpp"
#include "redis/settings/endpoint_settings.hpp"
#include "redis/transport/connector.hpp"
#include "redis/transport/tls_transport.hpp"
#include "support/chaos_proxy.hpp"
#include "support/resource_counts.hpp"
#include "support/sanitized.hpp"

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

constexpr auto nobody = [](redis::Transport*) {};

struct Lab {
  explicit Lab(std::chrono::milliseconds connect_timeout, const std::string& protocol)
      : server({.tls = certificates().server_tls(), .directives = {"tls-protocols " + protocol}}),
        proxy(server.tls_port()),
        options([&] {
          auto given = tls_options(proxy.port());
          given.socket_connect_timeout = connect_timeout;
          given.host = "127.0.0.1";
          return redis::endpoint_settings(given, 1000).connector;
        }()) {}

  // A connector without sessions, so that every handshake is a full one.
  redis::Connector::Outcome connect() {
    options.tls = std::make_shared<redis::TlsContext>(options.tls->options());
    redis::Connector connector(options);
    return connector.connect(stop, nobody);
  }

  RedisServer server;
  ChaosProxy proxy;
  redis::ConnectorOptions options;
  basics::StopSignal stop;
};

// Bytes of one whole connection up to the first PONG.
std::uint64_t bytes_of_handshake(Lab& lab, Direction direction) {
  const auto before = lab.proxy.bytes(direction);
  BOOST_REQUIRE(lab.connect().transport);
  return lab.proxy.bytes(direction) - before;
}

void cut_everywhere(const std::string& protocol, Direction direction, Cut cut, std::uint64_t stride,
                    std::chrono::milliseconds connect_timeout) {
  Lab lab(5s, protocol);
  const auto size = bytes_of_handshake(lab, direction);
  BOOST_REQUIRE(size > 300);
  lab.options.connect_timeout = connect_timeout;
  std::uint64_t failures = 0;
  for (std::uint64_t byte = 0; byte < size; byte += stride) {
    lab.proxy.set(direction, {.cut_after = byte, .cut = cut});
    const auto begin = std::chrono::steady_clock::now();
    const auto outcome = lab.connect();
    const auto spent = std::chrono::steady_clock::now() - begin;
    BOOST_TEST_INFO("cut after byte " << byte);
    BOOST_TEST((spent < connect_timeout + 1s));
    // Some of the last bytes, such as session tickets, need not arrive for the first PONG.
    if (outcome.error) ++failures;
    if (byte < size / 2) BOOST_TEST(outcome.error.has_value());
    lab.proxy.pass();
    lab.proxy.drop_connections();
  }
  BOOST_TEST(failures > 0u);
  lab.options.connect_timeout = 5s;
  BOOST_TEST(!lab.connect().error.has_value());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tls_handshake_faults)

BOOST_AUTO_TEST_CASE(a_handshake_reset_at_every_byte_from_the_server_fails_in_time) {
  for (const char* const protocol : {"TLSv1.2", "TLSv1.3"})
    cut_everywhere(protocol, Direction::to_client, Cut::reset, 3, 2s);
}

BOOST_AUTO_TEST_CASE(a_handshake_closed_at_every_byte_from_the_server_fails_in_time) {
  cut_everywhere("TLSv1.2", Direction::to_client, Cut::close, 3, 2s);
  cut_everywhere("TLSv1.3", Direction::to_client, Cut::close, 1, 2s);
}

BOOST_AUTO_TEST_CASE(a_handshake_closed_at_every_byte_from_the_client_fails_in_time) {
  for (const char* const protocol : {"TLSv1.2", "TLSv1.3"})
    cut_everywhere(protocol, Direction::to_server, Cut::close, 1, 2s);
}

BOOST_AUTO_TEST_CASE(a_handshake_that_stands_still_at_any_point_ends_by_the_deadline) {
  for (const char* const protocol : {"TLSv1.2", "TLSv1.3"}) {
    cut_everywhere(protocol, Direction::to_client, Cut::hold, 97, 50ms);
    cut_everywhere(protocol, Direction::to_server, Cut::hold, 47, 50ms);
  }
}

BOOST_AUTO_TEST_CASE(a_handshake_that_drips_ends_by_the_deadline) {
  Lab lab(200ms, "TLSv1.3");
  lab.proxy.set(Direction::to_client, {.piece_size = 1, .piece_interval = 20ms});
  const auto begin = std::chrono::steady_clock::now();
  const auto outcome = lab.connect();
  BOOST_REQUIRE(outcome.error.has_value());
  BOOST_TEST((outcome.error->code() == ErrorCode::timeout));
  BOOST_TEST((std::chrono::steady_clock::now() - begin < 1s * slowness));
}

BOOST_AUTO_TEST_CASE(an_altered_byte_anywhere_in_the_handshake_is_noticed) {
  Lab lab(5s, "TLSv1.3");
  const auto size = bytes_of_handshake(lab, Direction::to_client);
  lab.options.connect_timeout = 300ms;
  for (std::uint64_t byte = 0; byte < size / 2; byte += 11) {
    lab.proxy.set(Direction::to_client, {.corrupt_at = byte});
    const auto outcome = lab.connect();
    // The two bytes of the record's version do not count in TLS 1.3.
    const bool immaterial = !outcome.error;
    if (immaterial) BOOST_TEST((byte < 200));
    lab.proxy.pass();
    lab.proxy.drop_connections();
  }
  lab.options.connect_timeout = 5s;
  BOOST_TEST(!lab.connect().error.has_value());
}

BOOST_AUTO_TEST_CASE(a_stop_ends_a_handshake_that_waits) {
  Lab lab(30s, "TLSv1.3");
  lab.proxy.set(Direction::to_client, {.flow = Flow::hold});
  redis::Connector connector(lab.options);
  std::mutex mutex;  // the transport is withdrawn before it is destroyed
  redis::Transport* announced = nullptr;
  std::atomic<bool> failed{false};
  std::thread worker([&] {
    const auto outcome = connector.connect(lab.stop, [&](redis::Transport* transport) {
      const std::lock_guard guard(mutex);
      announced = transport;
    });
    failed = outcome.error.has_value();
  });
  BOOST_TEST(wait_until([&] {
    const std::lock_guard guard(mutex);
    return announced != nullptr;
  }));
  BOOST_TEST(lab.proxy.wait_for_arrived(Direction::to_client, 100));
  {
    const std::lock_guard guard(mutex);
    if (announced != nullptr) announced->shut_down();
  }
  worker.join();
  BOOST_TEST(failed.load());
}

BOOST_AUTO_TEST_CASE(sessions_are_resumed_unless_the_server_has_forgotten_them) {
  for (const char* const protocol : {"TLSv1.2", "TLSv1.3"}) {
    BOOST_TEST_CONTEXT(protocol) {
      Lab lab(5s, protocol);
      redis::Connector connector(lab.options);
      const auto resumed = [&] {
        const auto outcome = connector.connect(lab.stop, nobody);
        if (!outcome.transport) return -1;
        return dynamic_cast<redis::TlsTransport&>(*outcome.transport).resumed() ? 1 : 0;
      };
      BOOST_TEST(resumed() == 0);
      for (int round = 0; round < 10; ++round)
        BOOST_TEST(resumed() == 1);
      lab.server.kill();
      lab.server.restart();
      BOOST_TEST(resumed() == 0);
      BOOST_TEST(resumed() == 1);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
