#include "random_tree.hpp"

#include <cachesite/detail/problem_text.hpp>

#include <array>
#include <string_view>

namespace cachesite::test {

std::string RandomTree::text() {
  static constexpr std::array<std::string_view, 44> words{
      "",        "a",    "cache", "true", "null", "~", "yes",  "010",  "-1",       "1e5",          "<<",
      "- x",     "a: b", "a #b",  "#x",   "\"",   "'", "\\",   "\n",   "\t",       "\r\n",         "${env:X}",
      "$${env:", "{",    "}",     "[",    "]",    ",", "&a",   "*a",   "!t",       "| ",           ">",
      "%",       "@",    "`",     "---",  "...",  "?", "\x7f", "\x01", "\xc2\x85", "\xef\xbb\xbf", "日本"};
  std::string result;
  for (std::size_t pieces = below(5); pieces > 0; --pieces) {
    switch (below(4)) {
      case 0:
        result += words[below(words.size())];
        break;
      case 1:
        result += static_cast<char>(below(128));
        break;
      case 2:
        result += static_cast<char>(' ' + below(95));
        break;
      default: {
        const auto point = static_cast<char32_t>(0x80 + below(0x10FF80));
        if (point >= 0xD800 && point <= 0xDFFF) break;
        const auto byte = [&](unsigned lead, unsigned shift) {
          result += static_cast<char>(lead | ((point >> shift) & (lead == 0x80 ? 0x3FU : 0xFFU)));
        };
        if (point < 0x800) {
          byte(0xC0, 6);
        } else if (point < 0x10000) {
          byte(0xE0, 12);
          byte(0x80, 6);
        } else {
          byte(0xF0, 18);
          byte(0x80, 12);
          byte(0x80, 6);
        }
        byte(0x80, 0);
      }
    }
  }
  return result;
}

std::string RandomTree::number(bool real) {
  std::string digits = below(2) == 0 ? "-" : "";
  digits += std::to_string(random_() % (below(2) == 0 ? 10U : 4000000000U));
  if (!real) return digits;
  if (below(3) > 0) digits += '.' + std::to_string(below(100000));
  if (digits.find('.') == std::string::npos || below(2) == 0) digits += below(2) == 0 ? "e-7" : "E10";
  return digits;
}

Node RandomTree::tree(unsigned depth) {
  Node node;
  switch (below(depth < 4 ? 9 : 7)) {
    case 0:
      break;
    case 1:
      node.kind = Node::Kind::boolean;
      node.scalar = below(2) == 0 ? "true" : "false";
      break;
    case 2:
    case 3:
      node.kind = below(2) == 0 ? Node::Kind::integer : Node::Kind::real;
      node.scalar = number(node.kind == Node::Kind::real);
      break;
    case 7:
      node.kind = Node::Kind::list;
      for (std::size_t count = below(5); count > 0; --count)
        node.elements.push_back(tree(depth + 1));
      break;
    case 8:
      node.kind = Node::Kind::map;
      for (std::size_t count = below(5); count > 0; --count) {
        NodeMember member;
        member.key = text();
        if (node.find(member.key) != nullptr) continue;
        member.value = tree(depth + 1);
        node.members.push_back(std::move(member));
      }
      break;
    default:
      node.kind = Node::Kind::text;
      node.scalar = text();
  }
  return node;
}

std::string outline(const Node& node, std::size_t indent) {
  std::string result = std::string(to_string(node.kind));
  if (node.is_scalar()) result += " [" + printable(node.scalar, 1000) + ']';
  for (const auto& element : node.elements)
    result += '\n' + std::string(indent + 2, ' ') + "- " + outline(element, indent + 2);
  for (const auto& member : node.members)
    result += '\n' + std::string(indent + 2, ' ') + '[' + printable(member.key, 1000) +
              "]: " + outline(member.value, indent + 2);
  return result;
}

}  // namespace cachesite::test
