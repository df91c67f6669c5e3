#include "support/collecting_logger.hpp"
#include "support/fake_clock.hpp"
#include "support/faulty_cache.hpp"
#include "support/wait_until.hpp"

#include <cachesite/memory_cache.hpp>
#include <cachesite/tagged_cache.hpp>
#include <cachesite/write_policy_cache.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

/// What the values come from: keeps what it was given, fails and waits as it is told.
class Origin {
 public:
  IWritePolicyCache::Writer writer() {
    return [this](std::string_view key, std::optional<ByteView> value) -> Status {
      std::unique_lock lock(mutex_);
      ++attempts_;
      ++inside_;
      open_.wait(lock, [this] { return !closed_; });
      --inside_;
      if (failures_ > 0) {
        --failures_;
        if (throws_) throw std::runtime_error("the origin threw");
        return error_;
      }
      history_.emplace_back(std::string(key), value ? std::string(value->text()) : "null");
      return Done{};
    };
  }
  void fail(int times, const Error& error = Error(ErrorCode::unreachable, "no database"),
            bool throws = false) {
    const std::lock_guard lock(mutex_);
    failures_ = times;
    error_ = error;
    throws_ = throws;
  }
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  void open() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = false;
    }
    open_.notify_all();
  }
  std::vector<std::string> history_of(const std::string& key) {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> values;
    for (const auto& [name, value] : history_)
      if (name == key) values.push_back(value);
    return values;
  }
  std::string last(const std::string& key) {
    const auto values = history_of(key);
    return values.empty() ? "" : values.back();
  }
  int attempts() {
    const std::lock_guard lock(mutex_);
    return attempts_;
  }
  int writers() {
    const std::lock_guard lock(mutex_);
    return inside_;
  }
  bool busy() { return writers() > 0; }

 private:
  std::mutex mutex_;
  std::condition_variable open_;
  std::vector<std::pair<std::string, std::string>> history_;
  Error error_{ErrorCode::unreachable};
  int failures_ = 0;
  int attempts_ = 0;
  int inside_ = 0;
  bool throws_ = false;
  bool closed_ = false;
};

struct Fixture {
  ~Fixture() { origin.open(); }

  WritePolicyCache& make(const std::function<void(WritePolicyCacheOptions&)>& change = {}) {
    WritePolicyCacheOptions options;
    options.over = Reference<ICache>(below);
    options.retry_pause = 1ms;
    options.longest_retry_pause = 4ms;
    options.on_lost = [this](std::string_view key, std::optional<ByteView> value, const Error& reason) {
      const std::lock_guard lock(mutex);
      lost.push_back(std::string(key) + "=" + (value ? std::string(value->text()) : "null") + " " +
                     std::string(to_string(reason.code())));
    };
    if (change) change(options);
    ComponentContext context;
    context.label = "WritePolicyCache \"test\"";
    context.logger = logger;
    cache = std::make_unique<WritePolicyCache>(options, context);
    return *cache;
  }
  Result<OriginWrite> behind(std::string_view key, std::optional<ByteView> value) {
    return cache->write_behind(key, value, 1h, origin.writer());
  }
  Result<OriginWrite> through(std::string_view key, std::optional<ByteView> value) {
    return cache->write_through(key, value, 1h, origin.writer());
  }
  std::string cached(std::string_view key) {
    const auto found = memory->get(key);
    return found.hit() ? std::string(found.value().text()) : found.null() ? "null" : "miss";
  }
  std::vector<std::string> losses() {
    const std::lock_guard lock(mutex);
    return lost;
  }

  Origin origin;
  std::mutex mutex;
  std::vector<std::string> lost;
  std::shared_ptr<MemoryCache> memory = std::make_shared<MemoryCache>();
  std::shared_ptr<FaultyCache> below = std::make_shared<FaultyCache>(memory);
  std::shared_ptr<CollectingLogger> logger = std::make_shared<CollectingLogger>();
  std::unique_ptr<WritePolicyCache> cache;
};

