#include "layers/tagged/spakky_tags.hpp"

#include "basics/null_marker.hpp"

#include <cachesite/detail/guarded_call.hpp>

#include <string>
#include <utility>
#include <vector>

namespace cachesite::layers {

namespace {

constexpr std::int64_t batch = 500;

// The sets first: when one of the keys is no set, nothing is written.
constexpr const char* write_text = R"(
for at = 2, #KEYS do redis.call('SADD', KEYS[at], KEYS[1]) end
if ARGV[2] == '0' then redis.call('SET', KEYS[1], ARGV[1])
else redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return 1
)";

// A key leaves the set in the same step in which its entry goes: what is added meanwhile, by whomever, is
// either evicted or still in the set.
constexpr const char* evict_text = R"(
local members = redis.call('SPOP', KEYS[1], ARGV[1])
if #members == 0 then return {0, 0} end
return {#members, redis.call('UNLINK', unpack(members))}
)";

}  // namespace

SpakkyTags::SpakkyTags(std::shared_ptr<IRedis> redis, std::string prefix)
    : redis_(std::move(redis)),
      prefix_(std::move(prefix)),
      write_(redis_->make_script(write_text)),
      evict_(redis_->make_script(evict_text)) {}

std::string SpakkyTags::set_of(std::string_view tag) const {
  return std::string(prefix_).append(reserved()).append(tag);
}

Status SpakkyTags::store(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live,
                         std::span<const std::string_view> tags) const {
  std::vector<std::string> names{prefix_ + std::string(key)};
  for (const auto tag : tags)
    names.push_back(set_of(tag));
  const std::vector<ByteView> keys(names.begin(), names.end());

  std::string escaped;
  std::string_view stored = value ? value->text() : basics::null_marker;
  if (value && basics::needs_escape(stored)) {
    escaped.append(basics::null_marker).append(stored);
    stored = escaped;
  }
  const std::string life = std::to_string(time_to_live.count());
  const std::vector<ByteView> arguments{ByteView(stored), ByteView(life)};
  const auto done = redis_->run(write_, keys, arguments);
  if (!done.ok()) return done.error();
  return done.value().as_status();
}

Result<std::uint64_t> SpakkyTags::evict(std::span<const std::string_view> tags) const {
  basics::PartialRemoval removal;
  try {
    for (const auto tag : tags)
      if (removal.ok()) evict_one(set_of(tag), removal);
  } catch (...) {
    removal.failed(thrown_failure());
  }
  return removal.result();
}

// Ends after as many keys as there were at the beginning, even while others add more.
void SpakkyTags::evict_one(const std::string& set, basics::PartialRemoval& removal) const {
  const auto count = redis_->integer(RedisCommand("SCARD", set).repeatable());
  if (!count.ok()) return removal.failed(count.error());
  const auto size = std::to_string(batch);
  for (std::int64_t taken = 0; taken < count.value();) {
    const auto reply = redis_->run(evict_, {ByteView(set)}, {ByteView(size)});
    if (!reply.ok()) return removal.failed(reply.error());
    const auto& numbers = reply.value().elements();
    if (numbers.size() != 2)
      return removal.failed(reply.value().is_error()
                                ? Error(ErrorCode::refused, std::string(reply.value().text()))
                                : Error(ErrorCode::protocol, "unexpected answer to a script of the tags"));
    if (numbers[0].integer() <= 0) break;
    taken += numbers[0].integer();
    removal.removed(static_cast<std::uint64_t>(numbers[1].integer()));
  }
}

}  // namespace cachesite::layers
