// Batches that want keys of each other, in any order.

#include "support/sanitized.hpp"

#include <cachesite/memory_cache.hpp>
#include <cachesite/remember_cache.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

namespace {

constexpr std::array<std::string_view, 5> crossed_keys{"a", "b", "c", "d", "e"};
constexpr int crossing_threads = 4;

// Threads that ask for batches of the same few keys, one round after the other, each round with an empty cache.
class CrossingBatches {
 public:
  CrossingBatches() {
    RememberCacheOptions options;
    options.over = Reference<ICache>(std::make_shared<MemoryCache>());
    options.on_lock_failure = OnLockFailure::error;  // who waits for ever gets a timeout
    options.wait = 20s;
    cache_ = std::make_shared<RememberCache>(options);
  }

  void run(std::uint64_t first_seed, std::uint64_t seeds) {
    std::barrier turn(crossing_threads, [this]() noexcept { (void)cache_->clear(); });
    std::vector<std::thread> threads;
    for (int thread = 0; thread < crossing_threads; ++thread)
      threads.emplace_back([&, thread] {
        for (std::uint64_t seed = first_seed; seed < first_seed + seeds; ++seed) {
          ask(std::mt19937_64(seed * crossing_threads + static_cast<std::uint64_t>(thread)), seed);
          turn.arrive_and_wait();
        }
      });
    for (auto& thread : threads)
      thread.join();
  }

  std::atomic<std::uint64_t> wrong{0};  // results that are not the key's value
  std::atomic<std::uint64_t> twice{0};  // keys that two factories made at a time
  std::atomic<std::uint64_t> wrong_seed{0};

 private:
  void ask(std::mt19937_64 random, std::uint64_t seed) {
    auto keys = crossed_keys;
    std::shuffle(keys.begin(), keys.end(), random);
    const std::span some(keys.data(), 1 + random() % keys.size());
    std::array<Lookup, crossed_keys.size()> found;
    cache_->remember_many(
        some, 1min, [&](auto missing, auto made) { make(missing, made, random); },
        std::span(found).first(some.size()));
    for (std::size_t place = 0; place < some.size(); ++place)
      if (!found[place].hit() || found[place].value().text() != some[place]) {
        ++wrong;
        wrong_seed = seed;
      }
  }

  void make(std::span<const std::string_view> missing, std::span<Result<Computed>> made,
            std::mt19937_64& random) {
    for (const auto key : missing)
      if (at_work(key).fetch_add(1) != 0) ++twice;
    if (random() % 2 == 0) std::this_thread::yield();
    // A factory may ask for keys of others, which may depend on this one.
    if (random() % 4 == 0) {
      const auto other = crossed_keys[random() % crossed_keys.size()];
      (void)cache_->remember(other, 1min, [other] { return std::string(other); });
    }
    for (std::size_t item = 0; item < missing.size(); ++item)
      made[item] = Computed{std::string(missing[item])};
    for (const auto key : missing)
      at_work(key).fetch_sub(1);
  }

  std::atomic<int>& at_work(std::string_view key) { return at_work_[static_cast<std::size_t>(key[0] - 'a')]; }

  std::shared_ptr<RememberCache> cache_;
  std::array<std::atomic<int>, crossed_keys.size()> at_work_{};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(crossing_batches)

BOOST_AUTO_TEST_CASE(batches_that_cross_never_deadlock) {
  const char* const wish = std::getenv("CACHESITE_SEED");
  CrossingBatches batches;
  if (wish != nullptr)
    batches.run(std::strtoull(wish, nullptr, 10), 1);
  else
    batches.run(1, test::sanitized ? 1'000 : 10'000);
  BOOST_TEST(batches.wrong == 0U, batches.wrong << " wrong results, the last with seed " << batches.wrong_seed
                                                << " (CACHESITE_SEED=" << batches.wrong_seed
                                                << " replays it)");
  BOOST_TEST(batches.twice == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
