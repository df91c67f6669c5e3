// A call to a cache below fails at each place of each change, in each layer, in both forms: what says that it was not done
// was not done.

#include "support/fake_clock.hpp"
#include "support/sanitized.hpp"

#include <cachesite/aead_codec.hpp>
#include <cachesite/async_call.hpp>
#include <cachesite/cache_layer.hpp>
#include <cachesite/cache_request.hpp>
#include <cachesite/codec_cache.hpp>
#include <cachesite/detail/batch_part.hpp>
#include <cachesite/expiry_cache.hpp>
#include <cachesite/failover_cache.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/metrics_cache.hpp>
#include <cachesite/prefix_cache.hpp>
#include <cachesite/remember_cache.hpp>
#include <cachesite/tagged_cache.hpp>
#include <cachesite/tiered_cache.hpp>
#include <cachesite/write_policy_cache.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(outcomes)

namespace {

using Cache = std::shared_ptr<ICache>;

enum class How { not_made, made, throws };
// Of a batch, all items or one of them.
enum class Items { all, first, last };
struct Fault {
  How how = How::not_made;
  Items items = Items::all;
};
constexpr std::array all_faults{Fault{How::not_made, Items::all}, Fault{How::made, Items::all},
                                Fault{How::throws, Items::all},   Fault{How::not_made, Items::first},
                                Fault{How::made, Items::first},   Fault{How::not_made, Items::last},
                                Fault{How::made, Items::last}};
constexpr std::size_t faults_of_one_key = 3;

// Which calls to the caches below fail, and how.
struct Plan {
  Fault fault;
  long first = 0;
  long count = 0;
  std::atomic<long> calls{0};
};

class UnreliableCache final : public CacheLayer {
 public:
  UnreliableCache(std::shared_ptr<Plan> plan, Cache below)
      : CacheLayer(std::move(below)), plan_(std::move(plan)) {}

 protected:
  void do_begin(CacheRequest& request) override {
    const long number = plan_->calls++;
    if (number < plan_->first || number >= plan_->first + plan_->count) return forward(request);
    if (plan_->fault.how == How::not_made) return fail_before(request);
    fail_after(request);
    if (plan_->fault.how == How::throws) throw std::runtime_error("by the plan");
  }

 private:
  void fail_before(CacheRequest& request) {
    const Error error(ErrorCode::unreachable, "by the plan");
    if (!request.is_batch()) return request.fail(error);
    detail::pass_accepted(
        request, [&](std::size_t item) { return means(request, item) ? std::optional(error) : std::nullopt; },
        [&](CacheRequest& rest) { forward(rest); });
  }
  void fail_after(CacheRequest& request) {
    const Error error(ErrorCode::timeout, "by the plan", Outcome::unknown);
    forward(request);
    if (!request.is_batch()) return request.fail(error);
    for (std::size_t item = 0; item < request.items(); ++item)
      if (means(request, item)) request.fail(item, error);
  }
  [[nodiscard]] bool means(const CacheRequest& batch, std::size_t item) const {
    return plan_->fault.items == Items::all ||
           item == (plan_->fault.items == Items::first ? 0 : batch.items() - 1);
  }

