#include <cachesite/detail/session_options.hpp>

namespace cachesite {

ParameterTable SessionOptions::parameters() {
  using O = SessionOptions;
  return {
      parameter("config", &O::config, "Configuration for parameters that are not given here; null: none.")
          .computed_default("the unnamed configuration, if there is one"),
      parameter("config_session", &O::config_session,
                "Session of the configuration that holds the parameters."),
  };
}

}  // namespace cachesite
