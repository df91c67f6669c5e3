#include <cachesite/key_pattern.hpp>
#include <cachesite/prefix_cache.hpp>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace cachesite {

namespace {

// Longest key, with its prefix, that is put together on the stack.
constexpr std::size_t room = 512;

PrefixCacheOptions checked(PrefixCacheOptions options) {
  if (const auto complaints = options.complaints(); !complaints.empty())
    throw std::invalid_argument(complaints.front().parameter + ": " + complaints.front().message);
  return options;
}

std::string whole_prefix(const PrefixCacheOptions& options) {
  return options.prefix.empty() ? std::string() : options.prefix + options.separator;
}

// A call of memcpy would cost as much as everything else that a read does here. Keys have at least one byte.
inline void copy_key(char* to, std::string_view key) noexcept {
  const char* const from = key.data();
  const std::size_t size = key.size();
  if (size - 16 <= 16) {
    std::memcpy(to, from, 16);
    std::memcpy(to + size - 16, from + size - 16, 16);
  } else if (size > 32) {
    std::memcpy(to, from, size);
  } else if (size >= 8) {
    std::memcpy(to, from, 8);
    std::memcpy(to + size - 8, from + size - 8, 8);
  } else if (size >= 4) {
    std::memcpy(to, from, 4);
    std::memcpy(to + size - 4, from + size - 4, 4);
  } else {
    to[0] = from[0];
    to[size / 2] = from[size / 2];
    to[size - 1] = from[size - 1];
  }
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
    : CacheLayer(options.over.component()), prefix_(whole_prefix(checked(options))) {
  if (prefix_.size() > short_prefix) return;
  longest_short_key_ = room - short_prefix;
  std::copy(prefix_.begin(), prefix_.end(), start_.begin());
}

Result<Found> PrefixCache::do_read(std::string_view key, Value& destination) {
  if (key.size() > longest_short_key_) [[unlikely]]
    return read_long(key, destination);
  char whole[room];
  std::memcpy(whole, start_.data(), short_prefix);
  copy_key(whole + prefix_.size(), key);
  return forward_read({whole, prefix_.size() + key.size()}, destination);
}

Result<Found> PrefixCache::read_long(std::string_view key, Value& destination) {
  return with_prefix<Result<Found>>(key,
                                    [&](std::string_view whole) { return forward_read(whole, destination); });
}

template <class R, class Forward>
R PrefixCache::with_prefix(std::string_view key, Forward&& forward) {
  if (too_long(key)) {
    on_refused();
    return Error(ErrorCode::too_large, "a key is at most 64 KiB long, its prefix included");
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

void PrefixCache::do_read_many(std::span<const std::string_view> keys, std::span<Lookup> results) {
  std::size_t bytes = 0;
  for (std::size_t index = 0; index < keys.size(); bytes += keys[index++].size())
    if (too_long(keys[index])) return ICache::do_read_many(keys, results);
  KeyBlock block(prefix_, keys.size(), bytes);
  std::vector<std::string_view> whole;
  whole.reserve(keys.size());
  for (const auto key : keys)
    whole.push_back(block.add(key));
  forward_read_many(whole, results);
}

void PrefixCache::do_write_many(std::span<const CacheEntry> entries, std::span<Status> results) {
  std::size_t bytes = 0;
  for (std::size_t index = 0; index < entries.size(); bytes += entries[index++].key.size())
    if (too_long(entries[index].key)) return ICache::do_write_many(entries, results);
  KeyBlock block(prefix_, entries.size(), bytes);
  std::vector<CacheEntry> whole(entries.begin(), entries.end());
  for (auto& entry : whole)
    entry.key = block.add(entry.key);
  forward_write_many(whole, results);
}

void PrefixCache::do_remove_many(std::span<const std::string_view> keys, std::span<Result<bool>> results) {
  std::size_t bytes = 0;
  for (std::size_t index = 0; index < keys.size(); bytes += keys[index++].size())
    if (too_long(keys[index])) return ICache::do_remove_many(keys, results);
  KeyBlock block(prefix_, keys.size(), bytes);
  std::vector<std::string_view> whole;
  whole.reserve(keys.size());
  for (const auto key : keys)
    whole.push_back(block.add(key));
  forward_remove_many(whole, results);
}

std::string PrefixCache::below_pattern(std::string_view pattern) const {
  return escape_key_pattern(prefix_).append(pattern);
}

Status PrefixCache::do_scan(std::string_view pattern, ScanPosition& position,
                            std::vector<std::string>& keys) {
  const auto before = static_cast<std::ptrdiff_t>(keys.size());
  auto scanned = forward_scan(below_pattern(pattern), position, keys);
  const auto of_others = [&](const std::string& key) { return !key.starts_with(prefix_); };
  keys.erase(std::remove_if(keys.begin() + before, keys.end(), of_others), keys.end());
  std::for_each(keys.begin() + before, keys.end(), [&](std::string& key) { key.erase(0, prefix_.size()); });
  return scanned;
}

Result<std::uint64_t> PrefixCache::do_remove_matching(std::string_view pattern) {
  return forward_remove_matching(below_pattern(pattern));
}

Status PrefixCache::do_clear() {
  if (prefix_.empty()) return forward_clear();
  const auto removed = forward_remove_matching(below_pattern("*"));
  if (!removed.ok()) return removed.error();
  return Done{};
}

Result<std::uint64_t> PrefixCache::do_size() {
  if (prefix_.empty()) return forward_size();
  const auto pattern = below_pattern("*");
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
