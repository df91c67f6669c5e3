#include "basics/joined_stop.hpp"
#include "coroutines/pause.hpp"
#include "coroutines/routine_operation.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/detail/message_handler.hpp>
#include <cachesite/detail/result_at_hand.hpp>
#include <cachesite/detail/yield.hpp>
#include <cachesite/queue.hpp>

#include <algorithm>
#include <atomic>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

namespace cachesite {

namespace queue {

namespace {

using coroutines::LoopAccess;
using coroutines::Routine;

/// One message with its handler, for a routine that awaits the end.
///
///     begun     the handler runs, or waits    its end -> ended; the routine suspends -> awaited
///     awaited   the routine is suspended      its end -> ended, and the routine goes on
///     ended     its failure is there
class Handling final : private detail::HandlingEnd {
 public:
  Handling(detail::MessageHandler& handler, QueueMessage& message) noexcept
      : handler_(handler), message_(message) {}
  Handling(const Handling&) = delete;
  Handling& operator=(const Handling&) = delete;

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  // Nothing is touched after the exchange, when the routine may go on elsewhere.
  [[nodiscard, gnu::noinline]] bool await_suspend(std::coroutine_handle<> routine) noexcept {
    routine_ = routine;
    handler_.begin(message_, *this);
    return state_.exchange(State::awaited, std::memory_order_acq_rel) == State::begun;
  }
  [[nodiscard]] std::optional<Error> await_resume() noexcept { return std::move(failure_); }
  /// Whether the routine has gone on in the thread that ended the handler.
  [[nodiscard]] bool was_awaited() const noexcept { return was_awaited_; }

 private:
  enum class State : std::uint8_t { begun, awaited, ended };

  void handled(std::optional<Error> failure) noexcept override {
    failure_ = std::move(failure);
    const auto routine = routine_;
    if (state_.exchange(State::ended, std::memory_order_acq_rel) != State::awaited) return;
    was_awaited_ = true;
    routine.resume();
  }

  detail::MessageHandler& handler_;
  QueueMessage& message_;
  std::coroutine_handle<> routine_;
  std::optional<Error> failure_;
  std::atomic<State> state_{State::begun};
  bool was_awaited_ = false;
};

}  // namespace

/// What `IQueueConsumer::async_consume` does.
class Consumption {
 public:
  Consumption(IQueueConsumer& consumer, std::shared_ptr<detail::MessageHandler> handler,
              std::function<void(const Error&)> on_failure, std::stop_token stop, IExecutor* executor)
      : kept_(consumer.weak_from_this().lock()),
        consumer_(consumer),
        handler_(std::move(handler)),
        on_failure_(std::move(on_failure)),
        stop_(std::move(stop)),
        executor_(executor) {}

  static Routine<Status> run(std::shared_ptr<Consumption> self, std::stop_token left) {
    const LoopAccess loop = LoopAccess::shared();
    const basics::JoinedStop joined(self->stop_, left);
    const auto stop = joined.token();
    const CallOptions options{.stop = stop, .executor = self->executor_};
    const CallOptions settling{.executor = self->executor_};
    IExecutor& executor = self->executor_ != nullptr ? *self->executor_ : *loop.loop;
    coroutines::Pause pause(loop);
    auto length = IQueueConsumer::shortest_pause;
    while (!stop.stop_requested()) {
      // So that messages that are at hand do not keep it from others.
      detail::Yield turn(executor);
      co_await turn;
      auto receiving = self->consumer_.async_receive(IQueueConsumer::longest_wait, options);
      auto received = co_await std::move(receiving);
      if (!received.ok()) {
        if (received.error().code() == ErrorCode::closed) break;
        if (received.error().code() == ErrorCode::unsupported) co_return received.error();
        self->tell(received.error());
        const auto end = pause.now() + length;
        while (!stop.stop_requested() && pause.now() < end)
          co_await pause.until(end, stop);
        length = std::min(length * 2, IQueueConsumer::longest_pause);
        continue;
      }
      length = IQueueConsumer::shortest_pause;
      auto message = std::move(received).value();
      if (!message) continue;
      if (left.stop_requested()) {  // who had it handled may be gone
        auto returning = message->async_reject();
        (void)co_await std::move(returning);
        break;
      }
      Handling handling(*self->handler_, *message);
      const auto failure = co_await handling;
      if (handling.was_awaited()) {
        detail::Yield back(executor);
        co_await back;
      }
      if (failure) {
        auto rejecting = message->async_reject(IQueueConsumer::pause_before_next(*message), settling);
        (void)co_await std::move(rejecting);
        self->tell(*failure);
      } else {
        auto acknowledging = message->async_acknowledge(settling);
        const auto acknowledged = co_await std::move(acknowledging);
        if (!acknowledged.ok()) self->tell(acknowledged.error());
      }
    }
    co_return Done{};
  }

 private:
  void tell(const Error& failure) const {
    if (on_failure_) on_failure_(failure);
  }

  const std::shared_ptr<IQueueConsumer> kept_;
  IQueueConsumer& consumer_;
  const std::shared_ptr<detail::MessageHandler> handler_;
  const std::function<void(const Error&)> on_failure_;
  const std::stop_token stop_;
  IExecutor* const executor_;
};

}  // namespace queue

AsyncCall<Status> IQueueConsumer::consume_by(std::shared_ptr<detail::MessageHandler> handler,
                                             std::function<void(const Error&)> on_failure,
                                             std::stop_token stop, const CallOptions& options) {
  auto consumption = std::make_shared<queue::Consumption>(*this, std::move(handler), std::move(on_failure),
                                                          std::move(stop), options.executor);
  return detail::late_call<Status>(options, [consumption = std::move(consumption)] {
    return coroutines::make_operation<Status>(coroutines::LoopAccess::shared(),
                                              [consumption](std::stop_token left) {
                                                return queue::Consumption::run(consumption, std::move(left));
                                              });
  });
}

}  // namespace cachesite
