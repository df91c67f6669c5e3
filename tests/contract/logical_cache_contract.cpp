#include "contract/logical_cache_contract.hpp"

#include <cachesite/aead_codec.hpp>
#include <cachesite/cached_function.hpp>
#include <cachesite/logical_cache.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/remember.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace cachesite::test {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view prefix_in_store = "shop[1]:";

constexpr const char* part_names[] = {"ttl", "codec", "near", "metrics", "tags", "remember", "further"};

class QuietHook final : public ICacheHook {
 public:
  void before(const CacheCall&) override {}
  void after(const CacheCall&, const CacheCallResult&, std::chrono::nanoseconds) override {}
  void on_error(const CacheCall&, const Error&, std::chrono::nanoseconds) override {}
};

struct Parts {
  explicit Parts(PartSet set) : set_(set) {}
  [[nodiscard]] bool ttl() const { return has(0); }
  [[nodiscard]] bool codec() const { return has(1); }
  [[nodiscard]] bool near() const { return has(2); }
  [[nodiscard]] bool metrics() const { return has(3); }
  [[nodiscard]] bool tags() const { return has(4); }
  [[nodiscard]] bool remember() const { return has(5); }
  [[nodiscard]] bool further() const { return has(6); }

  [[nodiscard]] std::string name() const {
    std::string text;
    for (std::size_t part = 0; part < std::size(part_names); ++part)
      if (has(part)) text.append("_").append(part_names[part]);
    return text.empty() ? "_alone" : text;
  }

 private:
  [[nodiscard]] bool has(std::size_t part) const { return (set_ >> part & 1U) != 0; }
  PartSet set_;
};

CacheOptions options_of(const Parts& parts, std::shared_ptr<ICache> store, const ComponentContext& context) {
  CacheOptions options;
  options.name = "contract";
  options.store = std::move(store);
  if (parts.ttl()) {
    options.ttl = usual_ttl;
    options.rules = {{"price:*", 1min}, {"soon:*", soon_ttl}};
  }
  if (parts.codec()) {
    auto& codec = options.codec.emplace();
    codec.compression = Compression::zstd;
    codec.level = 1;
    codec.encryption = Encryption::aes_256_gcm;
    codec.keys = {AeadCodec::generate_key()};
    codec.on_undecodable = OnUndecodable::error;
  }
  if (parts.near()) options.near.emplace().max_size = 1000;
  if (parts.metrics()) options.metrics.emplace();
  if (parts.tags()) options.tags.emplace();
  if (parts.remember()) options.remember.emplace().negative_ttl = 2s;
  if (!parts.further()) return options;
  options.prefix = prefix_in_store;
  options.hooks.emplace_back(std::make_shared<QuietHook>());
  options.failover.emplace().failover = std::make_shared<MemoryCache>(MemoryCacheOptions{}, context);
  return options;
}

CacheSubject subject_of(const Parts& parts, const MakeGround& make_ground) {
  ComponentContext context;
  auto subject = make_ground(context);
  const auto store = subject.cache;
  subject.environment =
      std::make_shared<std::pair<std::shared_ptr<ICache>, std::shared_ptr<void>>>(store, subject.environment);
  subject.cache = make_cache(options_of(parts, store, context), context);
  subject.counts = subject.counts && !parts.codec();
  if (parts.ttl()) subject.ttl = usual_ttl;
  if (parts.further()) subject.longest_key -= prefix_in_store.size();
  return subject;
}

// --- what the interfaces of parts promise, through the whole

using Clause = void (*)(const CacheSubject& subject, const Parts& parts);

void the_interfaces_are_those_of_the_parts(const CacheSubject& subject, const Parts& parts) {
  auto& cache = *subject.cache;
  BOOST_TEST((find_interface<IComputingCache>(cache) != nullptr) == parts.remember());
  BOOST_TEST((find_interface<ITaggedCache>(cache) != nullptr) == parts.tags());
  BOOST_TEST((find_interface<ITieredCache>(cache) != nullptr) == parts.near());
  BOOST_TEST((find_interface<ICacheMetrics>(cache) != nullptr) == parts.metrics());
  BOOST_TEST((find_interface<ICodecStatistics>(cache) != nullptr) == parts.codec());
  BOOST_TEST((find_interface<IFailoverStatistics>(cache) != nullptr) == parts.further());
}

