#include "binding/component_name.hpp"

#include "binding/quoted.hpp"

#include <algorithm>
#include <stdexcept>

namespace cachesite::binding {

bool valid_component_name(std::string_view name) noexcept {
  return name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char character) {
           return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
                  (character >= '0' && character <= '9') || character == '_' || character == '.' ||
                  character == '-';
         });
}

void check_component_name(std::string_view name) {
  if (!valid_component_name(name))
    throw std::invalid_argument("a component cannot be called " + binding::quoted(name) + ": " +
                                std::string(name_rule));
}

std::string_view shown_name(std::string_view name) noexcept {
  return name.substr(0, name.find(in_place_mark));
}

}  // namespace cachesite::binding
