#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace cachesite {

/// Why a call failed. Every run-time failure of a component is one of these.
enum class ErrorCode : std::uint8_t {
  bad_argument,  ///< the caller's argument is outside the rules (empty key, TTL out of range ...)
  too_large,     ///< a key, a value or an answer is over its size limit, and was not read, stored or sent
  timeout,       ///< the deadline passed first
  unreachable,   ///< there is no connection to the backend
  refused,       ///< the backend answered and said no (wrong password, missing permission, out of memory ...)
  protocol,      ///< the backend answered with something that is no valid answer
  corrupt,       ///< the stored bytes are damaged or were not written by this configuration
  closed,        ///< the component is stopped, the caller asked for the end of the wait, or the process is a
                 ///< fork of the one that made the component
  no_memory,     ///< memory, a thread or a descriptor could not be had; the component stays usable
  unsupported,   ///< this component, or one that it is built on, does not offer the call
  not_computed,  ///< the program's own function for the value threw, or needs the value that it computes
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
  unknown,   ///< the request was sent and its answer never arrived: it may or may not have taken effect
};

/// A reason for a failure: a code to decide by and a sentence to read. Copies share the sentence, so errors
/// are cheap to return and to keep. The sentence never holds a password or a value.
class Error {
 public:
  /// Makes an error. When memory for the sentence is missing, the error carries its code alone.
  explicit Error(ErrorCode code) noexcept : code_(code), outcome_(Outcome::not_done) {}
  explicit Error(ErrorCode code, std::string message, Outcome outcome = Outcome::not_done) noexcept;
  /// The same of a literal or of what an exception says: no memory is asked for before this call, so it does
  /// not throw where a text made by the caller would.
  explicit Error(ErrorCode code, const char* message, Outcome outcome = Outcome::not_done) noexcept;

  [[nodiscard]] ErrorCode code() const noexcept { return code_; }
  /// What happened, in one sentence without the code's name; the code's name when there is no sentence.
  [[nodiscard]] std::string_view message() const noexcept {
    return message_ ? std::string_view(*message_) : to_string(code_);
  }
  /// Whether the failed call may have taken effect.
  [[nodiscard]] Outcome outcome() const noexcept { return outcome_; }

 private:
  std::shared_ptr<const std::string> message_;
  ErrorCode code_;
  Outcome outcome_;
};

}  // namespace cachesite
