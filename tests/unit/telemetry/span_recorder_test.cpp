#include "telemetry/span_recorder.hpp"

#include "telemetry/thread_trace.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <set>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using telemetry::IndexRing;
using telemetry::Span;
using telemetry::SpanRecorder;

namespace {

SpanRecorder::Options of_size(std::size_t most) {
  SpanRecorder::Options options;
  options.most = most;
  options.batch = most;
  return options;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(span_recorder)

BOOST_AUTO_TEST_CASE(a_ring_gives_each_number_once_under_threads) {
  for (const std::size_t most : {1u, 2u, 3u, 64u}) {
    IndexRing ring(most);
    for (std::uint32_t number = 0; number < most; ++number)
      ring.push(number);
    std::vector<std::atomic<int>> held(most);
    std::atomic<bool> doubled{false};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread)
      threads.emplace_back([&] {
        for (int turn = 0; turn < 5000; ++turn) {
          const auto number = ring.pop();
          if (!number) continue;
          if (held[*number].fetch_add(1) != 0) doubled = true;
          held[*number].fetch_sub(1);
          ring.push(*number);
        }
      });
    for (auto& thread : threads)
      thread.join();
    BOOST_TEST(!doubled.load(), most);
    std::set<std::uint32_t> left;
    while (const auto number = ring.pop())
      left.insert(*number);
    BOOST_TEST(left.size() == most);
  }
}

BOOST_AUTO_TEST_CASE(a_place_that_was_given_back_is_used_again) {
  SpanRecorder recorder(of_size(2));
  std::vector<Span*> taken;
  for (int round = 0; round < 10; ++round) {
    Span* const first = recorder.begin({});
    Span* const second = recorder.begin({});
    BOOST_REQUIRE(first != nullptr);
    BOOST_REQUIRE(second != nullptr);
    BOOST_TEST(recorder.begin({}) == nullptr);
    recorder.end(*second);
    recorder.end(*first);
    BOOST_TEST(recorder.begin({}) == nullptr);  // ended, and not sent yet
    BOOST_TEST(recorder.ended() == 2u);
    recorder.take(taken, 5);
    BOOST_TEST((taken == std::vector<Span*>{second, first}));
    BOOST_TEST(recorder.ended() == 0u);
    recorder.give_back(taken);
  }
  BOOST_TEST(recorder.dropped() == 20u);
}

BOOST_AUTO_TEST_CASE(a_batch_is_told_once_when_it_is_together) {
  int told = 0;
  auto options = of_size(8);
  options.batch = 3;
  options.on_batch = [&] { ++told; };
  SpanRecorder recorder(options);
  for (int number = 0; number < 6; ++number)
    recorder.end(*recorder.begin({}));
  BOOST_TEST(told == 1);
  std::vector<Span*> taken;
  recorder.take(taken, 8);
  recorder.give_back(taken);
  for (int number = 0; number < 3; ++number)
    recorder.end(*recorder.begin({}));
  BOOST_TEST(told == 2);
}

BOOST_AUTO_TEST_CASE(the_share_of_decisions_is_the_ratio) {
  SpanRecorder recorder(of_size(2));
  for (const double ratio : {0.0, 0.01, 0.25, 0.5, 0.99, 1.0}) {
    recorder.set_sample_ratio(ratio);
    int sampled = 0;
    constexpr int decisions = 100'000;
    telemetry::NextSample next;
    recorder.draw(next);
    for (int decision = 0; decision < decisions; ++decision) {
      if (--next.left != 0) continue;
      ++sampled;
      recorder.draw(next);
    }
    const double share = static_cast<double>(sampled) / decisions;
    BOOST_TEST(std::abs(share - ratio) < 0.01, ratio << ": " << share);
    if (ratio == 0.0) BOOST_TEST(sampled == 0);
    if (ratio == 1.0) BOOST_TEST(sampled == decisions);
  }
}

BOOST_AUTO_TEST_CASE(each_ratio_has_a_number_of_its_own) {
  SpanRecorder recorder(of_size(2));
  SpanRecorder other(of_size(2));
  std::set<std::uint32_t> numbers{recorder.ratio_number(), other.ratio_number()};
  recorder.set_sample_ratio(0.5);
  numbers.insert(recorder.ratio_number());
  BOOST_TEST(numbers.size() == 3u);
  BOOST_TEST(numbers.count(0) == 0u);
  telemetry::NextSample next;
  recorder.draw(next);
  BOOST_TEST(next.drawn_for == recorder.ratio_number());
}

BOOST_AUTO_TEST_CASE(who_decides_by_the_number_of_the_trace_decides_alike) {
  SpanRecorder recorder(of_size(2));
  std::vector<Span*> taken;
  for (const double ratio : {0.001, 0.25, 1.0}) {
    recorder.set_sample_ratio(ratio);
    std::uint64_t least = ~std::uint64_t{0};
    for (int trace = 0; trace < 1000; ++trace) {
      Span* const span = recorder.begin({});
      least = std::min(least, span->trace_low & 0x00ff'ffff'ffff'ffffU);
      BOOST_TEST(span->trace_high != 0u);
      recorder.end(*span);
      recorder.take(taken, 2);
      recorder.give_back(taken);
    }
    const double declined = static_cast<double>(least) / 0x1p56;
    BOOST_TEST(declined >= 1.0 - ratio - 1e-9);
    BOOST_TEST(declined < 1.0 - ratio + ratio * 0.02);
  }
}

BOOST_AUTO_TEST_CASE(texts_that_do_not_fit_are_cut) {
  Span span;
  span.clear();
  span.set_text(Span::Text::name, std::string(1000, 'n'), 72);
  span.set_text(Span::Text::key, std::string(1000, 'k'), Span::longest_key);
  span.set_text(Span::Text::message, std::string(1000, 'm'));
  span.set_text(Span::Text::host, "no room");
  BOOST_TEST(span.text(Span::Text::name) == std::string(72, 'n'));
  BOOST_TEST(span.text(Span::Text::key) == std::string(200, 'k'));
  BOOST_TEST(span.text(Span::Text::message) == std::string(Span::room - 272, 'm'));
  BOOST_TEST(span.text(Span::Text::host) == "");
  BOOST_TEST(span.text(Span::Text::peer) == "");
}

BOOST_AUTO_TEST_CASE(nothing_is_recorded_after_the_end) {
  SpanRecorder recorder(of_size(2));
  Span* const open = recorder.begin({});
  recorder.close();
  BOOST_TEST(recorder.begin({}) == nullptr);
  recorder.end(*open);
  BOOST_TEST(recorder.ended() == 1u);
  BOOST_TEST(recorder.dropped() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
