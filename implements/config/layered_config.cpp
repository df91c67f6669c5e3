#include <cachesite/detail/stored_config.hpp>
#include <cachesite/layered_config.hpp>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <utility>

namespace cachesite {

ParameterTable LayeredConfigOptions::parameters() {
  using O = LayeredConfigOptions;
  return {parameter("layers", &O::layers,
                    "The configurations from bottom to top, such as defaults, a file, the environment; the "
                    "last one wins.")};
}

LayeredConfig::LayeredConfig(const LayeredConfigOptions& options) {
  for (const auto& layer : options.layers) {
    if (!layer.component()) throw std::invalid_argument("LayeredConfig: a layer is a null pointer");
    layers_.push_back(layer.component());
  }
}

std::vector<std::string> LayeredConfig::list_sessions() const {
  std::set<std::string> names;
  for (const auto& layer : layers_)
    for (auto& name : layer->list_sessions())
      names.insert(std::move(name));
  return {names.begin(), names.end()};
}

bool LayeredConfig::has_session(std::string_view name) const {
  return std::any_of(layers_.begin(), layers_.end(),
                     [name](const auto& layer) { return layer->has_session(name); });
}

std::shared_ptr<IConfigSession> LayeredConfig::get_session(std::string_view name) const {
  SessionValues merged;
  for (const auto& layer : layers_) {
    const auto session = layer->get_session(name);
    for (const auto& key : session->list_keys()) {
      ConfigValue value{session->get_value(key).value_or(""), session->origin(key), is_list(*session, key),
                        is_default(*session, key)};
      if (value.usual)
        merged.emplace(key, std::move(value));
      else
        merged.insert_or_assign(key, std::move(value));
    }
  }
  return make_config_session(std::move(merged));
}

}  // namespace cachesite
