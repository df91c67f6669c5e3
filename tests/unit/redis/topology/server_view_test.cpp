#include "redis/topology/routed_topology.hpp"
#include "support/collecting_logger.hpp"
#include "unit/redis/topology/replies.hpp"

#include <array>
#include <memory>
#include <set>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::redis;
using test::bulk;
using test::integer;
using test::list;

namespace {

ServerNode node(std::uint16_t port) {
  EndpointOptions options;
  options.connector.address = {"localhost", port, {}};
  return std::make_shared<Endpoint>(std::move(options), "tested", std::make_shared<test::CollectingLogger>());
}

// Slots 0 to 99 belong to the first server, 100 to 199 to the second; the third has none any more.
ServerView cluster() {
  const auto server = [](std::int64_t port) { return list({bulk("localhost"), integer(port), bulk("id")}); };
  auto slots = SlotMap::read(
      list({list({integer(0), integer(99), server(1)}), list({integer(100), integer(199), server(2)}),
            list({integer(200), integer(200), server(3)})}),
      {"localhost", 1, {}});
  slots->move(200, {"localhost", 1, {}});
  ServerView view;
  for (const auto& shard : slots->shards())
    view.sets.push_back({node(slots->servers()[shard.master].port), {}});
  view.slots = std::move(slots);
  return view;
}

std::uint16_t found(const ServerView& view, const Routing& routing, std::uint32_t turn = 0) {
  const std::array<Argument, 2> words{{{"GET"}, {"key"}}};
  const auto* const set = view.find({words, 0, true}, routing, turn);
  return set == nullptr ? std::uint16_t{0} : set->master->address().port;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(server_view)

BOOST_AUTO_TEST_CASE(views_differ_when_a_key_has_another_master) {
  const auto view = cluster();
  BOOST_TEST(view.has_masters_of(view));
  auto moved = view;
  moved.slots->move(50, {"localhost", 2, {}});
  BOOST_TEST(!view.has_masters_of(moved));
  moved.slots->move(50, {"localhost", 1, {}});
  BOOST_TEST(view.has_masters_of(moved));
  moved.sets.front().replicas.push_back(node(9));
  BOOST_TEST(view.has_masters_of(moved));
  moved.sets.front().master = node(1);  // made anew
  BOOST_TEST(!view.has_masters_of(moved));
  ServerView nobody;
  BOOST_TEST(nobody.has_masters_of(nobody));
  BOOST_TEST(!nobody.has_masters_of(view));
  BOOST_TEST(!view.has_masters_of(nobody));
}

BOOST_AUTO_TEST_CASE(turns_that_follow_each_other_read_from_different_replicas) {
  const ReplicaSet set{node(1), {node(2), node(3)}};
  std::set<std::uint16_t> ports;
  for (const std::uint32_t turn : {7U, 8U}) {
    const auto chosen = set.choose(true, turn);
    BOOST_TEST(chosen.replica);
    ports.insert(chosen.node->address().port);
  }
  BOOST_TEST((ports == std::set<std::uint16_t>{2, 3}));
}

BOOST_AUTO_TEST_CASE(a_replica_that_cannot_be_used_is_passed_over_and_in_the_end_the_master_is_taken) {
  const ReplicaSet set{node(1), {node(2), node(3)}};
  set.replicas[0]->stop();
  BOOST_TEST(set.choose(true, 0).node->address().port == 3);
  set.replicas[1]->stop();
  BOOST_TEST(set.choose(true, 0).node->address().port == 1);
  BOOST_TEST(!set.choose(true, 0).replica);
  BOOST_TEST(set.choose(false, 0).node->address().port == 1);
}

BOOST_AUTO_TEST_CASE(the_slot_of_a_command_decides_in_a_cluster) {
  const ServerView view = cluster();
  BOOST_TEST(found(view, {.slot = 99}) == 1);
  BOOST_TEST(found(view, {.slot = 100}) == 2);
  BOOST_TEST(found(view, {.slot = 200}) == 1);
  BOOST_TEST(found(view, {.slot = 201}) == 0);
}

BOOST_AUTO_TEST_CASE(a_command_without_a_slot_goes_to_any_master_that_can_be_used) {
  const ServerView view = cluster();
  BOOST_TEST(found(view, {.key_argument = 0}, 0) != found(view, {.key_argument = 0}, 1));
  view.sets[0].master->stop();
  for (const std::uint32_t turn : {0U, 1U, 2U})
    BOOST_TEST(found(view, {.key_argument = 0}, turn) != 1);
}

BOOST_AUTO_TEST_CASE(only_masters_that_hold_slots_are_walked_over) {
  const ServerView view = cluster();
  const auto masters = view.masters();
  BOOST_REQUIRE(masters.size() == 2U);
  BOOST_TEST(masters[0]->address().port == 1);
  BOOST_TEST(masters[1]->address().port == 2);
}

BOOST_AUTO_TEST_CASE(without_slots_there_is_one_master_or_the_view_is_of_no_use) {
  ServerView view;
  BOOST_TEST(!view.usable());
  view.sets.push_back({});
  BOOST_TEST(!view.usable());
  view.sets.front().master = node(1);
  BOOST_TEST(view.usable());
  BOOST_TEST(found(view, {}) == 1);
  BOOST_TEST(view.masters().size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
