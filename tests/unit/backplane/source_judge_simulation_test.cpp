// Processes that change entries and tell of it over a channel that loses, repeats and reorders messages, and one that
// keeps copies. After each step no copy may be served that has been out of date for longer than a lost message can go
// unnoticed.

#include "backplane/source_judge.hpp"
#include "support/seeds.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::backplane;

namespace {

using Time = SourceJudge::Time;
constexpr Time beat_length = 1'000;
constexpr Time longest_delay = 300;
constexpr Time longest_step = 150;
constexpr Time max_staleness = 2'000;
// Until the next message, or the silence, of the source of a lost one is noticed.
constexpr Time bound = 2 * beat_length + longest_delay + longest_step;

struct Rates {
  unsigned lost = 20, twice = 20;  // of a hundred messages
  unsigned lost_at_first = 20;     // of a hundred of sources that are not known yet
  unsigned crashes = 0;            // after a hundred messages that were lost
  unsigned restarts = 0;           // in a thousand steps
  unsigned gaps = 0;               // in a thousand steps
};

class Simulation {
 public:
  Simulation(std::uint32_t seed, const Rates& rates) : random_(seed), rates_(rates) {
    judge_.listening(now_);
    for (auto& sender : senders_)
      begin(sender);
  }

  void run(int steps) {
    for (int step = 0; step < steps && wrong_.empty(); ++step) {
      now_ += 1 + static_cast<Time>(random_() % longest_step);
      deliver();
      if (now_ >= judge_.next_look()) judge_.look(now_);
      for (auto& sender : senders_)
        act(sender);
      if (now_ >= own_.beat_at) send(own_, std::nullopt);
      maybe_break();
      copy();
      check();
    }
  }
  [[nodiscard]] const std::string& wrong() const noexcept { return wrong_; }
  [[nodiscard]] std::uint64_t hits() const noexcept { return hits_; }
  [[nodiscard]] std::uint64_t gaps() const noexcept { return judge_.gaps(); }

 private:
  static constexpr std::size_t most_keys = 16;

  struct Sender {
    SourceId id{};
    std::uint64_t sequence = 0;
    Time beat_at = 0;
    Time arrived_at = 0;  // the last message that is not lost was sent then
    bool heard = false;
  };
  struct Flying {
    Time at;
    Message message;
    std::optional<std::size_t> key;
  };
  struct Entry {
    std::uint64_t version = 0;
    std::vector<Time> changes;  // when each version ended
  };
  struct Copy {
    std::uint64_t version = 0;
    std::uint32_t epoch = 0;
  };
  struct Fill {
    std::size_t key;
    std::uint64_t version;
    std::uint64_t counter;
    std::uint32_t epoch;
  };

  void begin(Sender& sender) {
    sender = Sender();
    ++ids_;
    sender.id[0] = static_cast<std::uint8_t>(ids_);
    sender.id[1] = static_cast<std::uint8_t>(ids_ >> 8U);
    // Its first messages may be lost, too.
    sender.arrived_at = now_;
    sender.beat_at = now_ + beat_length / 2;
  }
  bool happens(unsigned of_hundred) { return random_() % 100 < of_hundred; }

