#pragma once

#include "binding/parameter_path.hpp"
#include "binding/problem_list.hpp"

#include <cachesite/document.hpp>
#include <cachesite/parameter.hpp>

#include <string>
#include <string_view>
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

// Reads the members of a mapping by a table of parameters. Every mistake becomes a problem.
class Binder {
 public:
  explicit Binder(ProblemList& problems) : problems_(problems) {}

  // What a component's mapping says beside its parameters: such keys are passed over.
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
  bool read_list(const ParameterDeclaration& declaration, const Node& node, const ParameterPath& path,
                 ParameterValue& value);
  bool read_group(const ParameterDeclaration& declaration, const Node& node, const ParameterPath& path,
                  ParameterValue& value);
  void unknown_member(const Owner& owner, const ParameterTable& table, const NodeMember& member);
  void refuse(const ParameterDeclaration& declaration, const Node& node, const ParameterPath& path,
              std::string hint);

  ProblemList& problems_;
  std::vector<BoundReference>* references_ = nullptr;
};

}  // namespace cachesite::binding
