#pragma once

#include <cachesite/async_call.hpp>
#include <cachesite/detail/message_handler.hpp>
#include <cachesite/error.hpp>
#include <cachesite/queue.hpp>
#include <cachesite/result.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace cachesite {

template <std::invocable<QueueMessage&> Handler>
AsyncCall<Status> IQueueConsumer::async_consume(std::stop_token stop, Handler&& handle,
                                                std::function<void(const Error&)> on_failure,
                                                const CallOptions& options) {
  using Owned = detail::MessageHandlerOf<std::decay_t<Handler>>;
  return consume_by(std::make_shared<Owned>(std::forward<Handler>(handle)), std::move(on_failure),
                    std::move(stop), options);
}

}  // namespace cachesite
