#include "binding/problem_text.hpp"

namespace cachesite::binding {

std::string problem_text(const std::vector<Problem>& problems) {
  std::string text;
  for (const auto& problem : problems) {
    if (!text.empty()) text += '\n';
    if (!problem.file.empty()) text.append(problem.file).append(":");
    if (problem.position.line != 0)
      text.append(std::to_string(problem.position.line))
          .append(":")
          .append(std::to_string(problem.position.column))
          .append(":");
    if (!text.empty() && text.back() == ':') text += ' ';
    text.append(problem.severity == Problem::Severity::error ? "error[" : "warning[").append(problem.id);
    text.append("]: ").append(problem.message);
    if (!problem.hint.empty()) text.append(" (").append(problem.hint).append(")");
  }
  return text;
}

}  // namespace cachesite::binding
