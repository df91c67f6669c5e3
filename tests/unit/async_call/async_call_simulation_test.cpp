#include "scripted_server.hpp"
#include "support/fake_clock.hpp"
#include "unit/event_loop/parts.hpp"
#include "unit/redis/seeded_schedules.hpp"

#include <cachesite/event_loop.hpp>

#include <chrono>
#include <cstddef>
#include <future>
#include <list>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

using Answer = ScriptedServer::Answer;

// Calls of three forms that end, are stopped, run out of patience, and whose callers are destroyed, in any
// order: also between the moment that a call begins and the moment that its caller waits. Each step is one that
// threads could take between those of others; real threads are in async_call_threads_test.cpp.
class Schedule {
 public:
  explicit Schedule(std::uint64_t seed) : dice_(seed) {
    server_.between = [this](int) {
      const Doing doing(*this, Place::begin);
      while (dice_.chance(30))
        interfere();
    };
  }

  std::string run() {
    for (int step = 0; step < 40 && problem_.empty(); ++step)
      if (calls_.size() < 5 && dice_.chance(25))
        begin();
      else
        act();
    for (auto& call : calls_)
      server_.answer(call.number);
    for (int turn = 0; turn < 4; ++turn)
      run_all();
    for (auto& call : calls_)
      judge(call);
    if (server_.under_way() != 0) note("a call is still under way");
    return problem_;
  }

 private:
  enum class Form { coroutine, start, future };
  // Where this thread is, as far as callers care.
  enum class Place { outside, begin, end, loop, executor };

  struct Call {
    int number = 0;
    Form form{};
    CallOptions options;
    std::stop_source stop;
    bool stopped = false, destroyed = false;
    bool began = false;  // its maker has gone on
    int ends = 0;
    std::optional<Routine> routine;
    std::future<Answer> future;
  };
  class Doing {
   public:
    Doing(Schedule& schedule, Place place) : schedule_(schedule), before_(schedule.place_) {
      schedule.place_ = place;
    }
    ~Doing() { schedule_.place_ = before_; }

   private:
    Schedule& schedule_;
    Place before_;
  };
  class Strand final : public IExecutor {
   public:
    void execute(Work& work) noexcept override { queue.push(work); }
    WorkQueue queue;
  };

  void begin() {
    Call& call = calls_.emplace_back();
    call.number = static_cast<int>(calls_.size());
    call.form = static_cast<Form>(dice_.below(3));
    if (dice_.chance(50)) call.options.stop = call.stop.get_token();
    if (dice_.chance(40)) call.options.patience = std::chrono::milliseconds(dice_.between(0, 30));
    if (dice_.chance(40)) call.options.executor = &strand_;
    switch (call.form) {
      case Form::coroutine:
        call.routine.emplace(await(*this, call));
        break;
      case Form::start:
        make(call).start([this, &call](const Answer& answer) { ended(call, answer); });
        break;
      case Form::future:
        call.future = make(call).future();
        break;
    }
    call.began = true;
  }
  AsyncCall<Answer> make(Call& call) { return server_.later(call.number, call.options); }
  static Routine await(Schedule& schedule, Call& call) {
    const auto answer = co_await schedule.make(call);
    schedule.ended(call, answer);
  }

  // What may happen at any time, in any thread.
  void interfere() {
    if (calls_.empty()) return;
    Call& call = chosen();
    const Doing doing(*this, Place::end);
    switch (dice_.below(3)) {
      case 0:
        server_.answer(call.number);
        break;
      case 1:
        call.stopped = true;
        call.stop.request_stop();
        break;
      default:
        clock_->advance(std::chrono::milliseconds(dice_.between(0, 10)));
    }
  }
  void act() {
    const auto what = dice_.below(6);
    if (what == 0) run_strand(dice_.chance(50));
    if (what == 1 || what == 2) run_loop();
    if (what == 3 && !calls_.empty()) destroy(chosen());
    if (what > 3) interfere();
  }
  void destroy(Call& call) {
    if (!call.routine || call.destroyed || dice_.chance(50)) return;
    call.destroyed = true;
    call.routine.reset();
  }
  void run_loop() {
    const Doing doing(*this, Place::loop);
    loop_.run_ready();
  }
  void run_strand(bool all) {
    const Doing doing(*this, Place::executor);
    while (Work* const work = strand_.queue.pop()) {
      work->run();
      if (!all) break;
    }
  }
  void run_all() {
    run_loop();
    run_strand(true);
  }
  Call& chosen() {
    auto each = calls_.begin();
    std::advance(each, static_cast<long>(dice_.below(calls_.size())));
    return *each;
  }

  void ended(Call& call, const Answer& answer) {
    ++call.ends;
    if (call.destroyed) note("a caller goes on that is destroyed");
    // The caller goes on where it is by itself, or by its executor, or in the loop; never within another call.
    const bool at_hand = !call.began && place_ == Place::outside;  // where calls are begun
    const auto right = call.options.executor != nullptr ? Place::executor : Place::loop;
    if (!at_hand && place_ != right) note("a caller goes on in the wrong place");
    if (call.form == Form::start && at_hand && call.options.executor != nullptr)
      note("a function is called beside its executor");
    judge_answer(call, answer);
  }

  void judge_answer(Call& call, const Answer& answer) {
    if (answer.ok()) {
      if (answer.value() != call.number) note("a caller gets the answer of another");
      return;
    }
    const auto code = answer.error().code();
    const bool stopped = call.stopped && call.options.stop.token().stop_possible();
    if (code == ErrorCode::closed ? !stopped : code != ErrorCode::timeout || !call.options.patience)
      note("a call fails for no reason");
  }
  void judge(Call& call) {
    if (call.form == Form::future) {
      if (call.future.wait_for(0s) != std::future_status::ready) return note("a future is never set");
      judge_answer(call, call.future.get());
    } else if (call.ends > 1) {
      note("a call ends twice");
    } else if (call.ends == 0 && !call.destroyed) {
      note("a call never ends");
    }
  }
  void note(const char* problem) {
    if (problem_.empty()) problem_ = problem;
  }

  Dice dice_;
  std::shared_ptr<FakeClock> clock_ = std::make_shared<FakeClock>();
  EventLoop loop_{{}, context_with(clock_)};
  ScriptedServer server_{loop_};
  Strand strand_;
  std::list<Call> calls_;
  Place place_ = Place::outside;
  std::string problem_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(async_call_simulation)

BOOST_AUTO_TEST_CASE(each_call_ends_once_whatever_happens_to_it) {
  run_seeds(10'000, [](std::uint64_t seed) { return Schedule(seed).run(); });
}

BOOST_AUTO_TEST_SUITE_END()