void evicting_a_tag_ends_its_entries_and_no_others(const CacheSubject& subject, const Parts& parts) {
  auto* const tagged = find_interface<ITaggedCache>(*subject.cache);
  if (tagged == nullptr) return;
  auto& cache = *subject.cache;
  BOOST_TEST(tagged->write_tagged("product:7", "tea", 1h, {"products", "shelf:3"}).ok());
  BOOST_TEST(tagged->write_tagged("product:8", "cake", 1h, {"products"}).ok());
  BOOST_TEST(cache.get("product:7").hit());
  BOOST_TEST(tagged->evict_tags({"shelf:3"}).ok());
  BOOST_TEST(cache.get("product:7").miss());
  BOOST_TEST(cache.get("product:8").hit());
  BOOST_TEST(tagged->write_tagged("product:9", "jam", {"products"}).ok() == parts.ttl());
}

void a_missing_value_is_computed_once(const CacheSubject& subject, const Parts& parts) {
  auto* const computing = find_interface<IComputingCache>(*subject.cache);
  if (computing == nullptr) return;
  std::atomic<int> runs{0};
  std::atomic<int> answers{0};
  std::vector<std::thread> threads;
  for (int each = 0; each < 8; ++each)
    threads.emplace_back([&] {
      const auto answer = computing->remember("page", 1h, [&] {
        ++runs;
        std::this_thread::yield();
        return std::string("made");
      });
      if (answer.hit() && answer.value().text() == "made") ++answers;
    });
  for (auto& thread : threads)
    thread.join();
  BOOST_TEST(runs == 1);
  BOOST_TEST(answers == 8);
  BOOST_TEST(subject.cache->get("page").hit());
  const auto usual = computing->remember("usual", [] { return "made"; });
  BOOST_TEST(usual.hit() == parts.ttl());
}

void a_function_is_cached_with_what_the_cache_has(const CacheSubject& subject, const Parts& parts) {
  int runs = 0;
  const auto find = [&](int id) { return ++runs, std::to_string(id); };
  CachedOptions<int> options;
  options.names = {"id"};
  const auto cached_find = cached(subject.cache, "user:{id}", 1h, find, options);
  BOOST_TEST(cached_find(7) == "7");
  BOOST_TEST(cached_find(7) == "7");
  BOOST_TEST(runs == 1);
  if (parts.ttl()) {
    const auto usual = cached(subject.cache, "usual:{id}", find, options);
    BOOST_TEST(usual(7) == "7");
    BOOST_TEST(usual(7) == "7");
    BOOST_TEST(runs == 2);
  }
  options.tags = [](int) { return std::vector<std::string>{"users"}; };
  const auto make_tagged = [&] { (void)cached(subject.cache, "tagged:{id}", 1h, find, options)(7); };
  if (!parts.tags()) BOOST_CHECK_THROW(make_tagged(), std::invalid_argument);
  if (!parts.tags()) return;
  make_tagged();
  BOOST_TEST(subject.cache->get("tagged:7").hit());
  BOOST_TEST(find_interface<ITaggedCache>(*subject.cache)->evict_tags({"users"}).ok());
  BOOST_TEST(subject.cache->get("tagged:7").miss());
}

