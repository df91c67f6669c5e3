#pragma once

#include "reading/problem_list.hpp"

#include <cachesite/document.hpp>
#include <cachesite/document_reader.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cachesite::reading {

/// What is said about a key that is given twice.
[[nodiscard]] std::string repeated_key_text(std::string_view key, Position first);

/// Builds the tree from a parser's events, whatever the language, and keeps it within its limits. Throws
/// StopReading when a limit is passed.
class TreeBuilder {
 public:
  TreeBuilder(const DocumentLimits& limits, ProblemList& problems) : limits_(limits), problems_(problems) {}

  /// True when the next event is the key of a mapping.
  [[nodiscard]] bool expects_key() const noexcept {
    return !frames_.empty() && frames_.back().node.is_map() && !frames_.back().has_key;
  }
  /// The mapping or list that is open; there is one.
  [[nodiscard]] const Node& innermost() const noexcept { return frames_.back().node; }
  [[nodiscard]] bool has_open_container() const noexcept { return !frames_.empty(); }
  /// The key whose value comes next; only when a mapping is open and does not expect a key.
  [[nodiscard]] const NodeMember& pending_key() const noexcept { return frames_.back().key; }

  void key(std::string text, Position position, std::uint32_t length);
  /// A key that is refused (and reported by the caller): its value is read and dropped.
  void dropped_key();
  void scalar(Node node, std::size_t anchor = 0);
  void begin(Node::Kind kind, Position position, std::uint32_t length, std::size_t anchor = 0);
  void end();
  /// Puts a copy of an anchored value in. False when there is no such value that is complete.
  bool alias(std::size_t anchor, Position position, std::uint32_t length);

  /// The whole tree; null when no value came.
  [[nodiscard]] Node take_root() { return std::move(root_); }

 private:
  struct Size {
    std::size_t nodes = 0;
    std::size_t text = 0;
    std::size_t depth = 0;
  };
  struct Frame {
    Node node;
    NodeMember key;
    bool has_key = false;
    bool drop_value = false;
    bool is_dropped_key = false;
    std::size_t anchor = 0;
    Size before;
    std::size_t deepest = 0;
    std::unordered_multimap<std::size_t, std::size_t> index;
  };
  struct Anchored {
    Node node;
    Size size;
  };

  [[noreturn]] void refuse(Position position, std::uint32_t length, std::string message);
  void charge(const Size& size, Position position, std::uint32_t length);
  void attach(Node node);
  const NodeMember* find_key(Frame& frame, std::string_view text) const;

  const DocumentLimits& limits_;
  ProblemList& problems_;
  Node root_;
  std::vector<Frame> frames_;
  std::unordered_map<std::size_t, Anchored> anchored_;
  Size total_;
};

}  // namespace cachesite::reading
