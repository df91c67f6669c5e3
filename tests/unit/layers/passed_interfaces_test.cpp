// What a layer passes on of the interfaces of the cache below it.

#include <cachesite/cache_hook.hpp>
#include <cachesite/cache_layer.hpp>
#include <cachesite/codec_cache.hpp>
#include <cachesite/expiry_cache.hpp>
#include <cachesite/failover_cache.hpp>
#include <cachesite/hooked_cache.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/metrics_cache.hpp>
#include <cachesite/prefix_cache.hpp>
#include <cachesite/remember.hpp>
#include <cachesite/remember_cache.hpp>
#include <cachesite/tagged_cache.hpp>
#include <cachesite/tiered_cache.hpp>
#include <cachesite/write_policy_cache.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(passed_interfaces)

namespace {

template <class Layer>
std::shared_ptr<Layer> over(const std::shared_ptr<ICache>& below) {
  typename Layer::Options options;
  options.over = Reference<ICache>(below);
  return std::make_shared<Layer>(options);
}

// As a program writes one that only looks.
class Watching final : public CacheLayer {
 public:
  explicit Watching(std::shared_ptr<ICache> below)
      : CacheLayer(std::move(below), BelowInterfaces::passed_on) {}
  std::mutex mutex;
  std::vector<std::string> calls;

 protected:
  void do_begin(CacheRequest& request) override {
    forward(request);
    const std::lock_guard lock(mutex);
    calls.push_back(std::string(to_string(request.operation)) + ' ' + std::string(request.key) +
                    (request.error() ? " failed" : ""));
  }
};

struct Silent final : ICacheHook {
  void before(const CacheCall&) override {}
  void after(const CacheCall&, const CacheCallResult&, std::chrono::nanoseconds) override {}
  void on_error(const CacheCall&, const Error&, std::chrono::nanoseconds) override {}
};

struct Stack {
  std::shared_ptr<MemoryCache> memory = std::make_shared<MemoryCache>();
  std::shared_ptr<RememberCache> remembering = over<RememberCache>(over<TaggedCache>(memory));
};

// Layers that pass on what is below, each over a stack of its own.
std::vector<std::shared_ptr<ICache>> passing() {
  const auto below = [] { return Stack().remembering; };
  return {over<MetricsCache>(below()), prefixed(below(), "p:"), std::make_shared<Watching>(below()),
          std::make_shared<HookedCache>(below(),
                                        std::vector<std::shared_ptr<ICacheHook>>{std::make_shared<Silent>()}),
          over<MetricsCache>(prefixed(std::make_shared<Watching>(below()), "p:"))};
}

}  // namespace

BOOST_AUTO_TEST_CASE(callers_through_a_layer_compute_once) {
  for (const auto& top : passing()) {
    std::atomic<int> computed{0};
    std::atomic<int> wrong{0};
    std::vector<std::thread> callers;
    for (int caller = 0; caller < 8; ++caller)
      callers.emplace_back([&] {
        const auto found = remember(*top, "key", 1h, [&] {
          ++computed;
          std::this_thread::yield();
          return std::string("value");
        });
        if (!found.hit() || found.value().text() != "value") ++wrong;
      });
    for (auto& caller : callers)
      caller.join();
    BOOST_TEST(computed == 1);
    BOOST_TEST(wrong == 0);
    BOOST_TEST(top->get_value("key").value().text() == "value");
  }
}

BOOST_AUTO_TEST_CASE(tags_go_through_a_layer_with_the_keys_of_the_layer) {
  for (const auto& top : passing()) {
    const auto tagged = find_interface<ITaggedCache>(top);
    BOOST_REQUIRE(tagged);
    BOOST_TEST(tagged->write_tagged("key", "value", 1h, {"tag"}).ok());
    BOOST_TEST(top->get_value("key").value().text() == "value");
    BOOST_TEST(tagged->evict_tags({"tag"}).ok());
    BOOST_TEST(top->get("key").miss());
    const auto found = remember(*top, "key", 1h, [] { return std::string("value"); });
    BOOST_TEST(found.hit());
  }
}

BOOST_AUTO_TEST_CASE(a_layer_sees_what_is_remembered_as_a_read_and_what_is_tagged_as_a_write) {
  const Stack stack;
  const auto watching = std::make_shared<Watching>(stack.remembering);
  const auto factory = [] { return std::string("value"); };
  BOOST_TEST(remember(*watching, "key", 1h, factory).hit());
  BOOST_TEST(find_interface<ITaggedCache>(watching)->write_tagged("other", "value", 1h, {"tag"}).ok());
  BOOST_TEST(remember(*watching, "broken", 1h, []() -> Result<std::string> {
               return Error(ErrorCode::unreachable);
             }).failed());
  BOOST_TEST(watching->calls == (std::vector<std::string>{"read key", "write other", "read broken failed"}),
             boost::test_tools::per_element());

  const auto metrics = over<MetricsCache>(prefixed(stack.remembering, "p:"));
  BOOST_TEST(remember(*metrics, "key", 1h, factory).hit());
  BOOST_TEST(remember(*metrics, "key", 1h, factory).hit());
  BOOST_TEST(metrics->statistics().misses == 1U);
  BOOST_TEST(metrics->statistics().hits == 1U);
  BOOST_TEST(metrics->metrics().of(CacheOperation::read).calls == 2U);
  BOOST_TEST(stack.remembering->get("p:key").hit());
}

