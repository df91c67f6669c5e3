#pragma once

namespace cachesite::test {

/// Whether a sanitizer slows this program down. Tests that repeat one thing very often then do it a tenth as
/// often.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif
#else
inline constexpr bool sanitized = false;
#endif

/// Of thousands of texts that are much alike a sanitizer is shown one in so many: the fuzzers show it the others.
inline constexpr unsigned sampling = sanitized ? 31 : 1;

/// How many times as long a test waits for what a sanitizer slows down.
inline constexpr int slowness = sanitized ? 10 : 1;

}  // namespace cachesite::test
