#include "support/collecting_logger.hpp"

#include <cachesite/detail/problem_text.hpp>
#include <cachesite/environment_config.hpp>
#include <cachesite/layered_config.hpp>

#include <cstdlib>
#include <initializer_list>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;

namespace {

using Variables = std::map<std::string, std::string>;

/// What every variable of these tests holds when it is wrong: no message may show it.
constexpr std::string_view hidden = "hush7Kq9xZwe";

/// Understands one JSON text and `name=value`, a mapping with one member, and refuses every other.
class OneText final : public IDocumentSource {
 public:
  std::optional<Document> read(const std::string&, Format) const override { return std::nullopt; }
  Document read_text(std::string_view text, Format format, const std::string& name) const override {
    BOOST_TEST((format == Format::json));
    Document document;
    document.name = name;
    document.root.kind = Node::Kind::map;
    if (text == "{}") return document;
    if (text == "[]") {
      document.root.kind = Node::Kind::list;
      return document;
    }
    Node scalar;
    scalar.kind = Node::Kind::integer;
    scalar.scalar = "5";
    if (const auto equals = text.find('='); equals != std::string_view::npos) {
      scalar.scalar = text.substr(equals + 1);
      document.root.members = {{std::string(text.substr(0, equals)), {}, 0, scalar}};
      return document;
    }
    Node list;
    list.kind = Node::Kind::list;
    list.elements = {scalar, scalar};
    if (text == "[[]]") list.elements = {list};
    if (text != "one" && text != "[[]]") {
      Problem problem;
      problem.message = std::string(hidden);
      throw make_load_error({problem});
    }
    Node inner;
    inner.kind = Node::Kind::map;
    inner.members = {{"idle", {}, 0, scalar}, {"list", {}, 0, list}, {"none", {}, 0, Node()}};
    document.root.members = {{"tcp", {}, 0, inner}, {"count", {}, 0, scalar}};
    return document;
  }
};

/// A configuration of these variables, which are there only while it is made.
class Environment {
 public:
  Environment(std::initializer_list<Variables::value_type> variables) : variables_(variables) {
    for (const auto& [name, value] : variables_)
      ::setenv(("ENVTEST_" + name).c_str(), value.c_str(), 1);
  }
  ~Environment() {
    for (const auto& [name, value] : variables_)
      ::unsetenv(("ENVTEST_" + name).c_str());
  }

  [[nodiscard]] EnvironmentConfig config(std::vector<ConfigDefault> defaults,
                                         std::vector<ConfigValidator> validators = {},
                                         std::string separator = "__") const {
    EnvironmentConfigOptions options;
    options.prefix = "ENVTEST_";
    options.separator = std::move(separator);
    options.defaults = std::move(defaults);
    options.validators = std::move(validators);
    ComponentContext context;
    context.logger = logger;
    context.documents = std::make_shared<OneText>();
    return EnvironmentConfig(options, context);
  }

  /// What keeps the configuration from being made, without the name of its class.
  [[nodiscard]] std::string refusal(std::vector<ConfigDefault> defaults,
                                    std::vector<ConfigValidator> validators = {}) const {
    try {
      (void)config(std::move(defaults), std::move(validators));
      return "it was made";
    } catch (const std::invalid_argument& error) {
      const std::string text = error.what();
      BOOST_TEST(text.find(hidden) == std::string::npos, text);
      BOOST_TEST(text.starts_with("EnvironmentConfig: "));
      return text.substr(std::string("EnvironmentConfig: ").size());
    }
  }

  std::shared_ptr<test::CollectingLogger> logger = std::make_shared<test::CollectingLogger>();