void statistics_and_metrics_count_the_calls_of_the_program(const CacheSubject& subject, const Parts& parts) {
  auto& cache = *subject.cache;
  BOOST_TEST(cache.set_value("counted", "value", 1h));
  BOOST_TEST(cache.get("counted").hit());
  BOOST_TEST(cache.get("nobody").miss());
  if (auto* const tagged = find_interface<ITaggedCache>(cache)) {
    BOOST_TEST(tagged->write_tagged("tagged", "value", 1h, {"tag"}).ok());
    BOOST_TEST(cache.get("tagged").hit());
  }
  const auto statistics = cache.statistics();
  BOOST_TEST(statistics.hits == (parts.tags() ? 2U : 1U));
  BOOST_TEST(statistics.misses == 1U);
  BOOST_TEST(statistics.writes == (parts.tags() ? 2U : 1U));
  BOOST_TEST(statistics.failures == 0U);
  if (const auto* const measured = find_interface<ICacheMetrics>(cache)) {
    const auto metrics = measured->metrics();
    BOOST_TEST(metrics.statistics.hits == statistics.hits);
    BOOST_TEST(metrics.statistics.misses == statistics.misses);
    BOOST_TEST(metrics.of(CacheOperation::read).calls == (parts.tags() ? 3U : 2U));
  }
}

void copies_are_used_and_forgotten(const CacheSubject& subject, const Parts&) {
  auto* const tiers = find_interface<ITieredCache>(*subject.cache);
  if (tiers == nullptr) return;
  BOOST_TEST(subject.cache->set_value("copied", "value", 1h));
  BOOST_TEST(subject.cache->get("copied").hit());
  BOOST_TEST(tiers->tier_statistics().near_hits == 1U);
  BOOST_TEST(tiers->forget_near("copied"));
  BOOST_TEST(subject.cache->get("copied").hit());
  BOOST_TEST(tiers->tier_statistics().far_hits == 1U);
}

void a_rule_gives_its_keys_a_ttl_and_their_copies_too(const CacheSubject& subject, const Parts& parts) {
  if (!parts.ttl()) return;
  auto& cache = *subject.cache;
  BOOST_TEST(cache.set_value("price:7", "320"));
  const auto left = cache.time_to_live("price:7").value_or(Remaining{});
  BOOST_TEST((left.state == Remaining::State::expires && left.left <= 1min && left.left > 30s));
  BOOST_TEST(cache.set_value("soon:7", "320"));
  if (auto* const tagged = find_interface<ITaggedCache>(cache))
    BOOST_TEST(tagged->write_tagged("soon:8", "410", {"prices"}).ok());
  if (auto* const computing = find_interface<IComputingCache>(cache))
    BOOST_TEST(computing->remember("soon:9", [] { return "99"; }).hit());
  subject.let_pass(soon_ttl + 2ms);
  for (const auto* const key : {"soon:7", "soon:8", "soon:9"})
    BOOST_TEST(cache.get(key).miss(), key);
}

constexpr std::pair<const char*, Clause> clauses[] = {
    {"the_interfaces_are_those_of_the_parts", the_interfaces_are_those_of_the_parts},
    {"evicting_a_tag_ends_its_entries_and_no_others", evicting_a_tag_ends_its_entries_and_no_others},
    {"a_missing_value_is_computed_once", a_missing_value_is_computed_once},
    {"a_function_is_cached_with_what_the_cache_has", a_function_is_cached_with_what_the_cache_has},
    {"statistics_and_metrics_count_the_calls_of_the_program",
     statistics_and_metrics_count_the_calls_of_the_program},
    {"copies_are_used_and_forgotten", copies_are_used_and_forgotten},
    {"a_rule_gives_its_keys_a_ttl_and_their_copies_too", a_rule_gives_its_keys_a_ttl_and_their_copies_too},
};

}  // namespace

bool register_logical_cache_contract(const std::string& name,
                                     const std::function<CacheSubject()>& make_subject, PartSet set) {
  register_cache_contract(name, make_subject);
  auto* const suite = BOOST_TEST_SUITE(name + "_interfaces");
  for (const auto& [clause, check] : clauses)
    suite->add(boost::unit_test::make_test_case([=, check = check] { check(make_subject(), Parts(set)); },
                                                clause, __FILE__, __LINE__));
  boost::unit_test::framework::master_test_suite().add(suite);
  return true;
}

bool register_logical_cache_contract(const std::string& ground, const MakeGround& make_ground, PartSet set) {
  const Parts parts(set);
  return register_logical_cache_contract(
      "logical_cache_over_" + ground + parts.name(), [=] { return subject_of(parts, make_ground); }, set);
}

}  // namespace cachesite::test
