#pragma once

#include "basics/temporary_error.hpp"

#include <cachesite/error.hpp>

namespace cachesite::layers {

// Running out of memory here says nothing about the cache.
inline bool is_outage(const Error& error) noexcept {
  return error.code() != ErrorCode::no_memory && basics::is_temporary(error);
}

template <class Outcome>  // Lookup, or a Result of any type
bool is_outage(const Outcome& outcome) noexcept {
  return !outcome.ok() && is_outage(outcome.error());
}

}  // namespace cachesite::layers
