#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite {

/// The languages of component files. Equal files give equal documents. Only TOML has no null, and needs a
/// mapping at the top.
enum class Format : std::uint8_t { yaml, json, toml };

[[nodiscard]] constexpr std::string_view to_string(Format format) noexcept {
  return format == Format::yaml ? "yaml" : format == Format::json ? "json" : "toml";
}

/// The format called `yaml`, `yml`, `json`, `toml` or `tml`, in letters of any case; nothing for any other
/// name.
[[nodiscard]] inline std::optional<Format> format_from_name(std::string_view name) noexcept {
  const auto is = [name](std::string_view word) {
    return std::equal(name.begin(), name.end(), word.begin(), word.end(), [](char left, char right) {
      return (left >= 'A' && left <= 'Z' ? static_cast<char>(left - 'A' + 'a') : left) == right;
    });
  };
  if (is("yaml") || is("yml")) return Format::yaml;
  if (is("json")) return Format::json;
  if (is("toml") || is("tml")) return Format::toml;
  return std::nullopt;
}

/// A place in a text. Both count from 1; columns count characters (Unicode code points). 0 means "no place".
struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  friend constexpr auto operator<=>(const Position&, const Position&) = default;
};

struct NodeMember;

/// One value of a component file. Equal files in YAML, JSON and TOML give equal trees.
///
/// A scalar keeps its characters as written; a number is converted only when its type and range are known, so
/// it is neither rounded nor truncated.
struct Node {
  enum class Kind : std::uint8_t { null, boolean, integer, real, text, list, map };

  Kind kind = Kind::null;
  /// The scalar was written between quotes; a quoted scalar is always text.
  bool quoted = false;
  /// The scalar was substituted from a secret source (`${file:...}`, `${env:...}`) and is not shown in
  /// messages.
  bool substituted = false;
  /// Where the value starts.
  Position position;
  /// Number of characters in its line, for underlining; 0 when unknown or over several lines.
  std::uint32_t length = 0;
  /// Scalars: "true" or "false"; the digits of a number as written; the characters of a text. Empty
  /// otherwise.
  std::string scalar;
  /// Elements of a list, in order.
  std::vector<Node> elements;
  /// Members of a map, in order; keys are unique.
  std::vector<NodeMember> members;

  [[nodiscard]] bool is_null() const noexcept { return kind == Kind::null; }
  [[nodiscard]] bool is_text() const noexcept { return kind == Kind::text; }
  [[nodiscard]] bool is_list() const noexcept { return kind == Kind::list; }
  [[nodiscard]] bool is_map() const noexcept { return kind == Kind::map; }
  [[nodiscard]] bool is_scalar() const noexcept { return kind < Kind::list; }

  /// The member called `key` of a map, or null.
  [[nodiscard]] const Node* find(std::string_view key) const noexcept;

  /// Equal kind and content; places and quoting do not matter.
  friend bool operator==(const Node& left, const Node& right) noexcept;
};

/// A key of a map with its place, and its value.
struct NodeMember {
  std::string key;
  Position key_position;
  std::uint32_t key_length = 0;
  Node value;
};

/// The kind as messages call it: "null", "a boolean", "an integer", "a number", "text", "a list", "a
/// mapping".
[[nodiscard]] constexpr std::string_view to_string(Node::Kind kind) noexcept {
  switch (kind) {
    case Node::Kind::null:
      return "null";
    case Node::Kind::boolean:
      return "a boolean";
    case Node::Kind::integer:
      return "an integer";
    case Node::Kind::real:
      return "a number";
    case Node::Kind::text:
      return "text";
    case Node::Kind::list:
      return "a list";
    case Node::Kind::map:
      return "a mapping";
  }
  return "a value";
}

/// A component file after reading: its name for messages, its tree, and its source text.
struct Document {
  /// The path, or a name such as "<text>".
  std::string name;
  Node root;
  /// The source text, shared so that problems can quote lines after the document is destroyed.
  std::shared_ptr<const std::string> source;
};

inline const Node* Node::find(std::string_view key) const noexcept {
  for (const auto& member : members)
    if (member.key == key) return &member.value;
  return nullptr;
}

inline bool operator==(const Node& left, const Node& right) noexcept {
  if (left.kind != right.kind || left.scalar != right.scalar) return false;
  if (left.elements != right.elements || left.members.size() != right.members.size()) return false;
  for (std::size_t index = 0; index < left.members.size(); ++index) {
    if (left.members[index].key != right.members[index].key) return false;
    if (!(left.members[index].value == right.members[index].value)) return false;
  }
  return true;
}

}  // namespace cachesite
