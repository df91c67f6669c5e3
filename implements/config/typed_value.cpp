#include "config/typed_value.hpp"

#include <cachesite/detail/problem_text.hpp>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <utility>

namespace cachesite::config {

namespace {

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

// The rule is that of a session.
std::optional<bool> boolean_of(std::string_view text) {
  const auto session = make_config_session({{"value", {std::string(text), {}}}});
  try {
    return session->get_boolean("value");
  } catch (const ConfigValueError&) {
    return std::nullopt;
  }
}

// A session joins the elements by commas, so that none may hold one.
std::optional<std::string> list_of(std::string_view text, std::string_view separator) {
  std::string joined;
  for (;;) {
    const auto end = text.find(separator);
    const auto element = text.substr(0, end);
    if (element.find(',') != std::string_view::npos) return std::nullopt;
    joined.append(element);
    if (end == std::string_view::npos) return joined;
    joined += ',';
    text.remove_prefix(end + separator.size());
  }
}

std::optional<std::string> scalar_of(const ConfigDefault& declared, std::string_view text) {
  switch (declared.type) {
    case ConfigValueType::integer:
      if (!number_of<std::int64_t>(text)) return std::nullopt;
      break;
    case ConfigValueType::real:
      if (!std::isfinite(number_of<double>(text).value_or(HUGE_VAL))) return std::nullopt;
      break;
    case ConfigValueType::boolean:
      if (const auto yes = boolean_of(text)) return *yes ? "true" : "false";
      return std::nullopt;
    case ConfigValueType::list:
      return list_of(text, declared.separator);
    default:
      break;
  }
  return std::string(text);
}

bool add_mapping(const std::string& key, std::string_view text, const std::string& origin,
                 const IDocumentSource& documents, SessionValues& values) {
  try {
    const Document document = documents.read_text(text, Format::json, key);
    if (!document.root.is_map()) return false;
    bool sound = true;
    SessionValues members;
    add_node(
        key, document.root, members, [&](const Node&) { return origin; },
        [&](const Node&) { sound = false; });
    if (sound) values.merge(members);
    return sound;
  } catch (const LoadError&) {
    return false;
  }
}

}  // namespace

void add_node(const std::string& key, const Node& node, SessionValues& values,
              const std::function<std::string(const Node&)>& origin,
              const std::function<void(const Node&)>& refuse) {
  if (node.is_null()) return;
  for (const auto& member : node.members)
    add_node(key + "." + member.key, member.value, values, origin, refuse);
  if (node.is_map()) return;
  std::string text = node.scalar;
  for (const auto& element : node.elements) {
    if (!element.is_scalar())
      refuse(element);
    else
      text.append(text.empty() ? "" : ",").append(element.scalar);
  }
  values.insert_or_assign(key, ConfigValue{std::move(text), origin(node), node.is_list()});
}

bool add_typed(const std::string& key, const ConfigDefault& declared, std::string_view text,
               const std::string& origin, const IDocumentSource& documents, SessionValues& values) {
  if (declared.type == ConfigValueType::mapping) return add_mapping(key, text, origin, documents, values);
  auto value = scalar_of(declared, text);
  if (!value) return false;
  const bool list = declared.type == ConfigValueType::list;
  values.insert_or_assign(key, ConfigValue{std::move(*value), origin, list});
  return true;
}

std::string expectation_of(const ConfigDefault& declared) {
  switch (declared.type) {
    case ConfigValueType::integer:
      return "a whole number";
    case ConfigValueType::real:
      return "a number";
    case ConfigValueType::boolean:
      return "true or false";
    case ConfigValueType::list:
      return "a list with \"" + printable(declared.separator) +
             "\" between its elements and no comma in them";
    case ConfigValueType::mapping:
      return "a mapping in JSON, with single values in its lists";
    case ConfigValueType::text:
      break;
  }
  return "text";
}

}  // namespace cachesite::config