  const std::shared_ptr<Plan> plan_;
};

// What a layer stands on.
struct Ground {
  Cache below;
  std::function<Cache()> make_beside;
  ComponentContext context;
};

template <class Layer>
Cache over(const Ground& ground) {
  typename Layer::Options options;
  options.over = Reference<ICache>(ground.below);
  return std::make_shared<Layer>(options, ground.context);
}

Cache prefix(const Ground& ground) {
  PrefixCacheOptions options;
  options.over = Reference<ICache>(ground.below);
  options.prefix = "part";
  return std::make_shared<PrefixCache>(options, ground.context);
}

Cache codec(const Ground& ground) {
  static const auto key = AeadCodec::generate_key();
  CodecCacheOptions options;
  options.over = Reference<ICache>(ground.below);
  options.encryption = Encryption::aes_256_gcm;
  options.keys = {key};
  options.cache_name = "outcomes";
  return std::make_shared<CodecCache>(options, ground.context);
}

template <RecoveryMode mode>
Cache tiered(const Ground& ground) {
  TieredCacheOptions options;
  options.over = Reference<ICache>(ground.below);
  options.near = Reference<ICache>(ground.make_beside());
  options.recovery.mode = mode;
  return std::make_shared<TieredCache>(options, ground.context);
}

template <OnError on_error, bool has_second = true>
Cache failover(const Ground& ground) {
  FailoverCacheOptions options;
  options.over = Reference<ICache>(ground.below);
  if (has_second) options.failover = Reference<ICache>(ground.make_beside());
  options.on_error = on_error;
  return std::make_shared<FailoverCache>(options, ground.context);
}

struct Layer {
  std::string_view name;
  Cache (*make)(const Ground&);
};
constexpr std::array layers{
    Layer{"prefix", prefix},
    Layer{"codec", codec},
    Layer{"remember", over<RememberCache>},
    Layer{"tagged", over<TaggedCache>},
    Layer{"write_policy", over<WritePolicyCache>},
    Layer{"tiered", tiered<RecoveryMode::none>},
    Layer{"tiered_with_recovery", tiered<RecoveryMode::remove>},
    Layer{"failover", failover<OnError::degrade>},
    Layer{"failover_that_fails", failover<OnError::error>},
    Layer{"failover_to_nothing", failover<OnError::error, false>},
    // These two pass requests on as they are.
    Layer{"metrics", over<MetricsCache>},
    Layer{"expiry", over<ExpiryCache>},
};
using Stack = std::vector<Layer>;

std::string name_of(const Stack& stack) {
  std::string name;
  for (const auto& layer : stack)
    name = std::string(layer.name) + (name.empty() ? "" : " over ") + name;
  return name;
}

constexpr std::array<std::string_view, 2> keys{"a", "b"};
constexpr std::string_view absent = "c";
const std::array after{CacheEntry{keys[0], ByteView("2"), 2h}, CacheEntry{keys[1], ByteView("2"), 2h}};
constexpr std::array<std::string_view, 2> tags{"first", "second"};

// Which keys were certainly not changed: the two that are there, and the one that is not.
struct Unchanged {
  std::array<bool, 2> there{};
  bool absent = false;
};

template <class R>
bool not_done(const R& result) {
  return !result.ok() && result.error().outcome() == Outcome::not_done;
}
template <class R>
Unchanged first_of(const R& result) {
  return {{not_done(result), true}, true};
}
template <class R>
Unchanged all_of(const R& result) {
  return {{not_done(result), not_done(result)}, true};
}
template <class R>
Unchanged each_of(const std::vector<R>& results) {
  return {{not_done(results[0]), not_done(results[1])}, true};
}
// The batch as a whole fails when none of it was done.
template <class R>
Unchanged each_of(const Status& asked, const std::vector<R>& results) {
  return asked.ok() ? each_of(results) : all_of(asked);
}
template <class R>
Unchanged absent_of(const R& result) {
  return {{true, true}, not_done(result)};
}

struct Change {
  std::string_view name;
  Unchanged (*make)(ICache&);
  bool of_one_key = true;
};
const std::vector<Change> blocking_changes{
    {"write", [](ICache& cache) { return first_of(cache.write(keys[0], "2", 2h)); }},
    {"add", [](ICache& cache) { return absent_of(cache.add(absent, "2", 2h)); }},
    {"replace", [](ICache& cache) { return first_of(cache.replace(keys[0], "2", 2h)); }},
    {"increment", [](ICache& cache) { return first_of(cache.increment(keys[0], 1, 2h)); }},
    {"remove", [](ICache& cache) { return first_of(cache.remove(keys[0])); }},
    {"expire", [](ICache& cache) { return first_of(cache.expire(keys[0], 2h)); }},
    {"persist", [](ICache& cache) { return first_of(cache.persist(keys[0])); }},
    {"set_many", [](ICache& cache) { return each_of(cache.set_many(after)); }, false},
    {"remove_many", [](ICache& cache) { return each_of(cache.remove_many(keys)); }, false},
    {"remove_matching", [](ICache& cache) { return all_of(cache.remove_matching("*")); }, false},
    {"clear", [](ICache& cache) { return all_of(cache.clear()); }, false},
    {"write_tagged",
     [](ICache& cache) {
       auto* const tagged = find_interface<ITaggedCache>(cache);
       return tagged ? first_of(tagged->write_tagged(keys[0], "2", 2h, tags)) : Unchanged{};
     },
     false},
    {"evict_tags",
     [](ICache& cache) {
       auto* const tagged = find_interface<ITaggedCache>(cache);
       return tagged ? all_of(tagged->evict_tags(tags)) : Unchanged{};
     },
     false},
};
const std::vector<Change> async_changes{
    {"async_write", [](ICache& cache) { return first_of(cache.async_write(keys[0], "2", 2h).wait()); }},
    {"async_add", [](ICache& cache) { return absent_of(cache.async_add(absent, "2", 2h).wait()); }},
    {"async_replace", [](ICache& cache) { return first_of(cache.async_replace(keys[0], "2", 2h).wait()); }},
    {"async_increment", [](ICache& cache) { return first_of(cache.async_increment(keys[0], 1, 2h).wait()); }},
    {"async_remove", [](ICache& cache) { return first_of(cache.async_remove(keys[0]).wait()); }},
    {"async_expire", [](ICache& cache) { return first_of(cache.async_expire(keys[0], 2h).wait()); }},
    {"async_persist", [](ICache& cache) { return first_of(cache.async_persist(keys[0]).wait()); }},
    {"async_set_many",
     [](ICache& cache) {
       std::vector<Status> stored(2, Status(Done{}));
       const auto asked = cache.async_set_many(after, stored).wait();
       return each_of(asked, stored);
     },
     false},
    {"async_remove_many",
     [](ICache& cache) {
       std::vector<Result<bool>> removed(2, Result<bool>(false));
       const auto asked = cache.async_remove_many(keys, removed).wait();
       return each_of(asked, removed);
     },
     false},
    {"async_remove_matching", [](ICache& cache) { return all_of(cache.async_remove_matching("*").wait()); },
     false},
    {"async_clear", [](ICache& cache) { return all_of(cache.async_clear().wait()); }, false},
    {"async_write_tagged",
     [](ICache& cache) {
       auto* const tagged = find_interface<ITaggedCache>(cache);
       return tagged ? first_of(tagged->async_write_tagged(keys[0], "2", 2h, tags).wait()) : Unchanged{};
     },
     false},
    {"async_evict_tags",
     [](ICache& cache) {
       auto* const tagged = find_interface<ITaggedCache>(cache);
       return tagged ? all_of(tagged->async_evict_tags(tags).wait()) : Unchanged{};
     },
     false},
};

// A stack over caches that fail by a plan, and another one over the same that do not.
struct World {
  explicit World(const Stack& stack) {
    context.clock = clock;
    cache = build(stack, std::make_shared<UnreliableCache>(plan, memory),
                  [&] { return std::make_shared<UnreliableCache>(plan, new_memory()); });
    reader = build(stack, memory, [&] { return new_memory(); });
  }

