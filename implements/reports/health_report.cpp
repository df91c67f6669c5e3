#include "basics/type_name.hpp"
#include "binding/component_name.hpp"
#include "binding/value_node.hpp"
#include "reports/reported_component.hpp"

#include <cachesite/detail/redis_statistics.hpp>
#include <cachesite/site_reports.hpp>

#include <algorithm>
#include <exception>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

namespace cachesite {

namespace {

using binding::add_member;
using binding::boolean_node;
using binding::map_node;
using binding::text_node;
using reports::ReportedComponent;

// Parameters of a component that say which server it uses, and what they are called in the details.
constexpr std::pair<std::string_view, std::string_view> server_parameters[] = {
    {"db", "database"}, {"host", "host"}, {"port", "port"}, {"prefix", "key_prefix"}, {"ssl", "ssl"}};

Node error_node(std::string_view message, std::string_view type) {
  Node node = map_node();
  add_member(node, "message", text_node(message));
  add_member(node, "type", text_node(type));
  return node;
}

// Sorted by key.
using Details = std::map<std::string, Node, std::less<>>;

void add_servers(const IComponent& component, Details& details) {
  const auto* const redis = find_interface<IRedisStatistics>(component);
  if (!redis) return;
  Node servers = binding::list_node();
  for (const auto& endpoint : redis->endpoint_statistics()) {
    Node server = map_node();
    add_member(server, "address", text_node(endpoint.address));
    add_member(server, "state", text_node(to_string(endpoint.state)));
    servers.elements.push_back(std::move(server));
  }
  details.emplace("servers", std::move(servers));
}

void add_server(const DeclaredComponent& declared, Details& details) {
  const auto& parameters = declared.component_class->parameters;
  if (!parameters.find("host") || !parameters.find("port")) return add_servers(*declared.component, details);
  const void* const options =
      declared.effective_options ? declared.effective_options.get() : declared.options.get();
  // With one of these, the server is named in another way than by host and port.
  for (const auto* const instead : {"connection", "url", "unix_socket_path", "startup_nodes", "sentinels"}) {
    const auto* const declaration = parameters.find(instead);
    if (!declaration) continue;
    const auto usual = declared.component_class->make_options();
    if (!(declaration->load(options) == declaration->load(usual.get())))
      return add_servers(*declared.component, details);
  }
  for (const auto& [parameter, shown] : server_parameters)
    if (const auto* const declaration = parameters.find(parameter))
      details.emplace(shown, binding::value_node(declaration->load(options), false));
}

class ReportMaker {
 public:
  ReportMaker(const ComponentSite& site, const HealthReportOptions& options)
      : options_(options), declared_(site.declared_components()) {}

  Node node_of(const ReportedComponent& reported) {
    const auto* declared = declaration_of(reported);
    const bool required = !may_be_down(reported.name) && !(declared && declared->optional);
    Node node = described(reported.name, reported.class_name);
    const auto state = add_state(node, reported, declared, required);
    if (state == to_string(HealthState::down))
      state_ = required ? HealthState::down : std::max(state_, HealthState::degraded);
    else if (state == to_string(HealthState::degraded))
      state_ = std::max(state_, HealthState::degraded);
    if (declared && options_.in_place)
      if (Node list = in_place_of(*declared); !list.elements.empty())
        add_member(node, "in_place", std::move(list));
    return node;
  }

  // Of the whole.
  [[nodiscard]] HealthState state() const noexcept { return state_; }

 private:
  static Node described(std::string_view name, std::string_view class_name) {
    Node node = map_node();
    add_member(node, "name", text_node(name));
    add_member(node, "class", text_node(class_name));
    return node;
  }

  std::string add_state(Node& node, const ReportedComponent& reported, const DeclaredComponent* declared,
                        std::optional<bool> required) {
    Details details;
    if (declared) add_server(*declared, details);
    auto state = state_of(reported, details);
    const bool unhealthy = state == to_string(HealthState::down);
    add_member(node, "status", text_node(unhealthy ? "unhealthy" : "healthy"));
    add_member(node, "state", text_node(state));
    if (required) add_member(node, "required", boolean_node(*required));
    if (!options_.details) return state;
    Node shown = map_node();
    for (auto& [name, detail] : details)
      add_member(shown, name, std::move(detail));
    add_member(node, "details", std::move(shown));
    return state;
  }

  Node in_place_of(const DeclaredComponent& owner) {
    Node list = binding::list_node();
    for (const auto& dependency : owner.dependencies)
      for (const auto& declared : declared_) {
        if (declared.in_place.empty() || declared.in_place != dependency.name) continue;
        const ReportedComponent reported{std::string(binding::shown_name(declared.in_place)),
                                         declared.component_class->name, declared.component};
        Node node = described(reported.name, reported.class_name);
        (void)add_state(node, reported, &declared, std::nullopt);
        if (Node inner = in_place_of(declared); !inner.elements.empty())
          add_member(node, "in_place", std::move(inner));
        list.elements.push_back(std::move(node));
      }
    return list;
  }

  [[nodiscard]] const DeclaredComponent* declaration_of(const ReportedComponent& reported) const {
    for (const auto& declared : declared_)
      if (reported.component && declared.component.get() == reported.component.get()) return &declared;
    return nullptr;
  }

  [[nodiscard]] bool may_be_down(std::string_view name) const {
    const auto& names = options_.optional_components;
    return std::find(names.begin(), names.end(), name) != names.end();
  }

  static std::string state_of(const ReportedComponent& reported, Details& details) {
    if (!reported.component) return "not made yet";
    try {
      const Health health = reported.component->health();
      if (!health.reason.empty()) details.emplace("reason", text_node(health.reason));
      return std::string(to_string(health.state));
    } catch (const std::exception& exception) {
      details.emplace("error", error_node(exception.what(), basics::type_name(typeid(exception))));
    } catch (...) {
      details.emplace("error", error_node("something was thrown that is no std::exception", "unknown"));
    }
    return std::string(to_string(HealthState::down));
  }

  const HealthReportOptions& options_;
  const std::vector<DeclaredComponent> declared_;
  HealthState state_ = HealthState::up;
};

}  // namespace

Node health_report(const ComponentSite& site, const HealthReportOptions& options) {
  ReportMaker maker(site, options);
  Node components = binding::list_node();
  if (options.endpoint != HealthEndpoint::liveness)
    for (const auto& reported : reports::reported_components(site))
      components.elements.push_back(maker.node_of(reported));
  Node report = map_node();
  add_member(report, "status", text_node(maker.state() == HealthState::down ? "unhealthy" : "healthy"));
  add_member(report, "state", text_node(to_string(maker.state())));
  add_member(report, "components", std::move(components));
  return report;
}

}  // namespace cachesite
