#include "redis/news/feed_hub.hpp"

#include "support/fake_clock.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::redis;
using namespace cachesite::test;

namespace {

class DeafListener final : public IFeedListener {
 public:
  void on_changed(FeedServer, std::span<const std::string_view>) noexcept override {}
  void on_everything_changed(FeedServer, bool) noexcept override {}
  void on_served(FeedServer) noexcept override {}
};

// Many watchers, of which the first is served long before the last.
struct CrowdedHub {
  static constexpr std::size_t crowd = 400;
  static constexpr FeedServer server{0};

  CrowdedHub() {
    for (std::size_t one = 0; one < crowd; ++one) {
      prefixes.push_back("prefix-" + std::to_string(one));
      watchers.push_back(
          std::make_shared<FeedWatcher>(one == 0 ? prefixes[0] : "unknown", 0, FeedOptions{}, deaf));
      hub.add(watchers.back());
    }
  }

  [[nodiscard]] std::uint32_t epoch() const { return watchers[0]->served[server.index].load(); }

  DeafListener deaf;
  FeedHub hub{std::make_shared<ServerChanges::Listener>(), std::make_shared<FakeClock>()};
  std::vector<std::string> prefixes;
  std::vector<std::shared_ptr<FeedWatcher>> watchers;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(feed_hub)

// Who reads in a gap makes no copy when the gap ends meanwhile: what was changed before the end was not told.
BOOST_AUTO_TEST_CASE(a_new_epoch_is_never_seen_with_the_generation_before_it) {
  constexpr int rounds = 10;
  CrowdedHub crowded;
  std::atomic<int> begun{0};
  std::atomic<int> seen{0};
  std::atomic<int> quiet{0};
  int same = 0;
  std::thread reader([&] {
    for (int round = 1; round <= rounds; ++round) {
      const auto before = crowded.hub.generation().load();
      begun = round;
      while (crowded.epoch() == 0) {
      }
      same += crowded.hub.generation().load() == before ? 1 : 0;
      seen = round;
      while (quiet != round)
        std::this_thread::yield();
    }
  });
  for (int round = 1; round <= rounds; ++round) {
    while (begun != round)
      std::this_thread::yield();
    crowded.hub.serve(CrowdedHub::server, crowded.prefixes);
    while (seen != round)
      std::this_thread::yield();
    crowded.hub.unserve(CrowdedHub::server);
    quiet = round;
  }
  reader.join();
  BOOST_TEST(same == 0);
}

BOOST_AUTO_TEST_CASE(the_first_protocol_that_a_watch_asks_for_holds_for_all) {
  FeedHub hub{std::make_shared<ServerChanges::Listener>(), std::make_shared<FakeClock>()};
  DeafListener deaf;
  std::vector<std::shared_ptr<FeedWatcher>> watchers;
  const auto with = [&](FeedProtocol protocol) {
    FeedOptions wishes;
    wishes.protocol = protocol;
    hub.add(watchers.emplace_back(std::make_shared<FeedWatcher>("prefix", 0, wishes, deaf)));
    return hub.options().protocol;
  };
  BOOST_TEST((with(FeedProtocol::automatic) == FeedProtocol::automatic));
  BOOST_TEST((with(FeedProtocol::resp2) == FeedProtocol::resp2));
  BOOST_TEST((with(FeedProtocol::resp3) == FeedProtocol::resp2));
  hub.remove(*watchers[1]);
  BOOST_TEST((hub.options().protocol == FeedProtocol::resp3));
}

// Whoever is told may wait for a thread that adds or removes a watcher.
BOOST_AUTO_TEST_CASE(what_listeners_have_to_say_is_said_without_a_lock) {
  class Talker final : public IFeedListener {
   public:
    void on_changed(FeedServer, std::span<const std::string_view>) noexcept override {}
    void on_everything_changed(FeedServer, bool) noexcept override {}
    void on_served(FeedServer) noexcept override { due_ = true; }
    std::function<void()> take_notice() override { return std::exchange(due_, false) ? say : nullptr; }
    std::function<void()> say;

   private:
    bool due_ = false;
  };
  FeedHub hub{std::make_shared<ServerChanges::Listener>(), std::make_shared<FakeClock>()};
  Talker talker;
  const auto watcher = std::make_shared<FeedWatcher>("prefix", 0, FeedOptions{}, talker);
  hub.add(watcher);
  int said = 0;
  talker.say = [&] {
    ++said;
    std::thread([&] { hub.remove(*watcher); }).join();
  };
  const std::vector<std::string> prefixes{"prefix"};
  hub.give_notice();
  BOOST_TEST(said == 0);
  hub.serve({}, prefixes);
  hub.give_notice();
  hub.give_notice();
  BOOST_TEST(said == 1);
}

BOOST_AUTO_TEST_SUITE_END()
