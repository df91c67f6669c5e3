// Random sequences of operations, compared step by step between a memory cache, a Redis cache and a plain
// map.

#include "support/fake_clock.hpp"
#include "support/patient.hpp"
#include "support/redis_server.hpp"

#include <cachesite/memory_cache.hpp>
#include <cachesite/redis_cache.hpp>

#include <map>
#include <random>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

namespace {

/// What a cache has to answer, in the plainest form.
class ReferenceModel {
 public:
  struct Entry {
    std::optional<std::string> value;
    bool expires_soon = false;
  };

  std::string read(const std::string& key) const {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return "miss";
    return found->second.value ? "hit " + *found->second.value : "null";
  }
  void write(const std::string& key, std::optional<std::string> value, bool expires_soon) {
    entries_[key] = {std::move(value), expires_soon};
  }
  bool remove(const std::string& key) { return entries_.erase(key) != 0; }
  bool contains(const std::string& key) const { return entries_.contains(key); }
  void let_short_entries_expire() {
    std::erase_if(entries_, [](const auto& entry) { return entry.second.expires_soon; });
  }

 private:
  std::map<std::string, Entry> entries_;
};

std::string read(ICache& cache, const std::string& key) {
  const auto lookup = cache.get(key);
  if (lookup.failed()) return "failed: " + std::string(lookup.error().message());
  if (lookup.hit()) return "hit " + std::string(lookup.value().text());
  return lookup.null() ? "null" : "miss";
}

std::string remaining(ICache& cache, const std::string& key) {
  const auto answer = cache.time_to_live(key);
  if (!answer.ok()) return "failed";
  return answer.value().state == Remaining::State::absent ? "absent" : "present";
}

constexpr auto short_time = 5ms;
constexpr auto long_time = 10min;

struct World {
  test::RedisServer server;
  test::RedisProbe probe{server.address()};
  std::shared_ptr<test::FakeClock> clock = std::make_shared<test::FakeClock>();
  std::unique_ptr<MemoryCache> memory;
  std::unique_ptr<RedisCache> redis;

  World() {
    auto options = test::patient<RedisCacheOptions>();
    options.unix_socket_path = server.unix_socket_path();
    redis = std::make_unique<RedisCache>(options);
    redis->start();
    redis->await_started();
  }

  void begin_sequence() {
    probe.flush();
    ComponentContext context;
    context.clock = clock;
    memory = std::make_unique<MemoryCache>(MemoryCacheOptions{}, context);
  }

  void let_short_entries_expire() {
    clock->advance(short_time + 1ms);
    // The server compares whole milliseconds, and a key is over when more than its time has passed.
    probe.let_pass(short_time + 2ms);
  }
};

std::string random_text(std::mt19937& random) {
  static constexpr std::size_t sizes[] = {0, 1, 7, 64, 80, 81, 500, 3000};
  std::string text(sizes[random() % std::size(sizes)], '\0');
  for (auto& character : text)
    character = static_cast<char>(random());
  return text;
}

/// Runs one sequence; returns what differed, or nothing.
std::string run_sequence(World& world, unsigned seed) {
  std::mt19937 random(seed);
  world.begin_sequence();
  ReferenceModel model;
  ICache* const caches[] = {world.memory.get(), world.redis.get()};
  bool short_entries = false;
  const auto differs = [&](const char* step, const std::string& expected, const std::string& found,
                           ICache* cache) {
    return "seed " + std::to_string(seed) + ", " + step + " of the " +
           (cache == caches[0] ? "memory" : "Redis") + " cache: expected '" + expected + "', found '" +
           found + "'";
  };
  for (int step = 0; step < 40; ++step) {
    const auto key = "key " + std::to_string(random() % 6);
    switch (random() % 10) {
      case 0:
      case 1:
      case 2: {
        const bool null = random() % 5 == 0;
        const bool expires_soon = seed % 10 == 0 && random() % 3 == 0;
        const auto text = random_text(random);
        short_entries = short_entries || expires_soon;
        model.write(key, null ? std::nullopt : std::optional(text), expires_soon);
        for (auto* cache : caches)
          if (!cache->set_value(key, null ? std::nullopt : std::optional<ByteView>(text),
                                expires_soon ? short_time : std::chrono::milliseconds(long_time)))
            return differs("write", "stored", "refused", cache);
        // An entry of a few milliseconds is only compared after its time, when both must have lost it.
        if (expires_soon) {
          world.let_short_entries_expire();
          model.let_short_entries_expire();
        }
        break;
      }
      case 3: {
        const bool there = model.remove(key);
        for (auto* cache : caches)
          if (cache->remove(key).value_or(!there) != there)
            return differs("remove", there ? "yes" : "no", "", cache);
        break;
      }
      case 4:
        for (auto* cache : caches)
          if (cache->contains(key).value_or(!model.contains(key)) != model.contains(key))
            return differs("contains", model.contains(key) ? "yes" : "no", "", cache);
        break;
      case 5:
        for (auto* cache : caches) {
          const std::string expected = model.contains(key) ? "present" : "absent";
          if (remaining(*cache, key) != expected)
            return differs("ttl", expected, remaining(*cache, key), cache);
        }
        break;
      case 6:
        for (auto* cache : caches)
          if (cache->set_value(key, "refused", 0s) || cache->set_value("", "refused", 1s))
            return differs("refused write", "refused", "stored", cache);
        break;
      default:
        for (auto* cache : caches)
          if (read(*cache, key) != model.read(key))
            return differs("read", model.read(key), read(*cache, key), cache);
    }
  }
  return {};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cache_model)

BOOST_AUTO_TEST_CASE(two_thousand_random_sequences_agree_between_memory_redis_and_a_plain_map) {
  World world;
  for (unsigned seed = 1; seed <= 2000; ++seed) {
    const auto difference = run_sequence(world, seed);
    BOOST_REQUIRE_MESSAGE(difference.empty(), difference);
  }
}

BOOST_AUTO_TEST_SUITE_END()
