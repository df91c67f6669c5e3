#include "basics/checked_options.hpp"

#include <cachesite/detail/key_range.hpp>
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
      parameter("separator", &O::separator, "Put between the prefix and the key; not used without a prefix."),
  };
}

std::vector<OptionComplaint> PrefixCacheOptions::complaints() const {
  std::vector<OptionComplaint> complaints;
  if (whole_prefix(*this).size() >= ICache::longest_key)
    complaints.push_back({"prefix", "the prefix is as long as a key may be, or longer"});
  return complaints;
}

PrefixCache::PrefixCache(const PrefixCacheOptions& options, const ComponentContext&)
    : CacheLayer(options.over.component(), BelowInterfaces::passed_on),
      prefix_(whole_prefix(checked_options("PrefixCache", options))) {
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

template <class Forward>
auto PrefixCache::with_prefix(std::string_view key, Forward&& forward) const {
  const std::size_t size = prefix_.size() + key.size();
  if (size <= room) {
    char whole[room];
    std::copy(key.begin(), key.end(), std::copy(prefix_.begin(), prefix_.end(), whole));
    return forward(std::string_view(whole, size));
  }
  return forward(std::string_view(KeyBlock(prefix_, 1, key.size()).add(key)));
}

TimeToLive PrefixCache::effective_time_to_live(std::string_view key, TimeToLive time_to_live) const noexcept {
  if (too_long(key)) return time_to_live;
  try {
    return with_prefix(
        key, [&](std::string_view whole) { return CacheLayer::effective_time_to_live(whole, time_to_live); });
  } catch (...) {
    return time_to_live;  // without memory for the key the call fails anyway
  }
}

Result<Found> PrefixCache::do_read(std::string_view key, Value& destination) {
  // Smaller than 16 comes out as a large number.
  if (key.size() - shortest_quick_key >= quick_keys_.load(std::memory_order_relaxed)) [[unlikely]]
    return read_other(key, destination);
  char whole[short_prefix + shortest_quick_key + quick_keys];
  std::memcpy(whole, start_.data(), short_prefix);
  copy_two<16>(whole + prefix_.size(), key);
  return forward_read_unchecked({whole, prefix_.size() + key.size()}, destination);
}

[[gnu::noinline]] Result<Found> PrefixCache::read_other(std::string_view key, Value& destination) {
  if (key.size() <= longest_inline_key && prefix_.size() <= short_prefix) {
    char whole[short_prefix + longest_inline_key];
    std::memcpy(whole, start_.data(), short_prefix);
    copy_key(whole + prefix_.size(), key);
    return forward_read({whole, prefix_.size() + key.size()}, destination);
  }
  if (auto refused = refusal(key)) return refuse(*std::move(refused));
  return with_prefix(key, [&](std::string_view whole) { return forward_read(whole, destination); });
}

std::optional<Error> PrefixCache::refusal(std::string_view key) const {
  if (!too_long(key)) return std::nullopt;
  return too_long_error();
}

Error PrefixCache::too_long_error() {
  return Error(ErrorCode::too_large, "a key is at most 64 KiB long, its prefix included");
}

Status PrefixCache::do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) {
  if (auto refused = refusal(key)) return refuse(*std::move(refused));
  return with_prefix(key, [&](std::string_view whole) { return forward_write(whole, value, time_to_live); });
}

void PrefixCache::do_begin(CacheRequest& request) {
  const bool removes = request.effect() == CacheEffect::remove;
  switch (request.subject()) {
    case CacheSubject::key:
      return add_prefix(request);
    case CacheSubject::batch:
      return add_prefixes(request);
    case CacheSubject::pattern:
      return removes ? request.end(remove_below(request.key)) : scan_own(request);
    case CacheSubject::everything:
      if (prefix_.empty()) return forward(request);
      return removes ? request.end(clear_own()) : request.end(count_own());
  }
}

void PrefixCache::add_prefix(CacheRequest& request) {
  const auto own = request.key;
  if (auto refused = refusal(own)) return request.fail(refuse(*std::move(refused)));
  with_prefix(own, [&](std::string_view whole) {
    request.key = whole;
    forward(request);
  });
  request.key = own;
}

void PrefixCache::add_prefixes(CacheRequest& batch) {
  pass_accepted(
      batch, [&](std::size_t item) { return refusal(batch.key_of(item)); },
      [this](CacheRequest& accepted) { forward_prefixed(accepted); });
}

void PrefixCache::forward_prefixed(const CacheRequest& batch) {
  std::size_t bytes = 0;
  for (std::size_t item = 0; item < batch.items(); ++item)
    bytes += batch.key_of(item).size();
  KeyBlock block(prefix_, batch.items(), bytes);
  std::vector<std::string_view> keys(batch.keys.begin(), batch.keys.end());
  for (auto& key : keys)
    key = block.add(key);
  std::vector<CacheEntry> entries(batch.entries.begin(), batch.entries.end());
  for (auto& entry : entries)
    entry.key = block.add(entry.key);
  CacheRequest below = batch;
  below.keys = keys;
  below.entries = entries;
  forward(below);
}

std::string PrefixCache::below_pattern(std::string_view pattern) const {
  return escape_key_pattern(prefix_).append(pattern);
}

void PrefixCache::scan_own(CacheRequest& request) {
  auto& keys = *request.found;
  const auto before = keys.size();
  const auto own = request.key;
  const auto pattern = below_pattern(own);
  request.key = pattern;
  forward(request);
  request.key = own;
  keep_own(keys, before);
}

// The prefix by itself is a key below, but none of this cache.
void PrefixCache::keep_own(std::vector<std::string>& keys, std::size_t before) const {
  const auto begin = keys.begin() + static_cast<std::ptrdiff_t>(before);
  const auto of_others = [&](const std::string& key) {
    return key.size() <= prefix_.size() || !key.starts_with(prefix_);
  };
  keys.erase(std::remove_if(begin, keys.end(), of_others), keys.end());
  std::for_each(begin, keys.end(), [&](std::string& key) { key.erase(0, prefix_.size()); });
}

Result<std::uint64_t> PrefixCache::remove_below(std::string_view pattern) {
  const auto whole = below_pattern(pattern);
  CacheRequest request(CacheOperation::remove_matching, whole);
  forward(request);
  return request.answer<std::uint64_t>();
}

Status PrefixCache::clear_own() {
  const auto removed = remove_below("?*");
  if (!removed.ok()) return removed.error();
  clears_.fetch_add(1, std::memory_order_relaxed);
  return Done{};
}

Result<std::uint64_t> PrefixCache::count_own() {
  std::uint64_t size = 0;
  ScanPosition position;
  std::vector<std::string> batch;
  CacheRequest step(CacheOperation::scan, "?*");
  step.position = &position;
  step.found = &batch;
  while (!position.finished) {
    batch.clear();
    scan_own(step);
    if (const auto* failure = step.error()) return *failure;
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
