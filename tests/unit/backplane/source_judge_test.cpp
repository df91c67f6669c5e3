#include "backplane/source_judge.hpp"

#include <cstddef>
#include <cstdint>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::backplane;

namespace {

using Time = SourceJudge::Time;
constexpr Time beat = 1'000;

SourceId source_of(std::uint16_t number) {
  SourceId source{};
  source[0] = static_cast<std::uint8_t>(number);
  source[1] = static_cast<std::uint8_t>(number >> 8U);
  return source;
}

struct Bench {
  Bench() { judge.listening(now); }

  // An own message comes back.
  void echo() {
    judge.sending(++own, now);
    hear(0, own);
  }
  bool hear(std::uint16_t source, std::uint64_t sequence, bool bye = false) {
    Message message;
    message.source = source_of(source);
    message.sequence = sequence;
    message.bye = bye;
    return judge.heard(message, now);
  }
  void pass(Time time) {
    now += time;
    judge.look(now);
  }
  // It vouches, and the first beat, in which sources are met, is over.
  void settle() {
    echo();
    pass(beat + 1);
    echo();
  }
  [[nodiscard]] std::uint32_t epoch() const { return judge.state().epoch; }
  [[nodiscard]] bool doubtful() const { return judge.state().doubtful; }

  SourceJudge judge{source_of(0), beat};
  Time now = 1'000'000;
  std::uint64_t own = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(source_judge)

BOOST_AUTO_TEST_CASE(nobody_vouches_before_an_own_message_is_heard) {
  Bench bench;
  BOOST_TEST(bench.epoch() == 0);
  BOOST_TEST(bench.hear(1, 1));
  BOOST_TEST(bench.epoch() == 0);
  bench.judge.sending(1, bench.now);
  const auto sent_at = bench.now;
  bench.pass(300);
  BOOST_TEST(!bench.hear(0, 1));
  BOOST_TEST(bench.epoch() == 1);
  BOOST_TEST(bench.judge.as_of() == sent_at);
}

BOOST_AUTO_TEST_CASE(a_message_from_before_the_subscription_proves_nothing) {
  Bench bench;
  bench.judge.sending(1, bench.now);
  bench.now += 10;
  bench.judge.listening(bench.now);
  (void)bench.hear(0, 1);
  BOOST_TEST(bench.epoch() == 0);
}

BOOST_AUTO_TEST_CASE(a_message_that_is_sent_twice_proves_no_more_than_the_first) {
  Bench bench;
  bench.judge.sending(1, bench.now);
  const auto first = bench.now;
  bench.pass(500);
  bench.judge.sending(1, bench.now);
  (void)bench.hear(0, 1);
  BOOST_TEST(bench.judge.as_of() == first);
}

BOOST_AUTO_TEST_CASE(a_loss_ends_the_epoch_and_the_next_is_another) {
  Bench bench;
  bench.settle();
  const auto before = bench.epoch();
  bench.judge.lost();
  BOOST_TEST(bench.epoch() == 0);
  BOOST_TEST(!bench.hear(1, 1));  // not while nobody listens
  bench.judge.listening(bench.now);
  bench.echo();
  BOOST_TEST(bench.epoch() > before);
}

BOOST_AUTO_TEST_CASE(a_sequence_that_jumps_begins_an_epoch) {
  Bench bench;
  bench.settle();
  (void)bench.hear(1, 1);
  (void)bench.hear(1, 2);
  const auto before = bench.epoch();
  BOOST_TEST(bench.hear(1, 4));
  BOOST_TEST(bench.epoch() == before + 1);
  BOOST_TEST(bench.judge.gaps() == 1);
  (void)bench.hear(1, 5);
  BOOST_TEST(bench.epoch() == before + 1);
}

BOOST_AUTO_TEST_CASE(what_comes_twice_or_late_is_heard_and_begins_nothing) {
  Bench bench;
  bench.settle();
  (void)bench.hear(1, 1);
  (void)bench.hear(1, 3);
  const auto before = bench.epoch();
  BOOST_TEST(bench.hear(1, 2));
  BOOST_TEST(bench.hear(1, 3));
  BOOST_TEST(bench.epoch() == before);
}

BOOST_AUTO_TEST_CASE(an_own_message_that_is_missed_begins_an_epoch) {
  Bench bench;
  bench.settle();
  const auto before = bench.epoch();
  bench.judge.sending(++bench.own, bench.now);
  bench.echo();
  BOOST_TEST(bench.epoch() == before + 1);
}

BOOST_AUTO_TEST_CASE(an_unknown_source_that_begins_begins_no_epoch) {
  Bench bench;
  bench.settle();
  const auto before = bench.epoch();
  BOOST_TEST(bench.hear(1, 1));
  BOOST_TEST(bench.epoch() == before);
}

BOOST_AUTO_TEST_CASE(an_unknown_source_that_must_have_been_heard_begins_one) {
  Bench bench;
  bench.settle();
  const auto before = bench.epoch();
  BOOST_TEST(bench.hear(1, 7));
  BOOST_TEST(bench.epoch() == before + 1);
}

BOOST_AUTO_TEST_CASE(sources_that_are_met_in_the_first_beat_cost_one_epoch_together) {
  Bench bench;
  bench.echo();
  const auto before = bench.epoch();
  for (std::uint16_t source = 1; source < 20; ++source)
    (void)bench.hear(source, 50);
  BOOST_TEST(bench.epoch() == before);
  bench.pass(beat + 1);
  BOOST_TEST(bench.epoch() == before + 1);
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_message_begin_an_epoch) {
  Bench bench;
  bench.judge.heard_rubbish();
  BOOST_TEST(bench.epoch() == 0);
  bench.settle();
  const auto before = bench.epoch();
  bench.judge.heard_rubbish();
  BOOST_TEST(bench.epoch() == before + 1);
}

BOOST_AUTO_TEST_CASE(a_source_that_is_silent_makes_doubtful_until_it_is_heard) {
  Bench bench;
  bench.settle();
  (void)bench.hear(1, 1);
  const auto before = bench.epoch();
  bench.pass(2 * beat);
  BOOST_TEST(bench.epoch() == before);
  bench.pass(1);
  BOOST_TEST(bench.epoch() == before + 1);
  BOOST_TEST(bench.doubtful());
  BOOST_TEST(bench.judge.silent_sources() == 1);
  (void)bench.hear(1, 2);  // nothing was missed
  BOOST_TEST(!bench.doubtful());
  BOOST_TEST(bench.epoch() == before + 1);
}

BOOST_AUTO_TEST_CASE(a_source_that_stays_silent_is_forgotten) {
  Bench bench;
  bench.settle();
  (void)bench.hear(1, 1);
  bench.pass(2 * beat + 1);
  const auto before = bench.epoch();
  bench.pass(8 * beat);
  BOOST_TEST(bench.judge.sources() == 0);
  BOOST_TEST(!bench.doubtful());
  BOOST_TEST(bench.epoch() == before);
}

BOOST_AUTO_TEST_CASE(who_says_good_bye_is_forgotten_without_an_epoch) {
  Bench bench;
  bench.settle();
  (void)bench.hear(1, 1);
  const auto before = bench.epoch();
  (void)bench.hear(1, 2, true);
  (void)bench.hear(2, 1, true);  // has said nothing else
  BOOST_TEST(bench.judge.sources() == 0);
  bench.pass(5 * beat);
  BOOST_TEST(bench.epoch() == before);
  BOOST_TEST(!bench.doubtful());
}

BOOST_AUTO_TEST_CASE(the_good_bye_of_a_source_that_was_never_heard_shows_that_it_was_missed) {
  Bench bench;
  bench.settle();
  const auto before = bench.epoch();
  (void)bench.hear(1, 9, true);
  BOOST_TEST(bench.epoch() == before + 1);
  BOOST_TEST(bench.judge.sources() == 0);
}

BOOST_AUTO_TEST_CASE(the_next_look_is_early_enough_for_each_deadline) {
  Bench bench;
  bench.settle();
  (void)bench.hear(1, 1);
  const auto before = bench.epoch();
  const auto silent_at = bench.now + 2 * beat + 1;
  int looks = 0;
  while (bench.epoch() == before && looks < 100) {
    bench.now = bench.judge.next_look();
    bench.judge.look(bench.now);
    ++looks;
  }
  BOOST_TEST(bench.now == silent_at);
  BOOST_TEST(looks < 10);
}

BOOST_AUTO_TEST_CASE(the_table_is_bounded_and_a_full_one_makes_doubtful) {
  Bench bench;
  bench.settle();
  const auto before = bench.epoch();
  for (std::uint16_t source = 1; source <= SourceJudge::most_sources; ++source)
    (void)bench.hear(source, 1);
  BOOST_TEST(bench.epoch() == before);
  BOOST_TEST(!bench.doubtful());
  (void)bench.hear(5'000, 1);
  BOOST_TEST(bench.judge.sources() == SourceJudge::most_sources);
  for (std::uint64_t sequence = 2; sequence < 5; ++sequence)
    (void)bench.hear(5'000, sequence);
  BOOST_TEST(bench.epoch() == before + 1);
  BOOST_TEST(bench.doubtful());
  for (std::uint16_t source = 1; source <= SourceJudge::most_sources; ++source)
    (void)bench.hear(source, 2, true);
  bench.pass(10 * beat);
  BOOST_TEST(!bench.doubtful());
}

BOOST_AUTO_TEST_SUITE_END()
