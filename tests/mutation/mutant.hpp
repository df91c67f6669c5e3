// Chooses at run time which of the mutants of mutants.json is in force: the environment variable
// CACHESITE_MUTANT holds its index; without it, or with 0, none is. `run.py apply` includes this file in each
// source that it changes.
#pragma once

#include <cstdlib>
#include <type_traits>

namespace mutants {

inline int chosen() noexcept {
  static const int index = [] {
    const char* const text = std::getenv("CACHESITE_MUTANT");
    return text == nullptr ? 0 : std::atoi(text);
  }();
  return index;
}

// What the compiler computes has no mutants.
constexpr bool is(int index) noexcept {
  if (std::is_constant_evaluated()) return false;
  return chosen() == index;
}

}  // namespace mutants
