#include "support/temporary_directory.hpp"

#include <cachesite/cachesite.hpp>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using test::TemporaryDirectory;

namespace {

const std::filesystem::path configs = CACHESITE_CONFIGS;

std::string names(const ComponentSite& site) {
  std::string result;
  for (const auto& entry : site.entries())
    result +=
        (result.empty() ? "" : ", ") + entry.interface_name + " '" + entry.name + "' " + entry.class_name;
  return result;
}

/// `E132 files include ...`, one line each, without the folder.
std::string problems_of(const TemporaryDirectory& folder, std::initializer_list<const char*> files) {
  std::vector<std::filesystem::path> paths;
  for (const auto* file : files)
    paths.emplace_back(folder.file(file));
  std::string result;
  for (const auto& problem : check_component_files(paths)) {
    std::string line = std::filesystem::path(problem.file).filename().string() + ":" +
                       std::to_string(problem.position.line) + " " + problem.id + " " + problem.message;
    const std::string prefix = folder.path().string() + "/";
    for (auto at = line.find(prefix); at != std::string::npos; at = line.find(prefix))
      line.erase(at, prefix.size());
    result += (result.empty() ? "" : "\n") + line;
  }
  return result;
}

std::shared_ptr<ComponentSite> load_with(const std::string& text) {
  return load_component_site_from_text(text, Format::yaml);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(component_files)

BOOST_AUTO_TEST_CASE(included_files_are_relative_to_the_file_and_are_overridden_by_it) {
  const TemporaryDirectory folder;
  std::filesystem::create_directory(folder.path() / "parts");
  folder.write("parts/base.yml",
               "include: more.json\n"
               "components:\n"
               "- {class: NullCache, entries: [{interface: ICache, name: a}]}\n"
               "- {class: NullCache, entries: [{interface: ICache, name: b}]}\n");
  folder.write("parts/more.json",
               R"([{"class": "NullCache", "entries": [{"interface": "ICache", "name": "c"}]}])");
  folder.write("main.yml",
               "include: [parts/base.yml]\n"
               "components:\n"
               "- {class: MemoryCache, entries: [{interface: ICache, name: a}]}\n");
  const std::string expected = "ICache 'a' MemoryCache, ICache 'b' NullCache, ICache 'c' NullCache";
  BOOST_TEST(names(*load_component_site(folder.file("main.yml"))) == expected);
  BOOST_TEST(problems_of(folder, {"main.yml"}).empty());
}

BOOST_AUTO_TEST_CASE(a_file_may_consist_of_includes_and_several_may_include_the_same) {
  const TemporaryDirectory folder;
  folder.write("common.yml",
               "- {class: MemoryCache, entries: []}\n- {class: NullCache, entries: [{interface: ICache}]}\n");
  folder.write("a.yml", "include: common.yml\n");
  folder.write("b.yml", "include: common.yml\n");
  folder.write("main.yml", "include: [a.yml, b.yml]\n");
  const auto site = load_component_site(folder.file("main.yml"));
  BOOST_TEST(names(*site) == "ICache '' NullCache");
  BOOST_TEST(site->declared_components().size() == 2U);
}

BOOST_AUTO_TEST_CASE(of_several_files_the_later_overrides_the_earlier) {
  const TemporaryDirectory folder;
  folder.write("a.yml", "- {class: NullCache, entries: [{interface: ICache, name: x}]}\n");
  folder.write("b.yml", "- {class: MemoryCache, entries: [{interface: ICache, name: x}]}\n");
  const auto site = load_component_site_from_files({folder.file("a.yml"), folder.file("b.yml")});
  BOOST_TEST(names(*site) == "ICache 'x' MemoryCache");
}

BOOST_AUTO_TEST_CASE(files_that_include_each_other_in_a_circle_are_reported_with_the_whole_chain) {
  const TemporaryDirectory folder;
  folder.write("a.yml", "include: b.yml\n");
  folder.write("b.yml", "include:\n- c.yml\n");
  folder.write("c.yml", "components: []\ninclude: a.yml\n");
  BOOST_TEST(problems_of(folder, {"a.yml"}) ==
             "c.yml:2 E132 files include each other in a circle: a.yml -> b.yml -> c.yml -> a.yml");
  folder.write("self.yml", "include: self.yml\n");
  BOOST_TEST(problems_of(folder, {"self.yml"}) ==
             "self.yml:1 E132 files include each other in a circle: self.yml -> self.yml");
}

BOOST_AUTO_TEST_CASE(includes_that_go_too_deep_are_refused) {
  const TemporaryDirectory folder;
  for (int depth = 0; depth < 20; ++depth)
    folder.write(std::to_string(depth) + ".yml", "include: " + std::to_string(depth + 1) + ".yml\n");
  BOOST_TEST(problems_of(folder, {"0.yml"}) == "15.yml:1 E133 files include each other more than 16 deep");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_included_is_reported_at_its_place_and_the_rest_is_still_checked) {
  const TemporaryDirectory folder;
  folder.write("broken.yml", "- {class: Nope}\n- [\n");
  folder.write("main.yml", "include:\n- missing.yml\n- noextension\n- 7\n- broken.yml\ncomponents: []\n");
  BOOST_TEST(problems_of(folder, {"main.yml"})
                 .find("main.yml:2 E134 cannot include missing.yml: the file does not exist\n"
                       "main.yml:3 E134 cannot include noextension: the file does not exist\n"
                       "main.yml:4 E131 include: expected the path of a file, found an integer\n"
                       "broken.yml:") == 0U);
  folder.write("wrong.yml", "include: {a: b}\n");
  BOOST_TEST(problems_of(folder, {"wrong.yml"}) ==
             "wrong.yml:1 E131 include: expected the path of a file or a list of paths, found a mapping");
}

BOOST_AUTO_TEST_CASE(problems_of_an_included_file_are_shown_in_that_file) {
  const TemporaryDirectory folder;
  folder.write("part.yml", "- {class: MemoryCache, max_szie: 3, entries: [{interface: ICache}]}\n");
  folder.write("main.yml", "include: part.yml\n");
  BOOST_TEST(problems_of(folder, {"main.yml"}) ==
             "part.yml:1 E204 MemoryCache has no parameter \"max_szie\"");
}

BOOST_AUTO_TEST_CASE(without_a_file_the_bundled_components_are_loaded) {
  const auto site = load_component_site();
  BOOST_TEST(names(*site) ==
             "ICache '' MemoryCache, ICache 'Memory' MemoryCache, ICache 'Redis' RedisCache, IConfig '' "
             "YamlConfig, IConfig 'Json' JsonConfig, IConfig 'Yaml' YamlConfig, ILoggerSite '' "
             "TopicLoggerSite, ILoggerSite 'Builtin' TopicLoggerSite");
  BOOST_TEST(site->get_component<ICache>()->set_value("k", "v", std::chrono::seconds(5)));
  BOOST_TEST(default_component_file() == test::read_file(configs / "default.yml"));
}

BOOST_AUTO_TEST_CASE(a_configuration_file_is_read_with_texts_for_values) {
  const TemporaryDirectory folder;
  const auto yaml = folder.write("settings.yml",
                                 "redis:\n  host: far\n  port: 7000\n  password:\n  ssl: true\n"
                                 "  startup_nodes: [a:1, b:2]\n  keepalive:\n    idle: 5\n"
                                 "version: 3\n");
  const auto site =
      load_with("- {class: YamlConfig, entries: [{interface: IConfig}], path: '" + yaml + "'}\n");
  const auto config = site->get_component<IConfig>();
  const auto session = config->get_session("redis");
  std::string text;
  for (const auto& key : session->list_keys())
    text += key + "=" + *session->get_value(key) + " ";
  BOOST_TEST(text == "host=far keepalive.idle=5 port=7000 ssl=true startup_nodes=a:1,b:2 ");
  BOOST_TEST(session->get_integer("port").value() == 7000);
  BOOST_TEST(session->origin("port") == yaml + ":3:9");
  BOOST_TEST(config->get_session("version")->list_keys().empty());
}

BOOST_AUTO_TEST_CASE(a_missing_or_empty_configuration_file_is_empty_and_a_broken_one_is_loud) {
  const TemporaryDirectory folder;
  const auto loaded = [&](const std::string& type, const std::string& path) {
    return load_with("- {class: " + type + ", entries: [{interface: IConfig}], path: '" + path + "'}\n")
        ->get_component<IConfig>()
        ->list_sessions()
        .size();
  };
  BOOST_TEST(loaded("YamlConfig", folder.file("missing.yml")) == 0U);
  BOOST_TEST(loaded("YamlConfig", folder.write("empty.yml", "")) == 0U);
  BOOST_TEST(loaded("JsonConfig", folder.write("one.txt", R"({"a": {"b": 1}})")) == 1U);
  for (const std::string broken : {"a: [", "- a\n", "a:\n  b: 1\n  b: hunter2\n"}) {
    const auto path = folder.write("broken.yml", broken);
    BOOST_CHECK_EXCEPTION((void)loaded("YamlConfig", path), LoadError, [&](const LoadError& error) {
      const std::string text = error.what();
      return text.find("E331") != std::string::npos && text.find(path + ":") != std::string::npos &&
             text.find("hunter2") == std::string::npos;
    });
  }
}

BOOST_AUTO_TEST_CASE(a_configuration_file_may_take_secrets_from_elsewhere_when_that_is_allowed) {
  const TemporaryDirectory folder;
  const auto path = folder.write("settings.yml", "a:\n  b: ${env:CFGTEST_WORD}\n");
  const std::string text = "- {class: YamlConfig, entries: [{interface: IConfig}], path: '" + path + "'}\n";
  ::setenv("CFGTEST_WORD", "xyzzy", 1);
  LoadOptions options;
  options.allow_substitution = true;
  const auto site = load_component_site_from_text(text, Format::yaml, options);
  BOOST_TEST(site->get_component<IConfig>()->get_session("a")->get_value("b").value() == "xyzzy");
  BOOST_CHECK_THROW((void)load_with(text), LoadError);
  ::unsetenv("CFGTEST_WORD");
}

BOOST_AUTO_TEST_CASE(the_same_settings_in_each_language_are_read_by_each_configuration) {
  const TemporaryDirectory folder;
  folder.write("s.yml", "redis:\n  host: far\n  port: 7000\n  nodes: [a, b]\n  keepalive: {idle: 5}\n");
  folder.write("s.json",
               R"({"redis": {"host": "far", "port": 7000, "nodes": ["a", "b"], "keepalive": {"idle": 5}}})");
  folder.write("s.toml",
               "[redis]\nhost = 'far'\nport = 7_000\nnodes = [\n'a', 'b']\n[redis.keepalive]\nidle = 5\n");
  for (const auto& [type, file] :
       std::vector<std::pair<std::string, std::string>>{{"YamlConfig", "s.yml"},
                                                        {"JsonConfig", "s.json"},
                                                        {"TomlConfig", "s.toml"},
                                                        {"FileConfig", "s.yml"},
                                                        {"FileConfig", "s.json"},
                                                        {"FileConfig", "s.toml"}}) {
    const auto site = load_with("- {class: " + type + ", entries: [{interface: IConfig}], path: '" +
                                folder.file(file) + "'}\n");
    const auto session = site->get_component<IConfig>()->get_session("redis");
    std::string text;
    for (const auto& key : session->list_keys())
      text += key + "=" + *session->get_value(key) + " ";
    BOOST_TEST(text == "host=far keepalive.idle=5 nodes=a,b port=7000 ", type << ' ' << file);
    if (file == "s.toml") BOOST_TEST(session->origin("port") == folder.file(file) + ":3:8");
  }
  folder.write("broken.toml", "[redis]\npassword = hunter2\n");
  BOOST_CHECK_EXCEPTION((void)load_with("- {class: FileConfig, entries: [{interface: IConfig}], path: '" +
                                        folder.file("broken.toml") + "'}\n"),
                        LoadError, [&](const LoadError& error) {
                          const std::string text = error.what();
                          return text.find("broken.toml:2:12: this is no TOML value") != std::string::npos &&
                                 text.find("hunter2") == std::string::npos;
                        });
}

namespace {

/// `NAME VALUE from ORIGIN` of each parameter that has an origin.
std::string origins(const ComponentSite& site, std::string_view name) {
  std::string text;
  const Node explained = explain_component(site, name);
  for (const auto& parameter : explained.elements.at(0).find("parameters")->elements)
    if (const auto* from = parameter.find("from"); from && from->scalar.find("ENVTEST") != std::string::npos)
      text += parameter.find("name")->scalar + " from " + from->scalar + '\n';
  return text;
}

const std::string typed_environment =
    "- class: EnvironmentConfig\n  entries: [{interface: IConfig}]\n  prefix: ENVTEST_\n  defaults:\n"
    "  - {key: redis.port, type: integer, value: 6380}\n"
    "  - {key: redis.host, value: 127.0.0.1}\n"
    "  - {key: redis.password, value: hunter2}\n"
    "  - {key: redis.ssl, type: boolean, value: 'no'}\n"
    "  - {key: redis.backoff, type: mapping, value: '{\"factor\": 2}'}\n"
    "- class: RedisCache\n  lazy: true\n  entries: [{interface: ICache, name: r}]\n";

}  // namespace

BOOST_AUTO_TEST_CASE(an_explanation_shows_which_variable_or_default_a_value_came_from) {
  ::setenv("ENVTEST_REDIS__PORT", "7001", 1);
  const auto site = load_with(typed_environment);
  (void)site->get_component<ICache>("r");
  const std::string text = origins(*site, "r");
  ::unsetenv("ENVTEST_REDIS__PORT");
  BOOST_TEST(text.find("port from the environment variable ENVTEST_REDIS__PORT (session \"redis\")\n") !=
                 std::string::npos,
             text);
  BOOST_TEST(
      text.find("host from the default of ENVTEST_REDIS__HOST (session \"redis\")\n") != std::string::npos,
      text);
  BOOST_TEST(text.find("password from the default of ENVTEST_REDIS__PASSWORD") != std::string::npos, text);
  BOOST_TEST(text.find("hunter2") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_explanation_says_that_a_lazy_component_has_not_read_its_configuration) {
  const auto site = load_with(typed_environment);
  const auto said = [&] {
    const Node explained = explain_component(*site, "r");
    const auto* const reason = explained.elements.at(0).find("reason");
    return reason && reason->scalar == "its settings of a configuration are read at the first lookup";
  };
  BOOST_TEST(said());
  (void)site->get_component<ICache>("r");
  BOOST_TEST(!said());
}

BOOST_AUTO_TEST_CASE(each_configuration_names_its_own_variable_and_file) {
  const Catalog catalog;
  for (const auto& [type, variable, file] :
       std::vector<std::array<std::string, 3>>{{"FileConfig", "CONFIG_FILE", ".env.yml"},
                                               {"JsonConfig", "CONFIG_JSON", ".env.json"},
                                               {"YamlConfig", "CONFIG_YAML", ".env.yml"},
                                               {"TomlConfig", "CONFIG_TOML", ".env.toml"}}) {
    const auto* const path = catalog.find(type).component_class->parameters.find("path");
    BOOST_REQUIRE(path);
    BOOST_TEST(path->computed_default == variable + " of the environment, otherwise " + file, type);
  }
}

BOOST_AUTO_TEST_CASE(a_value_of_the_environment_is_checked_by_its_type_and_by_the_parameter_that_takes_it) {
  const auto refusal = [](const std::string& value) {
    ::setenv("ENVTEST_REDIS__PORT", value.c_str(), 1);
    std::string text = "it was loaded";
    try {
      (void)load_with(typed_environment)->get_component<ICache>("r");
    } catch (const LoadError& error) {
      text = error.what();
    }
    ::unsetenv("ENVTEST_REDIS__PORT");
    BOOST_TEST(text.find(value) == std::string::npos, text);
    return text;
  };
  BOOST_TEST(refusal("hush7Kq9xZwe").find("ENVTEST_REDIS__PORT: expected a whole number") !=
             std::string::npos);
  const std::string text = refusal("70000");
  BOOST_TEST(text.find("port: expected an integer from 1 to 65535") != std::string::npos, text);
  BOOST_TEST(
      text.find("the environment variable ENVTEST_REDIS__PORT (session \"redis\")") != std::string::npos,
      text);
}

BOOST_AUTO_TEST_CASE(each_sample_file_has_twins_in_every_language_that_give_equal_documents) {
  unsigned files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(configs)) {
    const auto& path = entry.path();
    if (!format_from_path(path) || path.filename() == "component-file.schema.json") continue;
    Node root = read_document(path).root;
    if (root.is_list()) {
      Node top;
      top.kind = Node::Kind::map;
      top.members.push_back({"components", {}, 0, root});
      root = top;
    }
    std::vector<std::string> said;
    for (const Format format : {Format::yaml, Format::json, Format::toml}) {
      const Document twin = read_document(write_document(root, format), format, "twin");
      BOOST_TEST((twin.root == root), path << " differs in " << to_string(format));
      std::string problems;
      for (const auto& problem : check_component_site({twin}, Catalog()))
        problems += problem.id + ' ' + problem.message + '\n';
      said.push_back(problems);
    }
    BOOST_TEST(said[0] == said[1]);
    BOOST_TEST(said[0] == said[2]);
    ++files;
  }
  BOOST_TEST_MESSAGE(files << " files");
  BOOST_TEST(files >= 25U);
}

BOOST_AUTO_TEST_CASE(the_sample_file_is_the_same_in_the_three_languages) {
  const auto dump = [](const char* file) {
    return dump_component_site(*load_component_site(configs / file), Format::yaml);
  };
  BOOST_TEST(dump("caches.json") == dump("caches.yml"));
  BOOST_TEST(dump("caches.toml") == dump("caches.yml"));
}

BOOST_AUTO_TEST_CASE(files_in_all_languages_include_each_other) {
  const TemporaryDirectory folder;
  folder.write(
      "a.toml",
      "include = [\"b.json\", 'c.yml']\n[[components]]\nclass = 'NullCache'\nentries = [{interface = "
      "'ICache', name = 'a'}]\n[defaults.NullCache]\n");
  folder.write("b.json", R"({"include": "d.toml", "components": []})");
  folder.write(
      "c.yml",
      "- {class: MemoryCache, entries: [{interface: ICache, name: a}, {interface: ICache, name: c}]}\n");
  folder.write("d.toml",
               "[[components]]\nclass = 'NullCache'\nentries = [{interface = 'ICache', name = 'd'}]\n");
  BOOST_TEST(problems_of(folder, {"a.toml"}) == "");
  BOOST_TEST(names(*load_component_site(folder.file("a.toml"))) ==
             "ICache 'a' NullCache, ICache 'c' MemoryCache, ICache 'd' NullCache");
  folder.write("d.toml",
               "[[components]]\nclass = 'NullCache'\nmax_szie = 3\nentries = [{interface = 'ICache'}]\n");
  BOOST_TEST(problems_of(folder, {"a.toml"}) == "d.toml:3 E204 NullCache has no parameter \"max_szie\"");
}

BOOST_AUTO_TEST_CASE(an_explanation_shows_the_expression_that_a_value_came_from) {
  ::setenv("CFGTEST_SIZE", "77", 1);
  LoadOptions options;
  options.allow_substitution = true;
  const auto site = load_component_site_from_text(
      "- class: MemoryCache\n  entries: [{interface: ICache}]\n  max_size: ${env:CFGTEST_SIZE:-5}\n",
      Format::yaml, options);
  const Node explained = explain_component(*site, "");
  std::string shown;
  for (const auto& parameter : explained.elements.at(0).find("parameters")->elements)
    if (parameter.find("name")->scalar == "max_size")
      shown = parameter.find("value")->scalar + " from " + parameter.find("from")->scalar;
  BOOST_TEST(shown == "77 from <text>:3:13 ${env:CFGTEST_SIZE}");
  ::unsetenv("CFGTEST_SIZE");
}

BOOST_AUTO_TEST_SUITE_END()
