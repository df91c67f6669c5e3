// Many threads on few keys. Every read must return what some write could have left there: a value that was
// written for this very key, and that no later write or removal had surely replaced before the read began.
//
// CACHESITE_ORACLE_OPERATIONS sets the operations of each thread; 10000000 is the full size.

#include "unit/memory/test_engine.hpp"

#include <random>
#include <thread>

using namespace cachesite;
using cachesite::test::engine_options;

namespace {

constexpr unsigned threads = 16;
constexpr std::uint32_t key_count = 2000;

class History {
 public:
  explicit History(std::uint64_t operations) : ends_(operations), floors_(key_count) {}

  std::uint64_t begin() { return clock_.fetch_add(1) + 1; }
  // A write or removal that began at `begin` is over: whatever ended before it began cannot be read any more.
  void end(std::uint32_t key, std::uint64_t begin) {
    ends_[begin].store(clock_.fetch_add(1) + 1);
    std::uint64_t floor = floors_[key].load();
    while (floor < begin && !floors_[key].compare_exchange_weak(floor, begin)) {
    }
  }
  std::uint64_t floor(std::uint32_t key) const { return floors_[key].load(); }
  bool may_be_read(std::uint64_t begin, std::uint64_t floor) const {
    const std::uint64_t end = ends_[begin].load();
    return end == 0 || end >= floor;
  }

 private:
  std::atomic<std::uint64_t> clock_{0};
  std::vector<std::atomic<std::uint64_t>> ends_;
  std::vector<std::atomic<std::uint64_t>> floors_;
};

struct Stamp {
  std::uint32_t key;
  std::uint32_t size;
  std::uint64_t begin;
};

std::string stamped(std::uint32_t key, std::uint64_t begin, std::size_t size) {
  const Stamp stamp{key, static_cast<std::uint32_t>(size), begin};
  std::string value(size, static_cast<char>(begin));
  std::memcpy(value.data(), &stamp, sizeof stamp);
  return value;
}

bool is_whole(std::string_view value, std::uint32_t key, std::uint64_t& begin) {
  Stamp stamp;
  if (value.size() < sizeof stamp) return false;
  std::memcpy(&stamp, value.data(), sizeof stamp);
  begin = stamp.begin;
  if (stamp.key != key || stamp.size != value.size()) return false;
  for (std::size_t i = sizeof stamp; i < value.size(); ++i) {
    if (value[i] != static_cast<char>(begin)) return false;
  }
  return true;
}

void run(memory::EngineOptions options) {
  const char* const wanted = std::getenv("CACHESITE_ORACLE_OPERATIONS");
  const std::uint64_t operations = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 10'000;
  memory::Engine engine(std::move(options));
  History history(2 * threads * operations + 2);
  std::atomic<std::uint64_t> torn{0};
  std::atomic<std::uint64_t> stale{0};
  std::atomic<std::uint64_t> hits{0};
  std::vector<std::thread> crew;
  for (unsigned thread = 0; thread < threads; ++thread) {
    crew.emplace_back([&, thread] {
      std::mt19937_64 random(thread);
      Value value;
      for (std::uint64_t i = 0; i < operations; ++i) {
        const auto key = static_cast<std::uint32_t>(random() % key_count);
        const std::string text = "key:" + std::to_string(key);
        const auto choice = static_cast<unsigned>(random() % 100);
        if (choice < 70) {
          const std::uint64_t floor = history.floor(key);
          if (engine.read(text, value) != Found::hit) continue;
          hits.fetch_add(1, std::memory_order_relaxed);
          std::uint64_t begin = 0;
          if (!is_whole(value.text(), key, begin)) {
            torn.fetch_add(1);
          } else if (!history.may_be_read(begin, floor)) {
            stale.fetch_add(1);
          }
        } else if (choice < 98) {
          const std::uint64_t begin = history.begin();
          const std::size_t size = random() % 50 == 0 ? 16 + random() % 6000 : 16 + random() % 200;
          engine.write(text, ByteView(stamped(key, begin, size)), random() % 20 == 0 ? 1 : 100'000);
          history.end(key, begin);
        } else {
          const std::uint64_t begin = history.begin();
          engine.remove(text);
          history.end(key, begin);
        }
      }
    });
  }
  for (auto& member : crew)
    member.join();
  BOOST_TEST(torn == 0U);
  BOOST_TEST(stale == 0U);
  BOOST_TEST(hits > operations);
  BOOST_TEST(engine.check() == "");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(history_oracle)

BOOST_AUTO_TEST_CASE(no_read_returns_what_nobody_left_there_while_entries_are_evicted) {
  for (const auto policy : cachesite::test::all_policies)
    run(engine_options(policy, 1000));
}

BOOST_AUTO_TEST_CASE(no_read_returns_what_nobody_left_there_while_the_cache_grows) {
  memory::EngineOptions options;
  options.most_shards = 1;
  run(std::move(options));
}

BOOST_AUTO_TEST_CASE(no_read_returns_what_nobody_left_there_under_a_byte_budget) {
  memory::EngineOptions options;
  options.max_bytes = 200'000;
  run(std::move(options));
}

BOOST_AUTO_TEST_SUITE_END()
