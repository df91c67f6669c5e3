#include "layers/hooked/hook_list.hpp"

#include <cachesite/guarded_call.hpp>
#include <cachesite/hooked_cache.hpp>

#include <utility>

namespace cachesite {

namespace {

using layers::HookList;
using CallResultKind = CacheCallResult::Kind;

CacheCallResult told(Found found) noexcept {
  return {found == Found::hit    ? CallResultKind::hit
          : found == Found::null ? CallResultKind::null
                                 : CallResultKind::miss};
}
CacheCallResult told(Done) noexcept {
  return {};
}
CacheCallResult told(bool done) noexcept {
  return {done ? CallResultKind::done : CallResultKind::not_done};
}
CacheCallResult told(const Remaining& remaining) noexcept {
  return {remaining.state == Remaining::State::absent ? CallResultKind::not_done : CallResultKind::done};
}
CacheCallResult told(std::int64_t) noexcept {
  return {};
}
CacheCallResult told(std::uint64_t count) noexcept {
  return {CallResultKind::done, count};
}

// Precondition for these: the key did not fail.
bool counts(const Lookup& result) noexcept {
  return !result.miss();
}
bool counts(const Status&) noexcept {
  return true;
}
bool counts(const Result<bool>& result) noexcept {
  return result.value();
}
bool counts(const Result<Remaining>& result) noexcept {
  return result.value().state != Remaining::State::absent;
}

std::size_t keys_of(CacheOperation operation) noexcept {
  switch (operation) {
    case CacheOperation::scan:
    case CacheOperation::remove_matching:
    case CacheOperation::clear:
    case CacheOperation::size:
      return 0;
    default:
      return 1;
  }
}

}  // namespace

ParameterTable HookedCacheOptions::parameters() {
  using O = HookedCacheOptions;
  return {
      parameter("over", &O::over, "The cache whose calls the hooks are told about.").required(),
      parameter("hooks", &O::hooks, "The hooks, called in this order.").required(),
  };
}

HookedCache::HookedCache(const HookedCacheOptions& options, const ComponentContext& context)
    : CacheLayer(options.over.component()),
      label_(context.label),
      clock_(context.clock),
      hooks_(std::make_unique<HookList>(HookList::hooks_of(options.hooks), context.label, context.logger)) {}

HookedCache::HookedCache(std::shared_ptr<ICache> below, std::vector<std::shared_ptr<ICacheHook>> hooks,
                         const ComponentContext& context)
    : CacheLayer(std::move(below)),
      label_(context.label),
      clock_(context.clock),
      hooks_(
          std::make_unique<HookList>(HookList::hooks_of(std::move(hooks)), context.label, context.logger)) {}

HookedCache::~HookedCache() = default;

template <class T, class Call>
Result<T> HookedCache::around(CacheOperation operation, std::string_view key, Call&& call) {
  const CacheCall told_call{operation, label_, key, keys_of(operation)};
  hooks_->before(told_call);
  const auto begin = clock_->now();
  Result<T> result = guarded_call<T>(call);
  const auto duration = clock_->now() - begin;
  if (result.ok())
    hooks_->after(told_call, told(result.value()), duration);
  else
    hooks_->on_error(told_call, result.error(), duration);
  return result;
}

template <class R, class Call>
void HookedCache::around_many(CacheOperation operation, std::span<R> results, Call&& call) {
  const CacheCall told_call{operation, label_, {}, results.size()};
  hooks_->before(told_call);
  const auto begin = clock_->now();
  const auto done = guarded_call<Done>([&]() -> Status {
    call();
    return Done{};
  });
  const auto duration = clock_->now() - begin;
  if (!done.ok())
    for (auto& result : results)
      result = R(done.error());
  CacheCallResult told_result;
  for (const auto& result : results) {
    if (!result.ok())
      ++told_result.failed;
    else if (counts(result))
      ++told_result.count;
  }
  if (told_result.failed < results.size())
    hooks_->after(told_call, told_result, duration);
  else
    hooks_->on_error(told_call, results.front().error(), duration);
}

Result<Found> HookedCache::do_read(std::string_view key, Value& destination) {
  return around<Found>(CacheOperation::read, key, [&] { return forward_read(key, destination); });
}

Status HookedCache::do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) {
  return around<Done>(CacheOperation::write, key, [&] { return forward_write(key, value, time_to_live); });
}

