#include "support/redis_server.hpp"
#include "support/temporary_directory.hpp"

#include <cachesite/cachesite.hpp>

#include <chrono>
#include <cstdlib>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using test::RedisServer;
using test::TemporaryDirectory;

namespace {

const std::string configs = CACHESITE_CONFIGS;
const std::string fivcglue = CACHESITE_FIVCGLUE_FILES;

class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
  ~Variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

std::string session_for(const RedisServer& server) {
  return "redis:\n  host: " + server.host() + "\n  port: \"" + std::to_string(server.port()) +
         "\"\n  db: 0\n  password: \"\"\n";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(component_files)

BOOST_AUTO_TEST_CASE(fivcglues_component_file_works_on_the_server_that_its_redis_session_names) {
  const RedisServer server;
  const TemporaryDirectory folder;
  const Variable variable("CONFIG_YAML", folder.write("env.yml", session_for(server)));
  const auto site = load_component_site(configs + "/fivcglue-default.yml");
  BOOST_TEST(site->entries().size() == 5U);
  const auto cache = site->get_component<ICache>("Redis");
  BOOST_TEST((cache->health().state == HealthState::up));
  BOOST_TEST(cache->set_value("greeting", "hello", 1min));
  BOOST_TEST(cache->get_value("greeting")->text() == "hello");
  auto probe = server.probe();
  BOOST_TEST(probe.command({"GET", "greeting"}).text == "hello");
}

BOOST_AUTO_TEST_CASE(fivcglues_component_file_degrades_without_a_server_and_without_files) {
  const Variable yaml("CONFIG_YAML", fivcglue + "/test_env.yml");
  const Variable json("CONFIG_JSON", fivcglue + "/test_env.json");
  for (const std::string file : {"/fivcglue-default.yml", "/fivcglue-logger.yml"}) {
    const auto site = load_component_site(configs + file);
    BOOST_TEST(site->get_component<ILoggerSite>("Builtin") != nullptr);
    const auto cache = site->query_component<ICache>("Redis");
    if (!cache) continue;
    BOOST_TEST((cache->health().state == HealthState::down));
    BOOST_TEST(!cache->set_value("greeting", "hello", 1min));
    BOOST_TEST(!cache->get_value("greeting"));
    for (const std::string name : {"Json", "Yaml", ""}) {
      const auto session = site->get_component<IConfig>(name)->get_session("redis");
      BOOST_TEST(session->get_value("port").value() == "1");
      BOOST_TEST(session->get_integer("db").value() == 0);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_bundled_default_reaches_the_server_of_the_session_at_the_first_lookup) {
  const RedisServer server;
  const TemporaryDirectory folder;
  const Variable variable("CONFIG_YAML", folder.write("env.yml", session_for(server)));
  const auto site = load_component_site();
  BOOST_TEST(site->get_component<ICache>("Redis")->set_value("k", "v", 1min));
}

BOOST_AUTO_TEST_CASE(a_component_of_its_own_parameters_a_session_and_layers_reaches_the_right_server) {
  const RedisServer server;
  const Variable port("CFGTEST_REDIS__PORT", std::to_string(server.port()));
  const auto site = load_component_site_from_text(
      "- class: FixedConfig\n  entries: [{interface: IConfig, name: defaults}]\n"
      "  values: [redis.host=127.0.0.1, redis.port=1, redis.client_name=from-defaults, "
      "redis.socket_timeout=5]\n"
      "- class: EnvironmentConfig\n  entries: [{interface: IConfig, name: env}]\n  prefix: CFGTEST_\n"
      "- class: LayeredConfig\n  entries: [{interface: IConfig}]\n  layers: [defaults, env]\n"
      "- class: RedisConnection\n  entries: [{interface: IRedis, name: main}]\n  client_name: explicit\n"
      "- class: RedisCache\n  entries: [{interface: ICache, name: shared}]\n  connection: main\n"
      "- class: RedisCache\n  entries: [{interface: ICache, name: own}]\n",
      Format::yaml);
  BOOST_TEST(site->get_component<ICache>("shared")->set_value("k", "v", 1min));
  BOOST_TEST(site->get_component<ICache>("own")->get_value("k")->text() == "v");
  auto probe = server.probe();
  const std::string clients = probe.command({"CLIENT", "LIST"}).text;
  BOOST_TEST(clients.find("name=explicit") != std::string::npos);
  BOOST_TEST(clients.find("name=from-defaults") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_redis_cache_takes_the_environment_of_spakky) {
  test::RedisServerOptions with_user;
  with_user.users = {"app on >secret ~* +@all"};
  const RedisServer server(with_user);
  const std::string file =
      "- class: FixedConfig\n  entries: [{interface: IConfig, name: defaults}]\n"
      "  values: [redis.host=127.0.0.1, 'redis.key_prefix=spakky:cache:', redis.socket_timeout=5.0]\n"
      "- class: EnvironmentConfig\n  entries: [{interface: IConfig, name: env}]\n  prefix: SPAKKY_\n"
      "- class: LayeredConfig\n  entries: [{interface: IConfig}]\n  layers: [defaults, env]\n"
      "- class: RedisCache\n  entries: [{interface: ICache}]\n";
  const Variable port("SPAKKY_REDIS__PORT", std::to_string(server.port()));
  const Variable database("SPAKKY_REDIS__DB", "3");
  const Variable user("SPAKKY_REDIS__USERNAME", "app");
  const Variable password("SPAKKY_REDIS__PASSWORD", "secret");
  auto probe = server.probe();
  probe.command({"SELECT", "3"});
  const auto site = load_component_site_from_text(file, Format::yaml);
  BOOST_TEST(site->get_component<ICache>()->set_value("k", "v", 1min));
  BOOST_TEST(probe.command({"GET", "spakky:cache:k"}).text == "v");
  {
    const Variable prefix("SPAKKY_REDIS__KEY_PREFIX", "shop:");
    const Variable timeout("SPAKKY_REDIS__SOCKET_TIMEOUT", "2.5");
    const auto shop = load_component_site_from_text(file, Format::yaml);
    BOOST_TEST(shop->get_component<ICache>()->set_value("k", "w", 1min));
    BOOST_TEST(probe.command({"GET", "shop:k"}).text == "w");
  }
  {
    const Variable tls("SPAKKY_REDIS__USE_SSL", "true");  // which this server does not speak
    const Variable patience("SPAKKY_REDIS__SOCKET_CONNECT_TIMEOUT", "200ms");
    const auto encrypted = load_component_site_from_text(file, Format::yaml);
    BOOST_TEST(!encrypted->get_component<ICache>()->set_value("k", "x", 1min));
  }
  for (const auto& [name, value] :
       {std::pair("SPAKKY_REDIS__PORT", "-1"), std::pair("SPAKKY_REDIS__DB", "-1"),
        std::pair("SPAKKY_REDIS__USE_SSL", "maybe"), std::pair("SPAKKY_REDIS__SOCKET_TIMEOUT", "soon")}) {
    const Variable wrong(name, value);
    BOOST_CHECK_THROW((void)load_component_site_from_text(file, Format::yaml), LoadError);
  }
}

BOOST_AUTO_TEST_SUITE_END()
