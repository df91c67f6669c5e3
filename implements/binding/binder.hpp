#pragma once

#include "binding/parameter_path.hpp"
#include "binding/problem_list.hpp"

#include <cachesite/document.hpp>
#include <cachesite/parameter.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite::binding {

// A parameter that a mapping gives, checked and converted; ready to be stored.
struct BoundValue {
  const ParameterDeclaration* declaration;
  ParameterValue value;
};

// A reference found on the way, with the place to blame when nobody has that name.
struct BoundReference {
  std::string interface_name;
  std::string name;
  bool secret = false;  // the name was substituted: it is not shown
  std::string path;
  Place place;
  bool optional = false;  // need not be there
};

// Reads a mapping that declares a component in place of a reference. Gives the name to refer to it by, or
// nothing, with a problem.
using InPlaceReader = std::function<std::optional<std::string>(const ParameterDeclaration& declaration,
                                                               const Node& node, const std::string& path)>;

// Reads the members of a mapping by a table of parameters. Every mistake becomes a problem.
class Binder {
 public:
  // `where` is the path of a component that itself stands in place of a reference. Without `read_in_place` a
  // reference takes a name only.
  explicit Binder(ProblemList& problems, std::string where = {}, InPlaceReader read_in_place = {})
      : problems_(problems), where_(std::move(where)), read_in_place_(std::move(read_in_place)) {}

  // What a component's mapping says beside its parameters: such keys are passed over, unless the class has a
  // parameter of that name.
  [[nodiscard]] static bool is_reserved(std::string_view key) noexcept;

  // The parameters that a component's mapping gives.
  std::vector<BoundValue> bind_component(std::string_view class_name, const ParameterTable& table,
                                         const Node& item, std::vector<BoundReference>& references);
  // The parameters of a class's defaults.
  std::vector<BoundValue> bind_defaults(std::string_view class_name, const ParameterTable& table,
                                        const Node& defaults, std::vector<BoundReference>& references);
  // Reports required parameters that neither of the lists has.
  void check_required(std::string_view class_name, const ParameterTable& table, const Place& place,
                      const std::vector<const std::vector<BoundValue>*>& given);

 private:
  struct Owner {
    std::string_view class_name;  // empty inside a group
    const ParameterPath* path = nullptr;
    bool is_component = false;
  };

  std::vector<BoundValue> bind_members(const Owner& owner, const ParameterTable& table, const Node& map);
  bool read(const ParameterDeclaration& declaration, const Node& node, const ParameterPath& path,
            ParameterValue& value);
  bool read_component(const ParameterDeclaration& declaration, const Node& node, const ParameterPath& path,
                      ParameterValue& value);
  bool read_list(const ParameterDeclaration& declaration, const Node& node, const ParameterPath& path,
                 ParameterValue& value);
  bool read_group(const ParameterDeclaration& declaration, const Node& node, const ParameterPath& path,
                  ParameterValue& value);
  // `true` or `false` for a group that may be left out.
  bool read_switch(const ParameterDeclaration& declaration, const Node& node, const ParameterPath& path,
                   ParameterValue& value);
  void unknown_member(const Owner& owner, const ParameterTable& table, const NodeMember& member);
  void refuse(const ParameterDeclaration& declaration, const Node& node, const ParameterPath& path,
              std::string hint);

  // The path from the component that stands in the list of components.
  [[nodiscard]] std::string full_path(const ParameterPath& path) const;

  ProblemList& problems_;
  std::string where_;
  InPlaceReader read_in_place_;
  std::vector<BoundReference>* references_ = nullptr;
};

}  // namespace cachesite::binding