 private:
  Variables variables_;
};

std::string value_of(const EnvironmentConfig& config, std::string_view key) {
  return config.get_session("s")->get_value(key).value_or("nothing");
}

ConfigDefault of(ConfigValueType type, std::string separator = ",") {
  ConfigDefault made("s.k", type == ConfigValueType::mapping   ? "{}"
                            : type == ConfigValueType::boolean ? "no"
                                                               : "0");
  made.type = type;
  made.separator = std::move(separator);
  return made;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(environment_config)

BOOST_AUTO_TEST_CASE(a_value_of_its_type_is_taken_in_each_form_that_it_can_have) {
  using Type = ConfigValueType;
  struct Row {
    Type type;
    std::string written;
    std::string taken;
  };
  std::vector<Row> rows{
      {Type::text, "", ""},
      {Type::text, "a b", "a b"},
      {Type::integer, "0", "0"},
      {Type::integer, "-9223372036854775808", "-9223372036854775808"},
      {Type::integer, "9223372036854775807", "9223372036854775807"},
      {Type::real, "2", "2"},
      {Type::real, "-2.5e3", "-2.5e3"},
      {Type::list, "a", "a"},
      {Type::list, "a, b,", "a, b,"},
  };
  for (const std::string yes : {"true", "TRUE", "yes", "On", "1"})
    rows.push_back({Type::boolean, yes, "true"});
  for (const std::string no : {"false", "False", "no", "OFF", "0"})
    rows.push_back({Type::boolean, no, "false"});
  for (const auto& row : rows) {
    const Environment environment({{"S__K", row.written}});
    const auto config = environment.config({of(row.type)});
    BOOST_TEST(value_of(config, "k") == row.taken);
    BOOST_TEST(config.get_session("s")->origin("k") == "the environment variable ENVTEST_S__K");
    BOOST_TEST(is_list(*config.get_session("s"), "k") == (row.type == Type::list));
  }
}

BOOST_AUTO_TEST_CASE(a_list_has_the_separator_of_its_default) {
  const Environment environment({{"S__K", "a:1;b:2"}});
  BOOST_TEST(value_of(environment.config({of(ConfigValueType::list, ";")}), "k") == "a:1,b:2");
  BOOST_TEST(value_of(environment.config({of(ConfigValueType::list, "1;b")}), "k") == "a:,:2");
  BOOST_TEST(value_of(Environment({}).config({ConfigDefault("s.l", std::vector<std::string>{"x", "y"}, "|")}),
                      "l") == "x,y");
}

BOOST_AUTO_TEST_CASE(the_members_of_a_mapping_become_keys_of_their_own) {
  const Environment environment({{"S__K", "one"}});
  const auto config = environment.config({of(ConfigValueType::mapping)});
  const auto session = config.get_session("s");
  std::string text;
  for (const auto& key : session->list_keys())
    text += key + "=" + *session->get_value(key) + " ";
  BOOST_TEST(text == "k.count=5 k.tcp.idle=5 k.tcp.list=5,5 ");
  BOOST_TEST(session->origin("k.count") == "the environment variable ENVTEST_S__K");
  BOOST_TEST(is_list(*session, "k.tcp.list"));
}

BOOST_AUTO_TEST_CASE(a_value_of_another_type_is_refused_by_name_and_expectation_and_never_shown) {
  using Type = ConfigValueType;
  const std::string name = "the environment variable ENVTEST_S__K: expected ";
  const std::string word(hidden);
  for (const std::string& wrong :
       {word, word + "1", std::string("1") + word, std::string("1.5"), std::string("+1"), std::string(" 1"),
        std::string("1 "), std::string("0x1F"), std::string("1_000"), std::string("9223372036854775808"),
        std::string("true")})
    BOOST_TEST(Environment({{"S__K", wrong}}).refusal({of(Type::integer)}) == name + "a whole number");
  for (const std::string& wrong : {word, std::string("1,5"), std::string("inf"), std::string("nan"),
                                   std::string("1e999"), std::string("1.5 ")})
    BOOST_TEST(Environment({{"S__K", wrong}}).refusal({of(Type::real)}) == name + "a number");
  for (const std::string& wrong :
       {word, std::string("2"), std::string("y"), std::string("true "), std::string("t")})
    BOOST_TEST(Environment({{"S__K", wrong}}).refusal({of(Type::boolean)}) == name + "true or false");
  for (const std::string& wrong : {word, std::string("[]"), std::string("[[]]"), std::string("5")})
    BOOST_TEST(Environment({{"S__K", wrong}}).refusal({of(Type::mapping)}) ==
               name + "a mapping in JSON, with single values in its lists");
  BOOST_TEST(Environment({{"S__K", word + "," + word}}).refusal({of(Type::list, ";")}) ==
             name + "a list with \";\" between its elements and no comma in them");
}

BOOST_AUTO_TEST_CASE(all_wrong_values_are_told_at_once) {
  const Environment environment({{"A__N", std::string(hidden)}, {"B__ON", "maybe"}, {"B__R", "1"}});
  const std::string text = environment.refusal({{"a.n", 1}, {"b.on", true}, {"b.r", 1.5}});
  BOOST_TEST(text.find("ENVTEST_A__N: expected a whole number") != std::string::npos, text);
  BOOST_TEST(text.find("ENVTEST_B__ON: expected true or false") != std::string::npos, text);
  BOOST_TEST(text.find("ENVTEST_B__R") == std::string::npos, text);
  BOOST_TEST(text.find("; ") != std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(what_the_environment_does_not_give_is_the_default_and_says_so) {
  const Environment environment({{"REDIS__PORT", ""}, {"REDIS__PREFIX", ""}, {"REDIS__EXTRA", "x"}});
  const auto config = environment.config({{"redis.host", "localhost"},
                                          {"redis.port", 6379},
                                          {"redis.prefix", "shop:"},
                                          {"redis.ssl", false},
                                          {"redis.ratio", 0.25},
                                          {"redis.nodes", std::vector<std::string>{"a:1", "b:2"}},
                                          {"redis.keepalive.idle", 5},
                                          ConfigDefault::mapping("redis.map", "one")});
  const auto session = config.get_session("redis");
  std::string text;
  for (const auto& key : session->list_keys())
    text += key + "=" + *session->get_value(key) + " ";
  BOOST_TEST(
      text ==
      "extra=x host=localhost keepalive.idle=5 map.count=5 map.tcp.idle=5 map.tcp.list=5,5 nodes=a:1,b:2 "
      "port=6379 prefix= ratio=0.25 ssl=false ");
  BOOST_TEST(session->origin("port") == "the default of ENVTEST_REDIS__PORT");
  BOOST_TEST(session->origin("keepalive.idle") == "the default of ENVTEST_REDIS__KEEPALIVE_IDLE");
  BOOST_TEST(session->origin("prefix") == "the environment variable ENVTEST_REDIS__PREFIX");
  BOOST_TEST(session->get_integer("port").value() == 6379);
  BOOST_TEST(!session->get_boolean("ssl").value());
}

BOOST_AUTO_TEST_CASE(a_default_gives_way_to_what_another_layer_gives) {
  const Environment environment({{"S__GIVEN", "1"}});
  const auto typed = std::make_shared<EnvironmentConfig>(
      environment.config({{"s.given", 0}, {"s.usual", 0}, {"s.alone", 0}}));
  const auto file = std::make_shared<StoredConfig>(
      ConfigValues{{"s", {{"given", {"2", "file"}}, {"usual", {"2", "file"}}, {"extra", {"2", "file"}}}}});
  for (const auto& layers :
       std::vector<std::vector<std::shared_ptr<IConfig>>>{{file, typed}, {typed, file}}) {
    LayeredConfigOptions options;
    for (const auto& layer : layers)
      options.layers.emplace_back(layer);
    const auto session = LayeredConfig(options).get_session("s");
    BOOST_TEST(session->get_value("given").value() == (layers.back() == file ? "2" : "1"));
    BOOST_TEST(session->get_value("usual").value() == "2");
    BOOST_TEST(session->origin("usual") == "file");
    BOOST_TEST(session->get_value("alone").value() == "0");
    BOOST_TEST(session->origin("alone") == "the default of ENVTEST_S__ALONE");
    BOOST_TEST(is_default(*session, "alone"));
    BOOST_TEST(!is_default(*session, "usual"));
    BOOST_TEST(!is_default(*session, "nothing"));
  }
}

BOOST_AUTO_TEST_CASE(a_variable_is_found_by_the_name_that_its_key_has_in_capital_letters) {
  const Environment environment({{"MY_CACHE__KEEPALIVE_IDLE", "9"}, {"my_cache__max_size", "8"}});
  const auto config = environment.config({{"my-cache.keepalive.idle", 5}, {"My-Cache.Max-Size", 6}});
  const auto session = config.get_session("my-cache");
  BOOST_TEST(session->get_value("keepalive.idle").value() == "9");
  BOOST_TEST(session->get_value("max-size").value() == "8");
  BOOST_TEST(session->list_keys().size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_default_that_is_not_of_its_own_type_is_told_too) {
  ConfigDefault wrong("s.k", hidden);
  wrong.type = ConfigValueType::integer;
  BOOST_TEST(Environment({}).refusal({wrong}) == "the default of ENVTEST_S__K: expected a whole number");
}

BOOST_AUTO_TEST_CASE(a_key_of_another_shape_or_given_twice_is_a_complaint) {
  for (const std::string key : {"", "k", ".k", "s."})
    BOOST_TEST(Environment({}).refusal({{key, 1}}) ==
               "defaults: the key \"" + key + "\" is not written session.key");
  BOOST_TEST(Environment({}).refusal({{"a.b-c", 1}, {"A.B_C", 2}}) ==
             "defaults: the variable of \"A.B_C\" is that of another default");
  BOOST_TEST(Environment({}).refusal({{"a__b.c", 1}, {"a.b__c", 2}}) ==
             "defaults: the variable of \"a.b__c\" is that of another default");
  BOOST_TEST(Environment({}).refusal({of(ConfigValueType::list, "")}) ==
             "defaults: the separator of \"s.k\" is empty");
}

BOOST_AUTO_TEST_CASE(validators_see_the_whole_configuration_and_all_that_they_say_is_told) {
  const Environment environment({{"S__LOW", "7"}});
  unsigned calls = 0;
  const ConfigValidator order = [&](const IConfig& config) {
    ++calls;
    const auto session = config.get_session("s");
    return session->get_integer("low") <= session->get_integer("high") ? std::string()
                                                                       : std::string("s.low is above s.high");
  };
  const ConfigValidator never = [&](const IConfig&) {
    ++calls;
    return std::string("s is not allowed here");
  };
  BOOST_TEST(environment.refusal({{"s.low", 1}, {"s.high", 5}}, {order, never}) ==
             "s.low is above s.high; s is not allowed here");
  BOOST_TEST(calls == 2U);
  BOOST_TEST(environment.config({{"s.low", 1}, {"s.high", 9}}, {order}).has_session("s"));
  BOOST_TEST(calls == 3U);
  // A value that is no number is told by itself: no validator has to expect it.
  BOOST_TEST(Environment({{"S__LOW", std::string(hidden)}}).refusal({{"s.low", 1}}, {order, never}) ==
             "the environment variable ENVTEST_S__LOW: expected a whole number");
  BOOST_TEST(calls == 3U);
}

BOOST_AUTO_TEST_CASE(a_session_with_a_default_may_hold_the_separator) {
  struct Row {
    std::string separator;
    std::string key;
    std::string variable;
  };
  for (const auto& [separator, key, variable] : std::vector<Row>{{"_", "my_app.port", "MY_APP_PORT"},
                                                                 {"_", "my.app_port", "MY_APP_PORT"},
                                                                 {"X", "exp.port", "EXPXPORT"},
                                                                 {"__", "my__app.port", "MY__APP__PORT"}}) {
    const Environment environment(
        {{variable, "7000"}, {"MY" + separator + "OTHER" + separator + "KEY", "x"}});
    const auto config = environment.config({{key, 6379}}, {}, separator);
    const auto dot = key.find('.');
    const auto session = config.get_session(key.substr(0, dot));
    BOOST_TEST(session->get_value(key.substr(dot + 1)).value() == "7000", key);
    BOOST_TEST(session->origin(key.substr(dot + 1)) == "the environment variable ENVTEST_" + variable);
  }
  const Environment environment({{"MY_APP_HOST", "here"}});
  const auto config = environment.config({{"my_app.port", 6379}}, {}, "_");
  BOOST_TEST(config.get_session("my")->get_value("app_host").value() == "here");
}

BOOST_AUTO_TEST_CASE(a_member_that_a_mapping_does_not_give_is_that_of_the_default) {
  const Environment environment({{"S__K", "count=6"}});
  const auto session = environment.config({ConfigDefault::mapping("s.k", "one")}).get_session("s");
  BOOST_TEST(session->get_value("k.count").value() == "6");
  BOOST_TEST(session->origin("k.count") == "the environment variable ENVTEST_S__K");
  BOOST_TEST(!is_default(*session, "k.count"));
  BOOST_TEST(session->get_value("k.tcp.idle").value() == "5");
  BOOST_TEST(session->origin("k.tcp.idle") == "the default of ENVTEST_S__K");
  BOOST_TEST(is_default(*session, "k.tcp.idle"));
}

BOOST_AUTO_TEST_CASE(a_member_with_a_default_of_its_own_has_its_type) {
  const auto mapping = of(ConfigValueType::mapping);
  BOOST_TEST(Environment({{"S__K", "count=" + std::string(hidden)}}).refusal({mapping, {"s.k.count", 9}}) ==
             "the environment variable ENVTEST_S__K, s.k.count: expected a whole number");
  BOOST_TEST(value_of(Environment({{"S__K", "count=On"}}).config({mapping, {"s.k.count", false}}),
                      "k.count") == "true");
  BOOST_TEST(value_of(Environment({{"S__K", "count="}}).config({mapping, {"s.k.count", 9}}), "k.count") ==
             "9");
  const Environment both({{"S__K", "count=6"}, {"S__K_COUNT", "7"}});
  BOOST_TEST(value_of(both.config({mapping, {"s.k.count", 9}}), "k.count") == "7");
  const Environment list({{"S__K", "one"}});
  BOOST_TEST(list.refusal({mapping, {"s.k.tcp.list", 9}}) ==
             "the environment variable ENVTEST_S__K, s.k.tcp.list: expected a whole number");
  BOOST_TEST(value_of(list.config({mapping, {"s.k.tcp.list", std::vector<std::string>{}}}), "k.tcp.list") ==
             "5,5");
}

BOOST_AUTO_TEST_CASE(keys_are_in_small_letters_however_their_defaults_are_written) {
  const Environment environment({{"S__MAP", "Idle=6"}});
  const auto config = environment.config({{"S.Port", 6379}, ConfigDefault::mapping("s.Map", "IDLE=7")});
  BOOST_TEST(value_of(config, "port") == "6379");
  BOOST_TEST(value_of(config, "map.idle") == "6");
  BOOST_TEST(config.get_session("s")->list_keys().size() == 2U);
}

BOOST_AUTO_TEST_CASE(variables_that_give_the_same_key_are_warned_of) {
  for (const auto& defaults : std::vector<std::vector<ConfigDefault>>{{}, {{"s.port", 1}}}) {
    const Environment environment({{"S__PORT", "7000"}, {"s__port", "7001"}, {"S__OTHER", "1"}});
    (void)environment.config(defaults);
    BOOST_TEST(environment.logger->count(LogLevel::warning) == 1U);
    for (const std::string part : {"ENVTEST_S__PORT", "ENVTEST_s__port", "give the same key"})
      BOOST_TEST(environment.logger->count(LogLevel::warning, part) == 1U);
    BOOST_TEST(environment.logger->count(LogLevel::debug, "700") == 0U);
  }
  const Environment environment({{"S__PORT", "7000"}, {"s__port", ""}});
  BOOST_TEST(value_of(environment.config({{"s.port", 1}}), "port") == "7000");
  BOOST_TEST(environment.logger->count() == 0U);
}

BOOST_AUTO_TEST_CASE(an_element_that_holds_the_separator_is_refused) {
  using Elements = std::vector<std::string>;
  for (const auto& [elements, separator] : std::vector<std::pair<Elements, std::string>>{
           {{"x y", "z"}, " "}, {{"x y"}, " "}, {{"x,y"}, ","}, {{"a|", "b"}, "||"}})
    BOOST_CHECK_EXCEPTION((void)ConfigDefault("s.l", elements, separator), std::invalid_argument,
                          [](const std::invalid_argument& error) {
                            return std::string(error.what()) ==
                                   "ConfigDefault: an element of \"s.l\" holds the separator";
                          });
  BOOST_TEST(ConfigDefault("s.l", Elements{"", "a", ""}, "|").value.reveal() == "|a|");
  BOOST_TEST(ConfigDefault("s.l", Elements{}, "|").value.reveal() == "");
}

BOOST_AUTO_TEST_CASE(a_mapping_without_a_source_of_documents_is_a_mistake_of_the_program) {
  EnvironmentConfigOptions options;
  options.prefix = "ENVTEST_";
  options.defaults = {ConfigDefault::mapping("s.k", "{}")};
  BOOST_CHECK_EXCEPTION(
      (void)EnvironmentConfig(options), std::logic_error, [](const std::logic_error& error) {
        return std::string_view(error.what()).find("file_documents()") != std::string_view::npos;
      });
}

BOOST_AUTO_TEST_SUITE_END()
