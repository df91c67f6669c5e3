#pragma once

#include <cachesite/detail/async_factory.hpp>
#include <cachesite/detail/awaitable.hpp>
#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/detail/handled_message.hpp>
#include <cachesite/error.hpp>

#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

namespace cachesite {

class QueueMessage;

/// Handlers of messages: plain functions, and those that give an awaitable.
namespace detail {

/// Is told, once, that a message has been handled, from any thread.
class HandlingEnd {
 public:
  virtual void handled(std::optional<Error> failure) noexcept = 0;

 protected:
  ~HandlingEnd() = default;
};

/// A handler that owns all that it uses, whatever its type.
class MessageHandler {
 public:
  virtual ~MessageHandler() = default;
  /// `end` is told, perhaps within this call. It, the handler and the message exist until then.
  virtual void begin(QueueMessage& message, HandlingEnd& end) noexcept = 0;
};

template <class H>
class MessageHandlerOf final : public MessageHandler {
 public:
  explicit MessageHandlerOf(H handle) : handle_(std::move(handle)) {}

  void begin(QueueMessage& message, HandlingEnd& end) noexcept override {
    if constexpr (Awaitable<std::invoke_result_t<H&, QueueMessage&>>) {
      try {
        run(handle_, message, end);
      } catch (...) {
        end.handled(thrown_failure());
      }
    } else {
      end.handled(handle_at_once(handle_, message));
    }
  }

 private:
  static DetachedCoroutine run(H& handle, QueueMessage& message, HandlingEnd& end) {
    using Given = std::invoke_result_t<H&, QueueMessage&>;
    std::optional<Error> failure;
    try {
      auto&& awaitable = std::invoke(handle, message);
      // g++ 12 copies what a function gives by reference when it is awaited.
      if constexpr (std::is_lvalue_reference_v<Given> && std::is_void_v<Awaited<Given>>) {
        co_await awaitable;
      } else if constexpr (std::is_void_v<Awaited<Given>>) {
        co_await std::move(awaitable);
      } else if constexpr (std::is_lvalue_reference_v<Given>) {
        const auto result = co_await awaitable;
        failure = failure_in(result);
      } else {
        const auto result = co_await std::move(awaitable);
        failure = failure_in(result);
      }
    } catch (...) {
      failure = thrown_failure();
    }
    end.handled(std::move(failure));
  }

  H handle_;
};

}  // namespace detail

}  // namespace cachesite
