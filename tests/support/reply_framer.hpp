#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cachesite::test {

/// Finds the ends of RESP values in a stream without building them, in linear time.
/// A line that starts with no known type counts as a value of its own.
class ReplyFramer {
 public:
  /// Reads from `bytes` up to the end of the current value or of `bytes`; returns how many bytes that were.
  std::size_t feed(std::string_view bytes);
  /// Whether the last `feed` stopped exactly at the end of a value.
  bool at_end() const { return at_end_; }
  std::uint64_t count() const { return count_; }

 private:
  void end_of_line();
  void end_of_value();

  std::string line_;
  std::size_t payload_ = 0;
  std::int64_t missing_ = 1;
  std::uint64_t count_ = 0;
  bool at_end_ = true;
};

}  // namespace cachesite::test
