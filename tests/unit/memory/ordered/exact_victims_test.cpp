// The victims of the exact policies, one by one, against a simulation that is nothing but the definition.

#include "unit/memory/test_engine.hpp"

#include <algorithm>
#include <list>
#include <random>

using namespace cachesite;
using cachesite::test::engine_options;
using cachesite::test::TestEngine;

namespace {

using KeyTrace = std::vector<int>;

KeyTrace skewed_trace() {
  std::mt19937_64 random(11);
  std::geometric_distribution<int> key(0.01);
  KeyTrace trace(30'000);
  std::generate(trace.begin(), trace.end(), [&] { return key(random); });
  return trace;
}

KeyTrace loops_and_scans() {
  KeyTrace trace;
  for (int round = 0; round < 40; ++round) {
    for (int key = 0; key < 150; ++key)
      trace.push_back(key);
    for (int key = 0; key < 300; ++key)
      trace.push_back(1000 + round * 300 + key);
    for (int key = 0; key < 50; ++key)
      trace.push_back(key * 2);
  }
  return trace;
}

KeyTrace drifting_trace() {
  std::mt19937_64 random(13);
  KeyTrace trace;
  for (int i = 0; i < 30'000; ++i)
    trace.push_back(i / 50 + static_cast<int>(random() % 200));
  return trace;
}

class Reference {
 public:
  Reference(EvictionPolicy policy, std::size_t capacity) : policy_(policy), capacity_(capacity) {}

  bool access(int key, std::vector<int>& victims) {
    return policy_ == EvictionPolicy::s3fifo ? access_three_queues(key, victims)
                                             : access_one_queue(key, victims);
  }

 private:
  struct Item {
    int key;
    int use = 0;
  };
  using Queue = std::list<Item>;  // oldest first

  static Queue::iterator find(Queue& queue, int key) {
    return std::find_if(queue.begin(), queue.end(), [key](const Item& item) { return item.key == key; });
  }

  bool access_one_queue(int key, std::vector<int>& victims) {
    const auto found = find(small_, key);
    if (found != small_.end()) {
      if (policy_ == EvictionPolicy::lru) small_.splice(small_.end(), small_, found);
      return true;
    }
    if (small_.size() == capacity_) {
      victims.push_back(small_.front().key);
      small_.pop_front();
    }
    small_.push_back({key});
    return false;
  }

  bool access_three_queues(int key, std::vector<int>& victims) {
    for (Queue* queue : {&small_, &main_}) {
      const auto found = find(*queue, key);
      if (found == queue->end()) continue;
      found->use = std::min(found->use + 1, 3);
      return true;
    }
    if (small_.size() + main_.size() == capacity_) evict(victims);
    const auto ghost = find(ghosts_, key);
    if (ghost != ghosts_.end()) {
      ghosts_.erase(ghost);
      main_.push_back({key});
    } else {
      small_.push_back({key});
    }
    return false;
  }

  void evict(std::vector<int>& victims) {
    const std::size_t share = std::max<std::size_t>(1, capacity_ / 10);
    if (small_.size() >= share) {
      while (!small_.empty()) {
        const Item item = small_.front();
        small_.pop_front();
        if (item.use > 1) {
          main_.push_back({item.key});
          continue;
        }
        ghosts_.push_back({item.key});
        if (ghosts_.size() > capacity_ - share) ghosts_.pop_front();
        victims.push_back(item.key);
        return;
      }
    }
    for (;;) {
      Item item = main_.front();
      main_.pop_front();
      if (item.use == 0) {
        victims.push_back(item.key);
        return;
      }
      --item.use;
      main_.push_back(item);
    }
  }

  EvictionPolicy policy_;
  std::size_t capacity_;
  Queue small_;
  Queue main_;
  Queue ghosts_;
};

void compare(EvictionPolicy policy, const KeyTrace& trace, std::size_t capacity) {
  std::vector<int> expected;
  std::vector<int> victims;
  auto options = engine_options(policy, capacity);
  options.listener = [&victims](std::string_view key, RemovalCause cause) {
    if (cause == RemovalCause::evicted) victims.push_back(std::stoi(std::string(key)));
  };
  TestEngine engine(std::move(options));
  Reference reference(policy, capacity);
  for (const int key : trace) {
    const std::string text = std::to_string(key);
    const bool hit = engine.get(text) != "(miss)";
    BOOST_REQUIRE(hit == reference.access(key, expected));
    if (!hit) engine.set(text, "value");
  }
  BOOST_TEST(!expected.empty());
  BOOST_TEST((victims == expected));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(exact_victims)

BOOST_AUTO_TEST_CASE(of_lru) {
  for (const std::size_t capacity : {1U, 10U, 100U, 199U}) {
    for (const auto& trace : {skewed_trace(), loops_and_scans(), drifting_trace()})
      compare(EvictionPolicy::lru, trace, capacity);
  }
}

BOOST_AUTO_TEST_CASE(of_fifo) {
  for (const std::size_t capacity : {1U, 10U, 100U, 199U}) {
    for (const auto& trace : {skewed_trace(), loops_and_scans(), drifting_trace()})
      compare(EvictionPolicy::fifo, trace, capacity);
  }
}

BOOST_AUTO_TEST_CASE(of_s3fifo) {
  for (const std::size_t capacity : {10U, 100U, 199U}) {
    for (const auto& trace : {skewed_trace(), loops_and_scans(), drifting_trace()})
      compare(EvictionPolicy::s3fifo, trace, capacity);
  }
}

BOOST_AUTO_TEST_CASE(writing_the_oldest_entry_of_a_fifo_again_does_not_save_it) {
  TestEngine engine(engine_options(EvictionPolicy::fifo, 3));
  for (const char* key : {"a", "b", "c", "a", "d"})
    engine.set(key, "value");
  BOOST_TEST(engine.get("a") == "(miss)");
  BOOST_TEST(engine.get("b") == "value");
}

BOOST_AUTO_TEST_CASE(reading_or_writing_saves_the_oldest_entry_of_an_lru) {
  TestEngine engine(engine_options(EvictionPolicy::lru, 3));
  for (const char* key : {"a", "b", "c", "a"})
    engine.set(key, "value");
  engine.get("b");
  engine.set("d", "value");
  BOOST_TEST(engine.get("c") == "(miss)");
  BOOST_TEST(engine.get("a") == "value");
  BOOST_TEST(engine.get("b") == "value");
}

BOOST_AUTO_TEST_CASE(a_scan_does_not_wash_out_what_is_in_use_under_tinylfu) {
  // How many stay depends a little on how the keys fall.
  auto options = engine_options(EvictionPolicy::tinylfu, 1000);
  options.seed = memory::HashSeed{0x1234567890ABCDEF, 0xFEDCBA0987654321};
  TestEngine engine(std::move(options));
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 500; ++i) {
      const std::string key = "hot" + std::to_string(i);
      if (engine.get(key) == "(miss)") engine.set(key, "value");
    }
  }
  for (int i = 0; i < 20'000; ++i)
    engine.set("scan" + std::to_string(i), "value");
  int left = 0;
  for (int i = 0; i < 500; ++i)
    left += engine.get("hot" + std::to_string(i)) != "(miss)" ? 1 : 0;
  BOOST_TEST(left > 400);
}

BOOST_AUTO_TEST_SUITE_END()
