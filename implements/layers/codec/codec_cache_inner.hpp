#pragma once

#include "codecs/value_chain.hpp"
#include "layers/base/call_counters.hpp"

#include <cachesite/codec_cache.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <utility>

namespace cachesite {

class CodecCache::Inner {
 public:
  using Counters = layers::CallCounters;

  Inner(CodecCacheOptions options, const ComponentContext& context)
      : on_undecodable(options.on_undecodable),
        chain(std::move(options)),
        label_(context.label),
        logger_(context.logger),
        clock_(context.clock) {
    for (auto& time : last_warning_)
      time.store(never, std::memory_order_relaxed);
  }

  void count(const CacheRequest& request) noexcept {
    calls.add(request, layers::end_of(request));
    count_failures(request, request.effect() == CacheEffect::store);
  }

  void count_stored(std::size_t plain, std::size_t stored) noexcept {
    Counters::add(values_written);
    Counters::add(plain_bytes, plain);
    Counters::add(stored_bytes, stored);
  }

  Result<Found> on_failure(Undecodable reason) {
    const auto index = static_cast<std::size_t>(reason);
    Counters::add(undecodable[index]);
    warn(reason, last_warning_[index]);
    if (on_undecodable == OnUndecodable::miss) return Found::miss;
    const auto code = reason == Undecodable::too_large ? ErrorCode::too_large : ErrorCode::corrupt;
    return Error(code, std::string(codecs::ValueChain::sentence(reason)));
  }

  const OnUndecodable on_undecodable;
  const codecs::ValueChain chain;
  Counters calls;
  Counters::Counter values_written{0}, plain_bytes{0}, stored_bytes{0}, old_forms_read{0};
  std::array<Counters::Counter, undecodable_reasons> undecodable{};

 private:
  // A value that is too large to be stored is refused; anything else has failed.
  void count_failures(const CacheRequest& request, bool stores) noexcept {
    const auto add = [&](const Error& error) {
      Counters::add(stores && error.code() == ErrorCode::too_large ? calls.refusals : calls.failures);
    };
    if (const auto* error = request.error()) add(*error);
    request.for_each_result([&](std::size_t, const auto& result) {
      if (!result.ok()) add(result.error());
    });
  }

  using Time = std::chrono::steady_clock::duration::rep;
  static constexpr Time never = std::numeric_limits<Time>::min();

  void warn(Undecodable reason, std::atomic<Time>& last) noexcept {
    constexpr auto pause = std::chrono::minutes(1);
    const auto now = clock_->now().time_since_epoch();
    auto before = last.load(std::memory_order_relaxed);
    if (before != never && now - std::chrono::steady_clock::duration(before) < pause) return;
    if (!last.compare_exchange_strong(before, now.count(), std::memory_order_relaxed)) return;
    const std::array attributes{LogAttribute{"component", label_}, LogAttribute{"reason", to_string(reason)}};
    logger_->write(LogLevel::warning, "codec", codecs::ValueChain::sentence(reason), attributes);
  }

  const std::string label_;
  const std::shared_ptr<ILogger> logger_;
  const std::shared_ptr<const IClock> clock_;
  std::array<std::atomic<Time>, undecodable_reasons> last_warning_{};
};

}  // namespace cachesite