BOOST_AUTO_TEST_CASE(what_a_layer_refuses_does_not_reach_the_cache_below) {
  const Stack stack;
  const auto metrics = over<MetricsCache>(stack.remembering);
  const auto computing = find_interface<IComputingCache>(metrics);
  const auto tagged = find_interface<ITaggedCache>(metrics);
  const auto factory = [] { return std::string("value"); };
  BOOST_TEST((computing->remember("", 1h, factory).error().code() == ErrorCode::bad_argument));
  BOOST_TEST((tagged->write_tagged("key", "value", 1h, {""}).error().code() == ErrorCode::bad_argument));
  BOOST_TEST((tagged->write_tagged("key", "value", 0h, {"tag"}).error().code() == ErrorCode::bad_argument));
  BOOST_TEST(metrics->statistics().refusals >= 2U);
  metrics->stop();
  BOOST_TEST((computing->remember("key", 1h, factory).error().code() == ErrorCode::closed));
  BOOST_TEST((tagged->write_tagged("key", "value", 1h, {"tag"}).error().code() == ErrorCode::closed));
  BOOST_TEST((tagged->evict_tags({"tag"}).error().code() == ErrorCode::closed));
  BOOST_TEST(stack.remembering->get("key").miss());
}

BOOST_AUTO_TEST_CASE(what_is_remembered_or_tagged_lives_no_longer_than_the_layer_allows) {
  const Stack stack;
  ExpiryCacheOptions options;
  options.over = Reference<ICache>(stack.remembering);
  options.ttl = 2min;
  options.max_ttl = 5min;
  const auto top = std::make_shared<ExpiryCache>(options);
  const auto at_most = [&](std::string_view key, std::chrono::milliseconds life) {
    const auto left = stack.memory->time_to_live(key).value().left;
    BOOST_TEST((left <= life && left > life - 30s), key << " lives for " << left.count() << " ms");
  };
  const auto factory = [] { return std::string("value"); };
  BOOST_TEST(remember(*top, "long", 1h, factory).hit());
  at_most("long", 5min);
  BOOST_TEST(remember(*top, "usual", factory).hit());
  at_most("usual", 2min);
  BOOST_TEST(remember(*top, "of the factory", 1min, [] { return Computed{"value", TimeToLive(1h)}; }).hit());
  at_most("of the factory", 5min);
  BOOST_TEST(find_interface<ITaggedCache>(top)->write_tagged("tagged", "value", 1h, {"tag"}).ok());
  at_most("tagged", 5min);
}

BOOST_AUTO_TEST_CASE(what_a_batch_made_before_it_threw_lives_no_longer_than_the_layer_allows) {
  ExpiryCacheOptions options;
  options.over = Reference<ICache>(Stack().remembering);
  options.max_ttl = 1min;
  const auto cache = std::make_shared<ExpiryCache>(options);
  const std::vector<std::string_view> keys{"a", "b"};
  std::vector<Lookup> found(keys.size());
  find_interface<IComputingCache>(*cache)->remember_many(
      keys, 1h,
      [](auto missing, auto made) {
        made[0] = Computed{"of " + std::string(missing[0]), TimeToLive(1h)};
        throw std::runtime_error("the source went away");
      },
      found);
  BOOST_REQUIRE(found[0].hit());
  BOOST_TEST(found[1].failed());
  const auto left = cache->time_to_live("a");
  BOOST_REQUIRE(left.ok());
  BOOST_TEST((left.value().state == Remaining::State::expires && left.value().left <= 1min));
}

BOOST_AUTO_TEST_CASE(a_layer_of_which_nothing_is_known_hides_what_is_below) {
  struct Unknown final : CacheLayer {
    using CacheLayer::CacheLayer;
  };
  const auto layer = std::make_shared<Unknown>(Stack().remembering);
  BOOST_TEST(!find_interface<IComputingCache>(*layer));
  BOOST_TEST(!find_interface<ITaggedCache>(*layer));
}

BOOST_AUTO_TEST_CASE(a_layer_that_gives_entries_another_meaning_hides_what_is_below) {
  const Stack stack;
  FailoverCacheOptions failover;
  failover.over = Reference<ICache>(stack.remembering);
  failover.failover = Reference<ICache>(std::make_shared<MemoryCache>());
  TieredCacheOptions tiered;
  tiered.over = Reference<ICache>(stack.remembering);
  tiered.near = Reference<ICache>(std::make_shared<MemoryCache>());
  const std::vector<std::shared_ptr<ICache>> hiding{
      over<CodecCache>(stack.remembering), over<WritePolicyCache>(stack.remembering),
      std::make_shared<FailoverCache>(failover), std::make_shared<TieredCache>(tiered)};
  for (const auto& layer : hiding) {
    BOOST_TEST(!find_interface<IComputingCache>(*layer));
    BOOST_TEST(!find_interface<ITaggedCache>(*layer));
  }
  BOOST_TEST(!find_interface<IComputingCache>(*over<MetricsCache>(stack.memory)));
}

BOOST_AUTO_TEST_SUITE_END()
