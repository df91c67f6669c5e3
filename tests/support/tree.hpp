#pragma once

#include <cachesite/document.hpp>
#include <cachesite/problem.hpp>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Documents written by hand: `list({map({{"class", text("MemoryCache")}})})`.
namespace tree {

using cachesite::Document;
using cachesite::Node;
using cachesite::NodeMember;

inline Node scalar(Node::Kind kind, std::string_view characters) {
  Node node;
  node.kind = kind;
  node.scalar = characters;
  node.length = static_cast<std::uint32_t>(characters.size());
  return node;
}
inline Node text(std::string_view characters) {
  return scalar(Node::Kind::text, characters);
}
inline Node quoted(std::string_view characters) {
  Node node = text(characters);
  node.quoted = true;
  return node;
}
inline Node substituted(std::string_view characters) {
  Node node = text(characters);
  node.substituted = true;
  return node;
}
inline Node integer(std::string_view digits) {
  return scalar(Node::Kind::integer, digits);
}
inline Node real(std::string_view digits) {
  return scalar(Node::Kind::real, digits);
}
inline Node boolean(bool value) {
  return scalar(Node::Kind::boolean, value ? "true" : "false");
}
inline Node null() {
  return {};
}
inline Node list(std::vector<Node> elements) {
  Node node;
  node.kind = Node::Kind::list;
  node.elements = std::move(elements);
  return node;
}
inline Node map(std::initializer_list<std::pair<std::string_view, Node>> members) {
  Node node;
  node.kind = Node::Kind::map;
  for (const auto& [key, value] : members) {
    NodeMember member;
    member.key = key;
    member.key_length = static_cast<std::uint32_t>(key.size());
    member.value = value;
    node.members.push_back(std::move(member));
  }
  return node;
}

// Gives every node and key a line of its own, in the order in which a file would show them.
inline void number_lines(Node& node, std::uint32_t& line) {
  node.position = {++line, 1};
  for (auto& element : node.elements)
    number_lines(element, line);
  for (auto& member : node.members) {
    member.key_position = {++line, 1};
    number_lines(member.value, line);
  }
}

inline Document document(Node root, std::string name = "test.yml") {
  Document made;
  made.name = std::move(name);
  std::uint32_t line = 0;
  number_lines(root, line);
  made.root = std::move(root);
  return made;
}

inline Node entry(std::string_view interface_name, std::string_view name = {}) {
  return name.empty() ? map({{"interface", text(interface_name)}})
                      : map({{"interface", text(interface_name)}, {"name", text(name)}});
}

// The problems as `E204 message | hint`, one line each.
inline std::string lines(const std::vector<cachesite::Problem>& problems) {
  std::string result;
  for (const auto& problem : problems) {
    if (!result.empty()) result += '\n';
    result.append(problem.id).append(" ").append(problem.message);
    if (!problem.hint.empty()) result.append(" | ").append(problem.hint);
  }
  return result;
}

}  // namespace tree
