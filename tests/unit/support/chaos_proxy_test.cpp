#include "support/chaos_proxy.hpp"

#include "support/redis_server.hpp"
#include "support/resource_counts.hpp"
#include "support/wait_until.hpp"

#include <cerrno>
#include <chrono>

#include <boost/test/unit_test.hpp>
#include <poll.h>
#include <sys/socket.h>

using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

struct Fixture {
  RedisServer server{{.tcp = false}};
  ChaosProxy proxy{server.unix_socket_path()};

  RedisProbe connect(std::chrono::milliseconds limit = 10s) {
    return RedisProbe({.port = proxy.port()}, limit);
  }
};

bool is_reset(const std::system_error& failure) {
  return failure.code().value() == ECONNRESET || failure.code().value() == EPIPE;
}

bool is_end(const std::runtime_error& failure) {
  return std::string(failure.what()) == "the server closed the connection";
}

// Raw bytes until the connection ends, and the error that ended it (0: an orderly end).
std::pair<std::string, int> read_to_end(RedisProbe& probe) {
  std::string bytes;
  char block[4096];
  for (;;) {
    const ssize_t count = ::recv(probe.descriptor(), block, sizeof block, 0);
    if (count <= 0) return {bytes, count == 0 ? 0 : errno};
    bytes.append(block, static_cast<std::size_t>(count));
  }
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(chaos_proxy, Fixture)

BOOST_AUTO_TEST_CASE(everything_passes_and_is_counted) {
  RedisProbe probe = connect();
  const std::string value(3 << 20, 'v');
  probe.set("key", value);
  BOOST_TEST((probe.get("key").value() == value));
  BOOST_TEST(proxy.accepted() == 1U);
  BOOST_TEST(proxy.live() == 1U);
  BOOST_TEST(proxy.replies() == 2U);
  BOOST_TEST(proxy.bytes(Direction::to_client) == 5U + bulk(value).size());
  BOOST_TEST(proxy.bytes(Direction::to_server) == proxy.arrived(Direction::to_server));
}

BOOST_AUTO_TEST_CASE(the_end_of_a_client_reaches_the_server_and_the_other_way_round) {
  RedisProbe inspector = server.probe();
  {
    RedisProbe probe = connect();
    probe.checked({"PING"});
    BOOST_TEST(wait_until([&] { return inspector.count_clients() == 1U; }));
  }
  BOOST_TEST(proxy.wait_for_closed_by_client(1));
  BOOST_TEST(proxy.wait_for_live(0));
  BOOST_TEST(wait_until([&] { return inspector.count_clients() == 0; }));
  RedisProbe probe = connect();
  probe.checked({"PING"});
  server.stop();
  BOOST_CHECK_EXCEPTION(probe.receive(10s), std::runtime_error, is_end);
  BOOST_CHECK_THROW(connect().command({"PING"}), std::system_error);
}

BOOST_AUTO_TEST_CASE(a_refused_connection_can_succeed_later_on_the_same_port) {
  proxy.set_accepting(Accepting::refuse);
  BOOST_CHECK_EXCEPTION(connect(), std::system_error, [](const std::system_error& failure) {
    return failure.code().value() == ECONNREFUSED;
  });
  proxy.pass();
  BOOST_TEST(connect().command({"PING"}).text == "PONG");
}

BOOST_AUTO_TEST_CASE(connections_are_accepted_and_closed_reset_or_ignored) {
  proxy.set_accepting(Accepting::close);
  RedisProbe closed = connect();
  BOOST_TEST(read_to_end(closed).second == 0);
  proxy.set_accepting(Accepting::reset);
  RedisProbe reset = connect();
  BOOST_TEST(read_to_end(reset).second == ECONNRESET);
  proxy.set_accepting(Accepting::ignore);
  RedisProbe ignored = connect(20ms);
  BOOST_CHECK_EXCEPTION(ignored.command({"PING"}), std::runtime_error, [](const auto& failure) {
    return std::string(failure.what()) == "no reply in time to PING";
  });
  BOOST_TEST(proxy.accepted() == 3U);
  BOOST_TEST(proxy.live() == 0U);
}

BOOST_AUTO_TEST_CASE(a_lost_syn_leaves_the_client_waiting) {
  proxy.set_accepting(Accepting::black_hole);
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  {
    proxy.set_accepting(Accepting::forward);
    RedisProbe probe = connect();
    BOOST_REQUIRE(::getpeername(probe.descriptor(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    proxy.set_accepting(Accepting::black_hole);
  }
  const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  BOOST_TEST(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), size) == -1);
  BOOST_TEST(errno == EINPROGRESS);
  pollfd entry{socket.get(), POLLOUT, 0};
  BOOST_TEST(::poll(&entry, 1, 50) == 0);
  proxy.pass();
  BOOST_TEST(connect().command({"PING"}).text == "PONG");
}

BOOST_AUTO_TEST_CASE(a_reset_comes_after_exactly_the_wanted_byte_of_a_reply) {
  server.probe().set("key", "0123456789");
  const std::string reply = bulk("0123456789");
  for (std::size_t count = 0; count <= reply.size(); ++count) {
    RedisProbe probe = connect();
    probe.checked({"PING"});
    proxy.set(Direction::to_client, {.cut_after = count});
    probe.send("GET key\r\n");
    const auto [bytes, failure] = read_to_end(probe);
    BOOST_TEST(bytes == reply.substr(0, count));
    BOOST_TEST(failure == ECONNRESET);
    proxy.pass();
  }
  BOOST_TEST(proxy.cuts() == reply.size() + 1);
}

BOOST_AUTO_TEST_CASE(a_request_can_be_cut_so_that_the_server_never_sees_it_whole) {
  RedisProbe probe = connect();
  const std::string request = encode_command({"INCR", "counter"});
  proxy.set(Direction::to_server, {.cut_after = request.size() - 1, .cut = Cut::close});
  probe.send(request);
  BOOST_TEST(read_to_end(probe).second == 0);
  BOOST_TEST(!server.probe().exists("counter"));
}

BOOST_AUTO_TEST_CASE(a_cut_that_happens_once_spares_the_next_connection) {
  proxy.set(Direction::to_client, {.cut_after = 3, .cut_once = true});
  RedisProbe first = connect();
  BOOST_CHECK_EXCEPTION(first.command({"PING"}), std::system_error, is_reset);
  BOOST_TEST(connect().command({"PING"}).text == "PONG");
  BOOST_TEST(proxy.cuts() == 1U);
}

BOOST_AUTO_TEST_CASE(a_stall_in_the_middle_of_a_reply_ends_when_the_faults_do) {
  RedisProbe probe = connect();
  proxy.set(Direction::to_client, {.cut_after = 3, .cut = Cut::hold});
  probe.send("PING\r\n");
  BOOST_TEST(proxy.wait_for_cuts(1));
  BOOST_TEST(!probe.receive(20ms).has_value());
  BOOST_TEST(proxy.bytes(Direction::to_client) == 3U);
  proxy.pass();
  BOOST_TEST(probe.receive(10s).value().text == "PONG");
}

BOOST_AUTO_TEST_CASE(held_bytes_arrive_later) {
  RedisProbe probe = connect();
  proxy.set(Direction::to_client, {.flow = Flow::hold});
  probe.send("PING\r\n");
  BOOST_TEST(proxy.wait_for_arrived(Direction::to_client, 7));
  BOOST_TEST(!probe.receive(5ms).has_value());
  proxy.pass();
  BOOST_TEST(probe.receive(10s).value().text == "PONG");
}

BOOST_AUTO_TEST_CASE(a_vanished_server_swallows_everything_without_an_end) {
  RedisProbe probe = connect();
  probe.checked({"PING"});
  proxy.vanish();
  probe.send("SET key value\r\n");
  BOOST_TEST(proxy.wait_for_arrived(Direction::to_server, encode_command({"PING"}).size() + 15));
  BOOST_TEST(!probe.receive(20ms).has_value());
  proxy.pass();
  BOOST_TEST(probe.command({"EXISTS", "key"}).integer == 0);
}

BOOST_AUTO_TEST_CASE(a_drip_and_small_pieces_keep_every_byte) {
  server.probe().set("key", "0123456789");
  RedisProbe probe = connect();
  proxy.set(Direction::to_client, {.piece_size = 1, .piece_interval = 1ms});
  proxy.set(Direction::to_server, {.piece_size = 3});
  BOOST_TEST(probe.get("key").value() == "0123456789");
  const auto begin = std::chrono::steady_clock::now();
  proxy.set(Direction::to_client, {.delay = 30ms});
  probe.checked({"PING"});
  BOOST_TEST((std::chrono::steady_clock::now() - begin >= 30ms));
}

BOOST_AUTO_TEST_CASE(a_corrupted_byte_differs_by_one_bit) {
  RedisProbe probe = connect();
  proxy.set(Direction::to_client, {.corrupt_at = 2});
  BOOST_TEST(probe.command({"PING"}).text == "PNNG");
  BOOST_TEST(probe.command({"PING"}).text == "PONG");
}

BOOST_AUTO_TEST_CASE(replies_are_duplicated_omitted_and_invented) {
  server.probe().set("a", "A");
  server.probe().set("b", "B");
  RedisProbe probe = connect();
  proxy.duplicate_replies();
  BOOST_TEST(probe.get("a").value() == "A");
  BOOST_TEST(probe.get("b").value() == "A");
  BOOST_TEST(probe.receive(10s).value().text == "B");
  proxy.omit_replies();
  probe.send("GET a\r\nGET b\r\n");
  BOOST_TEST(probe.receive(10s).value().text == "B");
  proxy.inject(Direction::to_client, "+EXTRA\r\n");
  BOOST_TEST(probe.receive(10s).value().text == "EXTRA");
  proxy.inject(Direction::to_server, "ECHO hello\r\n");
  BOOST_TEST(probe.receive(10s).value().text == "hello");
}

BOOST_AUTO_TEST_CASE(all_connections_are_dropped_at_once) {
  RedisProbe first = connect();
  RedisProbe second = connect();
  BOOST_TEST(proxy.wait_for_live(2));
  proxy.drop_connections();
  BOOST_TEST(proxy.live() == 0U);
  BOOST_TEST(read_to_end(first).second == ECONNRESET);
  BOOST_TEST(read_to_end(second).second == ECONNRESET);
  RedisProbe third = connect();
  BOOST_TEST(proxy.wait_for_live(1));
  proxy.close_connections();
  BOOST_TEST(read_to_end(third).second == 0);
}

BOOST_AUTO_TEST_CASE(nothing_is_left_behind_when_a_proxy_goes) {
  const std::size_t before = open_descriptors();
  {
    ChaosProxy other(server.unix_socket_path());
    RedisProbe probe({.port = other.port()});
    probe.checked({"PING"});
    other.vanish();
  }
  BOOST_TEST(open_descriptors() == before);
}

BOOST_AUTO_TEST_SUITE_END()
