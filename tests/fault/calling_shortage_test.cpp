// Memory runs out at each place of each operation of a cache, in both forms: the call says so, and the cache
// works afterwards.

#include "shortage_rows.hpp"
#include "support/failing_allocations.hpp"
#include "support/sanitized.hpp"
#include "support/wait_until.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/async_remember.hpp>
#include <cachesite/cache.hpp>
#include <cachesite/computing_cache.hpp>
#include <cachesite/i_tagged_cache.hpp>
#include <cachesite/load.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using test::FailingAllocations;

namespace {

using Failure = std::optional<Error>;

Failure failure_of(const Lookup& found) {
  return found.failed() ? Failure(found.error()) : std::nullopt;
}
template <class R>
Failure failure_of(const Result<R>& result) {
  return result.ok() ? std::nullopt : Failure(result.error());
}
template <class R>
Failure failure_of(const std::vector<R>& results) {
  for (const auto& each : results)
    if (auto failure = failure_of(each)) return failure;
  return std::nullopt;
}

constexpr std::string_view key = "a key that is longer than what a string has room for";
constexpr std::array<std::string_view, 3> keys{key, "b",
                                               "another one that is longer than what it has room for"};
constexpr std::array<std::string_view, 2> tags{"red", "a tag that is longer than what a string has room for"};
const std::array<CacheEntry, 2> entries{CacheEntry{key, ByteView("v"), 1h},
                                        CacheEntry{"b", std::nullopt, 1h}};

struct Operation {
  const char* name;
  Failure (*make)(ICache&);
};

template <class Interface>
Interface* of(ICache& cache) {
  return find_interface<Interface>(cache);
}

const std::vector<Operation>& operations() {
  static const std::vector<Operation> all{
      {"get", [](ICache& cache) { return failure_of(cache.get(key)); }},
      {"read_with_life",
       [](ICache& cache) {
         Value value;
         EntryLife life;
         return failure_of(cache.read_with_life(key, value, life));
       }},
      {"write", [](ICache& cache) { return failure_of(cache.write(key, "v", 1h)); }},
      {"add", [](ICache& cache) { return failure_of(cache.add("added", "v", 1h)); }},
      {"replace", [](ICache& cache) { return failure_of(cache.replace(key, "w", 1h)); }},
      {"increment", [](ICache& cache) { return failure_of(cache.increment("number", 1, 1h)); }},
      {"contains", [](ICache& cache) { return failure_of(cache.contains(key)); }},
      {"time_to_live", [](ICache& cache) { return failure_of(cache.time_to_live(key)); }},
      {"expire", [](ICache& cache) { return failure_of(cache.expire(key, 2h)); }},
      {"persist", [](ICache& cache) { return failure_of(cache.persist(key)); }},
      {"get_many", [](ICache& cache) { return failure_of(cache.get_many(keys)); }},
      {"read_with_life_many",
       [](ICache& cache) {
         std::vector<Lookup> found(keys.size());
         std::vector<EntryLife> lives(keys.size());
         cache.read_with_life_many(keys, found, lives);
         return failure_of(found);
       }},
      {"set_many", [](ICache& cache) { return failure_of(cache.set_many(entries)); }},
      {"remove_many", [](ICache& cache) { return failure_of(cache.remove_many(keys)); }},
      {"time_to_live_many",
       [](ICache& cache) {
         std::vector<Result<Remaining>> left(keys.size(), Result<Remaining>(Remaining()));
         cache.time_to_live_many(keys, left);
         return failure_of(left);
       }},
      {"scan",
       [](ICache& cache) {
         ScanPosition position;
         std::vector<std::string> found;
         return failure_of(cache.scan("*", position, found));
       }},
      {"size", [](ICache& cache) { return failure_of(cache.size()); }},
      {"remove", [](ICache& cache) { return failure_of(cache.remove(key)); }},
      {"remove_matching", [](ICache& cache) { return failure_of(cache.remove_matching("b*")); }},
      {"clear", [](ICache& cache) { return failure_of(cache.clear()); }},
      {"write_tagged",
       [](ICache& cache) {
         auto* const tagged = of<ITaggedCache>(cache);
         return tagged == nullptr ? std::nullopt : failure_of(tagged->write_tagged(key, "v", 1h, tags));
       }},
      {"evict_tags",
       [](ICache& cache) {
         auto* const tagged = of<ITaggedCache>(cache);
         return tagged == nullptr ? std::nullopt : failure_of(tagged->evict_tags(tags));
       }},
      {"remember",
       [](ICache& cache) {
         auto* const computing = of<IComputingCache>(cache);
         return computing == nullptr ? std::nullopt
                                     : failure_of(computing->remember("computed", 1h, [] { return "v"; }));
       }},

      {"async_get", [](ICache& cache) { return failure_of(cache.async_get(key).wait()); }},
      {"async_read",
       [](ICache& cache) {
         Value value;
         return failure_of(cache.async_read(key, value).wait());
       }},
      {"async_write", [](ICache& cache) { return failure_of(cache.async_write(key, "v", 1h).wait()); }},
      {"async_add", [](ICache& cache) { return failure_of(cache.async_add("added", "v", 1h).wait()); }},
      {"async_replace", [](ICache& cache) { return failure_of(cache.async_replace(key, "w", 1h).wait()); }},
      {"async_increment",
       [](ICache& cache) { return failure_of(cache.async_increment("number", 1, 1h).wait()); }},
      {"async_contains", [](ICache& cache) { return failure_of(cache.async_contains(key).wait()); }},
      {"async_time_to_live", [](ICache& cache) { return failure_of(cache.async_time_to_live(key).wait()); }},
      {"async_expire", [](ICache& cache) { return failure_of(cache.async_expire(key, 2h).wait()); }},
      {"async_persist", [](ICache& cache) { return failure_of(cache.async_persist(key).wait()); }},
      {"async_get_many",
       [](ICache& cache) {
         std::vector<Lookup> found(keys.size());
         const auto asked = cache.async_get_many(keys, found).wait();
         return asked.ok() ? failure_of(found) : failure_of(asked);
       }},
      {"async_set_many",
       [](ICache& cache) {
         std::vector<Status> stored(entries.size(), Status(Done{}));
         const auto asked = cache.async_set_many(entries, stored).wait();
         return asked.ok() ? failure_of(stored) : failure_of(asked);
       }},
      {"async_remove_many",
       [](ICache& cache) {
         std::vector<Result<bool>> removed(keys.size(), Result<bool>(false));
         const auto asked = cache.async_remove_many(keys, removed).wait();
         return asked.ok() ? failure_of(removed) : failure_of(asked);
       }},
      {"async_time_to_live_many",
       [](ICache& cache) {
         std::vector<Result<Remaining>> left(keys.size(), Result<Remaining>(Remaining()));
         const auto asked = cache.async_time_to_live_many(keys, left).wait();
         return asked.ok() ? failure_of(left) : failure_of(asked);
       }},
      {"async_scan",
       [](ICache& cache) {
         ScanPosition position;
         std::vector<std::string> found;
         return failure_of(cache.async_scan("*", position, found).wait());
       }},
      {"async_size", [](ICache& cache) { return failure_of(cache.async_size().wait()); }},
      {"async_remove", [](ICache& cache) { return failure_of(cache.async_remove(key).wait()); }},
      {"async_remove_matching",
       [](ICache& cache) { return failure_of(cache.async_remove_matching("b*").wait()); }},
      {"async_clear", [](ICache& cache) { return failure_of(cache.async_clear().wait()); }},
      {"async_write_tagged",
       [](ICache& cache) {
         auto* const tagged = of<ITaggedCache>(cache);
         return tagged == nullptr ? std::nullopt
                                  : failure_of(tagged->async_write_tagged(key, "v", 1h, tags).wait());
       }},
      {"async_evict_tags",
       [](ICache& cache) {
         auto* const tagged = of<ITaggedCache>(cache);
         return tagged == nullptr ? std::nullopt : failure_of(tagged->async_evict_tags(tags).wait());
       }},
      {"async_remember",
       [](ICache& cache) {
         auto* const computing = of<IComputingCache>(cache);
         return computing == nullptr
                    ? std::nullopt
                    : failure_of(computing->async_remember("computed", 1h, [] { return "v"; }).wait());
       }},
  };
  return all;
}

// What a call with one allocation failing has ended with.
struct Ended {
  bool reached = false;
  Failure failure;
};

Ended with_one_failing(ICache& cache, const Operation& operation, FailingAllocations::On where,
                       long failing) {
  Ended ended;
  FailingAllocations failures(where, failing);
  try {
    ended.failure = operation.make(cache);
  } catch (const std::bad_alloc&) {  // of the call's own vectors, or of who waits for it
  }
  failures.end();
  ended.reached = failures.reached();
  return ended;
}

void check_each_operation(FailingAllocations::On where) {
  for (const auto& row : test::shortage_rows()) {
    const auto site = load_component_site_from_text(row.file, Format::yaml);
    const auto cache = site->query_component<ICache>();
    if (!cache) continue;
    for (const auto& operation : operations()) {
      BOOST_TEST_CONTEXT(row.component_class << " " << row.variant << ": " << operation.name) {
        // An operation that the class does not offer fails in another way. The servers may have to be there again.
        std::optional<ErrorCode> usual;
        BOOST_TEST(test::wait_until([&] {
          const auto failure = operation.make(*cache);
          usual = failure ? std::optional(failure->code()) : std::nullopt;
          return !usual || usual == ErrorCode::unsupported || usual == ErrorCode::refused;
        }));
        const long step = test::sanitized ? 3 : 1;
        for (long failing = 0;; failing += step) {
          BOOST_REQUIRE(failing < 2'000);
          (void)cache->set_many(entries);
          const auto ended = with_one_failing(*cache, operation, where, failing);
          const auto code = ended.failure ? std::optional(ended.failure->code()) : std::nullopt;
          // Without memory on its own thread a connection is not made anew.
          const bool away = where == FailingAllocations::On::other_threads && code == ErrorCode::unreachable;
          BOOST_TEST((!code || code == usual || code == ErrorCode::no_memory || away),
                     "allocation " << failing << ": " << (code ? ended.failure->message() : ""));
          if (!ended.reached) break;
        }
        std::optional<std::string> problem;
        BOOST_TEST(test::wait_until([&] { return !(problem = row.use(*site)); }), problem.value_or(""));
      }
    }
    BOOST_TEST(site->stop_within(30s).empty());
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(calling_shortage)

BOOST_AUTO_TEST_CASE(each_allocation_of_a_calling_thread_may_fail) {
  check_each_operation(FailingAllocations::On::this_thread);
}

BOOST_AUTO_TEST_CASE(each_allocation_of_a_thread_that_carries_calls_may_fail) {
  check_each_operation(FailingAllocations::On::other_threads);
}

BOOST_AUTO_TEST_SUITE_END()
