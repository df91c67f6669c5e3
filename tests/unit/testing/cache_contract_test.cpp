#include <cachesite/memory_cache.hpp>
#include <cachesite/null_cache.hpp>
#include <cachesite/testing.hpp>

#include <algorithm>
#include <stdexcept>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::testing;

namespace {

using Sentences = std::vector<std::string>;

// Layers as a program might write them, with a mistake each.
class PassesBatchesBy final : public CacheLayer {
 public:
  using CacheLayer::CacheLayer;

 protected:
  Result<Found> do_read(std::string_view key, Value& destination) override {
    auto found = forward_read(key, destination);
    if (found.ok() && found.value() == Found::hit)
      destination.assign(std::string(destination.text().substr(1)));
    return found;
  }
  Status do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) override {
    if (!value) return forward_write(key, value, time_to_live);
    return forward_write(key, "+" + std::string(value->text()), time_to_live);
  }
};

class SaysNothingOfRemovals final : public CacheLayer {
 public:
  using CacheLayer::CacheLayer;

 protected:
  void do_begin(CacheRequest& request) override {
    if (request.effect() == CacheEffect::remove)
      return request.fail(Error(ErrorCode::refused, "nothing is removed here"));
    forward(request);
  }
};

template <class Layer>
CacheUnderTest over_memory() {
  const auto clock = std::make_shared<FakeClock>();
  ComponentContext context;
  context.clock = clock;
  CacheUnderTest subject;
  subject.cache = std::make_shared<Layer>(std::make_shared<MemoryCache>(MemoryCacheOptions(), context));
  subject.let_pass = [clock](std::chrono::milliseconds time) { clock->advance(time); };
  return subject;
}

const CacheClause& clause(std::string_view name) {
  static const auto all = cache_clauses();
  return *std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.name == name; });
}

bool has(const Sentences& sentences, std::string_view part) {
  return std::any_of(sentences.begin(), sentences.end(),
                     [&](const auto& one) { return one.find(part) != std::string::npos; });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cache_contract)

BOOST_AUTO_TEST_CASE(a_layer_that_does_nothing_keeps_every_promise) {
  BOOST_TEST(check_cache_contract(over_memory<CacheLayer>) == Sentences(), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_cache_that_keeps_nothing_keeps_the_promises_that_it_makes) {
  const auto broken = check_cache_contract([] {
    CacheUnderTest subject;
    subject.cache = std::make_shared<NullCache>();
    subject.keeps = Keeps::nothing;
    return subject;
  });
  BOOST_TEST(broken == Sentences(), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_broken_promise_is_a_sentence_with_its_place) {
  const auto broken =
      check_clause(clause("get_many_answers_in_the_order_of_the_keys"), over_memory<PassesBatchesBy>());
  BOOST_REQUIRE(!broken.empty());
  BOOST_TEST(broken.front().starts_with(
      "get many answers in the order of the keys: `found[0].hit() && found[0].value().text() == "
      "std::string(100000, 'x')` does not hold (batch_clauses.cpp:"));
}

BOOST_AUTO_TEST_CASE(a_layer_that_lets_batches_pass_by_is_found_out) {
  const auto broken = check_cache_contract(over_memory<PassesBatchesBy>);
  BOOST_TEST(has(broken, "get many answers in the order of the keys: "));
  BOOST_TEST(!has(broken, "a later value replaces an earlier one: "));
}

BOOST_AUTO_TEST_CASE(a_call_that_fails_ends_the_clause_with_its_reason) {
  const auto broken =
      check_clause(clause("removing_tells_whether_there_was_an_entry"), over_memory<SaysNothingOfRemovals>());
  BOOST_TEST(broken.size() == 1u);
  BOOST_TEST(has(broken, "a call fails: nothing is removed here"));
}

BOOST_AUTO_TEST_CASE(what_is_found_inconsistent_after_a_clause_is_said) {
  auto subject = over_memory<CacheLayer>();
  subject.check_invariants = [] { return std::string("two entries have one place"); };
  const auto broken = check_clause(clause("an_empty_value_is_a_hit"), subject);
  BOOST_TEST(broken.size() == 1u);
  BOOST_TEST(has(broken, "an empty value is a hit: the cache is inconsistent: two entries have one place"));
}

BOOST_AUTO_TEST_CASE(what_a_check_throws_is_a_sentence) {
  auto subject = over_memory<CacheLayer>();
  subject.let_pass = [](std::chrono::milliseconds) { throw std::runtime_error("time stands still"); };
  BOOST_TEST(has(check_clause(clause("one_millisecond_is_a_ttl"), subject),
                 "one millisecond is a ttl: a call throws: time stands still"));
}

BOOST_AUTO_TEST_SUITE_END()
