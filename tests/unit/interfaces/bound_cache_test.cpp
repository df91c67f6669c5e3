#include "support/wait_until.hpp"

#include <cachesite/bound_cache.hpp>

#include <chrono>
#include <map>
#include <stdexcept>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

namespace {

// Notes each call with its key and arguments.
class NotingCache final : public ICache {
 public:
  [[nodiscard]] CacheStatistics statistics() const override { return {}; }

  std::string last;

 protected:
  Result<Found> do_read(std::string_view key, Value& destination) override {
    note("read", key);
    destination.assign("found");
    return Found::hit;
  }
  Status do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) override {
    note("write", key, value, time_to_live);
    return Done{};
  }
  void do_begin(CacheRequest& request) override {
    note(std::string(to_string(request.operation)), request.key, request.value, request.time_to_live);
    if (request.operation == CacheOperation::increment) return request.end<std::int64_t>(request.by);
    if (request.operation == CacheOperation::time_to_live)
      return request.end<Remaining>(Remaining{Remaining::State::expires, 5s});
    request.end<bool>(true);
  }

 private:
  void note(const std::string& call, std::string_view key, std::optional<ByteView> value = {},
            TimeToLive time_to_live = 0s) {
    last = call + ' ' + std::string(key);
    if (value) last += ' ' + std::string(value->text());
    if (time_to_live.expires()) last += ' ' + std::to_string(time_to_live.count());
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(bound_cache)

BOOST_AUTO_TEST_CASE(every_call_goes_to_the_cache_with_the_key) {
  const auto cache = std::make_shared<NotingCache>();
  const BoundCache entry = cachesite::bind(cache, "user:42");
  BOOST_TEST(entry.key() == "user:42");
  BOOST_TEST(entry.cache() == cache);
  BOOST_TEST((entry.get_value()->text() == "found"));
  BOOST_TEST(cache->last == "read user:42");
  BOOST_TEST(entry.get().hit());
  Value destination;
  BOOST_TEST((entry.read(destination).value() == Found::hit));
  BOOST_TEST(entry.set_value("Ada", 1s));
  BOOST_TEST(cache->last == "write user:42 Ada 1000");
  BOOST_TEST(entry.write("Bob", 2s).ok());
  BOOST_TEST(cache->last == "write user:42 Bob 2000");
  BOOST_TEST(entry.set_value(std::nullopt, 1s));
  BOOST_TEST(cache->last == "write user:42 1000");
  BOOST_TEST(entry.add("Cy", 3s).value());
  BOOST_TEST(cache->last == "add user:42 Cy 3000");
  BOOST_TEST(entry.replace("Di", 4s).value());
  BOOST_TEST(cache->last == "replace user:42 Di 4000");
  BOOST_TEST(entry.increment(7, 5s).value() == 7);
  BOOST_TEST(cache->last == "increment user:42 5000");
  BOOST_TEST(entry.remove().value());
  BOOST_TEST(cache->last == "remove user:42");
  BOOST_TEST(entry.contains().value());
  BOOST_TEST(cache->last == "contains user:42");
  BOOST_TEST((entry.time_to_live().value().left == 5s));
  BOOST_TEST(cache->last == "time_to_live user:42");
  BOOST_TEST(entry.expire(6s).value());
  BOOST_TEST(cache->last == "expire user:42 6000");
  BOOST_TEST(entry.expire_at(std::chrono::system_clock::now() + 1h).value());
  BOOST_TEST(cache->last.starts_with("expire user:42 3"));
  BOOST_TEST(entry.expire_at(std::chrono::system_clock::now() - 1h).value());
  BOOST_TEST(cache->last == "remove user:42");
  BOOST_TEST(entry.persist().value());
  BOOST_TEST(cache->last == "persist user:42");
}

BOOST_AUTO_TEST_CASE(an_end_within_the_next_millisecond_is_still_to_come_and_no_end_is_early) {
  using std::chrono::system_clock;
  const auto cache = std::make_shared<NotingCache>();
  const BoundCache entry = cachesite::bind(cache, "user:42");
  // Tried again when the time was over before the call.
  BOOST_TEST(test::wait_until([&] {
    BOOST_REQUIRE(entry.expire_at(system_clock::now() + 900us).ok());
    return cache->last != "remove user:42";
  }));
  BOOST_TEST(cache->last == "expire user:42 1");
  const auto end = system_clock::now() + 1h;
  BOOST_TEST(entry.expire_at(end).ok());
  const std::chrono::milliseconds left(std::stoll(cache->last.substr(cache->last.rfind(' '))));
  BOOST_TEST((system_clock::now() + left >= end));
}

BOOST_AUTO_TEST_CASE(a_key_that_breaks_the_rules_is_refused_by_the_calls) {
  const auto cache = std::make_shared<NotingCache>();
  const auto entry = cachesite::bind(cache, "");
  BOOST_TEST((entry.get().error().code() == ErrorCode::bad_argument));
  BOOST_TEST(!entry.set_value("value", 1s));
  BOOST_TEST(cache->last == "");
}

BOOST_AUTO_TEST_CASE(without_a_cache_there_is_nothing_to_bind_to) {
  BOOST_CHECK_THROW(static_cast<void>(cachesite::bind(std::shared_ptr<ICache>(), "key")),
                    std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
