#pragma once

#include "reading/source_text.hpp"

#include <cachesite/detail/problem_text.hpp>
#include <cachesite/problem.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite::reading {

/// "line:column", for the text of a problem that speaks of a second place.
[[nodiscard]] inline std::string place_text(Position position) {
  return std::to_string(position.line) + ':' + std::to_string(position.column);
}

/// Thrown by a reader to leave a parser early; the reason is already in the problem list.
struct StopReading {};

/// The problems of one file while it is read.
class ProblemList {
 public:
  ProblemList(std::string file, const SourceText& source, std::size_t most)
      : file_(std::move(file)), source_(source), most_(most) {}

  /// Adds a problem; only counts it when there are enough of them.
  void add(std::string_view id, Position position, std::uint32_t length, std::string message,
           std::string hint = {}) {
    if (problems_.size() >= most_) {
      ++further_;
      return;
    }
    Problem problem;
    problem.id = id;
    problem.file = file_;
    problem.position = position;
    problem.length = length == 0 ? 1 : length;
    problem.message = std::move(message);
    problem.hint = std::move(hint);
    problem.source = source_.shared();
    problems_.push_back(std::move(problem));
  }

  [[nodiscard]] bool empty() const noexcept { return problems_.empty() && further_ == 0; }
  /// So many have come beyond those that are shown that nobody wants to know how many more there are.
  [[nodiscard]] bool overflows() const noexcept { return further_ > 10 * most_; }
  [[nodiscard]] std::vector<Problem> take() {
    if (further_ > 0) problems_.push_back(further_problems(further_, file_));
    return std::move(problems_);
  }

 private:
  std::string file_;
  const SourceText& source_;
  std::size_t most_;
  std::size_t further_ = 0;
  std::vector<Problem> problems_;
};

}  // namespace cachesite::reading
