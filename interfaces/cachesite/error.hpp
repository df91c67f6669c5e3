#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace cachesite {

/// Why a call failed. Every run-time failure has one of these codes.
enum class ErrorCode : std::uint8_t {
  bad_argument,  ///< the caller's argument is outside the rules (empty key, TTL out of range ...)
  too_large,     ///< a key, a value or an answer is over its size limit, and was not read, stored or sent
  timeout,       ///< the deadline passed first
  unreachable,   ///< there is no connection to the backend
  refused,       ///< the backend refused the call (wrong password, missing permission, out of memory ...)
  protocol,      ///< the backend sent an invalid answer
  corrupt,       ///< the stored bytes are damaged or were not written by this configuration
  closed,        ///< the component is stopped, the caller stopped the wait, or the process is a
                 ///< fork of the one that created the component
  no_memory,     ///< no memory, thread or descriptor was available; the component stays usable
  unsupported,   ///< this component, or one below it, does not offer the call
  not_computed,  ///< the function that computes the value threw, or needs its own result
};

/// The code as the word used in messages and in output of the tool, such as "timeout".
[[nodiscard]] constexpr std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::bad_argument:
      return "bad_argument";
    case ErrorCode::too_large:
      return "too_large";
    case ErrorCode::timeout:
      return "timeout";
    case ErrorCode::unreachable:
      return "unreachable";
    case ErrorCode::refused:
      return "refused";
    case ErrorCode::protocol:
      return "protocol";
    case ErrorCode::corrupt:
      return "corrupt";
    case ErrorCode::closed:
      return "closed";
    case ErrorCode::no_memory:
      return "no_memory";
    case ErrorCode::unsupported:
      return "unsupported";
    case ErrorCode::not_computed:
      return "not_computed";
  }
  return "unknown";
}

/// Whether a failed call may have taken effect at the backend.
enum class Outcome : std::uint8_t {
  not_done,  ///< the call certainly had no effect
  unknown,   ///< the request was sent but not answered: it may have taken effect
};

/// A reason for a failure: a code for programs and a sentence for people. Copies share the sentence, so
/// errors are cheap to copy. The sentence never holds a password or a value.
class Error {
 public:
  /// Makes an error. Without memory for the sentence, the error has only its code.
  explicit Error(ErrorCode code) noexcept : code_(code), outcome_(Outcome::not_done) {}
  explicit Error(ErrorCode code, std::string message, Outcome outcome = Outcome::not_done) noexcept;
  /// The same for a literal or the text of an exception: it needs no std::string of the caller, which could
  /// throw.
  explicit Error(ErrorCode code, const char* message, Outcome outcome = Outcome::not_done) noexcept;

  [[nodiscard]] ErrorCode code() const noexcept { return code_; }
  /// What happened, in one sentence without the code's name; the code's name when there is no sentence.
  [[nodiscard]] std::string_view message() const noexcept {
    return message_ ? std::string_view(*message_) : to_string(code_);
  }
  /// Whether the failed call may have taken effect.
  [[nodiscard]] Outcome outcome() const noexcept { return outcome_; }
  /// The same error of a call with another outcome.
  [[nodiscard]] Error with(Outcome outcome) const noexcept {
    Error other = *this;
    other.outcome_ = outcome;
    return other;
  }

 private:
  std::shared_ptr<const std::string> message_;
  ErrorCode code_;
  Outcome outcome_;
};

/// A failed call as an exception, for programs that prefer exceptions. The library throws it only where a
/// comment says so; `or_throw` makes it from any result.
class CacheError : public std::runtime_error {
 public:
  /// The text is the code's name and the sentence: `timeout: no answer within 250 ms`. Throws std::bad_alloc.
  explicit CacheError(Error error);

  /// The failure itself.
  [[nodiscard]] const Error& error() const noexcept { return error_; }
  /// The same as `error().code()`.
  [[nodiscard]] ErrorCode code() const noexcept { return error_.code(); }

 private:
  Error error_;
};

}  // namespace cachesite