bool is(const Result<OriginWrite>& result, OriginWrite expected) {
  return result.ok() && result.value() == expected;
}
bool is(const Result<OriginWrite>& result, ErrorCode expected) {
  return !result.ok() && result.error().code() == expected;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(write_through, Fixture)

BOOST_AUTO_TEST_CASE(the_origin_is_written_and_then_the_cache) {
  make();
  std::string cached_then;
  const auto written = cache->write_through("key", ByteView("new"), 1h,
                                            [&](std::string_view, std::optional<ByteView>) -> Status {
                                              cached_then = cached("key");
                                              return Done{};
                                            });
  BOOST_TEST(is(written, OriginWrite::written));
  BOOST_TEST(cached_then == "miss");
  BOOST_TEST(cached("key") == "new");
  BOOST_TEST(is(through("null", std::nullopt), OriginWrite::written));
  BOOST_TEST(cached("null") == "null");
  BOOST_TEST(origin.last("null") == "null");
  BOOST_TEST(cache->write_policy_statistics().written_through == 2u);
}

BOOST_AUTO_TEST_CASE(a_failure_of_the_origin_is_returned_and_leaves_the_cache_as_it_was) {
  make();
  memory->set_value("key", "old", 1h);
  origin.fail(1);
  const auto failed = through("key", ByteView("new"));
  BOOST_TEST(is(failed, ErrorCode::unreachable));
  BOOST_TEST(failed.error().message() == "no database");
  BOOST_TEST(cached("key") == "old");
}

BOOST_AUTO_TEST_CASE(an_unknown_outcome_at_the_origin_removes_the_old_value) {
  make();
  memory->set_value("key", "old", 1h);
  origin.fail(1, Error(ErrorCode::timeout, "", Outcome::unknown));
  BOOST_TEST(is(through("key", ByteView("new")), ErrorCode::timeout));
  BOOST_TEST(cached("key") == "miss");
}

BOOST_AUTO_TEST_CASE(when_the_cache_cannot_store_the_value_the_old_one_goes) {
  make();
  memory->set_value("key", "old", 1h);
  below->fail_writes(Error(ErrorCode::timeout));
  BOOST_TEST(is(through("key", ByteView("new")), OriginWrite::not_cached));
  BOOST_TEST(cached("key") == "miss");
  BOOST_TEST(origin.last("key") == "new");
}

BOOST_AUTO_TEST_CASE(when_the_old_value_cannot_be_removed_either_the_result_says_so) {
  make();
  memory->set_value("key", "old", 1h);
  below->fail(Error(ErrorCode::unreachable));
  BOOST_TEST(is(through("key", ByteView("new")), OriginWrite::stale));
  BOOST_TEST(origin.last("key") == "new");
}

BOOST_AUTO_TEST_CASE(arguments_are_checked_before_the_origin_is_written) {
  make();
  BOOST_TEST(is(through("", ByteView("x")), ErrorCode::bad_argument));
  BOOST_TEST(is(cache->write_through("key", ByteView("x"), 0s, origin.writer()), ErrorCode::bad_argument));
  BOOST_TEST(is(cache->write_through("key", ByteView("x"), 1h, {}), ErrorCode::bad_argument));
  BOOST_TEST(
      is(cache->write_through("key", ByteView("x"), 1h, origin.writer(), {"t"}), ErrorCode::unsupported));
  BOOST_TEST(is(cache->write_behind("key", ByteView("x"), 0s, origin.writer()), ErrorCode::bad_argument));
  BOOST_TEST(origin.attempts() == 0);
  BOOST_TEST(cache->statistics().refusals == 5u);
}

BOOST_AUTO_TEST_CASE(tags_are_passed_to_a_cache_that_has_them) {
  TaggedCacheOptions options;
  options.over = Reference<ICache>(memory);
  const auto tagged = std::make_shared<TaggedCache>(options);
  make([&](WritePolicyCacheOptions& changed) { changed.over = Reference<ICache>(tagged); });
  BOOST_TEST(
      is(cache->write_through("one", ByteView("x"), 1h, origin.writer(), {"t"}), OriginWrite::written));
  BOOST_TEST(is(cache->write_behind("two", ByteView("x"), 1h, origin.writer(), {"t"}), OriginWrite::queued));
  BOOST_TEST(
      is(cache->write_through("three", ByteView("x"), 1h, origin.writer(), {""}), ErrorCode::bad_argument));
  BOOST_TEST(origin.last("three") == "");
  BOOST_TEST(tagged->evict_tags({"t"}).value() == 1u);
  BOOST_TEST(cache->get("one").miss());
  BOOST_TEST(cache->get("two").miss());
  BOOST_TEST(cache->flush(10s).ok());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(write_behind, Fixture)

BOOST_AUTO_TEST_CASE(the_caller_does_not_wait_for_the_origin) {
  make();
  origin.close();
  BOOST_TEST(is(behind("key", ByteView("new")), OriginWrite::queued));
  BOOST_TEST(cached("key") == "new");
  BOOST_TEST(origin.last("key") == "");
  BOOST_TEST(cache->write_policy_statistics().waiting == 1u);
  BOOST_TEST((cache->flush(1ms).error().code() == ErrorCode::timeout));
  origin.open();
  BOOST_TEST(cache->flush(10s).ok());
  BOOST_TEST(origin.last("key") == "new");
  const auto statistics = cache->write_policy_statistics();
  BOOST_TEST(statistics.queued == 1u);
  BOOST_TEST(statistics.written_behind == 1u);
  BOOST_TEST(statistics.waiting == 0u);
}

BOOST_AUTO_TEST_CASE(when_the_cache_fails_nothing_is_done) {
  make();
  below->fail(Error(ErrorCode::unreachable));
  BOOST_TEST(is(behind("key", ByteView("new")), ErrorCode::unreachable));
  BOOST_TEST(cache->flush(10s).ok());
  BOOST_TEST(origin.attempts() == 0);
}

BOOST_AUTO_TEST_CASE(a_failed_write_is_tried_again_until_it_succeeds) {
  make();
  origin.fail(3);
  BOOST_TEST(is(behind("key", ByteView("new")), OriginWrite::queued));
  BOOST_TEST(cache->flush(10s).ok());
  BOOST_TEST(origin.last("key") == "new");
  BOOST_TEST(origin.attempts() == 4);
  BOOST_TEST(cache->write_policy_statistics().retried == 3u);
  BOOST_TEST(losses().empty());
}

BOOST_AUTO_TEST_CASE(a_value_that_is_given_up_is_counted_named_logged_and_taken_out_of_the_cache) {
  make([](WritePolicyCacheOptions& options) { options.retries = 2; });
  origin.fail(1000);
  (void)behind("key", ByteView("new"));
  (void)behind("null", std::nullopt);
  BOOST_TEST(cache->flush(10s).ok());
  BOOST_TEST(origin.attempts() == 6);
  BOOST_TEST(cached("key") == "miss");
  BOOST_TEST(cached("null") == "miss");
  auto named = losses();
  std::sort(named.begin(), named.end());
  BOOST_TEST(named == (std::vector<std::string>{"key=new unreachable", "null=null unreachable"}),
             boost::test_tools::per_element());
  BOOST_TEST(cache->write_policy_statistics().lost == 2u);
  BOOST_TEST(logger->count(LogLevel::error) == 1u);
  BOOST_TEST(logger->text().find("key") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_no_repetition_cures_is_not_repeated) {
  make();
  origin.fail(1, Error(ErrorCode::bad_argument));
  (void)behind("key", ByteView("new"));
  BOOST_TEST(cache->flush(10s).ok());
  BOOST_TEST(origin.attempts() == 1);
  BOOST_TEST(losses().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_writer_or_a_listener_that_throws_does_no_harm) {
  make([](WritePolicyCacheOptions& options) {
    options.retries = 1;
    options.on_lost = [](std::string_view, std::optional<ByteView>, const Error&) { throw 7; };
  });
  origin.fail(2, Error(ErrorCode::unreachable), true);
  (void)behind("one", ByteView("x"));
  BOOST_TEST(cache->flush(10s).ok());
  (void)behind("two", ByteView("x"));
  BOOST_TEST(cache->flush(10s).ok());
  BOOST_TEST(origin.last("two") == "x");
  BOOST_TEST(cache->write_policy_statistics().lost == 1u);
}

BOOST_AUTO_TEST_CASE(values_of_one_key_are_written_in_their_order) {
  make([](WritePolicyCacheOptions& options) {
    options.newest_only = false;
    options.threads = 4;
  });
  origin.fail(5);
  std::vector<std::string> expected;
  for (int index = 0; index < 50; ++index) {
    expected.push_back(std::to_string(index));
    for (const char* key : {"a", "b", "c"})
      BOOST_REQUIRE(is(behind(key, ByteView(expected.back())), OriginWrite::queued));
  }
  BOOST_TEST(cache->flush(10s).ok());
  for (const char* key : {"a", "b", "c"})
    BOOST_TEST(origin.history_of(key) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_newer_value_takes_the_place_of_one_that_waits) {
  make();
  origin.close();
  (void)behind("key", ByteView("1"));
  BOOST_REQUIRE(wait_until([&] { return origin.busy(); }));
  for (const char* value : {"2", "3", "4"})
    (void)behind("key", ByteView(value));
  BOOST_TEST(cache->write_policy_statistics().waiting == 2u);
  origin.open();
  BOOST_TEST(cache->flush(10s).ok());
  BOOST_TEST(origin.history_of("key") == (std::vector<std::string>{"1", "4"}),
             boost::test_tools::per_element());
  BOOST_TEST(cache->write_policy_statistics().replaced == 2u);
  BOOST_TEST(losses().empty());
}

BOOST_AUTO_TEST_CASE(a_lost_value_leaves_the_newer_one_in_the_cache) {
  make([](WritePolicyCacheOptions& options) {
    options.newest_only = false;
    options.retries = 0;
  });
  origin.close();
  origin.fail(1);
  (void)behind("key", ByteView("1"));
  BOOST_REQUIRE(wait_until([&] { return origin.busy(); }));
  (void)behind("key", ByteView("2"));
  origin.open();
  BOOST_TEST(cache->flush(10s).ok());
  BOOST_TEST(losses().size() == 1u);
  BOOST_TEST(cached("key") == "2");
  BOOST_TEST(origin.last("key") == "2");
}

BOOST_AUTO_TEST_CASE(the_pause_of_one_key_does_not_hold_up_others) {
  make([](WritePolicyCacheOptions& options) {
    options.retry_pause = 1h;
    options.longest_retry_pause = 1h;
    options.flush_within = 0ms;
  });
  origin.fail(1);
  (void)behind("paused", ByteView("x"));
  BOOST_REQUIRE(wait_until([&] { return cache->write_policy_statistics().retried == 1u; }));
  (void)behind("other", ByteView("x"));
  BOOST_TEST(wait_until([&] { return origin.last("other") == "x"; }));
}

BOOST_AUTO_TEST_CASE(a_full_queue_refuses_or_writes_through_or_waits) {
  make([](WritePolicyCacheOptions& options) {
    options.queue_size = 2;
    options.on_full = OnFull::refuse;
  });
  origin.close();
  BOOST_TEST(is(behind("1", ByteView("x")), OriginWrite::queued));
  BOOST_TEST(is(behind("2", ByteView("x")), OriginWrite::queued));
  BOOST_TEST(is(behind("3", ByteView("x")), ErrorCode::timeout));
  BOOST_TEST(cached("3") == "miss");
  BOOST_TEST(cache->write_policy_statistics().refused == 1u);
  origin.open();
  BOOST_TEST(cache->flush(10s).ok());

  make([](WritePolicyCacheOptions& options) {
    options.queue_size = 1;
    options.on_full = OnFull::write_through;
  });
  Origin slow;
  slow.close();
  (void)cache->write_behind("1", ByteView("x"), 1h, slow.writer());
  BOOST_TEST(is(behind("3", ByteView("y")), OriginWrite::written));
  BOOST_TEST(origin.last("3") == "y");
  slow.open();
  BOOST_TEST(cache->flush(10s).ok());

  make([](WritePolicyCacheOptions& options) { options.queue_size = 1; });
  slow.close();
  (void)cache->write_behind("1", ByteView("x"), 1h, slow.writer());
  std::atomic<bool> accepted{false};
  std::thread waiting([&] { accepted = is(behind("4", ByteView("z")), OriginWrite::queued); });
  slow.open();
  waiting.join();
  BOOST_TEST(accepted);
  BOOST_TEST(cache->flush(10s).ok());
}

BOOST_AUTO_TEST_CASE(room_that_a_replaced_value_leaves_is_for_who_waits) {
  make([](WritePolicyCacheOptions& options) {
    options.queue_size = 3;
    options.wait_limit = 10min;
  });
  origin.close();
  (void)behind("held", ByteView("x"));
  BOOST_REQUIRE(wait_until([&] { return origin.busy(); }));
  (void)behind("key", ByteView("older"));
  // The newer value of the key takes the last place until it has replaced the older one.
  std::atomic<bool> accepted{false};
  std::thread waiting;
  below->before_write([&](std::string_view key) {
    if (key != "key" || waiting.joinable()) return;
    waiting = std::thread([&] { accepted = is(behind("other", ByteView("x")), OriginWrite::queued); });
    const auto until =
        std::chrono::steady_clock::now() + 50ms;  // it waits by then, or comes when there is room
    while (std::chrono::steady_clock::now() < until)
      std::this_thread::yield();
  });
  (void)behind("key", ByteView("newer"));
  BOOST_TEST(wait_until([&] { return accepted.load(); }));
  origin.open();
  waiting.join();
  BOOST_TEST(cache->flush(10s).ok());
}

BOOST_AUTO_TEST_CASE(a_value_that_stays_in_the_cache_and_will_not_be_written_may_have_been_stored) {
  for (const bool removed : {true, false}) {
    make();
    below->before_write([&](std::string_view) { cache->stop(); });
    if (!removed) below->fail_removals(Error(ErrorCode::unreachable));
    const auto failed = behind("key", ByteView("x"));
    BOOST_TEST(is(failed, ErrorCode::closed));
    BOOST_TEST((failed.error().outcome() == (removed ? Outcome::not_done : Outcome::unknown)));
    BOOST_TEST(cached("key") == (removed ? "miss" : "x"));
    below->work();
    below->before_write({});
  }
}

BOOST_AUTO_TEST_CASE(bytes_are_bounded_and_one_large_value_goes_alone) {
  make([](WritePolicyCacheOptions& options) {
    options.queue_bytes = ByteSize{100};
    options.on_full = OnFull::refuse;
  });
  origin.close();
  BOOST_TEST(is(behind("large", ByteView(std::string(1000, 'x'))), OriginWrite::queued));
  BOOST_TEST(is(behind("small", ByteView("x")), ErrorCode::timeout));
  origin.open();
  BOOST_TEST(cache->flush(10s).ok());
  BOOST_TEST(is(behind("small", ByteView("x")), OriginWrite::queued));
  BOOST_TEST(cache->flush(10s).ok());
}

BOOST_AUTO_TEST_CASE(a_write_through_comes_after_what_waits_for_its_key) {
  make();
  origin.close();
  (void)behind("key", ByteView("1"));
  std::atomic<bool> written{false};
  std::thread writer([&] { written = is(through("key", ByteView("2")), OriginWrite::written); });
  BOOST_REQUIRE(wait_until([&] { return origin.busy(); }));
  origin.open();
  writer.join();
  BOOST_TEST(written);
  BOOST_TEST(origin.history_of("key") == (std::vector<std::string>{"1", "2"}),
             boost::test_tools::per_element());
  BOOST_TEST(cached("key") == "2");
}

BOOST_AUTO_TEST_CASE(origin_and_cache_agree_after_many_threads_wrote_the_same_keys) {
  make([](WritePolicyCacheOptions& options) { options.threads = 3; });
  origin.fail(20);
  std::vector<std::thread> threads;
  for (int number = 0; number < 4; ++number)
    threads.emplace_back([&, number] {
      for (int round = 0; round < 200; ++round) {
        const auto key = "key" + std::to_string(round % 5);
        const auto value = std::to_string(number) + "/" + std::to_string(round);
        if (round % 10 == 0)
          (void)through(key, ByteView(value));
        else
          (void)behind(key, ByteView(value));
      }
    });
  for (auto& thread : threads)
    thread.join();
  BOOST_TEST(cache->flush(10s).ok());
  for (int index = 0; index < 5; ++index) {
    const auto key = "key" + std::to_string(index);
    if (cached(key) != "miss") BOOST_TEST(cached(key) == origin.last(key));
  }
  const auto statistics = cache->write_policy_statistics();
  BOOST_TEST(statistics.queued == statistics.written_behind + statistics.replaced + statistics.lost);
}

BOOST_AUTO_TEST_CASE(stopping_writes_what_waits) {
  make();
  for (int index = 0; index < 100; ++index)
    (void)behind(std::to_string(index), ByteView("x"));
  cache->stop();
  cache->stop();
  for (int index = 0; index < 100; ++index)
    BOOST_TEST(origin.last(std::to_string(index)) == "x");
  BOOST_TEST(is(behind("late", ByteView("x")), ErrorCode::closed));
  BOOST_TEST(is(through("late", ByteView("x")), ErrorCode::closed));
  BOOST_TEST(cached("late") == "miss");
}

BOOST_AUTO_TEST_CASE(stopping_gives_up_after_its_limit_and_tells_what) {
  make([](WritePolicyCacheOptions& options) {
    options.flush_within = 5ms;
    options.retry_pause = 1h;
    options.longest_retry_pause = 1h;
    options.retries = 1000;
  });
  origin.fail(1000);
  for (int index = 0; index < 10; ++index)
    (void)behind(std::to_string(index), ByteView("x"));
  cache->stop();
  BOOST_TEST(losses().size() == 10u);
  const auto statistics = cache->write_policy_statistics();
  BOOST_TEST(statistics.lost == 10u);
  BOOST_TEST(statistics.waiting == 0u);
  for (int index = 0; index < 10; ++index)
    BOOST_TEST(cached(std::to_string(index)) == "miss");
}

BOOST_AUTO_TEST_CASE(a_write_that_fails_while_the_cache_gives_up_is_told_as_lost) {
  for (const bool newest_only : {false, true}) {
    lost.clear();
    make([&](WritePolicyCacheOptions& options) {
      options.newest_only = newest_only;
      options.flush_within = 0ms;
      options.threads = 2;
    });
    origin.close();
    for (const char* key : {"one", "two"})
      (void)behind(key, ByteView("1"));
    BOOST_REQUIRE(wait_until([&] { return origin.writers() == 2; }));
    (void)behind("two", ByteView("2"));
    (void)behind("waiting", ByteView("1"));
    std::thread stopping([this] { cache->stop(); });
    const bool gives_up = wait_until([&] { return !losses().empty(); });
    origin.fail(2);
    origin.open();
    stopping.join();
    BOOST_TEST(gives_up);
    std::vector<std::string> expected{"one=1 unreachable", "two=2 closed", "waiting=1 closed"};
    if (!newest_only) expected.insert(expected.begin() + 1, "two=1 unreachable");
    auto named = losses();
    std::sort(named.begin(), named.end());
    BOOST_TEST(named == expected, boost::test_tools::per_element());
    const auto statistics = cache->write_policy_statistics();
    BOOST_TEST(statistics.lost == expected.size());
    BOOST_TEST(statistics.waiting == 0u);
    for (const char* key : {"one", "two", "waiting"})
      BOOST_TEST(cached(key) == "miss");
  }
}

BOOST_AUTO_TEST_CASE(stopping_while_others_write_loses_nothing_silently) {
  for (int round = 0; round < 20; ++round) {
    make([](WritePolicyCacheOptions& options) { options.flush_within = 0ms; });
    std::atomic<int> accepted{0};
    std::vector<std::thread> threads;
    for (int number = 0; number < 3; ++number)
      threads.emplace_back([&, number] {
        for (int index = 0; index < 50; ++index)
          if (is(behind(std::to_string(number) + "." + std::to_string(index), ByteView("x")),
                 OriginWrite::queued))
            ++accepted;
      });
    cache->stop();
    for (auto& thread : threads)
      thread.join();
    const auto statistics = cache->write_policy_statistics();
    BOOST_TEST(statistics.queued == static_cast<std::uint64_t>(accepted));
    BOOST_TEST(statistics.queued == statistics.written_behind + statistics.lost);
    BOOST_TEST(statistics.waiting == 0u);
  }
}

BOOST_AUTO_TEST_CASE(a_writer_may_hold_the_cache_and_be_the_last_to_do_so) {
  for (int round = 0; round < 20; ++round) {
    make();
    std::shared_ptr<WritePolicyCache> shared = std::move(cache);
    const std::weak_ptr<WritePolicyCache> watched = shared;
    origin.close();
    auto writer = [held = shared, write = origin.writer()](
                      std::string_view key, std::optional<ByteView> value) { return write(key, value); };
    BOOST_TEST(is(shared->write_behind("key", ByteView("x"), 1h, std::move(writer)), OriginWrite::queued));
    shared.reset();
    origin.open();
    BOOST_TEST(wait_until([&] { return watched.expired(); }));
  }
}

BOOST_AUTO_TEST_CASE(a_listener_may_stop_the_cache) {
  make([this](WritePolicyCacheOptions& options) {
    options.retries = 0;
    options.flush_within = 1ms;
    options.on_lost = [this](std::string_view, std::optional<ByteView>, const Error&) { cache->stop(); };
  });
  origin.fail(1);
  (void)behind("key", ByteView("x"));
  BOOST_TEST(wait_until([&] { return is(behind("late", ByteView("x")), ErrorCode::closed); }));
  BOOST_TEST(wait_until([&] { return cache->write_policy_statistics().waiting == 0u; }));
}

BOOST_AUTO_TEST_CASE(other_calls_go_to_the_cache_below) {
  make();
  BOOST_TEST(cache->set_value("key", "x", 1h));
  BOOST_TEST(memory->get("key").hit());
  BOOST_TEST(cache->get("key").hit());
  BOOST_TEST(cache->remove("key").value());
}

BOOST_AUTO_TEST_SUITE_END()
