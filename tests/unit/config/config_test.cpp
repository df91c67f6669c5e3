#include "support/collecting_logger.hpp"
#include "support/tree.hpp"

#include <cachesite/config.hpp>
#include <cachesite/detail/problem_text.hpp>
#include <cachesite/environment_config.hpp>
#include <cachesite/file_config.hpp>
#include <cachesite/fixed_config.hpp>
#include <cachesite/layered_config.hpp>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;

namespace {

using Texts = std::vector<std::string>;

FixedConfig fixed(Texts values) {
  FixedConfigOptions options;
  for (auto& value : values)
    options.values.emplace_back(std::move(value));
  return FixedConfig(options);
}

/// Sets a variable of the environment for as long as it lives.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~Variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

/// A source that knows one document, or refuses it.
class OneDocument final : public IDocumentSource {
 public:
  std::optional<Document> document;
  bool broken = false;
  mutable std::string asked_path = {};
  mutable Format asked_format = Format::yaml;

  std::optional<Document> read(const std::string& path, Format format) const override {
    asked_path = path;
    asked_format = format;
    if (!broken) return document;
    Problem problem;
    problem.file = path;
    problem.position = {3, 4};
    problem.message = "the text ends too early";
    problem.source = std::make_shared<const std::string>("a\nb\npassword: hunter2\n");
    throw make_load_error({problem});
  }
};

ComponentContext context_with(const std::shared_ptr<OneDocument>& source,
                              std::shared_ptr<ILogger> logger = std::make_shared<SilentLogger>()) {
  ComponentContext context;
  context.documents = source;
  context.logger = std::move(logger);
  return context;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(config)

BOOST_AUTO_TEST_CASE(a_session_is_a_copy_of_ones_own) {
  const auto config = fixed({"redis.host=here", "redis.port=7000", "other.host=there"});
  BOOST_TEST(config.list_sessions() == (Texts{"other", "redis"}), boost::test_tools::per_element());
  const auto first = config.get_session("redis");
  BOOST_TEST(first->list_keys() == (Texts{"host", "port"}), boost::test_tools::per_element());
  BOOST_TEST(first->set_value("host", "elsewhere"));
  BOOST_TEST(first->delete_value("port"));
  BOOST_TEST(!first->delete_value("port"));
  BOOST_TEST(first->get_value("host").value() == "elsewhere");
  BOOST_TEST(first->origin("host") == "set by the program");
  const auto second = config.get_session("redis");
  BOOST_TEST(second->get_value("host").value() == "here");
  BOOST_TEST(second->get_value("port").value() == "7000");
}

BOOST_AUTO_TEST_CASE(a_session_that_is_not_there_is_empty_and_never_null) {
  const auto config = fixed({});
  BOOST_TEST(!config.has_session("redis"));
  const auto session = config.get_session("redis");
  BOOST_REQUIRE(session);
  BOOST_TEST(session->list_keys().empty());
  BOOST_TEST(!session->get_value("host"));
  BOOST_TEST(session->origin("host").empty());
}

BOOST_AUTO_TEST_CASE(typed_getters_convert_or_name_the_key_and_hide_the_value) {
  const auto session =
      fixed({"a.n=-42", "a.x=2.5", "a.yes=On", "a.no=0", "a.text=s3cret", "a.half=12x"}).get_session("a");
  BOOST_TEST(session->get_integer("n").value() == -42);
  BOOST_TEST(session->get_real("x").value() == 2.5);
  BOOST_TEST(session->get_boolean("yes").value());
  BOOST_TEST(!session->get_boolean("no").value());
  BOOST_TEST(!session->get_integer("nothing"));
  BOOST_TEST(!session->get_boolean("nothing"));
  BOOST_CHECK_THROW((void)session->get_integer("half"), ConfigValueError);
  BOOST_CHECK_THROW((void)session->get_real("half"), ConfigValueError);
  try {
    (void)session->get_boolean("text");
    BOOST_FAIL("it was converted");
  } catch (const ConfigValueError& error) {
    BOOST_TEST(std::string(error.what()) == "text: expected true or false (values of a FixedConfig)");
  }
}

BOOST_AUTO_TEST_CASE(fixed_values_have_to_say_session_key_and_value) {
  for (const std::string wrong : {"host=x", "redis.host", ".host=x", "redis.=x", "a=b.c"})
    BOOST_CHECK_THROW((void)fixed({wrong}), std::invalid_argument);
  BOOST_TEST(fixed({"redis.url=redis://x?a=b"}).get_session("redis")->get_value("url").value() ==
             "redis://x?a=b");
  BOOST_TEST(fixed({"a.b.c=1"}).get_session("a")->get_value("b.c").value() == "1");
  BOOST_TEST(fixed({"a.b=1", "a.b=2"}).get_session("a")->get_value("b").value() == "2");
}

BOOST_AUTO_TEST_CASE(the_environment_is_read_by_prefix_session_and_key) {
  const Variable host("CFGTEST_REDIS__HOST", "10.0.0.1");
  const Variable port("CFGTEST_REDIS__SOCKET_TIMEOUT", "250ms");
  const Variable odd("CFGTEST_NOSEPARATOR", "x");
  const Variable foreign("OTHER_REDIS__HOST", "x");
  EnvironmentConfigOptions options;
  options.prefix = "CFGTEST_";
  const EnvironmentConfig config(options);
  BOOST_TEST(config.list_sessions() == Texts{"redis"}, boost::test_tools::per_element());
  BOOST_TEST(config.has_session("Redis"));
  const auto session = config.get_session("redis");
  BOOST_TEST(session->list_keys() == (Texts{"host", "socket_timeout"}), boost::test_tools::per_element());
  BOOST_TEST(session->get_value("host").value() == "10.0.0.1");
  BOOST_TEST(session->origin("host") == "the environment variable CFGTEST_REDIS__HOST");
  options.separator = "";
  BOOST_CHECK_THROW((void)EnvironmentConfig(options), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(of_several_layers_the_last_that_has_a_value_counts) {
  LayeredConfigOptions options;
  options.layers = {Reference<IConfig>(std::make_shared<FixedConfig>(fixed({"r.host=a", "r.port=1"}))),
                    Reference<IConfig>(std::make_shared<FixedConfig>(fixed({"r.host=b", "s.x=1"})))};
  const LayeredConfig config(options);
  BOOST_TEST(config.list_sessions() == (Texts{"r", "s"}), boost::test_tools::per_element());
  BOOST_TEST(config.has_session("s"));
  BOOST_TEST(config.get_session("r")->get_value("host").value() == "b");
  BOOST_TEST(config.get_session("r")->get_value("port").value() == "1");
  options.layers.emplace_back();
  BOOST_CHECK_THROW((void)LayeredConfig(options), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(a_file_is_named_by_its_parameter_or_the_environment_or_is_the_usual_one) {
  const auto source = std::make_shared<OneDocument>();
  BOOST_TEST(JsonConfig({}, context_with(source)).list_sessions().empty());
  BOOST_TEST(source->asked_path == ".env.json");
  BOOST_TEST((source->asked_format == Format::json));
  (void)YamlConfig({}, context_with(source));
  BOOST_TEST(source->asked_path == ".env.yml");
  const Variable variable("CONFIG_YAML", "elsewhere.conf");
  (void)YamlConfig({}, context_with(source));
  BOOST_TEST(source->asked_path == "elsewhere.conf");
  FileConfigOptions options;
  options.path = "mine.yml";
  (void)YamlConfig(options, context_with(source));
  BOOST_TEST(source->asked_path == "mine.yml");
  (void)TomlConfig({}, context_with(source));
  BOOST_TEST(source->asked_path == ".env.toml");
  BOOST_TEST((source->asked_format == Format::toml));
  const Variable toml("CONFIG_TOML", "elsewhere.yml");
  (void)TomlConfig({}, context_with(source));
  BOOST_TEST(source->asked_path == "elsewhere.yml");
  BOOST_TEST((source->asked_format == Format::toml));
}

BOOST_AUTO_TEST_CASE(a_variable_that_is_set_to_nothing_names_no_file) {
  const auto source = std::make_shared<OneDocument>();
  const Variable json("CONFIG_JSON", ""), yaml("CONFIG_YAML", ""), toml("CONFIG_TOML", ""),
      any("CONFIG_FILE", "");
  (void)JsonConfig({}, context_with(source));
  BOOST_TEST(source->asked_path == ".env.json");
  (void)YamlConfig({}, context_with(source));
  BOOST_TEST(source->asked_path == ".env.yml");
  (void)TomlConfig({}, context_with(source));
  BOOST_TEST(source->asked_path == ".env.toml");
  (void)FileConfig({}, context_with(source));
  BOOST_TEST(source->asked_path == ".env.yml");
}

BOOST_AUTO_TEST_CASE(the_extension_says_how_a_file_is_written_and_one_that_does_not_is_refused) {
  const auto source = std::make_shared<OneDocument>();
  FileConfigOptions options;
  for (const auto& [path, format] : std::vector<std::pair<std::string, Format>>{{"a.yml", Format::yaml},
                                                                                {"a.b/c.YAML", Format::yaml},
                                                                                {"a.yml.Json", Format::json},
                                                                                {"a.toml", Format::toml},
                                                                                {"a.TML", Format::toml}}) {
    options.path = path;
    (void)FileConfig(options, context_with(source));
    BOOST_TEST(source->asked_path == path);
    BOOST_TEST((source->asked_format == format));
  }
  (void)FileConfig({}, context_with(source));
  BOOST_TEST(source->asked_path == ".env.yml");
  const Variable variable("CONFIG_FILE", "elsewhere.toml");
  (void)FileConfig({}, context_with(source));
  BOOST_TEST(source->asked_path == "elsewhere.toml");
  for (const std::string path : {"settings.ini", "settings", "a.toml/settings", "a.", ".toml.bak"}) {
    options.path = path;
    options.strict = true;
    BOOST_CHECK_EXCEPTION(
        (void)FileConfig(options, context_with(source)), std::runtime_error,
        [&](const std::runtime_error& error) {
          return std::string(error.what()) ==
                 path +
                     ": the format is not clear from the name: the extension has to be .yaml, "
                     ".yml, .json, .toml or .tml";
        });
    options.strict = false;
    const auto logger = std::make_shared<test::CollectingLogger>();
    BOOST_TEST(FileConfig(options, context_with(source, logger)).list_sessions().empty());
    BOOST_TEST(logger->count(LogLevel::error, "the format is not clear from the name") == 1U);
  }
}

BOOST_AUTO_TEST_CASE(a_broken_file_is_refused_without_showing_its_lines_or_logged_when_that_is_wished) {
  const auto source = std::make_shared<OneDocument>();
  source->broken = true;
  FileConfigOptions options;
  options.path = "mine.yml";
  try {
    (void)YamlConfig(options, context_with(source));
    BOOST_FAIL("it was read");
  } catch (const std::runtime_error& error) {
    BOOST_TEST(std::string(error.what()) == "mine.yml:3:4: the text ends too early");
  }
  options.strict = false;
  const auto logger = std::make_shared<test::CollectingLogger>();
  BOOST_TEST(YamlConfig(options, context_with(source, logger)).list_sessions().empty());
  BOOST_TEST(logger->count(LogLevel::error, "mine.yml:3:4: the text ends too early") == 1U);
  BOOST_TEST(logger->count(LogLevel::debug, "hunter2") == 0U);
}

namespace {

/// `settings.yml` as a reader of files gives it.
std::shared_ptr<OneDocument> settings(Node root) {
  const auto source = std::make_shared<OneDocument>();
  source->document = tree::document(std::move(root), "settings.yml");
  return source;
}

std::string refusal_of(const std::shared_ptr<OneDocument>& source) {
  try {
    (void)YamlConfig({}, context_with(source));
    return "it was read";
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_in_no_session_is_warned_of) {
  using namespace tree;
  const auto without = settings(map({{"port", integer("1")},
                                     {"redis", map({{"host", text("here")}})},
                                     {"nodes", list({text("a")})},
                                     {"empty", null()}}));
  FileConfigOptions options;
  for (const bool strict : {true, false}) {
    options.strict = strict;
    const auto logger = std::make_shared<test::CollectingLogger>();
    const YamlConfig config(options, context_with(without, logger));
    BOOST_TEST(logger->count(LogLevel::warning) == 2U);
    BOOST_TEST(logger->count(LogLevel::warning, "ignores a setting: settings.yml:") == 2U);
    BOOST_TEST(logger->count(LogLevel::warning, "\"port\" is in no session") == 1U);
    BOOST_TEST(logger->count(LogLevel::warning, "\"nodes\" is in no session") == 1U);
    BOOST_TEST(config.list_sessions() == (Texts{"empty", "redis"}), boost::test_tools::per_element());
    BOOST_TEST(config.get_session("redis")->get_value("host").value() == "here");
  }
  const auto logger = std::make_shared<test::CollectingLogger>();
  const auto nested =
      settings(map({{"redis", map({{"hosts", list({map({{"a", text("b")}}), text("c")})}})}}));
  (void)YamlConfig({}, context_with(nested, logger));
  BOOST_TEST(logger->count(LogLevel::warning, "an element of a list is a single value, found a mapping") ==
             1U);
  BOOST_TEST(refusal_of(settings(list({text("a")})))
                 .find("a configuration is a mapping of sessions, found a list") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_list_is_known_from_a_text_with_commas) {
  using namespace tree;
  const auto config = std::make_shared<YamlConfig>(
      FileConfigOptions{},
      context_with(
          settings(map({{"r", map({{"list", list({text("a"), text("b")})}, {"text", text("a,b")}})}}))));
  LayeredConfigOptions options;
  options.layers = {Reference<IConfig>(config)};
  const LayeredConfig layered(options);
  for (const auto& session : {config->get_session("r"), layered.get_session("r")}) {
    BOOST_TEST(session->get_value("list").value() == session->get_value("text").value());
    BOOST_TEST(is_list(*session, "list"));
    BOOST_TEST(!is_list(*session, "text"));
    BOOST_TEST(!is_list(*session, "nothing"));
    session->set_value("list", "a,b");
    BOOST_TEST(!is_list(*session, "list"));
  }
}

BOOST_AUTO_TEST_SUITE_END()
