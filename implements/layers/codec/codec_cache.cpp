#include "basics/checked_options.hpp"
#include "codecs/value_chain.hpp"

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
  using Counter = std::atomic<std::uint64_t>;

  Inner(CodecCacheOptions options, const ComponentContext& context)
      : on_undecodable(options.on_undecodable),
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

  template <class T>
  Result<T> counted(Result<T> result) noexcept {
    if (!result.ok()) count(failures);
    return result;
  }

  Result<bool> removal(Result<bool> removed) noexcept {
    if (removed.ok() && removed.value()) count(removals);
    return counted(std::move(removed));
  }

  // The bytes to be stored for `value`, which live in `memory`.
  Result<std::optional<ByteView>> encode(std::string_view key, const std::optional<ByteView>& value,
                                         std::string& memory) {
    if (!value) return std::optional<ByteView>();
    const auto encoded = chain.encode(*value, key, memory);
    if (encoded.ok()) return std::optional(ByteView(memory));
    count(encoded.error().code() == ErrorCode::too_large ? refusals : failures);
    return encoded.error();
  }

  void count_written(const std::optional<ByteView>& value, const std::optional<ByteView>& stored) noexcept {
    count(writes);
    if (!value) return;
    count(values_written);
    count(plain_bytes, value->size());
    count(stored_bytes, stored->size());
  }

  // What a read finds when the cache below has found `stored`.
  Result<Found> open(std::string_view key, Found found, const Value& stored, Value& destination) {
    if (found != Found::hit) {
      destination.clear();
      count(found == Found::miss ? misses : hits);
      return found;
    }
    std::string plain;
    const auto decoded = chain.decode(ByteView(stored.text()), key, plain);
    if (decoded.failure) {
      destination.clear();
      return on_failure(*decoded.failure);
    }
    destination.assign(ByteView(plain));
    if (decoded.old_form) count(old_forms_read);
    count(hits);
    return Found::hit;
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

  const OnUndecodable on_undecodable;
  const codecs::ValueChain chain;
  Counter hits{0}, misses{0}, failures{0}, refusals{0}, writes{0}, removals{0}, clears{0};
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
    : CacheLayer(cache_of(options)),
      inner_(std::make_unique<Inner>(checked_options("CodecCache", std::move(options)), context)) {}

CodecCache::~CodecCache() = default;

CacheStatistics CodecCache::statistics() const {
  auto statistics = below()->statistics();
  const auto read = [](const Inner::Counter& counter) { return counter.load(std::memory_order_relaxed); };
  statistics.hits = read(inner_->hits);
  statistics.misses = read(inner_->misses);
  statistics.failures = read(inner_->failures);
  statistics.refusals = read(inner_->refusals);
  statistics.writes = read(inner_->writes);
  statistics.removals = read(inner_->removals);
  statistics.clears = read(inner_->clears);
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
  Value stored;
  const auto found = forward_read(key, stored);
  if (!found.ok()) return inner_->fail(found.error());
  return inner_->open(key, found.value(), stored, destination);
}

Status CodecCache::do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) {
  if (stopped()) return inner_->fail(closed());
  std::string memory;
  const auto encoded = inner_->encode(key, value, memory);
  if (!encoded.ok()) return encoded.error();
  const auto written = below()->write(key, encoded.value(), time_to_live);
  if (!written.ok()) return inner_->fail(written.error());
  inner_->count_written(value, encoded.value());
  return Done{};
}

Result<bool> CodecCache::do_add(std::string_view key, std::optional<ByteView> value,
                                TimeToLive time_to_live) {
  if (stopped()) return inner_->fail(closed());
  std::string memory;
  const auto encoded = inner_->encode(key, value, memory);
  if (!encoded.ok()) return encoded.error();
  auto added = inner_->counted(below()->add(key, encoded.value(), time_to_live));
  if (added.ok() && added.value()) inner_->count_written(value, encoded.value());
  return added;
}

Result<bool> CodecCache::do_replace(std::string_view key, std::optional<ByteView> value,
                                    TimeToLive time_to_live) {
  if (stopped()) return inner_->fail(closed());
  std::string memory;
  const auto encoded = inner_->encode(key, value, memory);
  if (!encoded.ok()) return encoded.error();
  auto replaced = inner_->counted(below()->replace(key, encoded.value(), time_to_live));
  if (replaced.ok() && replaced.value()) inner_->count_written(value, encoded.value());
  return replaced;
}

