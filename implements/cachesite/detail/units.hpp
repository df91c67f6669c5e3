#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/result.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace cachesite {

/// Reads a duration: numbers with units from large to small, each unit at most once (`250ms`, `2h30m`,
/// `1.5s`, `1w2d`); the units are w d h m s ms us ns, and min is m. A bare number is seconds. A number is
/// decimal digits, with a fraction behind a point if need be. Nothing is rounded: what is finer than a
/// nanosecond or longer than 292 years is refused. Fails with `bad_argument` and a sentence that does not
/// repeat the text.
[[nodiscard]] Result<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// Writes a duration so that `parse_duration` reads the same one: `2h30m`, `1.5s`, `250ms`, `0s`.
[[nodiscard]] std::string format_duration(std::chrono::nanoseconds duration);

/// Reads a size: a number with a unit (`64MiB`, `1.5GiB`, `10kB`, `512B`) or a bare number of bytes. KiB MiB
/// GiB TiB PiB EiB are powers of 1024; kB MB GB TB PB EB are powers of 1000. Nothing is rounded: what is no
/// whole number of bytes or 16 EiB or more is refused. Fails with `bad_argument` and a sentence that does not
/// repeat the text.
[[nodiscard]] Result<ByteSize> parse_size(std::string_view text);

/// Writes a size so that `parse_size` reads the same one: `64MiB`, `10kB`, or a bare number of bytes.
[[nodiscard]] std::string format_size(ByteSize size);

}  // namespace cachesite
