#include "site_commands.hpp"

#include <algorithm>
#include <vector>

namespace cachesite::tool {

namespace {

Node entry_node(const ComponentEntry& entry, const Health& health) {
  auto node = map_node();
  add(node, "interface", text_node(entry.interface_name));
  add(node, "name", text_node(entry.name));
  add(node, "class", text_node(entry.class_name));
  add(node, "state", text_node(to_string(health.state)));
  if (!health.reason.empty()) add(node, "reason", text_node(health.reason));
  return node;
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

}  // namespace

Exit list(const ComponentSite& site, bool json) {
  const auto entries = site.entries();
  auto answer = list_node();
  std::size_t interface_width = 9, name_width = 4, class_width = 5;
  for (const auto& entry : entries) {
    answer.elements.push_back(entry_node(entry, entry.component->health()));
    interface_width = std::max(interface_width, entry.interface_name.size());
    name_width = std::max(name_width, entry.name.size() + 2);
    class_width = std::max(class_width, entry.class_name.size());
  }
  if (json) {
    print_json(answer);
    return Exit::done;
  }
  for (const auto& node : answer.elements) {
    const auto& reason = node.find("reason");
    print(padded(node.find("interface")->scalar, interface_width) + "  " +
          padded("\"" + node.find("name")->scalar + "\"", name_width) + "  " +
          padded(node.find("class")->scalar, class_width) + "  " + node.find("state")->scalar +
          (reason ? ": " + reason->scalar : "") + "\n");
  }
  return Exit::done;
}

Exit health(const ComponentSite& site, bool json) {
  auto answer = map_node();
  auto components = list_node();
  std::vector<const IComponent*> seen;
  bool all_up = true;
  for (const auto& entry : site.entries()) {
    if (std::find(seen.begin(), seen.end(), entry.component.get()) != seen.end()) continue;
    seen.push_back(entry.component.get());
    const auto health = entry.component->health();
    all_up = all_up && health.state != HealthState::down;
    components.elements.push_back(entry_node(entry, health));
    if (!json)
      print(entry.interface_name + " \"" + entry.name + "\" " + std::string(to_string(health.state)) +
            (health.reason.empty() ? "" : ": " + health.reason) + "\n");
  }
  if (json) {
    add(answer, "healthy", boolean_node(all_up));
    add(answer, "components", std::move(components));
    print_json(answer);
  }
  return all_up ? Exit::done : Exit::backend_failed;
}

}  // namespace cachesite::tool
