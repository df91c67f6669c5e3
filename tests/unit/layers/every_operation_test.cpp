// Every operation through every layer: none is forgotten, and a batch stays a batch.

#include <cachesite/cache_layer.hpp>
#include <cachesite/cache_request.hpp>
#include <cachesite/codec_cache.hpp>
#include <cachesite/expiry_cache.hpp>
#include <cachesite/failover_cache.hpp>
#include <cachesite/hooked_cache.hpp>
#include <cachesite/logical_cache.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/metrics_cache.hpp>
#include <cachesite/prefix_cache.hpp>
#include <cachesite/remember_cache.hpp>
#include <cachesite/tagged_cache.hpp>
#include <cachesite/tiered_cache.hpp>
#include <cachesite/write_policy_cache.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

namespace {

// Counts what reaches it.
class Recorder final : public CacheLayer {
 public:
  Recorder() : CacheLayer(std::make_shared<MemoryCache>()) {}

  std::array<std::size_t, cache_operations> calls{};
  [[nodiscard]] std::size_t of(CacheOperation operation) const {
    return calls[static_cast<std::size_t>(operation)];
  }

 protected:
  void do_begin(CacheRequest& request) override {
    ++calls[static_cast<std::size_t>(request.operation)];
    forward(request);
    // As a store that tells them with the values.
    for (std::size_t item = 0; request.is_batch() && item < request.lives.size(); ++item)
      request.lives[item].left = below()->time_to_live(request.keys[item]).value_or(Remaining());
  }
};

class Bare final : public CacheLayer {
 public:
  using CacheLayer::CacheLayer;
};

template <class Layer>
std::shared_ptr<ICache> over(const std::shared_ptr<ICache>& below) {
  typename Layer::Options options;
  options.over = Reference<ICache>(below);
  if constexpr (std::is_same_v<Layer, TieredCache>)
    options.near = Reference<ICache>(std::make_shared<MemoryCache>());
  if constexpr (std::is_same_v<Layer, PrefixCache>) options.prefix = "part";
  return std::make_shared<Layer>(options);
}

std::shared_ptr<ICache> hooked(const std::shared_ptr<ICache>& below) {
  struct Silent final : ICacheHook {
    void before(const CacheCall&) override {}
    void after(const CacheCall&, const CacheCallResult&, std::chrono::nanoseconds) override {}
    void on_error(const CacheCall&, const Error&, std::chrono::nanoseconds) override {}
  };
  return std::make_shared<HookedCache>(below,
                                       std::vector<std::shared_ptr<ICacheHook>>{std::make_shared<Silent>()});
}

std::shared_ptr<ICache> logical(const std::shared_ptr<ICache>& below) {
  CacheOptions options;
  options.store = below;
  options.ttl = 1min;
  options.metrics.emplace();
  return make_cache(options);
}

using Make = std::shared_ptr<ICache> (*)(const std::shared_ptr<ICache>&);
const std::vector<std::pair<std::string_view, Make>> layers{
    {"CacheLayer",
     [](const auto& below) -> std::shared_ptr<ICache> { return std::make_shared<Bare>(below); }},
    {"CodecCache", over<CodecCache>},
    {"ExpiryCache", over<ExpiryCache>},
    {"FailoverCache", over<FailoverCache>},
    {"HookedCache", hooked},
    {"MetricsCache", over<MetricsCache>},
    {"PrefixCache", over<PrefixCache>},
    {"RememberCache", over<RememberCache>},
    {"TaggedCache", over<TaggedCache>},
    {"TieredCache", over<TieredCache>},
    {"WritePolicyCache", over<WritePolicyCache>},
    {"Cache", logical},
};

template <class R>
std::optional<Error> failure_in(const R& results) {
  for (const auto& result : results)
    if (!result.ok()) return result.error();
  return std::nullopt;
}
template <class T>
std::optional<Error> failure_of(const Result<T>& result) {
  return result.ok() ? std::nullopt : std::optional(result.error());
}

// Calls the operation with these keys, or the first of them; the failure, if there is one.
std::optional<Error> perform(CacheOperation operation, ICache& cache,
                             const std::vector<std::string_view>& keys) {
  const auto key = keys.front();
  const std::span<const std::string_view> all(keys);
  switch (operation) {
    case CacheOperation::read: {
      const auto found = cache.get(key);
      return found.ok() ? std::nullopt : std::optional(found.error());
    }
    case CacheOperation::write:
      return failure_of(cache.write(key, "1", 1h));
    case CacheOperation::add:
      return failure_of(cache.add(key, "1", 1h));
    case CacheOperation::replace:
      return failure_of(cache.replace(key, "1", 1h));
    case CacheOperation::increment:
      return failure_of(cache.increment("number", 1, 1h));
    case CacheOperation::remove:
      return failure_of(cache.remove(key));
    case CacheOperation::contains:
      return failure_of(cache.contains(key));
    case CacheOperation::time_to_live:
      return failure_of(cache.time_to_live(key));
    case CacheOperation::expire:
      return failure_of(cache.expire(key, 1h));
    case CacheOperation::persist:
      return failure_of(cache.persist(key));
    case CacheOperation::get_many:
      return failure_in(cache.get_many(all));
    case CacheOperation::set_many: {
      std::vector<CacheEntry> entries;
      for (const auto each : keys)
        entries.push_back({each, "1", 1h});
      return failure_in(cache.set_many(entries));
    }
    case CacheOperation::remove_many:
      return failure_in(cache.remove_many(all));
    case CacheOperation::time_to_live_many: {
      std::vector<Result<Remaining>> left(keys.size(), Result<Remaining>(Remaining{}));
      cache.time_to_live_many(all, left);
      return failure_in(left);
    }
    case CacheOperation::scan: {
      ScanPosition position;
      std::vector<std::string> found;
      return failure_of(cache.scan("a*", position, found));
    }
    case CacheOperation::remove_matching:
      return failure_of(cache.remove_matching("a*"));
    case CacheOperation::clear:
      return failure_of(cache.clear());
    case CacheOperation::size:
      return failure_of(cache.size());
  }
  BOOST_ERROR("an operation that this test does not know");
  return std::nullopt;
}

const std::vector<CacheOperation> batches{CacheOperation::get_many, CacheOperation::set_many,
                                          CacheOperation::remove_many, CacheOperation::time_to_live_many};

// What a layer does by other means.
CacheOperation arrives_as(std::string_view layer, CacheOperation operation) {
  if (layer == "PrefixCache" && operation == CacheOperation::clear) return CacheOperation::remove_matching;
  if (layer == "PrefixCache" && operation == CacheOperation::size) return CacheOperation::scan;
  if (layer == "TaggedCache" && operation == CacheOperation::contains) return CacheOperation::read;
  return operation;
}

template <class Check>
void for_each_layer(Check&& check) {
  for (const auto& [name, make] : layers) {
    const auto below = std::make_shared<Recorder>();
    const auto cache = make(below);
    BOOST_TEST_CONTEXT(name) check(name, *cache, *below);
  }
}

// Tags have markers, which are looked at together as well.
std::size_t most_calls(std::string_view layer, CacheOperation operation) {
  return layer == "TaggedCache" && operation == CacheOperation::get_many ? 2 : 1;
}

void fill(ICache& cache, Recorder& below) {
  for (const auto* key : {"a", "b", "c"})
    BOOST_REQUIRE(cache.write(key, "1", 1h).ok());
  if (auto* const tagged = dynamic_cast<ITaggedCache*>(&cache))
    for (const auto* key : {"a", "b", "c"})
      (void)tagged->write_tagged(key, "1", 1h, {"tag", "other"});
  if (auto* const tiered = dynamic_cast<ITieredCache*>(&cache)) tiered->clear_near();
  below.calls = {};
}

std::size_t single_calls(const Recorder& below) {
  std::size_t calls = 0;
  for (std::size_t index = 0; index < cache_operations; ++index)
    if (std::find(batches.begin(), batches.end(), static_cast<CacheOperation>(index)) == batches.end())
      calls += below.calls[index];
  return calls;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(every_operation)

BOOST_AUTO_TEST_CASE(every_operation_goes_through_every_layer) {
  for_each_layer([](std::string_view layer, ICache& cache, Recorder& below) {
    for (std::size_t index = 0; index < cache_operations; ++index) {
      const auto operation = static_cast<CacheOperation>(index);
      BOOST_TEST_CONTEXT(to_string(operation)) {
        (void)cache.clear();
        fill(cache, below);
        const auto failure = perform(operation, cache, {"a", "b", "c"});
        if (layer == "CodecCache" && operation == CacheOperation::increment) {
          BOOST_TEST((failure && failure->code() == ErrorCode::unsupported));
          continue;
        }
        BOOST_TEST(!failure.has_value());
        BOOST_TEST(below.of(arrives_as(layer, operation)) >= 1U);
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(the_life_of_an_entry_is_told_through_every_layer_without_a_second_question) {
  for_each_layer([](std::string_view, ICache& cache, Recorder& below) {
    fill(cache, below);
    Value value;
    EntryLife life;
    BOOST_TEST((cache.read_with_life("a", value, life).value_or(Found::miss) == Found::hit));
    BOOST_TEST((life.left.state == Remaining::State::expires));
    const std::array<std::string_view, 2> keys{"b", "c"};
    std::array<Lookup, 2> found;
    std::array<EntryLife, 2> lives;
    cache.read_with_life_many(keys, found, lives);
    BOOST_TEST((lives[0].left.state == Remaining::State::expires));
    BOOST_TEST((lives[1].left.left > 1min - 1s));
    BOOST_TEST(below.of(CacheOperation::time_to_live) == 0U);
    BOOST_TEST(below.of(CacheOperation::time_to_live_many) == 0U);
  });
}

BOOST_AUTO_TEST_CASE(a_batch_stays_a_batch_through_every_layer) {
  for_each_layer([](std::string_view layer, ICache& cache, Recorder& below) {
    for (const auto operation : batches)
      BOOST_TEST_CONTEXT(to_string(operation)) {
        fill(cache, below);
        BOOST_TEST(!perform(operation, cache, {"a", "b", "c"}).has_value());
        BOOST_TEST(below.of(operation) == most_calls(layer, operation));
        BOOST_TEST(single_calls(below) == 0U);
      }
  });
}

BOOST_AUTO_TEST_CASE(a_refused_key_among_them_leaves_the_rest_one_batch) {
  const std::string longest(ICache::longest_key, 'k');  // too long with a prefix
  const std::vector<std::string_view> strange{"", longest, "__tag_marker__:x"};
  for (const auto refused : strange)
    for_each_layer([&](std::string_view layer, ICache& cache, Recorder& below) {
      for (const auto operation : batches)
        BOOST_TEST_CONTEXT(to_string(operation) << " with a key of " << refused.size() << " bytes") {
          fill(cache, below);
          const auto refusals = cache.statistics().refusals;
          const auto failure = perform(operation, cache, {"a", refused, "b", refused, "c"});
          BOOST_TEST(below.of(operation) == most_calls(layer, operation));
          BOOST_TEST(single_calls(below) == 0U);
          if (refused.empty()) BOOST_TEST((failure && failure->code() == ErrorCode::bad_argument));
          BOOST_TEST(cache.statistics().refusals == refusals + (failure ? 2U : 0U));
          for (const auto* key : {"a", "b", "c"})
            BOOST_TEST(cache.get(key).hit() == (operation != CacheOperation::remove_many));
        }
    });
}

BOOST_AUTO_TEST_CASE(a_batch_of_refused_keys_alone_asks_nobody) {
  for_each_layer([](std::string_view, ICache& cache, Recorder& below) {
    for (const auto operation : batches) {
      fill(cache, below);
      BOOST_TEST((perform(operation, cache, {"", ""})->code() == ErrorCode::bad_argument));
      BOOST_TEST(below.of(operation) == 0U);
      BOOST_TEST(single_calls(below) == 0U);
    }
  });
}

BOOST_AUTO_TEST_CASE(every_operation_of_a_stopped_layer_is_closed) {
  for_each_layer([](std::string_view layer, ICache& cache, Recorder& below) {
    fill(cache, below);
    cache.stop();
    for (std::size_t index = 0; index < cache_operations; ++index) {
      const auto operation = static_cast<CacheOperation>(index);
      BOOST_TEST_CONTEXT(layer << ' ' << to_string(operation)) {
        const auto failure = perform(operation, cache, {"a", "b"});
        BOOST_TEST((failure && failure->code() == ErrorCode::closed));
      }
    }
    BOOST_TEST(single_calls(below) == 0U);
  });
}

BOOST_AUTO_TEST_CASE(the_remaining_lives_of_a_batch_are_those_of_its_keys) {
  for_each_layer([](std::string_view, ICache& cache, Recorder&) {
    BOOST_REQUIRE(cache.write("for ever", "1", TimeToLive::never_expires()).ok());
    BOOST_REQUIRE(cache.write("an hour", "1", 1h).ok());
    const std::vector<std::string_view> keys{"an hour", "nothing", "for ever", "an hour"};
    std::vector<Result<Remaining>> left(4, Result<Remaining>(Remaining{}));
    cache.time_to_live_many(keys, left);
    BOOST_TEST((left[0].value().state == Remaining::State::expires));
    BOOST_TEST((left[0].value().left <= 1h && left[0].value().left > 59min));
    BOOST_TEST((left[1].value().state == Remaining::State::absent));
    BOOST_TEST((left[2].value().state == Remaining::State::no_expiry));
    BOOST_TEST((left[3].value().state == Remaining::State::expires));
  });
}

BOOST_AUTO_TEST_CASE(entries_whose_tags_were_evicted_have_no_life_left_in_a_batch) {
  const auto below = std::make_shared<Recorder>();
  const auto cache = std::static_pointer_cast<TaggedCache>(over<TaggedCache>(below));
  BOOST_REQUIRE(cache->write_tagged("evicted", "1", 1h, {"old"}).ok());
  BOOST_REQUIRE(cache->write_tagged("tagged", "1", 1h, {"new"}).ok());
  BOOST_REQUIRE(cache->write("plain", "1", 1h).ok());
  BOOST_REQUIRE(cache->evict_tags({"old"}).ok());
  const std::vector<std::string_view> keys{"evicted", "tagged", "plain", "nothing"};
  std::vector<Result<Remaining>> left(4, Result<Remaining>(Remaining{}));
  cache->time_to_live_many(keys, left);
  BOOST_TEST((left[0].value().state == Remaining::State::absent));
  BOOST_TEST((left[1].value().state == Remaining::State::expires));
  BOOST_TEST((left[2].value().state == Remaining::State::expires));
  BOOST_TEST((left[3].value().state == Remaining::State::absent));
}

BOOST_AUTO_TEST_CASE(values_that_look_tagged_are_kept_as_they_are_by_a_batch) {
  const auto below = std::make_shared<Recorder>();
  const auto cache = over<TaggedCache>(below);
  BOOST_REQUIRE(std::static_pointer_cast<TaggedCache>(cache)->write_tagged("tagged", "1", 1h, {"t"}).ok());
  const std::string looks_tagged(below->get("tagged").value().text());
  below->calls = {};
  BOOST_TEST(!failure_in(cache->set_many({{"a", looks_tagged, 1h}, {"b", "plain", 1h}, {"c", {}, 1h}})));
  BOOST_TEST(below->of(CacheOperation::set_many) == 1U);
  BOOST_TEST(single_calls(*below) == 0U);
  BOOST_TEST(cache->get("a").value().text() == looks_tagged);
  BOOST_TEST(cache->get("b").value().text() == "plain");
  BOOST_TEST(cache->get("c").null());
}

BOOST_AUTO_TEST_CASE(a_tiered_cache_asks_for_the_lives_of_what_it_found_alone) {
  const auto below = std::make_shared<Recorder>();
  const auto cache = over<TieredCache>(below);
  (void)cache->get_many({"a", "b"});
  BOOST_TEST(below->of(CacheOperation::get_many) == 1U);
  BOOST_TEST(below->of(CacheOperation::time_to_live_many) == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
