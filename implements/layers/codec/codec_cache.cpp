#include "basics/checked_options.hpp"
#include "codecs/value_chain.hpp"
#include "layers/base/call_counters.hpp"

#include <cachesite/codec_cache.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace cachesite {

namespace {

std::shared_ptr<ICache> cache_of(const CodecCacheOptions& options) {
  if (!options.over.component()) throw std::invalid_argument("a CodecCache needs a cache: over is not set");
  return options.over.component();
}

}  // namespace

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

CodecCache::CodecCache(CodecCacheOptions options, const ComponentContext& context)
    : ValueLayer(cache_of(options)),
      inner_(std::make_unique<Inner>(checked_options("CodecCache", std::move(options)), context)) {}

CodecCache::~CodecCache() = default;

CacheStatistics CodecCache::statistics() const {
  auto statistics = below()->statistics();
  const auto& calls = inner_->calls;
  calls.fill(statistics);
  statistics.clears = Inner::Counters::value_of(calls.clears);
  statistics.failures = Inner::Counters::value_of(calls.failures);
  statistics.refusals = Inner::Counters::value_of(calls.refusals);
  return statistics;
}

CodecStatistics CodecCache::codec_statistics() const {
  CodecStatistics statistics;
  const auto read = Inner::Counters::value_of;
  statistics.values_written = read(inner_->values_written);
  statistics.plain_bytes = read(inner_->plain_bytes);
  statistics.stored_bytes = read(inner_->stored_bytes);
  statistics.old_forms_read = read(inner_->old_forms_read);
  for (std::size_t index = 0; index < undecodable_reasons; ++index)
    statistics.undecodable[index] = read(inner_->undecodable[index]);
  return statistics;
}

Result<ByteView> CodecCache::to_stored(std::string_view key, ByteView value, std::string& memory) {
  const auto encoded = inner_->chain.encode(value, key, memory);
  if (!encoded.ok()) return encoded.error();
  return ByteView(memory);
}

Result<Found> CodecCache::from_stored(std::string_view key, const Value& stored, Value& destination) {
  std::string plain;
  const auto decoded = inner_->chain.decode(ByteView(stored.text()), key, plain);
  if (decoded.failure) return inner_->on_failure(*decoded.failure);
  destination.assign(ByteView(plain));
  if (decoded.old_form) Inner::Counters::add(inner_->old_forms_read);
  return Found::hit;
}

void CodecCache::on_stored(ByteView value, ByteView stored) noexcept {
  Inner::Counters::add(inner_->values_written);
  Inner::Counters::add(inner_->plain_bytes, value.size());
  Inner::Counters::add(inner_->stored_bytes, stored.size());
}

void CodecCache::do_begin(CacheRequest& request) {
  ValueLayer::do_begin(request);
  inner_->count(request);
}

void CodecCache::on_refused() noexcept {
  Inner::Counters::add(inner_->calls.refusals);
}

}  // namespace cachesite
