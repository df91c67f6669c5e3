#include "writing/toml_writer.hpp"

#include "reading/plain_scalar.hpp"
#include "reading/toml_words.hpp"
#include "writing/quoted_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace cachesite::writing {
namespace {

bool fits(const Node& number) {
  if (reading::kind_of_plain(number.scalar) != number.kind) return false;
  if (number.kind == Node::Kind::real) return std::isfinite(std::strtod(number.scalar.c_str(), nullptr));
  std::int64_t value = 0;
  const char* const end = number.scalar.data() + number.scalar.size();
  return std::from_chars(number.scalar.data(), end, value).ec == std::errc();
}

/// A mapping, or a list of nothing but mappings, may stand below a header of its own.
bool may_be_section(const Node& node) {
  return node.is_map() || (node.is_list() && !node.elements.empty() &&
                           std::all_of(node.elements.begin(), node.elements.end(),
                                       [](const Node& element) { return element.is_map(); }));
}

class TomlWriter {
 public:
  std::string output;

  /// The members of the table whose header is `path`. Sections come last in TOML: a mapping before other
  /// members stays in its line, so that all keep their order.
  void table(const Node& node, const std::string& path) {
    auto sections = node.members.end();
    while (sections != node.members.begin() && may_be_section((sections - 1)->value))
      --sections;
    for (auto member = node.members.begin(); member != sections; ++member) {
      pair(*member);
      output += '\n';
    }
    for (; sections != node.members.end(); ++sections)
      section(*sections, path);
  }

 private:
  void section(const NodeMember& member, const std::string& path) {
    std::string below = path;
    if (!below.empty()) below += '.';
    append_key(below, member.key);
    if (member.value.is_map()) {
      header('[' + below + ']');
      table(member.value, below);
    }
    for (const auto& element : member.value.elements) {
      header("[[" + below + "]]");
      table(element, below);
    }
  }

  void header(const std::string& line) {
    if (!output.empty()) output += '\n';
    output += line + '\n';
  }

  void pair(const NodeMember& member) {
    append_key(output, member.key);
    output += " = ";
    value(member.value);
  }

  static void append_key(std::string& text, const std::string& key) {
    if (reading::is_bare_toml_key(key))
      text += key;
    else
      append_quoted(text, key);
  }

  void value(const Node& node) {
    switch (node.kind) {
      case Node::Kind::null:
        throw std::invalid_argument("TOML has no null");
      case Node::Kind::boolean:
        output += node.scalar;
        return;
      case Node::Kind::integer:
      case Node::Kind::real:
        if (!fits(node)) throw std::invalid_argument("a number that TOML cannot hold cannot be written");
        output += node.scalar;
        return;
      case Node::Kind::text:
        return append_quoted(output, node.scalar);
      case Node::Kind::list:
      case Node::Kind::map:
        return in_brackets(node);
    }
  }

  void in_brackets(const Node& node) {
    output += node.is_list() ? '[' : '{';
    const char* comma = "";
    for (const auto& element : node.elements) {
      output += std::exchange(comma, ", ");
      value(element);
    }
    for (const auto& member : node.members) {
      output += std::exchange(comma, ", ");
      pair(member);
    }
    output += node.is_list() ? ']' : '}';
  }
};

}  // namespace

std::string write_toml(const Node& root) {
  if (!root.is_map()) throw std::invalid_argument("TOML has a mapping at the top of each document");
  TomlWriter writer;
  writer.table(root, {});
  return std::move(writer.output);
}

}  // namespace cachesite::writing