  [[nodiscard]] Cache new_memory() const {
    return std::make_shared<MemoryCache>(MemoryCacheOptions{}, context);
  }
  [[nodiscard]] Cache build(const Stack& stack, Cache ground,
                            const std::function<Cache()>& make_beside) const {
    for (const auto& layer : stack)
      ground = layer.make({ground, make_beside, context});
    return ground;
  }
  // With a tag each, where there are tags.
  [[nodiscard]] bool fill() const {
    auto* const tagged = find_interface<ITaggedCache>(*cache);
    const auto write = [&](std::size_t place) {
      const std::span one_tag(&tags[place], 1);
      return (tagged != nullptr && tagged->write_tagged(keys[place], "1", 1h, one_tag).ok()) ||
             cache->write(keys[place], "1", 1h).ok();
    };
    return write(0) && write(1);
  }
  // What is stored under a key.
  [[nodiscard]] std::string stored(std::string_view key) const {
    const auto found = reader->get(key);
    if (!found.hit()) return found.failed() ? "failed" : "nothing";
    const auto left = reader->time_to_live(key).value_or(Remaining{});
    return std::string(found.value().text()) + " for " + std::to_string(left.left.count()) + " ms";
  }

  std::shared_ptr<test::FakeClock> clock = std::make_shared<test::FakeClock>();
  ComponentContext context;
  std::shared_ptr<Plan> plan = std::make_shared<Plan>();
  Cache memory = (context.clock = clock, new_memory());
  Cache cache;
  Cache reader;
};

// Whether the fault came to pass.
bool check_fault(const Stack& stack, const Change& change, Fault fault, long first, long count) {
  World world(stack);
  BOOST_REQUIRE(world.fill());
  const std::array stored{world.stored(keys[0]), world.stored(keys[1])};
  world.plan->fault = fault;
  world.plan->first = first;
  world.plan->count = count;
  world.plan->calls = 0;
  const auto unchanged = change.make(*world.cache);
  const bool reached = world.plan->calls > first;
  world.plan->count = 0;
  BOOST_TEST_CONTEXT(name_of(stack) << ": " << change.name << ", call " << first << " and " << count - 1
                                    << " more, how: " << int(fault.how) << ", items: " << int(fault.items)) {
    for (std::size_t place = 0; place < keys.size(); ++place)
      if (unchanged.there[place]) {
        BOOST_TEST(world.stored(keys[place]) == stored[place]);
        const auto found = world.cache->get(keys[place]);
        BOOST_TEST(!(found.hit() && found.value().text() != "1"));
      }
    if (unchanged.absent) BOOST_TEST(world.stored(absent) == "nothing");
    BOOST_TEST(!(unchanged.absent && world.cache->get(absent).hit()));
  }
  return reached;
}

void check_stack(const Stack& stack, const std::vector<Change>& changes) {
  for (const auto& change : changes)
    for (const auto fault :
         std::span(all_faults).first(change.of_one_key ? faults_of_one_key : all_faults.size()))
      for (const long count : {1, 1000})
        for (long first = 0; check_fault(stack, change, fault, first, count); ++first)
          BOOST_REQUIRE(first < 100);
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_says_that_it_was_not_done_in_a_layer_was_not_done) {
  for (const auto& layer : layers) {
    check_stack({layer}, blocking_changes);
    check_stack({layer}, async_changes);
  }
}

BOOST_AUTO_TEST_CASE(what_says_that_it_was_not_done_in_two_layers_was_not_done) {
  if (test::sanitized) return;
  const auto pass_on =
      std::find_if(layers.begin(), layers.end(), [](auto& layer) { return layer.name == "metrics"; });
  for (const auto& lower : std::span(layers.begin(), pass_on))
    for (const auto& upper : std::span(layers.begin(), pass_on))
      check_stack({lower, upper}, blocking_changes);
}

BOOST_AUTO_TEST_SUITE_END()
