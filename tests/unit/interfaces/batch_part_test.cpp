// Parts of batches: items that a layer refuses are not passed on, the others are, and each is asked about once.

#include <cachesite/cache_layer.hpp>
#include <cachesite/memory_cache.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;

namespace {

const Error no_more(ErrorCode::refused, "no more");

// Refuses the items of batches that a test says.
class Refusing final : public CacheLayer {
 public:
  using Refusal = std::function<std::optional<Error>(std::size_t)>;

  Refusing(std::shared_ptr<ICache> below, Refusal refusal)
      : CacheLayer(std::move(below)), refusal_(std::move(refusal)) {}

 protected:
  void do_begin(CacheRequest& request) override {
    if (!request.is_batch()) return forward(request);
    pass_accepted(request, refusal_, [this](CacheRequest& rest) { forward(rest); });
  }

 private:
  const Refusal refusal_;
};

struct Fixture {
  Fixture() {
    for (const auto* key : {"0", "1", "2", "3"})
      (void)below->set_value(key, key);
  }
  // What becomes of four removals: - refused, r removed, ! said to be removed though it is there, f failed.
  std::string removed(const Refusing::Refusal& refusal) const {
    Refusing cache(below, refusal);
    const auto results = cache.remove_many({"0", "1", "2", "3"});
    std::string all;
    for (std::size_t item = 0; item < results.size(); ++item) {
      const bool there = below->get(std::to_string(item)).hit();
      if (results[item].ok())
        all += there ? '!' : 'r';
      else
        all += results[item].error().message() == no_more.message() ? '-' : 'f';
    }
    return all;
  }

  std::shared_ptr<ICache> below = std::make_shared<MemoryCache>();
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(batch_part, Fixture)

BOOST_AUTO_TEST_CASE(what_is_refused_is_not_passed_on) {
  BOOST_TEST(removed([](std::size_t item) {
               return item % 2 == 0 ? std::optional(no_more) : std::nullopt;
             }) == "-r-r");
}

BOOST_AUTO_TEST_CASE(a_refusal_that_depends_on_when_it_is_asked_is_asked_once_for_each_item) {
  for (std::size_t allowed = 0; allowed <= 4; ++allowed) {
    const Fixture f;
    std::size_t asked = 0;
    const auto all =
        f.removed([&](std::size_t) { return ++asked > allowed ? std::optional(no_more) : std::nullopt; });
    BOOST_TEST(all == std::string(allowed, 'r') + std::string(4 - allowed, '-'));
    BOOST_TEST(asked == 4U);
  }
  std::size_t asked = 0;
  BOOST_TEST(removed([&](std::size_t) {
               return ++asked == 2 || asked > 4 ? std::optional(no_more) : std::nullopt;
             }) == "r-rr");
}

BOOST_AUTO_TEST_CASE(what_a_refusal_throws_becomes_the_failure_of_those_not_refused) {
  for (std::size_t thrower = 0; thrower < 4; ++thrower) {
    const Fixture f;
    const auto all = f.removed([&](std::size_t item) -> std::optional<Error> {
      if (item == thrower) throw std::runtime_error("no idea");
      return item == 1 ? std::optional(no_more) : std::nullopt;
    });
    BOOST_TEST(all == (thrower > 1 ? "f-ff" : "ffff"));
  }
}

BOOST_AUTO_TEST_SUITE_END()
