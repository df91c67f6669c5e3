#include "redis/topology/cluster_topology.hpp"

#include "support/collecting_logger.hpp"
#include "support/redis_lab.hpp"

#include <array>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::redis;
using namespace std::chrono_literals;

namespace {

std::unique_ptr<ClusterTopology> topology_on(const test::ClusterLab& lab) {
  ClusterOptions options;
  options.startup_nodes = {{"127.0.0.1", lab.ports().front(), {}}};
  return std::make_unique<ClusterTopology>(std::move(options), "tested",
                                           std::make_shared<test::CollectingLogger>());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cluster_topology)

BOOST_AUTO_TEST_CASE(many_requests_over_all_servers_each_get_their_own_answer_also_while_a_slot_moves) {
  test::ClusterLab lab;
  const auto topology = topology_on(lab);
  constexpr std::size_t count = 300;
  std::vector<std::string> keys;
  std::vector<std::array<Argument, 3>> writes(count);
  std::vector<std::array<Argument, 2>> reads(count);
  for (std::size_t index = 0; index < count; ++index)
    keys.push_back("key" + std::to_string(index));
  const int slot = lab.slot_of(keys[7]);
  const auto source = lab.master_of(slot);
  lab.begin_move(slot, (source + 1) % 3);
  std::vector<Request> requests(count);
  for (std::size_t index = 0; index < count; ++index) {
    writes[index] = {{{"SET"}, {keys[index]}, {"value of ", keys[index]}}};
    requests[index].command = {writes[index], static_cast<ReplyKinds>(ReplyKind::status), false};
  }
  topology->execute_all(requests, CallTime::from_now(5s));
  for (const auto& request : requests)
    BOOST_TEST((request.status.ok() && request.reply.kind == ReplyKind::status));
  lab.finish_move(slot, (source + 1) % 3);
  std::vector<Request> questions(count);
  for (std::size_t index = 0; index < count; ++index) {
    reads[index] = {{{"GET"}, {keys[index]}}};
    questions[index].command = {reads[index], ReplyKind::bulk | ReplyKind::nil, true};
    questions[index].routing.only_reads = true;
  }
  topology->execute_all(questions, CallTime::from_now(5s));
  for (std::size_t index = 0; index < count; ++index) {
    BOOST_REQUIRE(questions[index].status.ok());
    BOOST_TEST(questions[index].reply.text() == "value of " + keys[index]);
  }
}

BOOST_AUTO_TEST_CASE(requests_go_to_all_servers_before_the_answers_of_any_are_awaited) {
  test::ClusterLab lab;
  const auto topology = topology_on(lab);
  const std::array<std::string, 3> keys{lab.key_in(100), lab.key_in(8000), lab.key_in(16000)};
  for (std::size_t frozen = 0; frozen < keys.size(); ++frozen) {
    const std::string value = "while " + std::to_string(frozen) + " is frozen";
    std::array<std::array<Argument, 3>, 3> words;
    std::vector<Request> requests(keys.size());
    for (std::size_t index = 0; index < keys.size(); ++index) {
      words[index] = {{{"SET"}, {keys[index]}, {value}}};
      requests[index].command = {words[index], static_cast<ReplyKinds>(ReplyKind::status), false};
    }
    topology->execute_all(requests, CallTime::from_now(5s));
    for (const auto& request : requests)
      BOOST_REQUIRE(request.status.ok());
    const auto server = lab.master_of(std::array{100, 8000, 16000}[frozen]);
    lab.node(server).freeze();
    const auto time = CallTime::from_now(400ms);
    topology->execute_all(requests, time);
    BOOST_TEST((SteadyTime::now() <= time.deadline + 50ms));
    lab.node(server).thaw();
    for (std::size_t index = 0; index < keys.size(); ++index) {
      const auto& status = requests[index].status;
      BOOST_TEST(status.ok() == (index != frozen));
      if (index != frozen) continue;
      BOOST_TEST((status.error().code() == ErrorCode::timeout));
      BOOST_TEST((status.error().outcome() == Outcome::unknown));
    }
  }
}

BOOST_AUTO_TEST_CASE(every_master_is_visited_once_and_a_failure_ends_the_visits) {
  test::ClusterLab lab;
  const auto topology = topology_on(lab);
  std::set<std::uint16_t> ports;
  int visits = 0;
  const auto status = topology->for_each_master(
      [&](Endpoint& master) {
        ++visits;
        ports.insert(master.address().port);
        return Status(Done{});
      },
      CallTime::from_now(5s));
  BOOST_TEST(status.ok());
  BOOST_TEST(visits == 3);
  BOOST_TEST((ports == std::set<std::uint16_t>{lab.ports()[0], lab.ports()[1], lab.ports()[2]}));
  visits = 0;
  const auto failed = topology->for_each_master(
      [&](Endpoint&) {
        ++visits;
        return Status(Error(ErrorCode::refused));
      },
      CallTime::from_now(5s));
  BOOST_TEST(!failed.ok());
  BOOST_TEST(visits == 1);
}

BOOST_AUTO_TEST_CASE(a_stopped_topology_answers_closed_and_leaves_no_thread) {
  test::ClusterLab lab({.replicas_per_master = 0});
  const auto topology = topology_on(lab);
  const std::array<Argument, 2> words{{{"GET"}, {"key"}}};
  const Command command{words, ReplyKind::bulk | ReplyKind::nil, true};
  Reply reply;
  BOOST_TEST(topology->execute(command, {}, reply, CallTime::from_now(5s)).ok());
  topology->stop();
  const auto status = topology->execute(command, {}, reply, CallTime::from_now(5s));
  BOOST_REQUIRE(!status.ok());
  BOOST_TEST((status.error().code() == ErrorCode::closed));
}

BOOST_AUTO_TEST_SUITE_END()
