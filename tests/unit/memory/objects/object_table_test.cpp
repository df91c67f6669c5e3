#include "support/fake_clock.hpp"

#include <cachesite/cache_layer.hpp>
#include <cachesite/detail/object_table.hpp>
#include <cachesite/i_tagged_cache.hpp>
#include <cachesite/logical_cache.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/typed_cache.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <sys/wait.h>
#include <unistd.h>

using namespace cachesite;
using namespace std::chrono_literals;
using test::FakeClock;

namespace {

using Word = std::shared_ptr<const std::string>;

/// Text, with a word for each thing that may go wrong; counts what it reads.
struct WordSerializer {
  std::shared_ptr<std::atomic<int>> parsed = std::make_shared<std::atomic<int>>(0);

  Status write(const Word& word, std::string& bytes) const {
    bytes = *word;
    return Done{};
  }
  Result<Found> read(ByteView bytes, Word& word) const {
    ++*parsed;
    if (bytes.text() == "throws") throw std::runtime_error("no word");
    if (bytes.text() == "broken") return Error(ErrorCode::corrupt, "no word");
    if (bytes.text() == "nobody") return Found::null;
    word = std::make_shared<const std::string>(bytes.text());
    return Found::hit;
  }
};

using Words = TypedCache<Word, WordSerializer>;

std::shared_ptr<MemoryCache> in_memory(const std::shared_ptr<IClock>& clock = {}) {
  ComponentContext context;
  if (clock) context.clock = clock;
  return std::make_shared<MemoryCache>(MemoryCacheOptions{}, context);
}

Words words_over(std::shared_ptr<ICache> cache, ObjectTableOptions options = {}) {
  return Words(std::move(cache), std::make_unique<ObjectTable>(options));
}

Word word(const std::string& text) {
  return std::make_shared<const std::string>(text);
}

int parsed(const Words& words) {
  return *words.serializer().parsed;
}

std::string text_under(const Words& words, std::string_view key) {
  const auto lookup = words.get(key);
  return lookup.hit() ? *lookup.value() : lookup.null() ? "(null)" : lookup.miss() ? "(miss)" : "(failure)";
}

/// Calls the program in the middle of every read.
class Interrupted final : public CacheLayer {
 public:
  using CacheLayer::CacheLayer;
  std::function<void()> in_between;

