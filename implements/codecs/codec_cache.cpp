#include "codecs/value_chain.hpp"

#include <cachesite/codec_cache.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

namespace cachesite {

namespace {

CodecCacheOptions checked(CodecCacheOptions options) {
  if (!options.over.component()) throw std::invalid_argument("a CodecCache needs a cache: over is not set");
  if (const auto complaints = options.complaints(); !complaints.empty())
    throw std::invalid_argument(complaints.front().parameter + ": " + complaints.front().message);
  return options;
}

Error closed() {
  return Error(ErrorCode::closed, "the cache is stopped");
}

}  // namespace

class CodecCache::Inner {
 public:
  using Counter = std::atomic<std::uint64_t>;

  Inner(CodecCacheOptions options, const ComponentContext& context)
      : below(options.over.component()),
        on_undecodable(options.on_undecodable),
        chain(std::move(options)),
        label_(context.label),
        logger_(context.logger),
        clock_(context.clock) {
    for (auto& time : last_warning_)
      time.store(never, std::memory_order_relaxed);
  }

  static void count(Counter& counter, std::uint64_t by = 1) noexcept {
    counter.fetch_add(by, std::memory_order_relaxed);
  }

  Error fail(const Error& error) noexcept {
    count(failures);
    return error;
  }

  Result<Found> on_failure(Undecodable reason) {
    const auto index = static_cast<std::size_t>(reason);
    count(undecodable[index]);
    warn(reason, last_warning_[index]);
    if (on_undecodable == OnUndecodable::miss) {
      count(misses);
      return Found::miss;
    }
    const auto code = reason == Undecodable::too_large ? ErrorCode::too_large : ErrorCode::corrupt;
    return fail(Error(code, std::string(codecs::ValueChain::sentence(reason))));
  }

  const std::shared_ptr<ICache> below;
  const OnUndecodable on_undecodable;
  const codecs::ValueChain chain;
  std::atomic<bool> stopped{false};
  Counter hits{0}, misses{0}, failures{0}, refusals{0}, writes{0}, removals{0};
  Counter values_written{0}, plain_bytes{0}, stored_bytes{0}, old_forms_read{0};
  std::array<Counter, undecodable_reasons> undecodable{};

 private:
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
    : inner_(std::make_unique<Inner>(checked(std::move(options)), context)) {}

CodecCache::~CodecCache() = default;

void CodecCache::stop() noexcept {
  inner_->stopped.store(true, std::memory_order_relaxed);
}

Health CodecCache::health() const {
  return inner_->below->health();
}

CacheStatistics CodecCache::statistics() const {
  auto statistics = inner_->below->statistics();
  const auto read = [](const Inner::Counter& counter) { return counter.load(std::memory_order_relaxed); };
  statistics.hits = read(inner_->hits);
  statistics.misses = read(inner_->misses);
  statistics.failures = read(inner_->failures);
  statistics.refusals = read(inner_->refusals);
  statistics.writes = read(inner_->writes);
  statistics.removals = read(inner_->removals);
  return statistics;
}

CodecStatistics CodecCache::codec_statistics() const {
  CodecStatistics statistics;
  const auto read = [](const Inner::Counter& counter) { return counter.load(std::memory_order_relaxed); };
  statistics.values_written = read(inner_->values_written);
  statistics.plain_bytes = read(inner_->plain_bytes);
  statistics.stored_bytes = read(inner_->stored_bytes);
  statistics.old_forms_read = read(inner_->old_forms_read);
  for (std::size_t index = 0; index < undecodable_reasons; ++index)
    statistics.undecodable[index] = read(inner_->undecodable[index]);
  return statistics;
}

Result<Found> CodecCache::do_read(std::string_view key, Value& destination) {
  auto& inner = *inner_;
  if (inner.stopped.load(std::memory_order_relaxed)) return inner.fail(closed());
  Value stored;
  const auto found = inner.below->read(key, stored);
  if (!found.ok()) return inner.fail(found.error());
  if (found.value() != Found::hit) {
    destination.clear();
    Inner::count(found.value() == Found::miss ? inner.misses : inner.hits);
    return found.value();
  }
  std::string plain;
  const auto decoded = inner.chain.decode(ByteView(stored.text()), key, plain);
  if (decoded.failure) {
    destination.clear();
    return inner.on_failure(*decoded.failure);
  }
  destination.assign(ByteView(plain));
  if (decoded.old_form) Inner::count(inner.old_forms_read);
  Inner::count(inner.hits);
  return Found::hit;
}

Status CodecCache::do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) {
  auto& inner = *inner_;
  if (inner.stopped.load(std::memory_order_relaxed)) return inner.fail(closed());
  std::string stored;
  if (value) {
    const auto encoded = inner.chain.encode(*value, key, stored);
    if (!encoded.ok()) {
      if (encoded.error().code() != ErrorCode::too_large) return inner.fail(encoded.error());
      Inner::count(inner.refusals);
      return encoded.error();
    }
  }
  const auto written =
      inner.below->write(key, value ? std::optional(ByteView(stored)) : std::nullopt, time_to_live);
  if (!written.ok()) return inner.fail(written.error());
  Inner::count(inner.writes);
  if (value) {
    Inner::count(inner.values_written);
    Inner::count(inner.plain_bytes, value->size());
    Inner::count(inner.stored_bytes, stored.size());
  }
  return Done{};
}

Result<bool> CodecCache::do_remove(std::string_view key) {
  auto& inner = *inner_;
  if (inner.stopped.load(std::memory_order_relaxed)) return inner.fail(closed());
  auto removed = inner.below->remove(key);
  if (!removed.ok()) return inner.fail(removed.error());
  if (removed.value()) Inner::count(inner.removals);
  return removed;
}

Result<bool> CodecCache::do_contains(std::string_view key) {
  auto& inner = *inner_;
  if (inner.stopped.load(std::memory_order_relaxed)) return inner.fail(closed());
  auto contained = inner.below->contains(key);
  if (!contained.ok()) return inner.fail(contained.error());
  return contained;
}

Result<Remaining> CodecCache::do_time_to_live(std::string_view key) {
  auto& inner = *inner_;
  if (inner.stopped.load(std::memory_order_relaxed)) return inner.fail(closed());
  auto remaining = inner.below->time_to_live(key);
  if (!remaining.ok()) return inner.fail(remaining.error());
  return remaining;
}

void CodecCache::on_refused() noexcept {
  Inner::count(inner_->refusals);
}

}  // namespace cachesite
