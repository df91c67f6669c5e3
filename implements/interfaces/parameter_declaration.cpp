#include <cachesite/detail/parameter_declaration.hpp>

#include <cstddef>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite {

void ParameterDeclaration::add_alias(std::string_view alias) {
  aliases.emplace_back(alias);
}

ParameterTable::ParameterTable(std::initializer_list<ParameterDeclaration> declarations)
    : declarations_(declarations) {}

ParameterTable& ParameterTable::add(const ParameterTable& table) {
  const auto count = table.declarations_.size();
  declarations_.reserve(declarations_.size() + count);
  for (std::size_t index = 0; index < count; ++index)
    declarations_.push_back(table.declarations_[index]);
  return *this;
}

ParameterTable& ParameterTable::add(ParameterDeclaration declaration) {
  declarations_.push_back(std::move(declaration));
  return *this;
}

ParameterTable& ParameterTable::remove(std::string_view name) {
  std::erase_if(declarations_, [&](const ParameterDeclaration& each) { return each.name == name; });
  return *this;
}

ParameterTable& ParameterTable::only_in_files() {
  for (auto& declaration : declarations_)
    declaration.in_sessions = false;
  return *this;
}

const ParameterDeclaration* ParameterTable::find(std::string_view name) const noexcept {
  for (const auto& declaration : declarations_) {
    if (declaration.name == name) return &declaration;
    for (const auto& alias : declaration.aliases)
      if (alias == name) return &declaration;
  }
  return nullptr;
}

}  // namespace cachesite
