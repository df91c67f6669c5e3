#include <cachesite/detail/cache_rules.hpp>
#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/i_tagged_cache.hpp>
#include <cachesite/remember.hpp>

#include <exception>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite::detail {

Lookup remember_plainly(ICache& cache, std::string_view key, TimeToLive time_to_live,
                        const Computation& computation) {
  auto* const tagged = computation.tags.empty() ? nullptr : find_interface<ITaggedCache>(cache);
  const std::vector<std::string_view> tags(computation.tags.begin(), computation.tags.end());
  if (!computation.tags.empty() && !tagged)
    return Lookup(Error(ErrorCode::unsupported, "this cache has no tags"));
  if (const auto refused = ITaggedCache::check_entry_tags(tags)) return Lookup(*refused);
  const auto report = [&](const Error& error) {
    if (computation.report) computation.report(error);
  };
  if (!time_to_live.specified()) time_to_live = cache.effective_time_to_live(key, time_to_live);
  if (const auto refused = refusal_of_time_to_live(time_to_live)) return Lookup(*refused);
  Lookup found = computation.refresh ? Lookup() : cache.get(key);
  if (found.failed()) {
    const auto code = found.error().code();
    const bool misused = key.empty() || key.size() > ICache::longest_key;
    if (misused || code == ErrorCode::closed || !computation.compute_without_cache) return found;
    report(found.error());
  } else if (!found.miss()) {
    if (!computation.accepts || computation.accepts(found.hit() ? Found::hit : Found::null, found.value()))
      return found;
  }
  auto computed = [&]() -> Result<Computed> {
    try {
      const auto trigger = computation.refresh ? Trigger::forced : Trigger::miss;
      return computation.make({.key = key, .trigger = trigger});
    } catch (...) {
      return not_computed(std::current_exception());
    }
  }();
  if (!computed.ok()) return Lookup(computed.error());
  const auto made = std::move(computed).value();
  const auto lasting =
      made.time_to_live.value_or(made.value ? time_to_live : default_null_time_to_live(time_to_live));
  const auto value = made.value ? std::optional(ByteView(*made.value)) : std::nullopt;
  if (made.store) {
    const auto stored =
        tagged ? tagged->write_tagged(key, value, lasting, tags) : cache.write(key, value, lasting);
    if (!stored.ok()) report(stored.error());
  }
  return made.value ? Lookup(Found::hit, Value(ByteView(*made.value))) : Lookup(Found::null, Value());
}

Lookup remember_somehow(ICache& cache, std::string_view key, TimeToLive time_to_live,
                        const Computation& computation) noexcept {
  if (auto* const computing = find_interface<IComputingCache>(cache))
    return computing->remember(key, time_to_live, computation);
  auto answer = guarded_call<Lookup>([&] { return remember_plainly(cache, key, time_to_live, computation); });
  return answer.ok() ? std::move(answer).value() : Lookup(answer.error());
}

}  // namespace cachesite::detail
