#pragma once

#include "binding/hidden_text.hpp"

#include <cachesite/document.hpp>
#include <cachesite/problem.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite::binding {

// A place of a document to point at.
struct Place {
  Position position;
  std::uint32_t length = 1;

  static Place of(const Node& node) noexcept { return {node.position, node.length}; }
  static Place of_key(const NodeMember& member) noexcept { return {member.key_position, member.key_length}; }
};

// Finds out what of a document may not be shown.
using Hider = std::function<HiddenText(const Document& document)>;

// Collects the problems of several documents. Documents outlive it.
class ProblemList {
 public:
  explicit ProblemList(Hider hider = [](const Document&) { return HiddenText(); })
      : hider_(std::move(hider)) {}

  // Later problems are of this document, which is the `rank`-th.
  void enter(const Document& document, std::size_t rank) noexcept {
    document_ = &document;
    rank_ = rank;
  }

  void add(std::string_view id, const Place& place, std::string message, std::string hint = {},
           Problem::Severity severity = Problem::Severity::error);

  // Whether a message may show the characters of a scalar of the present document: they are no secret, were
  // not substituted, and do not go on in the next line, where they may have swallowed something.
  [[nodiscard]] bool may_show(const Node& scalar);
  // A key in quotes; one that a missing space made of a key and its secret ends at the colon.
  [[nodiscard]] std::string shown_key(std::string_view key);

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

  const HiddenText& hidden();

  Hider hider_;
  std::map<const Document*, HiddenText> hidden_;  // asked for by problems only
  const Document* document_ = nullptr;
  std::size_t rank_ = 0;
  std::size_t errors_ = 0;
  std::vector<Ranked> problems_;
};

}  // namespace cachesite::binding
