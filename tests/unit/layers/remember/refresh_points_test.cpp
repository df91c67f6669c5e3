// When values are to be computed again: a time for each key, claimed once.

#include "layers/remember/refresh_points.hpp"

#include <chrono>
#include <cmath>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using remembering::RefreshPoints;

BOOST_AUTO_TEST_SUITE(refresh_points)

namespace {

const IClock::TimePoint start(1000h);

struct At final : IClock {
  explicit At(TimePoint when) : time(when) {}
  [[nodiscard]] TimePoint now() const noexcept override { return time; }
  const TimePoint time;
};

RefreshOptions mode(RefreshMode wanted) {
  RefreshOptions options;
  options.mode = wanted;
  return options;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_key_is_due_at_its_time_and_for_one_caller) {
  RefreshPoints points(mode(RefreshMode::eager), start);
  BOOST_TEST(!points.claim("k", At(start + 1h)));
  points.arm("k", start + 10s);
  BOOST_TEST(!points.claim("k", At(start + 9999ms)));
  BOOST_TEST(!points.claim("other", At(start + 10s)));
  BOOST_TEST(points.claim("k", At(start + 10s)));
  BOOST_TEST(!points.claim("k", At(start + 10s)));
  points.arm("k", start + 10s);
  points.forget("k");
  BOOST_TEST(!points.claim("k", At(start + 10s)));
  points.arm("k", start + 10s);
  points.forget_all();
  BOOST_TEST(!points.claim("k", At(start + 10s)));
}

BOOST_AUTO_TEST_CASE(eager_is_due_after_a_part_of_the_ttl) {
  const RefreshPoints points(mode(RefreshMode::eager), start);
  BOOST_TEST((points.due_at("k", 0.75, {100s, 100s}, 1s, start) == start + 75s));
  BOOST_TEST((points.due_at("k", 0.75, {100s, 20s}, 1s, start) == start - 5s));
}

// Acceptance test 62.
BOOST_AUTO_TEST_CASE(xfetch_fires_where_it_is_computed_to) {
  const RefreshPoints points(mode(RefreshMode::xfetch), start);
  double sum = 0;
  constexpr int keys = 10'000;
  for (int key = 0; key < keys; ++key) {
    const auto name = std::to_string(key);
    const auto due = points.due_at(name, 0.8, {1h, 1h}, 1s, start);
    BOOST_TEST((due == points.due_at(name, 0.8, {1h, 1h}, 1s, start)));
    BOOST_TEST((due <= start + 1h));
    BOOST_TEST((due >= start + 30min));
    sum += std::chrono::duration<double>(start + 1h - due).count();
  }
  // An exponential distribution whose mean is the cost.
  BOOST_TEST(std::abs(sum / keys - 1.0) < 0.06);
  BOOST_TEST((points.due_at("k", 0.8, {10s, 10s}, 1h, start) == start + 5s));
  BOOST_TEST((points.due_at("k", 0.8, {10s, 10s}, 0s, start) == start + 10s));
}

BOOST_AUTO_TEST_SUITE_END()
