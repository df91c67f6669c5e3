#include "answer.hpp"

#include <cachesite/cachesite.hpp>

#include <cstdio>
#include <utility>

namespace cachesite::tool {

namespace {

Node scalar_node(Node::Kind kind, std::string text) {
  Node node;
  node.kind = kind;
  node.scalar = std::move(text);
  return node;
}

}  // namespace

Node text_node(std::string_view text) {
  return scalar_node(Node::Kind::text, std::string(text));
}
Node number_node(std::int64_t number) {
  return scalar_node(Node::Kind::integer, std::to_string(number));
}
Node number_node(std::uint64_t number) {
  return scalar_node(Node::Kind::integer, std::to_string(number));
}
Node boolean_node(bool value) {
  return scalar_node(Node::Kind::boolean, value ? "true" : "false");
}

Node real_node(double number) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.4f", number);
  return scalar_node(Node::Kind::real, digits);
}

Node list_node() {
  Node node;
  node.kind = Node::Kind::list;
  return node;
}

Node map_node() {
  Node node;
  node.kind = Node::Kind::map;
  return node;
}

Node& add(Node& map, std::string_view key, Node value) {
  NodeMember member;
  member.key = key;
  member.value = std::move(value);
  map.members.push_back(std::move(member));
  return map;
}

void print(std::string_view data) {
  std::fwrite(data.data(), 1, data.size(), stdout);
}

void print_json(const Node& node) {
  const auto text = write_document(node, Format::json);
  print(text);
  if (text.empty() || text.back() != '\n') print("\n");
}

void complain(std::string_view sentence) {
  std::fprintf(stderr, "cachesite: %.*s\n", static_cast<int>(sentence.size()), sentence.data());
}

}  // namespace cachesite::tool
