#pragma once

#include <cachesite/document.hpp>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace cachesite {

/// One mistake in a component file.
struct Problem {
  enum class Severity : std::uint8_t { error, warning };

  Severity severity = Severity::error;
  /// Stable id, such as "E204". The meaning of an id never changes.
  std::string id;
  /// The file's name as given by the caller; empty when the problem has no file.
  std::string file;
  Position position;
  /// Characters to underline; at least 1 when there is a line to show.
  std::uint32_t length = 1;
  /// What is wrong, in one sentence; never holds a secret.
  std::string message;
  /// The cure, such as `did you mean "max_size"?`; may be empty.
  std::string hint;
  /// The text of the file, to show the line from; may be null.
  std::shared_ptr<const std::string> source;
  /// The line holds a secret and is not shown.
  bool confidential = false;
};

/// Thrown when components cannot be loaded: all problems at once, sorted by file and place. `what()` is their
/// full text, one block for each problem. Nothing stays registered or running.
class LoadError : public std::runtime_error {
 public:
  LoadError(std::vector<Problem> problems, const std::string& text);

  [[nodiscard]] const std::vector<Problem>& problems() const noexcept { return *problems_; }

 private:
  std::shared_ptr<const std::vector<Problem>> problems_;  // shared: copies of an exception must not throw
};

}  // namespace cachesite
