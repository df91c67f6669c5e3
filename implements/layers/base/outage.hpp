#pragma once

#include "basics/temporary_error.hpp"

#include <cachesite/cache_request.hpp>
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

// Whether what the request asks for is lost with it: a change, not a question.
inline bool changes_entries(const CacheRequest& request) noexcept {
  switch (request.effect()) {
    case CacheEffect::store:
    case CacheEffect::count:
    case CacheEffect::prolong:
    case CacheEffect::remove:
      return true;
    case CacheEffect::read:
    case CacheEffect::look:
    case CacheEffect::list:
      return false;
  }
  return true;
}

}  // namespace cachesite::layers
