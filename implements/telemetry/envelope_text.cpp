#include "telemetry/envelope_text.hpp"

#include <algorithm>

namespace cachesite::telemetry {

EnvelopeText::EnvelopeText(std::string_view service_name, const std::vector<std::string>& resource) {
  attributes_.emplace_back("service.name", service_name);
  for (const auto& text : resource) {
    const auto equals = std::min(text.find('='), text.size());
    attributes_.emplace_back(text.substr(0, equals), text.substr(std::min(equals + 1, text.size())));
  }
  attributes_.emplace_back("telemetry.sdk.language", "cpp");
  attributes_.emplace_back("telemetry.sdk.name", "cachesite");
}

void EnvelopeText::open(JsonText& text, std::string_view signal) const {
  const std::string name(signal);
  std::string list = name;
  list.front() = static_cast<char>(list.front() - 'A' + 'a');
  text.open('{').key("resource" + name).open('[').open('{');
  text.key("resource").open('{').key("attributes").open('[');
  for (const auto& [key, value] : attributes_)
    text.attribute(key, std::string_view(value));
  text.close(']').close('}');
  text.key("scope" + name).open('[').open('{');
  text.key("scope").open('{').key("name").text("cachesite").close('}');
  text.key(list).open('[');
}

void EnvelopeText::close(JsonText& text) {
  text.close(']').close('}').close(']').close('}').close(']').close('}');
}

}  // namespace cachesite::telemetry
