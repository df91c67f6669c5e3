#pragma once

#include <cachesite/result.hpp>
#include <cachesite/time_to_live.hpp>

#include <string_view>

namespace cachesite {

/// Reads a TTL as redis-kit writes it, with two units more: numbers with units w d h m s ms in any order and
/// any case, with space between if need be, which add up: `2h30m`, `90s`, `1 d 2 H`, `250ms`. A number is
/// ASCII digits and has a unit. Fails with `bad_argument`, and does not repeat the text, for any other text
/// and for a sum that is no TTL (0, or more than 10 years).
///
/// Parameters of component files are stricter (`parse_duration`): units from large to small, no space.
[[nodiscard]] Result<TimeToLive> parse_time_to_live(std::string_view text);

}  // namespace cachesite
