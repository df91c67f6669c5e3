// How values are made by the loader of a cache.

#include "layers/remember/remember_inner.hpp"

#include <cstddef>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace cachesite {

namespace {

/// A value lives for ever only if somebody says so.
Result<Computed> with_time_to_live(Result<Computed> made) {
  if (!made.ok() || made.value().time_to_live || !made.value().store) return made;
  if (!made.value().value && !made.value().not_modified) return made;
  return Error(ErrorCode::bad_argument,
               "neither the loader nor the cache gives a TTL: set `ttl` where the cache is declared");
}

}  // namespace

void RememberCache::Inner::set_loading() {
  const auto& loader = options.loader.component();
  loading.emplace();
  loading->may_outlive_call = true;
  loading->contextual = [loader](const ComputeContext& context) { return loader->load(context); };
  loading_with_time_to_live = loading;
  loading_with_time_to_live->contextual = [loader](const ComputeContext& context) {
    return with_time_to_live(loader->load(context));
  };
}

ManyComputation RememberCache::Inner::loading_of(std::span<const std::string_view> keys,
                                                 std::span<const TimeToLive> times_to_live) const {
  std::unordered_set<std::string_view> to_be_given;
  for (std::size_t place = 0; place < keys.size(); ++place)
    if (!times_to_live[place].specified()) to_be_given.insert(keys[place]);
  ManyComputation many;
  many.factory = [this, to_be_given = std::move(to_be_given)](std::span<const std::string_view> missing,
                                                              std::span<Result<Computed>> made) {
    const auto ask_for_lives = [&] {
      for (std::size_t item = 0; item < missing.size(); ++item)
        if (to_be_given.contains(missing[item])) made[item] = with_time_to_live(std::move(made[item]));
    };
    try {
      options.loader->load_many(missing, made);
    } catch (...) {
      ask_for_lives();  // what was made before is stored
      throw;
    }
    ask_for_lives();
  };
  return many;
}

}  // namespace cachesite
