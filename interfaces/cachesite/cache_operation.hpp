#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cachesite {

/// What a caller asks of a cache: one for each call of ICache that does work. `get`, `get_value` and `read`
/// are all `read`, `write` and `set_value` are both `write`; `keys` is a number of `scan`, and `expire_at` is
/// `expire`, or `remove` when its time is over.
enum class CacheOperation : std::uint8_t {
  read,
  write,
  add,
  replace,
  increment,
  remove,
  contains,
  time_to_live,
  expire,
  persist,
  get_many,
  set_many,
  remove_many,
  time_to_live_many,
  scan,
  remove_matching,
  clear,
  size,
};

/// How many there are.
inline constexpr std::size_t cache_operations = 18;

/// What an operation is about.
enum class CacheSubject : std::uint8_t {
  key,         ///< one key
  batch,       ///< several keys
  pattern,     ///< the keys that match a pattern
  everything,  ///< all keys
};

/// What an operation does.
enum class CacheEffect : std::uint8_t {
  read,     ///< gives values
  look,     ///< tells of entries, without their values
  store,    ///< puts values in
  count,    ///< changes a counter
  prolong,  ///< changes how long entries live
  remove,   ///< takes entries out
  list,     ///< tells which keys there are, or how many
};

/// What an operation that is no batch answers; in brackets the type that carries it.
enum class CacheAnswer : std::uint8_t {
  found,   ///< what a read found (Found)
  done,    ///< nothing but success (Done)
  yes_no,  ///< whether it did something, or was so (bool)
  sum,     ///< the new value of a counter (std::int64_t)
  life,    ///< how long an entry still lives (Remaining)
  amount,  ///< a number of entries (std::uint64_t)
  each,    ///< of a batch: one for each item
};

/// All that a layer needs to know of an operation that it has no special case for.
struct CacheOperationTraits {
  std::string_view name;  ///< as metrics and traces call it
  CacheSubject subject;
  CacheEffect effect;
  CacheAnswer answer;
};

[[nodiscard]] constexpr CacheOperationTraits traits_of(CacheOperation operation) noexcept {
  using Subject = CacheSubject;
  using Effect = CacheEffect;
  using Answer = CacheAnswer;
  switch (operation) {
    case CacheOperation::read:
      return {"read", Subject::key, Effect::read, Answer::found};
    case CacheOperation::write:
      return {"write", Subject::key, Effect::store, Answer::done};
    case CacheOperation::add:
      return {"add", Subject::key, Effect::store, Answer::yes_no};
    case CacheOperation::replace:
      return {"replace", Subject::key, Effect::store, Answer::yes_no};
    case CacheOperation::increment:
      return {"increment", Subject::key, Effect::count, Answer::sum};
    case CacheOperation::remove:
      return {"remove", Subject::key, Effect::remove, Answer::yes_no};
    case CacheOperation::contains:
      return {"contains", Subject::key, Effect::look, Answer::yes_no};
    case CacheOperation::time_to_live:
      return {"time_to_live", Subject::key, Effect::look, Answer::life};
    case CacheOperation::expire:
      return {"expire", Subject::key, Effect::prolong, Answer::yes_no};
    case CacheOperation::persist:
      return {"persist", Subject::key, Effect::prolong, Answer::yes_no};
    case CacheOperation::get_many:
      return {"get_many", Subject::batch, Effect::read, Answer::each};
    case CacheOperation::set_many:
      return {"set_many", Subject::batch, Effect::store, Answer::each};
    case CacheOperation::remove_many:
      return {"remove_many", Subject::batch, Effect::remove, Answer::each};
    case CacheOperation::time_to_live_many:
      return {"time_to_live_many", Subject::batch, Effect::look, Answer::each};
    case CacheOperation::scan:
      return {"scan", Subject::pattern, Effect::list, Answer::done};
    case CacheOperation::remove_matching:
      return {"remove_matching", Subject::pattern, Effect::remove, Answer::amount};
    case CacheOperation::clear:
      return {"clear", Subject::everything, Effect::remove, Answer::done};
    case CacheOperation::size:
      return {"size", Subject::everything, Effect::list, Answer::amount};
  }
  return {"unknown", Subject::everything, Effect::list, Answer::done};
}

/// The operation as metrics and traces call it, such as "read".
[[nodiscard]] constexpr std::string_view to_string(CacheOperation operation) noexcept {
  return traits_of(operation).name;
}

}  // namespace cachesite
