#include "site/session_values.hpp"

#include "binding/binder.hpp"
#include "binding/scalar_reader.hpp"
#include "binding/suggestion.hpp"
#include "site/presets.hpp"

#include <cachesite/detail/problem_ids.hpp>
#include <cachesite/detail/stored_config.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace cachesite::site {

namespace {

// Values of a configuration are secret as a whole: messages do not show them.
Node hidden_scalar(std::string_view text) {
  Node node = binding::plain_scalar(text);
  node.substituted = true;
  return node;
}

Node list_of(std::string_view text) {
  Node list;
  list.kind = Node::Kind::list;
  for (;;) {
    const auto comma = text.find(',');
    list.elements.push_back(hidden_scalar(text.substr(0, comma)));
    if (comma == std::string_view::npos) return list;
    text.remove_prefix(comma + 1);
  }
}

Node empty_map() {
  Node map;
  map.kind = Node::Kind::map;
  return map;
}

// The rule for booleans is that of a program which asks the session.
Node boolean_of(const IConfigSession& session, std::string_view key, std::string_view text) {
  try {
    return hidden_scalar(session.get_boolean(key).value_or(false) ? "true" : "false");
  } catch (const ConfigValueError&) {
    return hidden_scalar(text);
  }
}

// Files for other systems write an empty text or 0 for "the default".
bool says_nothing(const ParameterDeclaration& declaration, std::string_view text) {
  if (text.empty()) return true;
  return text == "0" && declaration.kind == ParameterKind::integer && declaration.least &&
         *declaration.least > 0;
}

bool can_come_from_session(const ParameterDeclaration& declaration) {
  if (!declaration.in_sessions) return false;
  if (declaration.kind == ParameterKind::group) return true;
  return declaration.kind != ParameterKind::reference && !declaration.visit_references &&
         declaration.name != "config_session";
}

void put(Node& map, std::string_view key, Node value) {
  NodeMember member;
  member.key = key;
  member.value = std::move(value);
  map.members.push_back(std::move(member));
}

std::string without_value(std::string message) {
  constexpr std::string_view hidden = "found a substituted value";
  if (const auto at = message.find(hidden); at != std::string::npos)
    message.replace(at, hidden.size(), "found something else");
  return message;
}

class SessionReader {
 public:
  SessionReader(const Item& item, std::string_view session_name, const IConfigSession& session)
      : item_(item), table_(item.component_class->parameters), name_(session_name), session_(session) {}

  // One parameter as a mapping that the binder reads; without members when the session does not give it.
  Node mapping_of(const ParameterDeclaration& declaration, std::string& key) const {
    Node map = empty_map();
    std::vector<std::string_view> names(declaration.aliases.begin(), declaration.aliases.end());
    names.insert(names.begin(), declaration.name);
    for (const auto name : names) {
      if (!map.members.empty()) break;
      if (declaration.kind == ParameterKind::group) add_group(declaration, name, map, key);
      if (map.members.empty()) add_value(declaration, declaration.name, std::string(name), map, key);
    }
    return map;
  }

  [[nodiscard]] bool is_given(const ParameterDeclaration& declaration) const {
    return std::any_of(item_.origins.begin(), item_.origins.end(), [&](const auto& origin) {
      return origin.parameter == declaration.name && origin.kind != ParameterOrigin::Kind::alias;
    });
  }

  [[nodiscard]] std::string origin(const std::string& key) const {
    return session_.origin(key).append(" (session \"").append(name_).append("\")");
  }

  void tell_likely_mistakes(ILogger& logger) const {
    for (const auto& key : session_.list_keys()) {
      if (table_.find(key.substr(0, key.find('.')))) continue;
      binding::Suggestion suggestion(key);
      for (const auto& declaration : table_.declarations())
        suggestion.offer(declaration.name);
      if (suggestion.best().empty()) continue;
      logger.log(LogLevel::warning, "config",
                 item_.label() + " has no parameter \"" + key + "\", " + suggestion.question() + " (" +
                     origin(key) + ")");
    }
  }

 private:
  void add_group(const ParameterDeclaration& declaration, std::string_view name, Node& map,
                 std::string& key) const {
    Node group = empty_map();
    for (const auto& inner : declaration.group->declarations())
      if (can_come_from_session(inner))
        add_value(inner, inner.name, std::string(name).append(".").append(inner.name), group, key);
    if (!group.members.empty()) put(map, declaration.name, std::move(group));
  }

  // What the session has under `from`, of whatever shape, as the member `name` of `map`.
  void add_value(const ParameterDeclaration& declaration, std::string_view name, const std::string& from,
                 Node& map, std::string& key) const {
    const auto text = session_.get_value(from);
    if (text && says_nothing(declaration, *text)) return;
    if (text) {
      key = from;
      put(map, name, node_of(declaration, from, *text));
    } else if (const auto member = first_member_of(from);
               !member.empty() && declaration.kind != ParameterKind::group) {
      key = member;
      put(map, name, empty_map());
    }
  }

  Node node_of(const ParameterDeclaration& declaration, std::string_view key, std::string_view text) const {
    if (declaration.kind == ParameterKind::list || is_list(session_, key)) return list_of(text);
    if (declaration.kind == ParameterKind::boolean) return boolean_of(session_, key, text);
    return hidden_scalar(text);
  }

  // A key below `name`, when what is wanted under it was written as a mapping.
  [[nodiscard]] std::string first_member_of(const std::string& name) const {
    for (auto& key : session_.list_keys())
      if (key.starts_with(name + ".")) return key;
    return {};
  }

  const Item& item_;
  const ParameterTable& table_;
  std::string name_;
  const IConfigSession& session_;
};

}  // namespace

std::shared_ptr<void> options_with_session(const Item& item, std::string_view session_name,
                                           const IConfigSession& session,
                                           std::vector<ParameterOrigin>& origins, ILogger& logger,
                                           binding::ProblemList& problems) {
  const SessionReader reader(item, session_name, session);
  auto options = item.component_class->copy_options(item.options.get());
  const std::size_t errors_before = problems.errors();
  for (const auto& declaration : item.component_class->parameters.declarations()) {
    if (!can_come_from_session(declaration) || reader.is_given(declaration)) continue;
    std::string key;
    const Node map = reader.mapping_of(declaration, key);
    if (map.members.empty()) continue;
    const std::string origin = reader.origin(key);
    binding::ProblemList own;
    std::vector<binding::BoundReference> references;
    const auto values =
        binding::Binder(own, item.where())
            .bind_defaults(item.component_class->name, item.component_class->parameters, map, references);
    for (const auto& problem : own.sorted())
      problems.add(problem_ids::bad_session_value, item.place,
                   without_value(problem.message) + ": " + origin);
    if (own.has_errors()) continue;
    for (const auto& value : values)
      value.declaration->store(options.get(), value.value);
    std::erase_if(origins, [&](const auto& preset) { return preset.parameter == declaration.name; });
    origins.push_back({declaration.name, ParameterOrigin::Kind::session, origin});
  }
  leave_out_unfitting_presets(*item.component_class, options.get(), origins);
  reader.tell_likely_mistakes(logger);
  return problems.errors() == errors_before ? options : nullptr;
}

}  // namespace cachesite::site
