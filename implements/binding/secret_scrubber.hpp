#pragma once

#include <cachesite/document.hpp>
#include <cachesite/parameter.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace cachesite::binding {

// Masks the secrets of a component in a text that somebody else wrote, such as the message of an exception
// that its constructor threw.
class SecretScrubber {
 public:
  void add_options(const ParameterTable& table, const void* options);
  // What substitution put into the document.
  void add_substituted(const Node& node);
  [[nodiscard]] std::string scrub(std::string text) const;

 private:
  void add_value(const ParameterValue& value);
  void add_text(std::string_view text);

  std::vector<std::string> secrets_;
};

}  // namespace cachesite::binding
