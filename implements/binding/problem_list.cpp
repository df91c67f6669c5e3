#include "binding/problem_list.hpp"

#include "binding/quoted.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace cachesite::binding {

void ProblemList::add(std::string_view id, const Place& place, std::string message, std::string hint,
                      Problem::Severity severity) {
  Problem problem;
  problem.severity = severity;
  problem.id = id;
  problem.position = place.position;
  problem.length = std::max<std::uint32_t>(place.length, 1);
  problem.message = std::move(message);
  problem.hint = std::move(hint);
  if (document_) {
    problem.file = document_->name;
    problem.source = document_->source;
    problem.confidential = hidden().has_line(problem.position.line);
  }
  problems_.push_back({rank_, std::move(problem)});
  if (severity == Problem::Severity::error) ++errors_;
}

bool ProblemList::may_show(const Node& scalar) {
  if (scalar.substituted || (document_ && hidden().is_in(scalar.scalar))) return false;
  return scalar.length > 0 || scalar.scalar.empty() || scalar.position.line == 0;
}

std::string ProblemList::shown_key(std::string_view key) {
  if (!document_ || !hidden().is_in(key)) return binding::quoted(key);
  const auto colon = key.find(':');
  return binding::quoted(std::string(key, 0, colon == std::string_view::npos ? 0 : colon + 1).append("..."));
}

const HiddenText& ProblemList::hidden() {
  const auto known = hidden_.find(document_);
  return known != hidden_.end() ? known->second
                                : hidden_.emplace(document_, hider_(*document_)).first->second;
}

std::vector<Problem> ProblemList::sorted() const {
  std::vector<const Ranked*> order;
  order.reserve(problems_.size());
  for (const auto& ranked : problems_)
    order.push_back(&ranked);
  std::stable_sort(order.begin(), order.end(), [](const Ranked* left, const Ranked* right) {
    return std::tie(left->rank, left->problem.position) < std::tie(right->rank, right->problem.position);
  });
  std::vector<Problem> sorted;
  sorted.reserve(order.size());
  for (const auto* ranked : order)
    sorted.push_back(ranked->problem);
  return sorted;
}

}  // namespace cachesite::binding