Result<bool> HookedCache::do_add(std::string_view key, std::optional<ByteView> value,
                                 TimeToLive time_to_live) {
  return around<bool>(CacheOperation::add, key, [&] { return forward_add(key, value, time_to_live); });
}

Result<bool> HookedCache::do_replace(std::string_view key, std::optional<ByteView> value,
                                     TimeToLive time_to_live) {
  return around<bool>(CacheOperation::replace, key,
                      [&] { return forward_replace(key, value, time_to_live); });
}

Result<std::int64_t> HookedCache::do_increment(std::string_view key, std::int64_t by,
                                               TimeToLive time_to_live) {
  return around<std::int64_t>(CacheOperation::increment, key,
                              [&] { return forward_increment(key, by, time_to_live); });
}

Result<bool> HookedCache::do_remove(std::string_view key) {
  return around<bool>(CacheOperation::remove, key, [&] { return forward_remove(key); });
}

Result<bool> HookedCache::do_contains(std::string_view key) {
  return around<bool>(CacheOperation::contains, key, [&] { return forward_contains(key); });
}

Result<Remaining> HookedCache::do_time_to_live(std::string_view key) {
  return around<Remaining>(CacheOperation::time_to_live, key, [&] { return forward_time_to_live(key); });
}

Result<bool> HookedCache::do_expire(std::string_view key, TimeToLive time_to_live) {
  return around<bool>(CacheOperation::expire, key, [&] { return forward_expire(key, time_to_live); });
}

Result<bool> HookedCache::do_persist(std::string_view key) {
  return around<bool>(CacheOperation::persist, key, [&] { return forward_persist(key); });
}

void HookedCache::do_read_many(std::span<const std::string_view> keys, std::span<Lookup> results) {
  around_many(CacheOperation::get_many, results, [&] { forward_read_many(keys, results); });
}

void HookedCache::do_write_many(std::span<const CacheEntry> entries, std::span<Status> results) {
  around_many(CacheOperation::set_many, results, [&] { forward_write_many(entries, results); });
}

void HookedCache::do_remove_many(std::span<const std::string_view> keys, std::span<Result<bool>> results) {
  around_many(CacheOperation::remove_many, results, [&] { forward_remove_many(keys, results); });
}

void HookedCache::do_time_to_live_many(std::span<const std::string_view> keys,
                                       std::span<Result<Remaining>> results) {
  around_many(CacheOperation::time_to_live_many, results, [&] { forward_time_to_live_many(keys, results); });
}

Status HookedCache::do_scan(std::string_view pattern, ScanPosition& position,
                            std::vector<std::string>& keys) {
  const std::uint64_t before = keys.size();
  auto scanned = around<std::uint64_t>(CacheOperation::scan, pattern, [&]() -> Result<std::uint64_t> {
    if (const auto done = forward_scan(pattern, position, keys); !done.ok()) return done.error();
    return keys.size() - before;
  });
  if (!scanned.ok()) return scanned.error();
  return Done{};
}

Result<std::uint64_t> HookedCache::do_remove_matching(std::string_view pattern) {
  return around<std::uint64_t>(CacheOperation::remove_matching, pattern,
                               [&] { return forward_remove_matching(pattern); });
}

Status HookedCache::do_clear() {
  return around<Done>(CacheOperation::clear, {}, [&] { return forward_clear(); });
}

Result<std::uint64_t> HookedCache::do_size() {
  return around<std::uint64_t>(CacheOperation::size, {}, [&] { return forward_size(); });
}

}  // namespace cachesite
