#pragma once

#include <cachesite/document.hpp>
#include <cachesite/parameter.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::binding {

[[nodiscard]] Node text_node(std::string_view text);
[[nodiscard]] Node boolean_node(bool value);
[[nodiscard]] Node list_node(std::vector<Node> elements = {});
[[nodiscard]] Node map_node();
void add_member(Node& map, std::string_view key, Node value);

// A value as a file would give it.
[[nodiscard]] Node value_node(const ParameterValue& value, bool reveal_secrets);
// What stands in place of a reference; nothing for one to a component with a name.
using InPlaceNode = std::function<std::optional<Node>(const std::string& name)>;
// A value as a file has to give it to change `usual` into it: members of a group that are the same are left
// out.
[[nodiscard]] Node changed_value_node(const ParameterValue& value, const ParameterValue& usual,
                                      bool reveal_secrets, const InPlaceNode& in_place);
// A least or greatest value of a parameter, or of a list's elements, as a file would give it.
[[nodiscard]] Node bound_node(const ParameterDeclaration& declaration, long double bound);

}  // namespace cachesite::binding
