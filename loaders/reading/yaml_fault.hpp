#pragma once

#include <cachesite/detail/document_problem_ids.hpp>

#include <string>
#include <string_view>

namespace cachesite::reading {

/// Our own words for a mistake that the YAML parser found. Its words are never shown: they may quote the
/// file.
struct YamlFault {
  std::string_view id = document_problem_ids::bad_syntax;
  std::string message = "this is not valid YAML here";
  std::string hint;
};

/// `reported` is what the parser says, which only serves to tell the mistakes apart.
[[nodiscard]] YamlFault explain_yaml_fault(std::string_view reported);

}  // namespace cachesite::reading
