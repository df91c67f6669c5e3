// Threads that are there as long as there is work.

#include "basics/crew.hpp"

#include "support/wait_until.hpp"

#include <atomic>
#include <future>
#include <memory>

#include <boost/test/unit_test.hpp>

using cachesite::basics::Crew;
using cachesite::test::wait_until;

namespace {

// Work that stays until it is let go.
struct Gate {
  std::promise<void> opened;
  std::shared_future<void> open = opened.get_future().share();
  std::atomic<int> started{0};
  std::atomic<int> ended{0};

  auto work() {
    return [this] {
      ++started;
      open.wait();
      ++ended;
    };
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(crew)

BOOST_AUTO_TEST_CASE(each_piece_of_work_has_a_thread_at_once) {
  Gate gate;
  Crew crew;
  for (int piece = 0; piece < 5; ++piece)
    BOOST_TEST(crew.run(gate.work()));
  BOOST_TEST(wait_until([&] { return gate.started == 5; }));
  gate.opened.set_value();
  crew.finish();
  BOOST_TEST(gate.ended == 5);
}

BOOST_AUTO_TEST_CASE(threads_are_used_again) {
  Crew crew;
  for (int piece = 0; piece < 100; ++piece) {
    std::promise<void> done;
    BOOST_TEST(crew.run([&] { done.set_value(); }));
    done.get_future().wait();
  }
}

BOOST_AUTO_TEST_CASE(work_beyond_the_limits_is_refused) {
  Gate gate;
  Crew crew;
  const Crew::Limits limits{1, 2};
  BOOST_TEST(crew.run(gate.work(), limits));
  BOOST_TEST(wait_until([&] { return gate.started == 1; }));
  BOOST_TEST(crew.run(gate.work(), limits));
  BOOST_TEST(crew.run(gate.work(), limits));
  BOOST_TEST(!crew.run(gate.work(), limits));
  gate.opened.set_value();
  BOOST_TEST(wait_until([&] { return gate.ended == 3; }));
}

BOOST_AUTO_TEST_CASE(a_closed_crew_takes_nothing_and_drops_what_waits) {
  Gate gate;
  Crew crew;
  const Crew::Limits limits{1, 2};
  BOOST_TEST(crew.run(gate.work(), limits));
  BOOST_TEST(wait_until([&] { return gate.started == 1; }));
  const auto token = std::make_shared<int>();
  BOOST_TEST(crew.run([token] {}, limits));
  crew.close();
  BOOST_TEST(token.use_count() == 1);
  BOOST_TEST(!crew.run([] {}));
  gate.opened.set_value();
}

BOOST_AUTO_TEST_CASE(work_may_destroy_its_own_crew) {
  std::promise<void> destroyed;
  auto crew = std::make_shared<Crew>();
  auto* const running = crew.get();
  std::promise<void> handed_over;
  BOOST_TEST(running->run([&, own = crew, ready = handed_over.get_future().share()]() mutable {
    ready.wait();
    own->finish();  // as its owner does before it is destroyed
    own.reset();
    destroyed.set_value();
  }));
  crew.reset();
  handed_over.set_value();
  destroyed.get_future().wait();
}

BOOST_AUTO_TEST_SUITE_END()
