#include <cachesite/load.hpp>

namespace cachesite {

// The same as configs/default.yml, which a test compares.
std::string_view default_component_file() noexcept {
  return R"yaml(# What load_component_site() loads when no file is given. The two configurations are read from .env.json and .env.yml, or
# from the files that CONFIG_JSON and CONFIG_YAML name; what the YAML one, which is unnamed, says in the
# session "redis" is where the Redis cache goes.
# Nothing connects to Redis before the program asks for that cache.

- class: JsonConfig
  entries:
    - {interface: IConfig, name: Json}

- class: YamlConfig
  entries:
    - {interface: IConfig, name: Yaml}
    - {interface: IConfig}

- class: TopicLoggerSite
  entries:
    - {interface: ILoggerSite, name: Builtin}
    - {interface: ILoggerSite}

- class: MemoryCache
  entries:
    - {interface: ICache, name: Memory}
    - {interface: ICache}

- class: RedisCache
  lazy: true
  entries:
    - {interface: ICache, name: Redis}
)yaml";
}

}  // namespace cachesite
