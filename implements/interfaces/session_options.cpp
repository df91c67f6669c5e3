#include <cachesite/detail/session_options.hpp>

namespace cachesite {

ParameterTable SessionOptions::parameters() {
  using O = SessionOptions;
  return {
      parameter("config", &O::config,
                "The configuration that parameters come from which are not given here; the unnamed one if "
                "there is one, none when null."),
      parameter("config_session", &O::config_session, "The session of the configuration."),
  };
}

}  // namespace cachesite
