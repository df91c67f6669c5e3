#include "scripted_server.hpp"

#include <cachesite/boost_asio.hpp>
#include <cachesite/event_loop.hpp>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/version.hpp>
#if BOOST_ASIO_VERSION >= 101900
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#endif
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/unit_test.hpp>
#include <unistd.h>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

using Answer = ScriptedServer::Answer;

struct World {
  EventLoop loop;
  ScriptedServer server{loop};
  asio::io_context context;

  World() { loop.start(); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(boost_asio)

BOOST_AUTO_TEST_CASE(a_handler_is_called_by_its_executor_and_never_at_once) {
  World world;
  const auto strand = asio::make_strand(world.context);
  int sum = 0;
  const auto handler = [&](const Answer& answer) {
    BOOST_TEST(strand.running_in_this_thread());
    sum += answer.value();
  };
  perform(world.server.at_hand(1), asio::bind_executor(strand, handler));
  perform(world.server.later(2), asio::bind_executor(strand, handler));
  BOOST_TEST(world.server.answer(2));
  BOOST_TEST(sum == 0);
  world.context.run();
  BOOST_TEST(sum == 3);
}

BOOST_AUTO_TEST_CASE(a_context_does_not_run_out_of_work_while_a_call_is_under_way) {
  World world;
  int got = 0;
  perform(world.server.later(5),
          asio::bind_executor(world.context, [&](Answer answer) { got = answer.value(); }));
  std::thread answers([&] { BOOST_TEST_REQUIRE(world.server.answer(5)); });
  world.context.run();
  answers.join();
  BOOST_TEST(got == 5);
}

BOOST_AUTO_TEST_CASE(a_handler_need_not_be_copyable) {
  World world;
  int got = 0;
  auto handler = [&, moved = std::make_unique<int>(1)](Answer answer) { got = answer.value() + *moved; };
  perform(world.server.at_hand(1), asio::bind_executor(world.context, std::move(handler)));
  world.context.run();
  BOOST_TEST(got == 2);
}

BOOST_AUTO_TEST_CASE(use_future_gives_a_future) {
  World world;
  auto future = perform(world.server.later(6), asio::use_future);
  BOOST_TEST(world.server.answer(6));
  BOOST_TEST(future.get().value() == 6);
}

#if defined(BOOST_ASIO_HAS_CO_AWAIT)  // not in 1.74 with clang
BOOST_AUTO_TEST_CASE(coroutines_of_asio_await_calls_and_stops_reach_them) {
  World world;
  std::stop_source stop;
  std::string codes;
  asio::co_spawn(
      world.context,
      [](World& in, std::stop_source& with, std::string& to) -> asio::awaitable<void> {
        const auto first = co_await perform(in.server.at_hand(7), asio::use_awaitable);
        to += std::to_string(first.value());
        in.server.between = [&](int) { with.request_stop(); };
        const auto second =
            co_await perform(in.server.later(8, {.stop = with.get_token()}), asio::use_awaitable);
        to += to_string(second.error().code());
      }(world, stop, codes),
      asio::detached);
  world.context.run();
  BOOST_TEST(codes == "7closed");
}
#endif

#if BOOST_ASIO_VERSION >= 101900
BOOST_AUTO_TEST_CASE(a_cancellation_signal_ends_the_call_and_so_does_its_own_stop) {
  for (const bool by_signal : {true, false}) {
    World world;
    asio::cancellation_signal signal;
    std::stop_source stop;
    std::string code;
    auto handler = [&](const Answer& answer) { code = to_string(answer.error().code()); };
    perform(world.server.later(1, {.stop = stop.get_token()}),
            asio::bind_cancellation_slot(signal.slot(), asio::bind_executor(world.context, handler)));
    if (by_signal)
      signal.emit(asio::cancellation_type::terminal);
    else
      stop.request_stop();
    BOOST_TEST(code == "");
    world.context.run();
    BOOST_TEST(code == "closed");
  }
}
#endif

BOOST_AUTO_TEST_CASE(a_context_that_goes_takes_along_what_it_has_not_called) {
  World world;
  const auto held = std::make_shared<int>(1);
  {
    asio::io_context context;
    perform(world.server.at_hand(1), asio::bind_executor(context, [held](const Answer&) {}));
    BOOST_TEST(held.use_count() == 2);
  }
  BOOST_TEST(held.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(a_context_watches_a_loop_that_has_no_thread) {
  EventLoop loop({.threads = 0});
  ScriptedServer server(loop);
  asio::io_context context;
  asio::posix::stream_descriptor watched(context, ::dup(loop.descriptor()));
  std::function<void()> watch = [&] {
    watched.async_wait(asio::posix::stream_descriptor::wait_read,
                       [&](const boost::system::error_code& error) {
                         if (error) return;
                         loop.run_ready();
                         watch();
                       });
  };
  watch();
  const auto& executor = watched.get_executor();
  std::string got;
  perform(server.later(9, {.patience = 20ms}), asio::bind_executor(executor, [&](const Answer& answer) {
            got = to_string(answer.error().code());
            watched.cancel();
          }));
  context.run();
  BOOST_TEST(got == "timeout");
}

BOOST_AUTO_TEST_SUITE_END()
