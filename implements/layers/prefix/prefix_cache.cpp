#include "basics/checked_options.hpp"

#include <cachesite/key_pattern.hpp>
#include <cachesite/prefix_cache.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace cachesite {

namespace {

// Longest key, with its prefix, that is put together on the stack.
constexpr std::size_t room = 512;

std::string whole_prefix(const PrefixCacheOptions& options) {
  return options.prefix.empty() ? std::string() : options.prefix + options.separator;
}

// The shortest way is for keys of 16 to 32 bytes, the next for those of up to 64: a call of memcpy would cost
// as much as everything else that a read does here.
constexpr std::size_t shortest_quick_key = 16;
constexpr std::size_t quick_keys = 17;
constexpr std::size_t longest_inline_key = 64;

template <std::size_t half>
inline void copy_two(char* to, std::string_view key) noexcept {
  std::memcpy(to, key.data(), half);
  std::memcpy(to + key.size() - half, key.data() + key.size() - half, half);
}

// Precondition: 1 to 64 bytes.
inline void copy_key(char* to, std::string_view key) noexcept {
  const std::size_t size = key.size();
  if (size > 32) return copy_two<32>(to, key);
  if (size >= 16) return copy_two<16>(to, key);
  if (size >= 8) return copy_two<8>(to, key);
  if (size >= 4) return copy_two<4>(to, key);
  to[0] = key.front();
  to[size / 2] = key[size / 2];
  to[size - 1] = key.back();
}

// Many keys in one block.
class KeyBlock {
 public:
  KeyBlock(std::string_view prefix, std::size_t keys, std::size_t bytes) : prefix_(prefix) {
    text_.reserve(keys * prefix.size() + bytes);
  }
  std::string_view add(std::string_view key) {
    const auto begin = text_.size();
    text_.append(prefix_).append(key);
    return std::string_view(text_).substr(begin);
  }

 private:
  std::string_view prefix_;
  std::string text_;  // never grows beyond what is reserved, so views into it stay
};

}  // namespace

ParameterTable PrefixCacheOptions::parameters() {
  using O = PrefixCacheOptions;
  return {
      parameter("over", &O::over, "The cache that holds the entries.").required(),
      parameter("prefix", &O::prefix, "Put in front of every key."),
      parameter("separator", &O::separator, "Stands between the prefix, when there is one, and the key."),
  };
}

std::vector<OptionComplaint> PrefixCacheOptions::complaints() const {
  std::vector<OptionComplaint> complaints;
  if (whole_prefix(*this).size() >= ICache::longest_key)
    complaints.push_back({"prefix", "the prefix is as long as a key may be, or longer"});
  return complaints;
}

PrefixCache::PrefixCache(const PrefixCacheOptions& options, const ComponentContext&)
    : CacheLayer(options.over.component()), prefix_(whole_prefix(checked_options("PrefixCache", options))) {
  if (prefix_.size() > short_prefix) return;
  quick_keys_.store(quick_keys, std::memory_order_relaxed);
  std::copy(prefix_.begin(), prefix_.end(), start_.begin());
}

void PrefixCache::stop() noexcept {
  CacheLayer::stop();
  quick_keys_.store(0, std::memory_order_relaxed);
}

CacheStatistics PrefixCache::statistics() const {
  auto statistics = CacheLayer::statistics();
  statistics.clears += clears_.load(std::memory_order_relaxed);
  return statistics;
}

Result<Found> PrefixCache::do_read(std::string_view key, Value& destination) {
  // Smaller than 16 comes out as a large number.
  if (key.size() - shortest_quick_key >= quick_keys_.load(std::memory_order_relaxed)) [[unlikely]]
    return read_other(key, destination);
  char whole[short_prefix + shortest_quick_key + quick_keys];
  std::memcpy(whole, start_.data(), short_prefix);
  copy_two<16>(whole + prefix_.size(), key);
  return forward_read_unasked({whole, prefix_.size() + key.size()}, destination);
}

[[gnu::noinline]] Result<Found> PrefixCache::read_other(std::string_view key, Value& destination) {
  if (key.size() <= longest_inline_key && prefix_.size() <= short_prefix) {
    char whole[short_prefix + longest_inline_key];
    std::memcpy(whole, start_.data(), short_prefix);
    copy_key(whole + prefix_.size(), key);
    return forward_read({whole, prefix_.size() + key.size()}, destination);
  }
  return with_prefix<Result<Found>>(key,
                                    [&](std::string_view whole) { return forward_read(whole, destination); });
}

std::optional<Error> PrefixCache::refusal(std::string_view key) const {
  if (!too_long(key)) return std::nullopt;
  return Error(ErrorCode::too_large, "a key is at most 64 KiB long, its prefix included");
}

template <class R, class Forward>
R PrefixCache::with_prefix(std::string_view key, Forward&& forward) {
  if (const auto refused = refusal(key)) {
    on_refused();
    return *refused;
  }
  const std::size_t size = prefix_.size() + key.size();
  if (size <= room) {
    char whole[room];
    std::copy(key.begin(), key.end(), std::copy(prefix_.begin(), prefix_.end(), whole));
    return forward(std::string_view(whole, size));
  }
  return forward(std::string_view(KeyBlock(prefix_, 1, key.size()).add(key)));
}

Status PrefixCache::do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) {
  return with_prefix<Status>(
      key, [&](std::string_view whole) { return forward_write(whole, value, time_to_live); });
}

Result<bool> PrefixCache::do_add(std::string_view key, std::optional<ByteView> value,
                                 TimeToLive time_to_live) {
  return with_prefix<Result<bool>>(
      key, [&](std::string_view whole) { return forward_add(whole, value, time_to_live); });
}