  void act(Sender& sender) {
    if (random_() % 8 == 0) {
      const auto key = random_() % entries_.size();
      ++entries_[key].version;
      entries_[key].changes.push_back(now_);
      send(sender, key);
    } else if (now_ >= sender.beat_at) {
      send(sender, std::nullopt);
    }
  }
  void send(Sender& sender, std::optional<std::size_t> key, bool bye = false) {
    Message message;
    message.bye = bye;
    message.source = sender.id;
    message.sequence = ++sender.sequence;
    sender.beat_at = now_ + beat_length;
    if (&sender == &own_) judge_.sending(message.sequence, now_);
    const auto lost = sender.heard || &sender == &own_ ? rates_.lost : rates_.lost_at_first;
    if (!message.bye && now_ - sender.arrived_at < beat_length / 2 && happens(lost)) {
      // Nobody can miss whom nobody knows.
      if (sender.heard && happens(rates_.crashes)) begin(sender);
      return;
    }
    sender.arrived_at = now_;
    for (int copies = happens(rates_.twice) ? 2 : 1; copies > 0; --copies)
      flying_.push_back({now_ + static_cast<Time>(random_() % longest_delay), message, key});
  }
  void deliver() {
    std::stable_sort(flying_.begin(), flying_.end(),
                     [](const Flying& one, const Flying& other) { return one.at < other.at; });
    while (!flying_.empty() && flying_.front().at <= now_) {
      const auto next = flying_.front();
      flying_.erase(flying_.begin());
      for (auto& sender : senders_)
        if (sender.id == next.message.source) sender.heard = true;
      if (!judge_.heard(next.message, now_) || !next.key) continue;
      copies_.erase(*next.key);
      ++counters_[*next.key];
    }
  }
  void maybe_break() {
    if (random_() % 1'000 < rates_.restarts) {
      auto& sender = senders_[random_() % senders_.size()];
      send(sender, std::nullopt, true);
      begin(sender);
    }
    if (random_() % 1'000 >= rates_.gaps) return;
    judge_.lost();
    flying_.clear();
    judge_.listening(now_);
    for (auto& sender : senders_)
      sender.heard = false;
  }

  void copy() {
    if (fill_ && random_() % 2 == 0) {
      const auto& fill = *fill_;
      if (fill.epoch != 0 && fill.epoch == judge_.state().epoch && counters_[fill.key] == fill.counter)
        copies_[fill.key] = {fill.version, fill.epoch};
      fill_.reset();
    }
    if (fill_) return;
    const auto key = random_() % entries_.size();
    const auto present = copies_.find(key);
    if (present != copies_.end() && present->second.epoch == judge_.state().epoch) return;
    fill_ = Fill{key, entries_[key].version, counters_[key], judge_.state().epoch};
  }
  void check() {
    const auto epoch = judge_.state().epoch;
    if (epoch == 0 || now_ >= judge_.as_of() + max_staleness) return;
    for (const auto& [key, copy] : copies_) {
      if (copy.epoch != epoch) continue;
      ++hits_;
      const auto& entry = entries_[key];
      if (copy.version == entry.version) continue;
      const auto old_since = entry.changes[copy.version];
      if (now_ - old_since > bound)
        wrong_ = "key " + std::to_string(key) + " is out of date for " + std::to_string(now_ - old_since);
    }
  }

  std::minstd_rand random_;
  const Rates rates_;
  SourceJudge judge_{SourceId{}, beat_length};
  Time now_ = 1'000'000;
  unsigned ids_ = 0;
  Sender own_;
  std::array<Sender, 3> senders_;
  std::array<Entry, most_keys> entries_;
  std::vector<Flying> flying_;
  std::map<std::size_t, Copy> copies_;
  std::array<std::uint64_t, most_keys> counters_{};
  std::optional<Fill> fill_;
  std::string wrong_;
  std::uint64_t hits_ = 0;
};

void simulate(const Rates& rates) {
  const test::Seeds seeds;
  std::uint64_t hits = 0;
  std::uint64_t gaps = 0;
  seeds.for_each([&](std::uint32_t seed) {
    Simulation simulation(seed, rates);
    simulation.run(200);
    hits += simulation.hits();
    gaps += simulation.gaps();
    BOOST_TEST_REQUIRE(simulation.wrong().empty(), "seed " << seed << ": " << simulation.wrong());
  });
  BOOST_TEST(hits > seeds.count * 20);  // copies were served at all
  BOOST_TEST(gaps > seeds.count / 2);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(source_judge_simulation)

BOOST_AUTO_TEST_CASE(backplane_loss_duplication_reordering) {
  simulate({});
}

BOOST_AUTO_TEST_CASE(processes_that_crash_after_a_change_that_was_lost) {
  Rates rates;
  rates.crashes = 50;
  simulate(rates);
}

BOOST_AUTO_TEST_CASE(processes_whose_first_messages_are_lost) {
  Rates rates;
  rates.lost = 0;
  rates.lost_at_first = 70;
  rates.restarts = 30;
  simulate(rates);
}

BOOST_AUTO_TEST_CASE(messages_that_are_lost_just_after_the_channel_is_back) {
  Rates rates;
  rates.lost = 0;
  rates.lost_at_first = 70;
  rates.gaps = 20;
  simulate(rates);
}

BOOST_AUTO_TEST_CASE(a_channel_that_is_lost_between_any_two_steps) {
  Rates rates;
  rates.gaps = 20;
  rates.crashes = 20;
  simulate(rates);
}

BOOST_AUTO_TEST_SUITE_END()
