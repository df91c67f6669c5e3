#pragma once

#include <cachesite/document.hpp>
#include <cachesite/parameter.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::binding {

// Masks the secrets of a component in a text that somebody else wrote, such as the message of an exception
// that its constructor threw.
class SecretScrubber {
 public:
  // Masking every "a" of a message would hide nothing and destroy the message.
  static constexpr std::size_t shortest = 3;

  void add_options(const ParameterTable& table, const void* options);
  // Every text that differs in `completed`: it comes from a configuration, which is secret as a whole.
  void add_changes(const ParameterTable& table, const void* options, const void* completed);
  // What substitution put into the document.
  void add_substituted(const Node& node);
  [[nodiscard]] std::string scrub(std::string text) const;

 private:
  void add_value(const ParameterValue& value, bool is_secret);
  void add_text(std::string_view text);

  std::vector<std::string> secrets_;
};

}  // namespace cachesite::binding
