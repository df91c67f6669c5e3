#include "binding/value_node.hpp"

#include "binding/component_name.hpp"
#include "binding/expectation.hpp"
#include "binding/real_text.hpp"
#include "binding/scalar_reader.hpp"

#include <cachesite/detail/units.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace cachesite::binding {

namespace {

class NodeMaker {
 public:
  explicit NodeMaker(bool reveal_secrets, const InPlaceNode* in_place = nullptr)
      : reveal_secrets_(reveal_secrets), in_place_(in_place) {}

  Node operator()(std::monostate) const { return {}; }
  Node operator()(bool value) const { return boolean_node(value); }
  Node operator()(std::int64_t value) const { return plain_scalar(std::to_string(value)); }
  Node operator()(double value) const { return plain_scalar(real_text(value)); }
  Node operator()(const std::string& value) const { return text_node(value); }
  Node operator()(const Secret& value) const {
    return text_node(reveal_secrets_ || value.empty() ? value.reveal() : Secret::mask);
  }
  Node operator()(std::chrono::nanoseconds value) const { return text_node(format_duration(value)); }
  Node operator()(ByteSize value) const { return plain_scalar(format_size(value)); }
  Node operator()(const ReferenceName& value) const {
    if (in_place_)
      if (auto node = (*in_place_)(value.name)) return std::move(*node);
    return text_node(shown_name(value.name));
  }
  Node operator()(const ParameterList& value) const {
    Node list = list_node();
    for (const auto& element : value)
      list.elements.push_back(std::visit(*this, element.data));
    return list;
  }
  Node operator()(const ParameterGroup& value) const {
    Node map = map_node();
    for (const auto& member : value)
      add_member(map, member.name, std::visit(*this, member.value.data));
    return map;
  }

 private:
  bool reveal_secrets_;
  const InPlaceNode* in_place_;
};

}  // namespace

Node text_node(std::string_view text) {
  Node node;
  node.kind = Node::Kind::text;
  node.quoted = true;
  node.scalar = text;
  return node;
}

Node boolean_node(bool value) {
  Node node;
  node.kind = Node::Kind::boolean;
  node.scalar = value ? "true" : "false";
  return node;
}

Node list_node(std::vector<Node> elements) {
  Node node;
  node.kind = Node::Kind::list;
  node.elements = std::move(elements);
  return node;
}

Node map_node() {
  Node node;
  node.kind = Node::Kind::map;
  return node;
}

void add_member(Node& map, std::string_view key, Node value) {
  map.members.push_back({std::string(key), {}, 0, std::move(value)});
}

Node value_node(const ParameterValue& value, bool reveal_secrets) {
  return std::visit(NodeMaker(reveal_secrets), value.data);
}

Node changed_value_node(const ParameterValue& value, const ParameterValue& usual, bool reveal_secrets,
                        const InPlaceNode& in_place) {
  const auto* group = std::get_if<ParameterGroup>(&value.data);
  const auto* usual_group = std::get_if<ParameterGroup>(&usual.data);
  if (!group || !usual_group) return std::visit(NodeMaker(reveal_secrets, &in_place), value.data);
  Node map = map_node();
  for (std::size_t index = 0; index < group->size(); ++index)
    if (const auto& member = (*group)[index]; !(member == (*usual_group)[index]))
      add_member(map, member.name,
                 changed_value_node(member.value, (*usual_group)[index].value, reveal_secrets, in_place));
  return map;
}

Node bound_node(const ParameterDeclaration& declaration, long double bound) {
  const auto kind = declaration.kind == ParameterKind::list ? declaration.element->kind : declaration.kind;
  return plain_scalar(bound_text(kind, bound));
}

}  // namespace cachesite::binding
