#include <cachesite/catalog.hpp>

#include <algorithm>
#include <set>
#include <stdexcept>

namespace cachesite {

namespace {

void check_parameters(const ComponentClass& component_class) {
  std::set<std::string_view> names{"class", "entries", "lazy", "start_timeout"};
  for (const auto& declaration : component_class.parameters.declarations()) {
    std::vector<std::string_view> taken(declaration.aliases.begin(), declaration.aliases.end());
    taken.emplace_back(declaration.name);
    for (const auto name : taken)
      if (name.empty() || !names.insert(name).second)
        throw std::invalid_argument(component_class.name + " cannot have a parameter called \"" +
                                    std::string(name) + "\": the name is empty, reserved or used twice");
  }
}

}  // namespace

Catalog Catalog::empty() {
  return Catalog(Empty{});
}

Catalog::Added& Catalog::Added::text(std::string_view sentence) {
  catalog_->edit(index_).text = sentence;
  return *this;
}

Catalog::Added& Catalog::Added::alias(std::string_view name,
                                      std::vector<std::pair<std::string, std::string>> presets) {
  auto& component_class = catalog_->edit(index_);
  catalog_->take_name(name, {index_, component_class.aliases.size()});
  component_class.aliases.push_back({std::string(name), std::move(presets)});
  return *this;
}

Catalog::Added Catalog::insert(ComponentClass component_class) {
  check_parameters(component_class);
  take_name(component_class.name, {classes_.size(), own_name});
  classes_.push_back(std::make_shared<ComponentClass>(std::move(component_class)));
  return {*this, classes_.size() - 1};
}

void Catalog::take_name(std::string_view name, NameTarget target) {
  if (name.empty()) throw std::invalid_argument("a component class needs a name");
  if (!targets_.emplace(name, target).second)
    throw std::invalid_argument("there is already a component class called \"" + std::string(name) + "\"");
}

ComponentClass& Catalog::edit(std::size_t index) {
  auto& component_class = classes_[index];
  component_class = std::make_shared<ComponentClass>(*component_class);  // copies of the catalog share it
  return *component_class;
}

void Catalog::add_interface_alias(std::string_view alias, std::string_view interface_name) {
  interface_aliases_.insert_or_assign(std::string(alias), std::string(interface_name));
}

Catalog::Match Catalog::find(std::string_view name) const {
  const auto found = targets_.find(name);
  if (found == targets_.end()) return {};
  const auto& component_class = classes_[found->second.index];
  const auto alias = found->second.alias;
  return {component_class, alias == own_name ? nullptr : &component_class->aliases[alias]};
}

std::vector<std::shared_ptr<const ComponentClass>> Catalog::classes() const {
  std::vector<std::shared_ptr<const ComponentClass>> sorted(classes_.begin(), classes_.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const auto& left, const auto& right) { return left->name < right->name; });
  return sorted;
}

std::string_view Catalog::interface_name(std::string_view name_or_alias) const {
  const auto found = interface_aliases_.find(name_or_alias);
  return found == interface_aliases_.end() ? name_or_alias : std::string_view(found->second);
}

std::vector<std::string> Catalog::interfaces() const {
  std::set<std::string> names;
  for (const auto& component_class : classes_)
    for (const auto& provided : component_class->interfaces)
      names.emplace(provided.id.name);
  return {names.begin(), names.end()};
}

}  // namespace cachesite