 protected:
  Result<Found> do_read(std::string_view key, Value& destination) override {
    auto found = forward_read(key, destination);
    if (const auto call = std::exchange(in_between, nullptr)) call();
    return found;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(object_table)

BOOST_AUTO_TEST_CASE(a_hit_gives_the_object_that_is_there_and_parses_nothing) {
  for (const std::size_t size : {1u, 80u, 81u, 500u, 2047u, 3000u, 200'000u}) {
    auto words = words_over(in_memory());
    BOOST_TEST(words.set_value("w", word(std::string(size, 'x')), 1h));
    const auto first = words.get("w").value();
    for (int call = 0; call < 10; ++call)
      BOOST_TEST(words.get("w").value().get() == first.get());
    BOOST_TEST(words.get_many({"w", "w"}).back().value().get() == first.get());
    BOOST_TEST(first->size() == size);
    BOOST_TEST(parsed(words) == 1);
    BOOST_TEST(words.objects()->statistics().made == 1U);
    BOOST_TEST(words.objects()->statistics().objects == 1U);
    BOOST_TEST(words.objects()->statistics().bytes == 257U + 2 * size);
  }
}

BOOST_AUTO_TEST_CASE(without_a_table_every_read_parses) {
  Words words(in_memory());
  BOOST_TEST(words.set_value("w", word("tea"), 1h));
  BOOST_TEST(words.get("w").value() != words.get("w").value());
  BOOST_TEST(parsed(words) == 2);
  BOOST_TEST(words.objects() == nullptr);
}

BOOST_AUTO_TEST_CASE(what_another_holder_of_the_cache_does_is_seen_by_the_next_read) {
  const auto cache = in_memory();
  auto words = words_over(cache);
  const auto other = words;  // shares the objects
  BOOST_TEST(words.set_value("w", word("tea"), 1h));
  BOOST_TEST(text_under(words, "w") == "tea");
  BOOST_TEST(cache->set_value("w", "cake", 1h));
  BOOST_TEST(text_under(words, "w") == "cake");
  BOOST_TEST(text_under(other, "w") == "cake");
  BOOST_TEST(parsed(words) == 2);
  BOOST_TEST(cache->write("w", std::nullopt, TimeToLive(1h)).ok());
  BOOST_TEST(text_under(words, "w") == "(null)");
  BOOST_TEST(cache->set_value("w", "cake", 1h));
  BOOST_TEST(text_under(words, "w") == "cake");
  BOOST_TEST(cache->remove("w").value());
  BOOST_TEST(text_under(words, "w") == "(miss)");
  BOOST_TEST(cache->set_value("w", "nobody", 1h));
  BOOST_TEST(text_under(words, "w") == "(null)");
}

BOOST_AUTO_TEST_CASE(an_object_ends_with_its_entry_and_is_then_given_back) {
  const auto clock = std::make_shared<FakeClock>();
  const auto cache = in_memory(clock);
  auto words = words_over(cache);
  const auto check = [&](auto end) {
    BOOST_TEST(words.set_value("w", word("tea"), 1s));
    const std::weak_ptr<const std::string> object = words.get("w").value();
    BOOST_TEST(!object.expired());
    end();
    BOOST_TEST(text_under(words, "w") == "(miss)");
    BOOST_TEST(object.expired());
    BOOST_TEST(words.objects()->statistics().objects == 0U);
    BOOST_TEST(words.objects()->statistics().bytes == 0U);
  };
  check([&] { clock->advance(1001ms); });
  check([&] { BOOST_TEST(cache->remove("w").value()); });
  check([&] { BOOST_TEST(cache->clear().ok()); });
  check([&] {
    cache->set_max_size(1);
    for (int other = 0; other < 1000; ++other)
      cache->set_value(std::to_string(other), "x", 1h);
    cache->upkeep(100);
  });
}

BOOST_AUTO_TEST_CASE(over_a_logical_cache_it_follows_the_near_tier_and_the_tags) {
  const auto clock = std::make_shared<FakeClock>();
  ComponentContext context;
  context.clock = clock;
  const auto store = in_memory(clock);
  CacheOptions options;
  options.store = Reference<ICache>(std::static_pointer_cast<ICache>(store));
  options.ttl = 1h;
  options.near.emplace().ttl = 10s;
  options.tags.emplace();
  const auto cache = make_cache(std::move(options), context);
  auto words = words_over(cache);
  auto* const tagged = find_interface<ITaggedCache>(*cache);
  BOOST_REQUIRE(tagged != nullptr);
  BOOST_TEST(tagged->write_tagged("w", "tea", {"drinks"}).ok());
  BOOST_TEST(text_under(words, "w") == "tea");
  BOOST_TEST(text_under(words, "w") == "tea");
  BOOST_TEST(parsed(words) == 1);
  // Another process changes the store: the copy counts until it ends, and the object no longer.
  BOOST_TEST(store->remove("w").value());
  BOOST_TEST(text_under(words, "w") == "tea");
  clock->advance(10'001ms);
  BOOST_TEST(text_under(words, "w") == "(miss)");
  BOOST_TEST(tagged->write_tagged("w", "milk", {"drinks"}).ok());
  BOOST_TEST(text_under(words, "w") == "milk");
  BOOST_TEST(tagged->evict_tags({"drinks"}).ok());
  BOOST_TEST(text_under(words, "w") == "(miss)");
}

BOOST_AUTO_TEST_CASE(the_longest_unused_make_room_within_the_limits) {
  const auto cache = in_memory();
  auto words = words_over(cache, {.max_size = 3});
  for (const auto* const key : {"a", "b", "c"})
    BOOST_TEST(words.set_value(key, word(key), 1h));
  for (const auto* const key : {"a", "b", "c", "a"})
    BOOST_TEST(text_under(words, key) == key);
  BOOST_TEST(words.set_value("d", word("d"), 1h));
  BOOST_TEST(text_under(words, "d") == "d");
  BOOST_TEST(words.objects()->statistics().objects == 3U);
  BOOST_TEST(parsed(words) == 4);
  BOOST_TEST(text_under(words, "a") == "a");
  BOOST_TEST(parsed(words) == 4);
  BOOST_TEST(text_under(words, "b") == "b");
  BOOST_TEST(parsed(words) == 5);

  auto narrow = words_over(cache, {.max_bytes = 1000});
  BOOST_TEST(cache->set_value("e", std::string(400, 'e'), 1h));
  BOOST_TEST(text_under(narrow, "a") == "a");
  BOOST_TEST(text_under(narrow, "e").size() == 400U);  // too large beside its key: handed out, not kept
  BOOST_TEST(narrow.objects()->statistics().bytes == 259U);
  BOOST_TEST(cache->set_value("e", std::string(300, 'e'), 1h));
  BOOST_TEST(text_under(narrow, "e").size() == 300U);
  BOOST_TEST(narrow.objects()->statistics().objects == 1U);
  BOOST_TEST(narrow.objects()->statistics().bytes == 857U);
}

BOOST_AUTO_TEST_CASE(limits_of_nothing_are_refused) {
  BOOST_CHECK_THROW(ObjectTable({.max_size = 0}), std::invalid_argument);
  BOOST_CHECK_THROW(ObjectTable({.max_bytes = 0}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(bytes_that_hold_no_object_are_a_failure_and_nothing_is_kept) {
  const auto cache = in_memory();
  const auto words = words_over(cache);
  BOOST_TEST(cache->set_value("w", "tea", 1h));
  BOOST_TEST(text_under(words, "w") == "tea");
  for (const auto* const bytes : {"broken", "throws"}) {
    BOOST_TEST(cache->set_value("w", bytes, 1h));
    const auto lookup = words.get("w");
    BOOST_REQUIRE(lookup.failed());
    BOOST_TEST((lookup.error().code() == ErrorCode::corrupt));
    BOOST_TEST(words.get_many({"w"}).front().failed());
  }
  BOOST_TEST(cache->set_value("w", "broken", 1h));
  BOOST_TEST(words.get("w").failed());
  BOOST_TEST(words.objects()->statistics().objects == 0U);
  cache->stop();
  BOOST_TEST((words.get("w").error().code() == ErrorCode::closed));
}

BOOST_AUTO_TEST_CASE(a_cache_may_read_another_object_in_the_middle_of_a_read) {
  const auto below = in_memory();
  const auto cache = std::make_shared<Interrupted>(below);
  auto words = words_over(cache);
  const std::string tea(500, 't');
  const std::string cake(600, 'c');
  BOOST_TEST(words.set_value("tea", word(tea), 1h));
  BOOST_TEST(words.set_value("cake", word(cake), 1h));
  for (int round = 0; round < 3; ++round) {
    cache->in_between = [&] { BOOST_TEST(text_under(words, "cake") == cake); };
    BOOST_TEST(text_under(words, "tea") == tea);
  }
  BOOST_TEST(parsed(words) == 2);
}

BOOST_AUTO_TEST_CASE(with_many_threads_no_object_is_older_than_what_the_cache_answers) {
  const auto cache = in_memory();
  const auto words = words_over(cache, {.max_size = 2});
  const auto text_of = [](int number) {
    return std::to_string(number) + std::string(static_cast<std::size_t>(number % 3 * 60), ' ');
  };
  std::atomic<int> newest{1};
  std::atomic<int> wrong{0};
  std::atomic<int> reads{0};
  for (const auto* const key : {"a", "b", "c"})
    BOOST_TEST(cache->set_value(key, text_of(1), 1h));
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 4; ++reader)
    readers.emplace_back([&] {
      while (newest < 3000)
        for (const auto* const key : {"a", "b", "c"}) {
          const int at_least = newest.load();
          const auto lookup = words.get(key);
          if (!lookup.hit() || std::stoi(*lookup.value()) < at_least) ++wrong;
          ++reads;
        }
    });
  for (int number = 2; number <= 3000; ++number) {
    for (const auto* const key : {"a", "b", "c"})
      cache->set_value(key, text_of(number), 1h);
    newest = number;
  }
  for (auto& reader : readers)
    reader.join();
  BOOST_TEST(wrong == 0);
  for (const auto* const key : {"a", "b", "c"})
    BOOST_TEST(text_under(words, key) == text_of(3000));
  BOOST_TEST(words.objects()->statistics().objects <= 2U);
}

BOOST_AUTO_TEST_CASE(a_forked_child_starts_with_no_objects_and_goes_on) {
  auto words = words_over(in_memory());
  BOOST_TEST(words.set_value("w", word("tea"), 1h));
  BOOST_TEST(text_under(words, "w") == "tea");
  const pid_t child = ::fork();
  if (child == 0) {
    const bool empty = words.objects()->statistics().objects == 0;
    const bool reads = text_under(words, "w") == "tea" && text_under(words, "w") == "tea";
    ::_exit(empty && reads && words.objects()->statistics().objects == 1 ? 0 : 1);
  }
  int status = -1;
  BOOST_TEST(::waitpid(child, &status, 0) == child);
  BOOST_TEST(status == 0);
  BOOST_TEST(words.objects()->statistics().objects == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
