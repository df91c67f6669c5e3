#include "support/redis_lab.hpp"

#include "support/process.hpp"

#include <csignal>

#include <boost/test/unit_test.hpp>

using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

struct Tls {
  TestCertificates certificates;

  // What `openssl s_client` says about the server when it connects to `host` and trusts our authority.
  std::string verify(const RedisServer& server, const std::string& host,
                     const std::string& client = {}) const {
    std::vector<std::string> arguments = {"openssl",
                                          "s_client",
                                          "-connect",
                                          "127.0.0.1:" + std::to_string(server.tls_port()),
                                          "-CAfile",
                                          certificates.authority_file(),
                                          "-servername",
                                          host,
                                          "-verify_return_error",
                                          "-verify_hostname",
                                          host};
    if (!client.empty())
      arguments.insert(arguments.end(),
                       {"-cert", certificates.certificate(client), "-key", certificates.key(client)});
    Process process(arguments, {.keep_input_open = true});
    try {
      process.write_input("PING\n");
      if (process.wait_for_output("PONG", 5s)) return "PONG";
    } catch (const std::system_error&) {
    }
    process.kill();
    return process.output() + process.errors();
  }
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(tls_lab, Tls)

BOOST_AUTO_TEST_CASE(a_tls_server_is_accepted_for_its_own_host_only) {
  const RedisServer server({.tls = certificates.server_tls()});
  BOOST_TEST(verify(server, "localhost") == "PONG");
  BOOST_TEST(contains(verify(server, "elsewhere"), "hostname mismatch"));
  server.probe().set("key", "value");
  BOOST_TEST(RedisProbe({.port = server.port()}).get("key").value() == "value");
}

BOOST_AUTO_TEST_CASE(every_bad_certificate_is_bad_in_its_own_way) {
  const auto problem = [&](const std::string& name) {
    return verify(RedisServer({.tls = certificates.server_tls(name)}), "localhost");
  };
  BOOST_TEST(contains(problem("other-host"), "hostname mismatch"));
  BOOST_TEST(contains(problem("expired"), "certificate has expired"));
  BOOST_TEST(contains(problem("unknown"), "unable to get local issuer certificate"));
  BOOST_TEST(contains(problem("self-signed"), "self-signed certificate"));
}

BOOST_AUTO_TEST_CASE(a_client_certificate_can_be_required) {
  const RedisServer server({.tls = certificates.server_tls("server", true)});
  BOOST_TEST(verify(server, "localhost", "client") == "PONG");
  BOOST_TEST(verify(server, "localhost") != "PONG");
  BOOST_TEST(verify(server, "localhost", "stranger") != "PONG");
}

BOOST_AUTO_TEST_CASE(the_authority_directory_verifies_the_server_certificate) {
  BOOST_TEST(contains(run_checked({"openssl", "verify", "-CApath", certificates.authority_directory(),
                                   "-no-CAfile", certificates.certificate("server")}),
                      "OK"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(sentinel_lab)

BOOST_AUTO_TEST_CASE(a_replica_takes_over_when_the_master_is_killed) {
  SentinelLab lab;
  BOOST_TEST(lab.master_index() == 0U);
  BOOST_TEST(lab.sentinel_ports().size() == 3U);
  lab.server(0).kill();
  BOOST_REQUIRE(lab.wait_for_new_master(0));
  BOOST_TEST(lab.master_index() != 0U);
  lab.master().probe().set("key", "value");
}

BOOST_AUTO_TEST_CASE(a_planned_failover_works_with_passwords) {
  SentinelLab lab({.service_name = "orders", .password = "data word", .sentinel_password = "watch word"});
  lab.request_failover();
  BOOST_REQUIRE(lab.wait_for_new_master(0));
  lab.wait_until_ready();
  RedisProbe stranger({.port = lab.sentinel(0).port()});
  BOOST_TEST(stranger.command({"SENTINEL", "MASTERS"}).text.rfind("NOAUTH", 0) == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(cluster_lab)

BOOST_AUTO_TEST_CASE(a_cluster_serves_all_slots_moves_them_and_survives_the_loss_of_a_master) {
  ClusterLab lab;
  BOOST_TEST(lab.nodes() == 6U);
  BOOST_TEST(lab.master_of(0) == 0U);
  BOOST_TEST(lab.master_of(8000) == 1U);
  BOOST_TEST(lab.master_of(16383) == 2U);
  BOOST_TEST(lab.replica_of(2) == 5U);

  const std::string key = lab.key_in(100);
  BOOST_TEST(lab.slot_of(key) == 100);
  lab.set(key, "value");
  lab.begin_move(100, 1);
  BOOST_TEST(lab.move_keys(100, 1) == 1U);
  BOOST_TEST(lab.node(0).probe().command({"GET", key}).text ==
             "ASK 100 127.0.0.1:" + std::to_string(lab.node(1).port()));
  lab.finish_move(100, 1);
  BOOST_TEST(lab.node(0).probe().command({"GET", key}).text ==
             "MOVED 100 127.0.0.1:" + std::to_string(lab.node(1).port()));
  lab.wait_until_ready();
  BOOST_TEST(lab.get(key).value() == "value");

  lab.node(0).kill();
  BOOST_REQUIRE(lab.wait_for_new_master(0, 0));
  BOOST_TEST(lab.master_of(0) == 3U);
  lab.node(0).restart();
  lab.wait_until_ready();
  BOOST_TEST(lab.replica_of(3) == 0U);
}

BOOST_AUTO_TEST_CASE(a_cluster_can_have_a_password_and_no_replicas) {
  ClusterLab lab({.masters = 2, .replicas_per_master = 0, .password = "word"});
  lab.set("key", "value");
  const int slot = lab.slot_of("key");
  const std::size_t target = 1 - lab.master_of(slot);
  lab.move_slot(slot, target);
  BOOST_TEST(lab.node(target).probe().get("key").value() == "value");
  BOOST_TEST(RedisProbe({.port = lab.node(0).port()}).command({"GET", "key"}).text.rfind("NOAUTH", 0) == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
