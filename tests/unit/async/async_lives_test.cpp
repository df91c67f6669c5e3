// Asynchronous reads that also ask how long the entry lives, as those of a near tier do, through layers that ask
// once more.

#include "parts.hpp"
#include "support/fake_clock.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/codec_cache.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/tagged_cache.hpp>
#include <cachesite/tiered_cache.hpp>

#include <chrono>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

namespace {

// A near tier over a layer, whose store waits.
struct TieredWorld {
  TieredWorld() { context.clock = clock; }

  std::shared_ptr<ICache> over(std::shared_ptr<ICache> layer) {
    TieredCacheOptions options;
    options.over = std::move(layer);
    options.near = std::shared_ptr<ICache>(std::make_shared<MemoryCache>(MemoryCacheOptions{}, context));
    options.near_ttl = 1h;
    return std::make_shared<TieredCache>(options, context);
  }

  std::shared_ptr<test::FakeClock> clock = std::make_shared<test::FakeClock>();
  ComponentContext context;
  std::shared_ptr<test::GatedCache> store =
      std::make_shared<test::GatedCache>(std::make_shared<MemoryCache>(MemoryCacheOptions{}, with_clock()));

 private:
  [[nodiscard]] ComponentContext with_clock() const {
    ComponentContext own;
    own.clock = clock;
    return own;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(async_lives)

BOOST_AUTO_TEST_CASE(a_long_value_is_decoded_for_a_near_tier) {
  TieredWorld world;
  CodecCacheOptions options;
  options.over = std::shared_ptr<ICache>(world.store);
  options.encryption = Encryption::aes_256_gcm;
  options.keys = {Secret("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")};
  options.cache_name = "lives";
  const auto encoded = std::make_shared<CodecCache>(options);
  const auto cache = world.over(encoded);
  const std::string value(100'000, 'x');
  BOOST_REQUIRE(encoded->write("k", value, 1min).ok());
  const auto found = cache->async_get("k").wait();
  BOOST_REQUIRE(found.hit());
  BOOST_TEST((found.value().text() == value));
  world.clock->advance(61s);
  BOOST_TEST(cache->async_get("k").wait().miss());
}

BOOST_AUTO_TEST_CASE(a_copy_of_an_entry_with_tags_ends_with_the_entry_and_not_with_their_markers) {
  using Tags = std::initializer_list<std::string_view>;
  for (const Tags tags : {Tags{"a"}, Tags{"a", "b", "c"}}) {
    TieredWorld world;
    // As a server that tells the lives of many.
    world.store->after_call = [](const CacheRequest& request) {
      if (request.operation != CacheOperation::get_many) return;
      for (auto& life : request.lives)
        life.left = {Remaining::State::expires, 1h};
    };
    TaggedCacheOptions options;
    options.over = std::shared_ptr<ICache>(world.store);
    const auto tagged = std::make_shared<TaggedCache>(options);
    const auto cache = world.over(tagged);
    BOOST_REQUIRE(tagged->write_tagged("long", "v", 1h, tags).ok());
    BOOST_REQUIRE(tagged->write_tagged("k", "value", 1min, tags).ok());
    const auto found = cache->async_get("k").wait();
    BOOST_REQUIRE(found.hit());
    BOOST_TEST(found.value().text() == "value");
    world.clock->advance(59s);
    BOOST_TEST(cache->async_get("k").wait().hit());
    world.clock->advance(2s);
    BOOST_TEST(cache->async_get("k").wait().miss());
  }
}

BOOST_AUTO_TEST_SUITE_END()