Result<std::int64_t> CodecCache::do_increment(std::string_view, std::int64_t, TimeToLive) {
  if (stopped()) return inner_->fail(closed());
  return inner_->fail(
      Error(ErrorCode::unsupported, "a cache of encoded values does not count: use the cache below it"));
}

Result<bool> CodecCache::do_remove(std::string_view key) {
  return inner_->removal(forward_remove(key));
}

Result<bool> CodecCache::do_contains(std::string_view key) {
  return inner_->counted(forward_contains(key));
}

Result<Remaining> CodecCache::do_time_to_live(std::string_view key) {
  return inner_->counted(forward_time_to_live(key));
}

void CodecCache::do_time_to_live_many(std::span<const std::string_view> keys,
                                      std::span<Result<Remaining>> results) {
  forward_time_to_live_many(keys, results);
  for (const auto& result : results)
    if (!result.ok()) inner_->fail(result.error());
}

Result<bool> CodecCache::do_expire(std::string_view key, TimeToLive time_to_live) {
  return inner_->counted(forward_expire(key, time_to_live));
}

Result<bool> CodecCache::do_persist(std::string_view key) {
  return inner_->counted(forward_persist(key));
}

void CodecCache::do_read_many(std::span<const std::string_view> keys, std::span<Lookup> results) {
  forward_read_many(keys, results);
  for (std::size_t index = 0; index < keys.size(); ++index) {
    auto& result = results[index];
    if (result.failed()) {
      inner_->fail(result.error());
      continue;
    }
    const auto below = result.hit() ? Found::hit : result.null() ? Found::null : Found::miss;
    Value plain;
    const auto found =
        guarded_call<Found>([&] { return inner_->open(keys[index], below, result.value(), plain); });
    if (found.ok()) {
      result = Lookup(found.value(), std::move(plain));
    } else {
      result = Lookup(found.error());
    }
  }
}

void CodecCache::do_write_many(std::span<const CacheEntry> entries, std::span<Status> results) {
  if (stopped()) {
    for (auto& result : results)
      result = inner_->fail(closed());
    return;
  }
  std::vector<std::string> memory(entries.size());
  std::vector<CacheEntry> encoded;
  std::vector<std::size_t> places;
  encoded.reserve(entries.size());
  places.reserve(entries.size());
  for (std::size_t index = 0; index < entries.size(); ++index) {
    const auto& entry = entries[index];
    const auto value = guarded_call<std::optional<ByteView>>(
        [&] { return inner_->encode(entry.key, entry.value, memory[index]); });
    if (value.ok()) {
      encoded.push_back({entry.key, value.value(), entry.time_to_live});
      places.push_back(index);
    } else {
      results[index] = value.error();
    }
  }
  const auto written = below()->set_many(encoded);
  for (std::size_t number = 0; number < encoded.size(); ++number) {
    const auto index = places[number];
    results[index] = inner_->counted(written[number]);
    if (written[number].ok()) inner_->count_written(entries[index].value, encoded[number].value);
  }
}

void CodecCache::do_remove_many(std::span<const std::string_view> keys, std::span<Result<bool>> results) {
  forward_remove_many(keys, results);
  for (const auto& result : results)
    static_cast<void>(inner_->removal(result));
}

Status CodecCache::do_scan(std::string_view pattern, ScanPosition& position, std::vector<std::string>& keys) {
  return inner_->counted(forward_scan(pattern, position, keys));
}

Result<std::uint64_t> CodecCache::do_remove_matching(std::string_view pattern) {
  auto removed = inner_->counted(forward_remove_matching(pattern));
  if (removed.ok()) Inner::count(inner_->removals, removed.value());
  return removed;
}

Status CodecCache::do_clear() {
  auto cleared = inner_->counted(forward_clear());
  if (cleared.ok()) Inner::count(inner_->clears);
  return cleared;
}

Result<std::uint64_t> CodecCache::do_size() {
  return inner_->counted(forward_size());
}

void CodecCache::on_refused() noexcept {
  Inner::count(inner_->refusals);
}

}  // namespace cachesite
