#include "backplane/bus.hpp"

#include "support/collecting_logger.hpp"
#include "support/sanitized.hpp"
#include "support/wait_until.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <sys/wait.h>
#include <unistd.h>

using namespace cachesite;
using namespace cachesite::backplane;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

struct Heard {
  ChangeAction action;
  std::string key;
};

class Listener final : public IBackplaneListener {
 public:
  void on_changes(std::span<const BackplaneChange> changes) noexcept override {
    std::unique_lock lock(mutex_);
    is_busy = true;
    released_.wait(lock, [&] { return !waits_; });
    is_busy = false;
    for (const auto& change : changes)
      heard_.push_back({change.action, std::string(change.key)});
  }
  void on_state(const BackplaneState& state) noexcept override { epoch = state.epoch; }
  void on_proven(std::int64_t) noexcept override { ++proofs; }

  [[nodiscard]] bool has(ChangeAction action, std::string_view key) const { return count(action, key) != 0; }
  [[nodiscard]] std::size_t count(ChangeAction action, std::string_view key) const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::count_if(heard_.begin(), heard_.end(), [&](const Heard& heard) {
      return heard.action == action && heard.key == key;
    }));
  }

  std::function<void()> take_notice() override {
    const std::lock_guard lock(mutex_);
    return notice_;
  }
  /// Changes that come are taken when it is released.
  void wait_until_released() {
    const std::lock_guard lock(mutex_);
    waits_ = true;
  }
  void release() {
    const std::lock_guard lock(mutex_);
    waits_ = false;
    released_.notify_all();
  }
  void say(std::function<void()> notice) {
    const std::lock_guard lock(mutex_);
    notice_ = std::move(notice);
  }

  std::atomic<bool> is_busy{false};
  std::atomic<std::uint32_t> epoch{0};
  std::atomic<int> proofs{0};

 private:
  mutable std::mutex mutex_;
  std::vector<Heard> heard_;
  std::function<void()> notice_;
  std::condition_variable released_;
  bool waits_ = false;
};

// What all processes hear, the sender too.
class Channel {
 public:
  void join(Bus& bus) {
    const std::lock_guard lock(mutex_);
    members_.push_back(&bus);
  }
  void leave(Bus& bus) {
    const std::lock_guard lock(mutex_);
    std::erase(members_, &bus);
  }
  Status send(std::string_view message) {
    const std::lock_guard lock(mutex_);
    last_ = message;
    ++sent;
    if (away) return Error(ErrorCode::unreachable, "away");
    if (answer_lost.exchange(false)) {
      tell(message);
      return Error(ErrorCode::timeout, "no answer", Outcome::unknown);
    }
    if (!lose.exchange(false)) tell(message);
    return Done{};
  }

  [[nodiscard]] bool ended_with_bye() const {
    const std::lock_guard lock(mutex_);
    Message message;
    return read_message(last_, message) && message.bye;
  }

  std::atomic<int> sent{0};
  std::atomic<bool> away{false};
  std::atomic<bool> lose{false};         // the next message reaches nobody
  std::atomic<bool> answer_lost{false};  // the next message is heard, and its sender does not know

 private:
  void tell(std::string_view message) {
    for (auto* const member : members_)
      member->received(message);
  }

  mutable std::recursive_mutex mutex_;
  std::string last_;
  std::vector<Bus*> members_;
};