Result<bool> PrefixCache::do_replace(std::string_view key, std::optional<ByteView> value,
                                     TimeToLive time_to_live) {
  return with_prefix<Result<bool>>(
      key, [&](std::string_view whole) { return forward_replace(whole, value, time_to_live); });
}

Result<std::int64_t> PrefixCache::do_increment(std::string_view key, std::int64_t by,
                                               TimeToLive time_to_live) {
  return with_prefix<Result<std::int64_t>>(
      key, [&](std::string_view whole) { return forward_increment(whole, by, time_to_live); });
}

Result<bool> PrefixCache::do_remove(std::string_view key) {
  return with_prefix<Result<bool>>(key, [&](std::string_view whole) { return forward_remove(whole); });
}

Result<bool> PrefixCache::do_contains(std::string_view key) {
  return with_prefix<Result<bool>>(key, [&](std::string_view whole) { return forward_contains(whole); });
}

Result<Remaining> PrefixCache::do_time_to_live(std::string_view key) {
  return with_prefix<Result<Remaining>>(key,
                                        [&](std::string_view whole) { return forward_time_to_live(whole); });
}

Result<bool> PrefixCache::do_expire(std::string_view key, TimeToLive time_to_live) {
  return with_prefix<Result<bool>>(
      key, [&](std::string_view whole) { return forward_expire(whole, time_to_live); });
}

Result<bool> PrefixCache::do_persist(std::string_view key) {
  return with_prefix<Result<bool>>(key, [&](std::string_view whole) { return forward_persist(whole); });
}

template <class R, class Forward>
void PrefixCache::with_prefixes(std::span<const std::string_view> keys, std::span<R> results,
                                Forward&& forward) {
  const auto all = [&](std::span<const std::string_view> accepted, std::span<R> answers) {
    std::size_t bytes = 0;
    for (const auto key : accepted)
      bytes += key.size();
    KeyBlock block(prefix_, accepted.size(), bytes);
    std::vector<std::string_view> whole;
    whole.reserve(accepted.size());
    for (const auto key : accepted)
      whole.push_back(block.add(key));
    forward(std::span<const std::string_view>(whole), answers);
  };
  each_checked(
      keys, results, [this](std::string_view key) { return refusal(key); }, all);
}

void PrefixCache::do_read_many(std::span<const std::string_view> keys, std::span<Lookup> results) {
  with_prefixes(keys, results, [&](auto whole, auto answers) { forward_read_many(whole, answers); });
}

void PrefixCache::do_remove_many(std::span<const std::string_view> keys, std::span<Result<bool>> results) {
  with_prefixes(keys, results, [&](auto whole, auto answers) { forward_remove_many(whole, answers); });
}

void PrefixCache::do_time_to_live_many(std::span<const std::string_view> keys,
                                       std::span<Result<Remaining>> results) {
  with_prefixes(keys, results, [&](auto whole, auto answers) { forward_time_to_live_many(whole, answers); });
}

void PrefixCache::do_write_many(std::span<const CacheEntry> entries, std::span<Status> results) {
  const auto all = [this](std::span<const CacheEntry> accepted, std::span<Status> answers) {
    std::size_t bytes = 0;
    for (const auto& entry : accepted)
      bytes += entry.key.size();
    KeyBlock block(prefix_, accepted.size(), bytes);
    std::vector<CacheEntry> whole(accepted.begin(), accepted.end());
    for (auto& entry : whole)
      entry.key = block.add(entry.key);
    forward_write_many(whole, answers);
  };
  each_checked(
      entries, results, [this](const CacheEntry& entry) { return refusal(entry.key); }, all);
}

std::string PrefixCache::below_pattern(std::string_view pattern) const {
  return escape_key_pattern(prefix_).append(pattern);
}

Status PrefixCache::do_scan(std::string_view pattern, ScanPosition& position,
                            std::vector<std::string>& keys) {
  const auto before = static_cast<std::ptrdiff_t>(keys.size());
  auto scanned = forward_scan(below_pattern(pattern), position, keys);
  // The prefix by itself is a key below, but none of this cache.
  const auto of_others = [&](const std::string& key) {
    return key.size() <= prefix_.size() || !key.starts_with(prefix_);
  };
  keys.erase(std::remove_if(keys.begin() + before, keys.end(), of_others), keys.end());
  std::for_each(keys.begin() + before, keys.end(), [&](std::string& key) { key.erase(0, prefix_.size()); });
  return scanned;
}

Result<std::uint64_t> PrefixCache::do_remove_matching(std::string_view pattern) {
  return forward_remove_matching(below_pattern(pattern));
}

Status PrefixCache::do_clear() {
  if (prefix_.empty()) return forward_clear();
  const auto removed = forward_remove_matching(below_pattern("?*"));
  if (!removed.ok()) return removed.error();
  clears_.fetch_add(1, std::memory_order_relaxed);
  return Done{};
}

Result<std::uint64_t> PrefixCache::do_size() {
  if (prefix_.empty()) return forward_size();
  const auto pattern = below_pattern("?*");
  std::uint64_t size = 0;
  ScanPosition position;
  std::vector<std::string> batch;
  while (!position.finished) {
    batch.clear();
    if (const auto scanned = forward_scan(pattern, position, batch); !scanned.ok()) return scanned.error();
    size += batch.size();
  }
  return size;
}

std::shared_ptr<ICache> prefixed(std::shared_ptr<ICache> cache, std::string prefix) {
  PrefixCacheOptions options;
  options.over = Reference<ICache>(std::move(cache));
  options.prefix = std::move(prefix);
  return std::make_shared<PrefixCache>(options);
}

}  // namespace cachesite
