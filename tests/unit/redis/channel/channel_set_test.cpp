#include "redis/channel/channel_set.hpp"

#include <array>
#include <memory>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::redis;

namespace {

/// A server that takes everything and never answers.
class SilentTransport final : public Transport {
 public:
  Transfer receive(std::span<const iovec>, Patience) override { return {Status::again}; }
  Transfer send(std::span<const iovec> pieces) override {
    std::size_t count = 0;
    for (const auto& piece : pieces)
      count += piece.iov_len;
    return {Status::ok, count};
  }
  Waiting wait(bool, TimePoint) override { return Waiting::timed_out; }
  void shut_down() noexcept override {}
  [[nodiscard]] std::string problem() const override { return {}; }
};

struct ChannelSetFixture {
  Channel& open() {
    Channel* const channel = channels.closed();
    BOOST_REQUIRE(channel != nullptr);
    channel->open(std::make_unique<SilentTransport>());
    return *channel;
  }
  void ask(Channel& channel) {
    const std::array<Argument, 2> words{{{"GET"}, {"key"}}};
    const std::array<Command, 1> commands{{{words, static_cast<ReplyKinds>(ReplyKind::bulk), true}}};
    unanswered.push_back(channel.send(commands, SteadyTime::now()));
    BOOST_REQUIRE(unanswered.back());
  }
  Channel& pick(RequestTraits needs = {false, true}) {
    opens_another = false;
    Channel* const primary = channels.primary(needs);
    return primary != nullptr ? *primary : channels.pick_other(needs, opens_another);
  }

  ChannelSet channels{ChannelLimits{}, ChannelSetOptions{}, [](const Error&) {}};
  std::vector<Channel::Pending> unanswered;
  bool opens_another = false;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(redis_channel_set, ChannelSetFixture)

BOOST_AUTO_TEST_CASE(one_channel_is_enough_while_requests_do_not_meet) {
  Channel& first = open();
  BOOST_TEST(&pick() == &first);
  BOOST_TEST(&pick() == &first);
  BOOST_TEST(channels.closed() == nullptr);
}

BOOST_AUTO_TEST_CASE(a_read_that_meets_another_asks_for_a_channel_and_then_takes_it) {
  Channel& first = open();
  ask(first);
  BOOST_TEST(&pick() == &first);
  BOOST_TEST(opens_another);
  BOOST_TEST(&pick() == &first);
  BOOST_TEST(!opens_another, "asked for once");
  Channel& second = open();
  BOOST_TEST(&pick() == &second);
  ask(second);
  BOOST_TEST(&pick() == &first, "both are at work");
}

BOOST_AUTO_TEST_CASE(changes_stay_together_so_that_none_overtakes_one_that_was_given_up) {
  Channel& first = open();
  ask(first);
  pick();
  Channel& second = open();
  BOOST_TEST(&pick() == &second);
  const RequestTraits change{false, false};
  BOOST_TEST(&pick(change) == &first);
  first.close(Error(ErrorCode::unreachable, "test"));
  BOOST_TEST(&pick(change) == &second, "one that is lost keeps nobody");
}

BOOST_AUTO_TEST_CASE(a_crowd_stays_together) {
  Channel& first = open();
  for (int request = 0; request < 3; ++request)
    ask(first);
  BOOST_TEST(first.load() == 3u);
  BOOST_TEST(&pick() == &first);
  BOOST_TEST(!opens_another);
}

BOOST_AUTO_TEST_CASE(large_requests_have_a_channel_to_themselves) {
  Channel& first = open();
  BOOST_TEST(&pick({true, true}) == &first);
  BOOST_TEST(opens_another);
  Channel& bulk = open();
  BOOST_TEST(channels.is_bulk(bulk));
  BOOST_TEST(&pick({true, true}) == &bulk);
  BOOST_TEST(&pick({false, true}) == &first);
}

BOOST_AUTO_TEST_CASE(ordinary_requests_are_counted_for_each_large_one) {
  Channel& first = open();
  for (int request = 0; request < 3; ++request)
    ask(first);
  pick({true, true});
  Channel& bulk = open();
  BOOST_TEST(channels.ordinary_for_each_large() == 3.0);
  ask(bulk);
  BOOST_TEST(channels.ordinary_for_each_large() == 3.0);
  ask(bulk);
  BOOST_TEST(channels.ordinary_for_each_large() == 1.5);
}

BOOST_AUTO_TEST_CASE(a_channel_that_is_lost_is_wanted_again_and_others_stand_in_for_it) {
  Channel& first = open();
  ask(first);
  pick();
  Channel& second = open();
  first.close(Error(ErrorCode::unreachable, "test"));
  BOOST_TEST(first.load() == 0u);
  BOOST_TEST(&pick() == &second);
  BOOST_TEST(channels.closed() == &first);
}

BOOST_AUTO_TEST_SUITE_END()