struct Process {
  Process(Channel& channel, std::uint8_t id, std::size_t most_waiting = 1'000)
      : channel_(channel),
        bus(settings(id, most_waiting), context(logger),
            [&channel](std::string_view message) { return channel.send(message); }) {
    channel.join(bus);
    bus.add(listener, 1s);
    bus.listening();
    BOOST_TEST(wait_until([&] { return listener.epoch != 0; }));
  }
  ~Process() {
    bus.stop();
    channel_.leave(bus);
    bus.remove(listener);
  }
  void change(std::string_view key, ChangeAction action = ChangeAction::set) {
    const BackplaneChange change{action, key};
    bus.publish({&change, 1}, &listener);
  }

  static Bus::Settings settings(std::uint8_t id, std::size_t most_waiting) {
    Bus::Settings settings;
    settings.own[0] = id;
    settings.beat = 100ms;
    settings.most_waiting = most_waiting;
    return settings;
  }
  static ComponentContext context(const std::shared_ptr<CollectingLogger>& logger) {
    ComponentContext context;
    context.logger = logger;
    return context;
  }

  std::shared_ptr<CollectingLogger> logger = std::make_shared<CollectingLogger>();
  Listener listener;

 private:
  Channel& channel_;

 public:
  Bus bus;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(bus)

BOOST_AUTO_TEST_CASE(others_hear_of_a_change_and_its_process_does_not) {
  Channel channel;
  Process one(channel, 1);
  Process other(channel, 2);
  one.change("a");
  one.change("b", ChangeAction::remove);
  BOOST_TEST(wait_until([&] { return other.listener.has(ChangeAction::remove, "b"); }));
  BOOST_TEST(other.listener.has(ChangeAction::set, "a"));
  BOOST_TEST(!one.listener.has(ChangeAction::set, "a"));
  BOOST_TEST(other.bus.statistics().received > 0);
  BOOST_TEST(one.bus.statistics().published > 0);
}

BOOST_AUTO_TEST_CASE(two_watchers_of_one_process_hear_each_other) {
  Channel channel;
  Process one(channel, 1);
  Listener neighbour;
  one.bus.add(neighbour, 1s);
  BOOST_TEST(neighbour.epoch == one.listener.epoch);
  one.change("a");
  BOOST_TEST(wait_until([&] { return neighbour.has(ChangeAction::set, "a"); }));
  BOOST_TEST(!one.listener.has(ChangeAction::set, "a"));
  one.bus.remove(neighbour);
}

BOOST_AUTO_TEST_CASE(what_is_said_on_its_own_thread_may_stop_it) {
  Channel channel;
  Process one(channel, 1);
  std::atomic<bool> returned{false};
  one.listener.say([&, other_thread = std::this_thread::get_id()] {
    if (std::this_thread::get_id() == other_thread) return;
    one.bus.stop();
    returned = true;
  });
  one.bus.listening();  // an own message is heard next
  BOOST_TEST(wait_until([&] { return returned.load(); }));
  BOOST_TEST(one.listener.epoch == 0);
  one.bus.stop();
  BOOST_TEST(channel.ended_with_bye());
}

BOOST_AUTO_TEST_CASE(its_last_owner_may_be_gone_on_its_own_thread) {
  struct Owner {
    Listener listener;
    Channel channel;
    std::unique_ptr<Bus> bus;
  };
  const auto logger = std::make_shared<CollectingLogger>();
  auto owner = std::make_shared<Owner>();
  const std::weak_ptr<Owner> watched = owner;
  owner->bus = std::make_unique<Bus>(
      Process::settings(1, 10), Process::context(logger),
      [&channel = owner->channel](std::string_view sent) { return channel.send(sent); });
  owner->channel.join(*owner->bus);
  owner->listener.say([owner, other_thread = std::this_thread::get_id()] {
    if (std::this_thread::get_id() == other_thread) return;
    owner->bus->stop();
    owner->bus->remove(owner->listener);
    owner->listener.say(nullptr);
  });
  owner->bus->add(owner->listener, 1s, owner);
  owner->bus->listening();
  owner.reset();
  BOOST_TEST(wait_until([&] { return watched.expired(); }));
}

BOOST_AUTO_TEST_CASE(a_forked_child_can_add_a_watcher_and_is_told_nothing) {
  Channel channel;
  Process one(channel, 1);
  const auto child = ::fork();
  if (child == 0) {
    ::alarm(60);
    Listener listener;
    one.bus.add(listener, 1s);
    ::_exit(listener.epoch == 0 ? 0 : 1);
  }
  int status = 0;
  BOOST_TEST(::waitpid(child, &status, 0) == child);
  BOOST_TEST((WIFEXITED(status) && WEXITSTATUS(status) == 0));
}

BOOST_AUTO_TEST_CASE(they_hear_each_other_while_nothing_can_be_sent) {
  Channel channel;
  Process one(channel, 1);
  Listener neighbour;
  one.bus.add(neighbour, 1s);
  channel.away = true;
  one.change("a");
  BOOST_TEST(wait_until([&] { return one.bus.statistics().publish_failures > 0; }));
  one.change("b");
  BOOST_TEST(wait_until([&] { return neighbour.has(ChangeAction::set, "b"); }));
  BOOST_TEST(!one.listener.has(ChangeAction::set, "b"));
  BOOST_TEST(one.bus.statistics().waiting == 1);
  channel.away = false;
  one.bus.remove(neighbour);
}

BOOST_AUTO_TEST_CASE(beats_prove_again_and_again_that_messages_come) {
  Channel channel;
  Process one(channel, 1);
  const int before = one.listener.proofs;
  BOOST_TEST(wait_until([&] { return one.listener.proofs >= before + 3; }));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_sent_is_sent_later_without_a_gap) {
  Channel channel;
  Process one(channel, 1);
  Process other(channel, 2);
  one.change("a");
  BOOST_TEST(wait_until([&] { return other.listener.has(ChangeAction::set, "a"); }));
  channel.away = true;
  one.change("b");
  BOOST_TEST(wait_until([&] { return one.bus.statistics().publish_failures > 0; }));
  one.change("c");
  channel.away = false;
  BOOST_TEST(wait_until([&] { return other.listener.has(ChangeAction::set, "c"); }));
  BOOST_TEST(other.listener.has(ChangeAction::set, "b"));
  BOOST_TEST(other.bus.statistics().sequence_gaps == 0);
}

BOOST_AUTO_TEST_CASE(a_message_whose_answer_is_lost_is_heard_twice_without_a_gap) {
  Channel channel;
  Process one(channel, 1);
  Process other(channel, 2);
  one.change("a");
  BOOST_TEST(wait_until([&] { return other.listener.has(ChangeAction::set, "a"); }));
  channel.answer_lost = true;
  BOOST_TEST(wait_until([&] {
    one.change("b");
    return one.bus.statistics().publish_failures + other.bus.statistics().publish_failures > 0;
  }));
  one.change("c");
  BOOST_TEST(wait_until([&] { return other.listener.has(ChangeAction::set, "c"); }));
  BOOST_TEST(other.bus.statistics().sequence_gaps == 0);
}

BOOST_AUTO_TEST_CASE(a_lost_message_is_noticed_by_the_next) {
  Channel channel;
  Process one(channel, 1);
  Process other(channel, 2);
  one.change("a");
  BOOST_TEST(wait_until([&] { return other.listener.has(ChangeAction::set, "a"); }));
  const std::uint32_t before = other.listener.epoch;
  channel.lose = true;
  BOOST_TEST(wait_until([&] { return other.bus.statistics().sequence_gaps > 0; }));
  BOOST_TEST(other.listener.epoch > before);
}

BOOST_AUTO_TEST_CASE(a_process_that_stops_says_so_and_tells_what_waits) {
  Channel channel;
  Process other(channel, 2);
  std::uint32_t before = 0;
  {
    Process one(channel, 1);
    one.change("a");
    BOOST_TEST(wait_until([&] { return other.bus.statistics().sources == 1; }));
    before = other.listener.epoch;
    one.change("b");
  }
  BOOST_TEST(other.listener.has(ChangeAction::set, "b"));
  BOOST_TEST(other.bus.statistics().sources == 0);
  BOOST_TEST(other.listener.epoch == before);
}

BOOST_AUTO_TEST_CASE(too_many_changes_become_one_clear) {
  Channel channel;
  Process one(channel, 1, 10);
  Process other(channel, 2);
  channel.away = true;
  one.change("first");
  BOOST_TEST(wait_until([&] { return one.bus.statistics().publish_failures > 0; }));
  for (int index = 0; index < 1'000; ++index)
    one.change(std::to_string(index));
  BOOST_TEST(one.bus.statistics().waiting <= 11);
  BOOST_TEST(one.bus.statistics().overflows > 0);
  channel.away = false;
  BOOST_TEST(wait_until([&] { return other.listener.has(ChangeAction::clear, ""); }));
}

BOOST_AUTO_TEST_CASE(many_changes_are_told_in_messages_of_64_kib) {
  Channel channel;
  Process one(channel, 1);
  Process other(channel, 2);
  const std::string longest(Message::longest_key, 'x');
  channel.away = true;
  one.change("first");
  BOOST_TEST(wait_until([&] { return one.bus.statistics().publish_failures > 0; }));
  for (char last = 'a'; last < 'e'; ++last)
    one.change(std::string(40'000, 'k') + last);
  one.change(longest);
  channel.away = false;
  BOOST_TEST(wait_until([&] { return other.listener.has(ChangeAction::set, longest); }));
  BOOST_TEST(other.listener.has(ChangeAction::set, std::string(40'000, 'k') + 'd'));
  one.change(longest + 'x');  // no message can hold it
  BOOST_TEST(wait_until([&] { return other.listener.has(ChangeAction::clear, ""); }));
}

BOOST_AUTO_TEST_CASE(beats_do_not_wait_for_a_busy_watcher) {
  Channel channel;
  Process one(channel, 1);
  MessageWriter writer;
  writer.add({ChangeAction::clear, {}});
  const auto message = writer.finish(Process::settings(2, 1).own, 1, 0);
  channel.leave(one.bus);  // its own messages would come on the thread that is busy
  one.listener.wait_until_released();
  std::thread hearing([&] { one.bus.received(message); });
  BOOST_TEST(wait_until([&] { return one.listener.is_busy.load(); }));
  const auto before = channel.sent.load();
  BOOST_TEST(wait_until([&] { return channel.sent >= before + 3; }));
  one.listener.release();
  hearing.join();
  BOOST_TEST(one.listener.has(ChangeAction::clear, ""));
}

BOOST_AUTO_TEST_CASE(a_lost_channel_is_told_at_once_with_the_reason) {
  Channel channel;
  Process one(channel, 1);
  const std::uint32_t before = one.listener.epoch;
  BOOST_TEST(one.bus.reason().empty());
  one.bus.lost(Error(ErrorCode::unreachable, "the line is cut"));
  BOOST_TEST(one.listener.epoch == 0);
  BOOST_TEST(one.bus.reason() == "messages are missed: the line is cut");
  one.bus.listening();
  BOOST_TEST(wait_until([&] { return one.listener.epoch > before; }));
  BOOST_TEST(one.bus.reason().empty());
}

BOOST_AUTO_TEST_CASE(a_flood_of_rubbish_is_counted_and_logged_once) {
  Channel channel;
  Process one(channel, 1);
  const std::uint32_t before = one.listener.epoch;
  for (int index = 0; index < 10'000; ++index)
    one.bus.received("rubbish");
  BOOST_TEST(one.bus.statistics().bad_messages == 10'000);
  BOOST_TEST(one.listener.epoch > before);
  BOOST_TEST(one.logger->count(LogLevel::warning, "cannot be read") == 1U);
}

BOOST_AUTO_TEST_CASE(stop_returns_within_a_second_while_nothing_can_be_sent) {
  Channel channel;
  Process one(channel, 1);
  channel.away = true;
  one.change("a");
  const auto began = std::chrono::steady_clock::now();
  one.bus.stop();
  BOOST_TEST((std::chrono::steady_clock::now() - began < 1s * slowness));
  BOOST_TEST(one.listener.epoch == 0);
  one.change("b");
  BOOST_TEST(one.bus.statistics().waiting <= 1);
}

BOOST_AUTO_TEST_SUITE_END()
