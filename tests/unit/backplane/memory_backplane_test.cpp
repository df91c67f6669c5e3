// Caches of one process that tell each other of changes.

#include <cachesite/async_call.hpp>
#include <cachesite/memory_backplane.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/tiered_cache.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

namespace {

struct Fixture {
  std::shared_ptr<TieredCache> tiers() const {
    TieredCacheOptions options;
    options.over = std::static_pointer_cast<ICache>(store);
    options.near = std::static_pointer_cast<ICache>(std::make_shared<MemoryCache>());
    options.coherence.mode = CoherenceMode::backplane;
    options.coherence.backplane = std::static_pointer_cast<IBackplane>(bus);
    return std::make_shared<TieredCache>(options);
  }
  static std::string text(TieredCache& cache, std::string_view key) {
    const auto value = cache.get_value(key);
    return value ? std::string(value->text()) : "nothing";
  }
  // Reads until the copy is the answer.
  static bool copied(TieredCache& cache, std::string_view key) {
    (void)cache.get(key);
    return cache.explain_copy(key).served;
  }

  std::shared_ptr<MemoryCache> store = std::make_shared<MemoryCache>();
  std::shared_ptr<MemoryBackplane> bus = std::make_shared<MemoryBackplane>();
  std::shared_ptr<TieredCache> one = tiers();
  std::shared_ptr<TieredCache> other = tiers();
};

using Change = std::pair<std::string_view, std::function<void(ICache&)>>;

// What is read afterwards is in the store; each begins with "1" under "key".
const std::vector<Change> changes{
    {"write", [](ICache& cache) { (void)cache.set_value("key", "2", 1h); }},
    {"replace", [](ICache& cache) { (void)cache.replace("key", "2", 1h); }},
    {"increment", [](ICache& cache) { (void)cache.increment("key", 1, 1h); }},
    {"remove", [](ICache& cache) { (void)cache.remove("key"); }},
    {"set_many",
     [](ICache& cache) {
       (void)cache.set_many({{"key", "2", 1h}});
     }},
    {"remove_many",
     [](ICache& cache) {
       (void)cache.remove_many({"other", "key"});
     }},
    {"remove_matching", [](ICache& cache) { (void)cache.remove_matching("k*"); }},
    {"clear", [](ICache& cache) { (void)cache.clear(); }},
    {"async write", [](ICache& cache) { (void)cache.async_write("key", "2", 1h).wait(); }},
    {"async remove", [](ICache& cache) { (void)cache.async_remove("key").wait(); }},
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(memory_backplane, Fixture)

BOOST_AUTO_TEST_CASE(each_change_by_one_cache_ends_the_copy_of_the_other) {
  for (const auto& [name, change] : changes)
    BOOST_TEST_CONTEXT(name) {
      BOOST_TEST(one->set_value("key", "1", 1h));
      BOOST_TEST(copied(*one, "key"));
      BOOST_TEST(copied(*other, "key"));
      change(*one);
      const auto stored = store->get_value("key");
      const auto expected = stored ? std::string(stored->text()) : "nothing";
      BOOST_TEST(expected != "1");
      BOOST_TEST(text(*other, "key") == expected);
      BOOST_TEST(text(*one, "key") == expected);
    }
}

BOOST_AUTO_TEST_CASE(a_remembered_miss_ends_when_another_cache_stores_the_entry) {
  BOOST_TEST(text(*other, "key") == "nothing");
  BOOST_TEST(text(*other, "key") == "nothing");
  BOOST_TEST(one->add("key", "1", 1h).value());
  BOOST_TEST(text(*other, "key") == "1");
}

BOOST_AUTO_TEST_CASE(own_writes_keep_their_copies) {
  BOOST_TEST(text(*one, "begin") == "nothing");
  BOOST_TEST(one->set_value("key", "1", 1h));
  BOOST_TEST(one->explain_copy("key").served);
}

BOOST_AUTO_TEST_CASE(a_stopped_backplane_vouches_for_nothing) {
  BOOST_TEST(one->set_value("key", "1", 1h));
  BOOST_TEST(copied(*one, "key"));
  BOOST_TEST((one->coherence().state == Coherence::coherent));
  bus->stop();
  BOOST_TEST(!one->explain_copy("key").served);
  BOOST_TEST((one->coherence().state == Coherence::pass_through));
  BOOST_TEST(one->coherence().reason.find("the backplane is stopped") != std::string::npos);
  BOOST_TEST(store->set_value("key", "2", 1h));
  BOOST_TEST(text(*one, "key") == "2");
  BOOST_TEST(text(*tiers(), "key") == "2");
}

BOOST_AUTO_TEST_CASE(a_cache_that_has_gone_is_told_nothing) {
  BOOST_TEST(copied(*one, "key") == false);
  BOOST_TEST(text(*other, "key") == "nothing");
  other.reset();
  BOOST_TEST(one->set_value("key", "1", 1h));
  BOOST_TEST(text(*one, "key") == "1");
}

BOOST_AUTO_TEST_SUITE_END()
