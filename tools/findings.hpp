#pragma once

#include "answer.hpp"

#include <string>

namespace cachesite::tool {

enum class Verdict { ok, warning, failure };

/// What was found, for people and for programs.
class Findings {
 public:
  explicit Findings(bool json) : json_(json) {}

  void add(const std::string& cache, Verdict verdict, const std::string& text);
  Exit finish();

 private:
  const bool json_;
  bool failed_ = false;
  Node all_ = list_node();
};

}  // namespace cachesite::tool
