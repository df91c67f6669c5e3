#pragma once

#include "testing/caller.hpp"

#include <cachesite/cache.hpp>

#include <string>
#include <string_view>
#include <vector>

// What a clause says, and what becomes of it where it does not hold.
#define EXPECT(...) expect(static_cast<bool>(__VA_ARGS__), #__VA_ARGS__, __FILE__, __LINE__)
// Without it the rest of the clause has no sense.
#define REQUIRE(...) require(static_cast<bool>(__VA_ARGS__), #__VA_ARGS__, __FILE__, __LINE__)

namespace cachesite::testing {

/// Ends a clause.
struct ClauseEnds {};

/// Takes what does not hold on the calling thread, until the end of the scope. One at a time.
class BrokenExpectations {
 public:
  BrokenExpectations();
  ~BrokenExpectations();
  BrokenExpectations(const BrokenExpectations&) = delete;
  BrokenExpectations& operator=(const BrokenExpectations&) = delete;

  /// What was said at one place is kept once.
  void add(const std::string& what, std::string_view file, int line);
  [[nodiscard]] const std::vector<std::string>& sentences() const noexcept { return sentences_; }

 private:
  std::vector<std::string> sentences_;
  std::vector<std::string> places_;
};

void expect(bool holds, std::string_view expression, std::string_view file, int line);
/// Throws ClauseEnds.
void require(bool holds, std::string_view expression, std::string_view file, int line);
/// The failure of a call that has to succeed. Throws ClauseEnds.
[[noreturn]] void end_with(const Error& error, std::string_view file, int line);

/// The place where the call stands: defaults are made there.
template <class T>
T value_of(const Result<T>& result, std::string_view file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (!result.ok()) end_with(result.error(), file, line);
  return result.value();
}

/// A Result or a Lookup.
template <class R>
bool fails_with(const R& result, ErrorCode code) {
  if constexpr (requires { result.failed(); })
    return result.failed() && result.error().code() == code;
  else
    return !result.ok() && result.error().code() == code;
}

/// Requires that there is a value under `key`, and expects that it is `expected`.
void check_hit(const Caller& cache, std::string_view key, std::string_view expected,
               std::string_view file = __builtin_FILE(), int line = __builtin_LINE());

}  // namespace cachesite::testing
