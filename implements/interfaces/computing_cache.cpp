#include <cachesite/computing_cache.hpp>
#include <cachesite/detail/cache_rules.hpp>
#include <cachesite/detail/guarded_call.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <new>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite {

Error not_computed(std::exception_ptr thrown) noexcept {
  try {
    std::rethrow_exception(std::move(thrown));
  } catch (const std::bad_alloc&) {
    return Error(ErrorCode::no_memory);
  } catch (const std::exception& failure) {
    try {
      return Error(ErrorCode::not_computed, failure.what());
    } catch (...) {
      return Error(ErrorCode::not_computed);
    }
  } catch (...) {
    return Error(ErrorCode::not_computed, "something was thrown that is no std::exception");
  }
}

namespace {

using Keys = std::span<const std::string_view>;

Error no_loader() {
  return Error(ErrorCode::unsupported, "this cache has no loader: name one where it is declared");
}

/// Asks for those keys that have passed the rules, and refuses the others.
template <class Refusal, class Ask>
std::size_t ask_accepted(Keys keys, std::span<const TimeToLive> times_to_live, std::span<Lookup> results,
                         Refusal refusal, Ask ask) {
  std::vector<std::string_view> accepted;
  std::vector<TimeToLive> lives;
  std::vector<std::size_t> places;
  for (std::size_t item = 0; item < keys.size(); ++item) {
    if (const std::optional<Error> refused = refusal(keys[item], times_to_live[item])) {
      results[item] = Lookup(*refused);
      continue;
    }
    accepted.push_back(keys[item]);
    lives.push_back(times_to_live[item]);
    places.push_back(item);
  }
  if (accepted.empty()) return keys.size();
  if (accepted.size() == keys.size()) return ask(keys, times_to_live, results), 0;
  std::vector<Lookup> answers(accepted.size());
  ask(Keys(accepted), std::span<const TimeToLive>(lives), std::span<Lookup>(answers));
  for (std::size_t item = 0; item < answers.size(); ++item)
    results[places[item]] = std::move(answers[item]);
  return keys.size() - accepted.size();
}

void fail_all(std::span<Lookup> results, const Error& error) noexcept {
  for (auto& result : results)
    result = Lookup(error);
}

/// The computation of one key of many.
Computation part_of(const ManyComputation& whole, std::string_view key) {
  Computation part;
  part.report = whole.report;
  part.compute_without_cache = whole.compute_without_cache;
  part.tags = whole.tags;
  part.deadline = whole.deadline;
  part.accept_stale = whole.accept_stale;
  part.factory = [&whole, key]() -> Result<Computed> {
    Result<Computed> made =
        Error(ErrorCode::not_computed, "the factory has not assigned a result to the key");
    whole.factory(Keys(&key, 1), std::span<Result<Computed>>(&made, 1));
    return made;
  };
  return part;
}

}  // namespace

void IValueLoader::load_many(Keys keys, std::span<Result<Computed>> made) {
  for (std::size_t item = 0; item < keys.size(); ++item)
    try {
      made[item] = load({.key = keys[item]});
    } catch (...) {
      made[item] = not_computed(std::current_exception());
    }
}

Lookup IComputingCache::remember(std::string_view key, TimeToLive time_to_live,
                                 const Computation& computation) noexcept {
  if (!time_to_live.specified()) time_to_live = effective_time_to_live(key, time_to_live);
  if (const auto refused = detail::refusal_of_entry(key, std::nullopt, time_to_live)) {
    on_refused();
    return Lookup(*refused);
  }
  // Without a Result in between, which would move the value twice.
  try {
    return do_remember(key, time_to_live, computation);
  } catch (...) {
    return Lookup(thrown_failure());
  }
}

void IComputingCache::remember_many(Keys keys, TimeToLive time_to_live, const ManyComputation& computation,
                                    std::span<Lookup> results) noexcept {
  try {
    const std::vector<TimeToLive> lives = lives_of(keys, time_to_live);
    const auto refusal = [](std::string_view key, TimeToLive life) {
      return detail::refusal_of_entry(key, std::nullopt, life);
    };
    auto refused = ask_accepted(keys, lives, results, refusal, [&](Keys asked, auto times, auto into) {
      do_remember_many(asked, times, computation, into);
    });
    for (; refused > 0; --refused)
      on_refused();
  } catch (...) {
    fail_all(results, thrown_failure());
  }
}

Lookup IComputingCache::get_or_load(std::string_view key) noexcept {
  if (const auto refused = detail::refusal_of_key(key)) {
    on_refused();
    return Lookup(*refused);
  }
  try {
    return do_get_or_load(key, effective_time_to_live(key, TimeToLive::unspecified()));
  } catch (...) {
    return Lookup(thrown_failure());
  }
}

void IComputingCache::get_or_load_many(Keys keys, std::span<Lookup> results) noexcept {
  try {
    const std::vector<TimeToLive> lives = lives_of(keys, TimeToLive::unspecified());
    const auto refusal = [](std::string_view key, TimeToLive) { return detail::refusal_of_key(key); };
    auto refused = ask_accepted(keys, lives, results, refusal, [&](Keys asked, auto times, auto into) {
      do_get_or_load_many(asked, times, into);
    });
    for (; refused > 0; --refused)
      on_refused();
  } catch (...) {
    fail_all(results, thrown_failure());
  }
}

std::vector<TimeToLive> IComputingCache::lives_of(Keys keys, TimeToLive time_to_live) const {
  std::vector<TimeToLive> lives(keys.size(), time_to_live);
  if (!time_to_live.specified())
    std::transform(keys.begin(), keys.end(), lives.begin(),
                   [&](std::string_view key) { return effective_time_to_live(key, time_to_live); });
  return lives;
}

void IComputingCache::do_remember_many(Keys keys, std::span<const TimeToLive> times_to_live,
                                       const ManyComputation& computation, std::span<Lookup> results) {
  for (std::size_t item = 0; item < keys.size(); ++item)
    results[item] = do_remember(keys[item], times_to_live[item], part_of(computation, keys[item]));
}

Lookup IComputingCache::do_get_or_load(std::string_view, TimeToLive) {
  return Lookup(no_loader());
}

void IComputingCache::do_get_or_load_many(Keys keys, std::span<const TimeToLive> times_to_live,
                                          std::span<Lookup> results) {
  for (std::size_t item = 0; item < keys.size(); ++item)
    results[item] = do_get_or_load(keys[item], times_to_live[item]);
}

}  // namespace cachesite
