#include "unit/layers/map_cache.hpp"

#include <cachesite/prefix_cache.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using test::MapCache;

namespace {

struct PrefixFixture {
  std::shared_ptr<MapCache> below = std::make_shared<MapCache>();
  std::shared_ptr<ICache> cache = prefixed(below, "shop:");

  void put(std::initializer_list<std::string_view> keys) const {
    for (const auto key : keys)
      below->entries.emplace(std::string(key), "1");
  }
};

std::vector<std::string> sorted_keys(ICache& cache, std::string_view pattern = "*") {
  std::vector<std::string> found;
  auto range = cache.keys(pattern);
  for (const auto& key : range)
    found.push_back(key);
  BOOST_TEST(!range.error());
  std::sort(found.begin(), found.end());
  return found;
}

std::shared_ptr<ICache> declared(const std::shared_ptr<ICache>& below, std::string prefix,
                                 std::string separator) {
  PrefixCacheOptions options;
  options.over = Reference<ICache>(below);
  options.prefix = std::move(prefix);
  options.separator = std::move(separator);
  return std::make_shared<PrefixCache>(options);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(prefix_cache, PrefixFixture)

const auto forever = TimeToLive::never_expires();

BOOST_AUTO_TEST_CASE(every_call_on_a_key_reaches_it_under_the_prefix) {
  const auto reached = [&](auto&& call) {
    below->last_key.clear();
    BOOST_TEST(call().ok());
    return below->last_key;
  };
  Value value;
  BOOST_TEST(reached([&] { return cache->write("k", ByteView("1"), forever); }) == "shop:k");
  BOOST_TEST(reached([&] { return cache->read("k", value); }) == "shop:k");
  BOOST_TEST(value.text() == "1");
  BOOST_TEST(reached([&] { return cache->add("k", ByteView("1"), forever); }) == "shop:k");
  BOOST_TEST(reached([&] { return cache->replace("k", ByteView("1"), forever); }) == "shop:k");
  BOOST_TEST(reached([&] { return cache->increment("k", 2, forever); }) == "shop:k");
  BOOST_TEST(reached([&] { return cache->contains("k"); }) == "shop:k");
  BOOST_TEST(reached([&] { return cache->time_to_live("k"); }) == "shop:k");
  BOOST_TEST(reached([&] { return cache->expire("k", forever); }) == "shop:k");
  BOOST_TEST(reached([&] { return cache->persist("k"); }) == "shop:k");
  BOOST_TEST(below->entries.at("shop:k").value() == "3");
  BOOST_TEST(reached([&] { return cache->remove("k"); }) == "shop:k");
  BOOST_TEST(below->entries.empty());
}

BOOST_AUTO_TEST_CASE(batches_stay_batches_below) {
  for (const auto& stored : cache->set_many({{"a", ByteView("1"), forever}, {"b", ByteView("2"), forever}}))
    BOOST_TEST(stored.ok());
  BOOST_TEST(below->has("shop:a"));
  BOOST_TEST(below->has("shop:b"));
  const auto found = cache->get_many({"a", "nobody", "b"});
  BOOST_TEST(found[0].value().text() == "1");
  BOOST_TEST(found[1].miss());
  BOOST_TEST(found[2].value().text() == "2");
  const auto removed = cache->remove_many({"b", "nobody"});
  BOOST_TEST(removed[0].value());
  BOOST_TEST(!removed[1].value());
  BOOST_TEST(below->batches == 3u);
}

// Prefixes and keys of every length around the ones that are copied in special ways.
BOOST_AUTO_TEST_CASE(keys_and_prefixes_of_every_length_arrive_whole) {
  for (const std::size_t length : {0u, 1u, 5u, 15u, 16u, 17u, 40u, 500u}) {
    const auto view = prefixed(below, std::string(length, 'p'));
    for (std::size_t size = 1; size < 600; size < 70 ? size += 1 : size += 61) {
      std::string key;
      while (key.size() < size)
        key.push_back(static_cast<char>('a' + key.size() % 23));
      Value value;
      BOOST_TEST(view->read(key, value).ok());
      BOOST_REQUIRE((below->last_key == std::string(length, 'p') + key));
      BOOST_TEST(view->contains(key).ok());
      BOOST_REQUIRE((below->last_key == std::string(length, 'p') + key));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_walk_gives_the_keys_of_the_prefix_without_it) {
  put({"shop:a", "shop:b1", "shop:b2", "shopper", "other", "shop:"});
  BOOST_TEST(sorted_keys(*cache) == (std::vector<std::string>{"a", "b1", "b2"}),
             boost::test_tools::per_element());
  BOOST_TEST(sorted_keys(*cache, "b?") == (std::vector<std::string>{"b1", "b2"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_step_of_a_walk_leaves_alone_what_was_found_before) {
  put({"shop:a"});
  std::vector<std::string> found{"shop:kept", "x"};
  ScanPosition position;
  BOOST_TEST(cache->scan("*", position, found).ok());
  BOOST_TEST(found == (std::vector<std::string>{"shop:kept", "x", "a"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(size_clear_and_remove_matching_are_of_the_prefix_alone) {
  put({"shop:a", "shop:b1", "shop:b2", "shopper", "other", "shop:"});
  BOOST_TEST(cache->size().value() == 3u);
  BOOST_TEST(cache->remove_matching("b*").value() == 2u);
  BOOST_TEST(below->entries.size() == 4u);
  BOOST_TEST(cache->clear().ok());
  BOOST_TEST(below->entries.size() == 3u);
  BOOST_TEST(!below->has("shop:a"));
  BOOST_TEST(below->has("shopper"));
  BOOST_TEST(below->has("other"));
}

// redis-kit and spakky-redis put the prefix into the pattern as it is.
BOOST_AUTO_TEST_CASE(a_prefix_with_pattern_characters_means_itself) {
  const std::string prefix = "a*[x-z]?\\^:";
  const auto view = prefixed(below, prefix);
  BOOST_TEST(view->write("mine", ByteView("1"), forever).ok());
  put({"ab:neighbour", "a*x?\\^:neighbour", "aay!:neighbour"});
  BOOST_TEST(below->has(prefix + "mine"));
  BOOST_TEST(sorted_keys(*view) == (std::vector<std::string>{"mine"}), boost::test_tools::per_element());
  BOOST_TEST(view->size().value() == 1u);
  BOOST_TEST(view->clear().ok());
  BOOST_TEST(!below->has(prefix + "mine"));
  BOOST_TEST(below->entries.size() == 3u);
}

BOOST_AUTO_TEST_CASE(prefixes_of_views_of_views_add_up) {
  const auto inner = prefixed(cache, "user:");
  BOOST_TEST(inner->write("42", ByteView("Ada"), forever).ok());
  BOOST_TEST(below->has("shop:user:42"));
  put({"shop:43", "user:44"});
  BOOST_TEST(inner->get_value("42")->text() == "Ada");
  BOOST_TEST(sorted_keys(*inner) == (std::vector<std::string>{"42"}), boost::test_tools::per_element());
  BOOST_TEST(inner->clear().ok());
  BOOST_TEST(below->entries.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_key_too_long_with_its_prefix_is_refused_before_anything_else) {
  const std::string longest(ICache::longest_key - 5, 'k');
  const std::string too_long = longest + "k";
  Value value;
  BOOST_TEST(cache->read(longest, value).ok());
  BOOST_TEST(below->last_key.size() == ICache::longest_key);
  const auto asked = below->asked;
  const auto refused = cache->statistics().refusals;
  BOOST_TEST((cache->read(too_long, value).error().code() == ErrorCode::too_large));
  BOOST_TEST((cache->write(too_long, ByteView("1"), forever).error().code() == ErrorCode::too_large));
  BOOST_TEST((cache->remove(too_long).error().code() == ErrorCode::too_large));
  BOOST_TEST(below->asked == asked);
  BOOST_TEST(cache->statistics().refusals == refused + 3);
}

BOOST_AUTO_TEST_CASE(a_key_too_long_does_not_keep_others_of_its_batch_from_being_done) {
  const std::string too_long(ICache::longest_key, 'k');
  const auto stored = cache->set_many({{"a", ByteView("1"), forever}, {too_long, ByteView("2"), forever}});
  BOOST_TEST(stored[0].ok());
  BOOST_TEST((stored[1].error().code() == ErrorCode::too_large));
  const std::string_view keys[] = {too_long, "a"};
  const auto found = cache->get_many(keys);
  BOOST_TEST((found[0].error().code() == ErrorCode::too_large));
  BOOST_TEST(found[1].hit());
  const auto removed = cache->remove_many(keys);
  BOOST_TEST(!removed[0].ok());
  BOOST_TEST(removed[1].value());
}

BOOST_AUTO_TEST_CASE(the_key_layouts_of_the_four_source_systems_can_be_declared) {
  const auto layout = [&](std::string prefix, std::string separator) {
    Value value;
    BOOST_TEST(declared(below, std::move(prefix), std::move(separator))->read("user:42", value).ok());
    return below->last_key;
  };
  BOOST_TEST(layout("", "") == "user:42");                            // FivcGlue
  BOOST_TEST(layout("spakky:cache:", "") == "spakky:cache:user:42");  // spakky
  BOOST_TEST(layout("shop", "") == "shopuser:42");                    // rick
  BOOST_TEST(layout("shop", ":") == "shop:user:42");                  // redis-kit
  BOOST_TEST(layout("", ":") == "user:42");                           // redis-kit without a prefix
}

BOOST_AUTO_TEST_CASE(another_view_serves_where_the_prefix_changes_at_run_time) {
  const auto today = prefixed(below, "2026-11-21:");
  const auto tomorrow = prefixed(below, "2026-11-22:");
  BOOST_TEST(today->write("k", ByteView("1"), forever).ok());
  BOOST_TEST(tomorrow->get("k").miss());
  BOOST_TEST(today->get("k").hit());
}

BOOST_AUTO_TEST_CASE(without_a_prefix_everything_is_passed_on) {
  const auto view = prefixed(below, "");
  put({"a", "b", "c"});
  BOOST_TEST(view->size().value() == 3u);
  BOOST_TEST(sorted_keys(*view).size() == 3u);
  BOOST_TEST(view->clear().ok());
  BOOST_TEST(below->entries.empty());
}

BOOST_AUTO_TEST_CASE(after_stop_every_call_fails_with_closed) {
  put({"shop:k", "shop:a key of sixteen bytes or more"});
  cache->stop();
  Value value;
  for (const std::string_view key : {"k", "a key of sixteen bytes or more"})
    BOOST_TEST((cache->read(key, value).error().code() == ErrorCode::closed));
  BOOST_TEST((cache->read(std::string(300, 'k'), value).error().code() == ErrorCode::closed));
  BOOST_TEST((cache->contains("k").error().code() == ErrorCode::closed));
  BOOST_TEST((cache->size().error().code() == ErrorCode::closed));
  BOOST_TEST((cache->clear().error().code() == ErrorCode::closed));
  BOOST_TEST((cache->get_many({"k"})[0].error().code() == ErrorCode::closed));
  BOOST_TEST(below->asked == 0u);
}

BOOST_AUTO_TEST_CASE(failures_below_are_passed_on) {
  below->failure = Error(ErrorCode::unreachable, "gone");
  Value value;
  BOOST_TEST((cache->read("k", value).error().code() == ErrorCode::unreachable));
  BOOST_TEST((cache->size().error().code() == ErrorCode::unreachable));
  BOOST_TEST((cache->clear().error().code() == ErrorCode::unreachable));
  auto range = cache->keys();
  BOOST_TEST((range.begin() == range.end()));
  BOOST_TEST((range.error()->code() == ErrorCode::unreachable));
}

BOOST_AUTO_TEST_CASE(a_prefix_longer_than_a_key_and_a_missing_cache_are_mistakes) {
  BOOST_CHECK_THROW((void)prefixed(below, std::string(ICache::longest_key, 'p')), std::invalid_argument);
  BOOST_CHECK_THROW((void)prefixed(nullptr, "p"), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
