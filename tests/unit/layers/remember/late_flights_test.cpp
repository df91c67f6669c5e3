// Results that come late, in any order, among changes of their keys: all on one thread, by seeds.

#include "support/fake_clock.hpp"
#include "support/sanitized.hpp"

#include <cachesite/async_remember.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/remember_cache.hpp>

#include <array>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <future>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t model_keys = 3;
constexpr auto model_life = 60s;

/// A factory that has begun, and what the model knows of it.
struct ModelFlight {
  std::size_t key;
  std::string value;
  std::coroutine_handle<> waiting = nullptr;
  bool in_table = true;  // who asks now joins it
  bool outdated = false;
};

/// A cache over memory, and a model of what it has to hold.
class LateFlights {
 public:
  LateFlights() {
    ComponentContext context;
    context.clock = clock_;
    RememberCacheOptions options;
    options.over = Reference<ICache>(std::make_shared<MemoryCache>(MemoryCacheOptions{}, context));
    cache_ = std::make_shared<RememberCache>(options, context);
  }

  std::string run(std::uint64_t seed) {
    random_.seed(seed);
    for (int step = 0; step < 24 && problem_.empty(); ++step)
      take_step();
    while (!flights_.empty())
      end(0);
    for (auto& [soon, value] : callers_) {
      const Lookup found = soon.get();
      if (!found.hit() || found.value().text() != value) problem_ = "a caller got a value of another flight";
    }
    callers_.clear();
    (void)cache_->clear();
    entries_ = {};
    return std::exchange(problem_, {});
  }

 private:
  struct Entry {
    std::string value;
    IClock::TimePoint end;
  };
  struct Gate {
    std::shared_ptr<ModelFlight> flight;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) const noexcept { flight->waiting = waiting; }
    [[nodiscard]] std::string await_resume() const { return flight->value; }
  };

  static std::string name_of(std::size_t key) { return std::string(1, static_cast<char>('a' + key)); }

  void take_step() {
    const std::size_t key = random_() % model_keys;
    switch (random_() % 8) {
      case 0:
      case 1:
      case 2:
        ask(key);
        break;
      case 3:
      case 4:
        if (!flights_.empty()) end(random_() % flights_.size());
        break;
      case 5:
        (void)cache_->write(name_of(key), "written", model_life);
        change(key);
        entries_[key] = Entry{"written", clock_->now() + model_life};
        break;
      case 6:
        (void)cache_->remove(name_of(key));
        change(key);
        entries_[key].reset();
        break;
      case 7:
        clear_or_wait();
        break;
    }
    compare();
  }

  void clear_or_wait() {
    if (random_() % 2 == 0) return clock_->advance(40s);
    (void)cache_->clear();
    for (std::size_t key = 0; key < model_keys; ++key) {
      change(key);
      entries_[key].reset();
    }
  }

  void change(std::size_t key) {
    for (auto& flight : flights_) {
      if (flight->key != key) continue;
      flight->in_table = false;
      flight->outdated = true;
    }
  }

  [[nodiscard]] std::string value_of(std::size_t key) const {
    const auto& entry = entries_[key];
    return entry && clock_->now() < entry->end ? entry->value : std::string();
  }

  void ask(std::size_t key) {
    std::string expected = value_of(key);
    for (const auto& flight : flights_)
      if (expected.empty() && flight->key == key && flight->in_table) expected = flight->value;
    auto flight = std::make_shared<ModelFlight>(ModelFlight{key, "made " + std::to_string(++made_)});
    callers_.emplace_back(
        cache_->async_remember(name_of(key), model_life, [flight] { return Gate{flight}; }).future(),
        expected.empty() ? flight->value : expected);
    const bool begun = flight->waiting != nullptr;
    if (begun != expected.empty()) problem_ = begun ? "two flights of a key" : "no flight has begun";
    if (begun) flights_.push_back(std::move(flight));
  }

  void end(std::size_t index) {
    const auto flight = flights_[index];
    flights_.erase(flights_.begin() + static_cast<std::ptrdiff_t>(index));
    flight->waiting.resume();
    if (!flight->outdated) entries_[flight->key] = Entry{flight->value, clock_->now() + model_life};
  }

  void compare() {
    for (std::size_t key = 0; key < model_keys; ++key) {
      const auto found = cache_->get(name_of(key));
      const std::string text = found.hit() ? std::string(found.value().text()) : std::string();
      if (text != value_of(key))
        problem_ = name_of(key) + " holds \"" + text + "\" in place of \"" + value_of(key) + '"';
    }
  }

  std::mt19937_64 random_;
  std::shared_ptr<test::FakeClock> clock_ = std::make_shared<test::FakeClock>();
  std::shared_ptr<RememberCache> cache_;
  std::array<std::optional<Entry>, model_keys> entries_;
  std::vector<std::shared_ptr<ModelFlight>> flights_;
  std::vector<std::pair<std::future<Lookup>, std::string>> callers_;
  int made_ = 0;
  std::string problem_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(late_flights)

BOOST_AUTO_TEST_CASE(late_results_of_flights_never_undo_a_change) {
  const char* const wish = std::getenv("CACHESITE_SEED");
  const std::uint64_t first = wish != nullptr ? std::strtoull(wish, nullptr, 10) : 1;
  const std::uint64_t last = wish != nullptr ? first : test::sanitized ? 1'000 : 10'000;
  LateFlights flights;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    const std::string problem = flights.run(seed);
    if (problem.empty()) continue;
    BOOST_ERROR("seed " << seed << ": " << problem << " (CACHESITE_SEED=" << seed << " replays it)");
    break;
  }
}

BOOST_AUTO_TEST_SUITE_END()
