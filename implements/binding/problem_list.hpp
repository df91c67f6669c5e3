#pragma once

#include <cachesite/document.hpp>
#include <cachesite/problem.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::binding {

// A place of a document to point at.
struct Place {
  Position position;
  std::uint32_t length = 1;

  static Place of(const Node& node) noexcept { return {node.position, node.length}; }
  static Place of_key(const NodeMember& member) noexcept { return {member.key_position, member.key_length}; }
};

// Collects the problems of several documents.
class ProblemList {
 public:
  // Later problems are of this document, which is the `rank`-th.
  void enter(const Document& document, std::size_t rank) noexcept {
    document_ = &document;
    rank_ = rank;
  }

  void add(std::string_view id, const Place& place, std::string message, std::string hint = {},
           Problem::Severity severity = Problem::Severity::error);

  [[nodiscard]] std::size_t size() const noexcept { return problems_.size(); }
  [[nodiscard]] bool has_errors() const noexcept { return errors_ > 0; }
  [[nodiscard]] std::size_t errors() const noexcept { return errors_; }
  // Everything so far, by document and place.
  [[nodiscard]] std::vector<Problem> sorted() const;

 private:
  struct Ranked {
    std::size_t rank;
    Problem problem;
  };
  const Document* document_ = nullptr;
  std::size_t rank_ = 0;
  std::size_t errors_ = 0;
  std::vector<Ranked> problems_;
};

}  // namespace cachesite::binding
