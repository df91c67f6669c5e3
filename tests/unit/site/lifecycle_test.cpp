#include "support/collecting_logger.hpp"
#include "support/parts.hpp"
#include "support/tree.hpp"
#include "support/wait_until.hpp"

#include <cachesite/component_site.hpp>
#include <cachesite/config.hpp>
#include <cachesite/detail/session_options.hpp>
#include <cachesite/detail/site_builder.hpp>
#include <cachesite/detail/stored_config.hpp>
#include <cachesite/fixed_config.hpp>
#include <cachesite/logger.hpp>
#include <cachesite/site_reports.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace tree;
using namespace cachesite;
using namespace std::chrono_literals;
using parts::IPart;

BOOST_AUTO_TEST_SUITE(lifecycle)

namespace {

// Hangs where it is told to, until it is stopped or released.
class Stubborn : public IPart {
 public:
  struct Options {
    std::string hang_at;
    static ParameterTable parameters() {
      return {parameter("hang_at", &Options::hang_at, "Where it hangs.")};
    }
  };
  explicit Stubborn(Options options) : options_(std::move(options)) { ++alive; }
  ~Stubborn() override { --alive; }
  void start() override {
    ++starts;
    hang("start");
  }
  void await_started() override { hang("wait"); }
  void stop() noexcept override {
    ++stops;
    if (options_.hang_at == "stop") {
      std::unique_lock lock(mutex);
      changed.wait(lock, [] { return released; });
      return;
    }
    const std::lock_guard lock(mutex);
    stopped_ = true;
    changed.notify_all();
  }
  std::string describe() const override { return "stubborn"; }

  static void release() {
    const std::lock_guard lock(mutex);
    released = true;
    changed.notify_all();
  }
  static inline std::mutex mutex;
  static inline std::condition_variable changed;
  static inline bool released = false;
  static inline std::atomic<int> alive = 0;
  static inline std::atomic<int> stops = 0;
  static inline std::atomic<int> starts = 0;

 private:
  void hang(const char* place) {
    if (options_.hang_at != place) return;
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return stopped_; });
  }
  Options options_;
  bool stopped_ = false;
};

struct Limits {
  bool strict = false;
  static ParameterTable parameters() { return {parameter("strict", &Limits::strict, "Whether.")}; }
};

// A configuration with a list where others have a text.
class ListConfig : public StoredConfig {
 public:
  ListConfig() : StoredConfig(ConfigValues{{"part", {{"host", {"a,b", "settings.yml:2:9", true}}}}}) {}
};

// Gives out loggers that can be looked at.
class WatchedLoggerSite : public ILoggerSite {
 public:
  struct Options {
    std::string label;
    static ParameterTable parameters() { return {parameter("label", &Options::label, "Which one.")}; }
  };
  explicit WatchedLoggerSite(Options options) : logger_(loggers[options.label]) {}
  std::shared_ptr<ILogger> get_logger(std::string_view) override { return logger_; }
  LogLevel level(std::string_view) const noexcept override { return LogLevel::debug; }
  void set_level(std::string_view, LogLevel) override {}

  static inline std::map<std::string, std::shared_ptr<test::CollectingLogger>> loggers;

 private:
  std::shared_ptr<ILogger> logger_;
};

// Takes parameters from a configuration.
class Configured : public IPart {
 public:
  struct Options : SessionOptions {
    Options() : SessionOptions("part") {}
    std::string host = "localhost";
    int port = 6379;
    std::chrono::milliseconds patience{100};
    Secret token;
    std::vector<std::string> servers;
    bool eager = false;
    Limits limits;

    static ParameterTable parameters() {
      using O = Options;
      return inherited_parameters<O, SessionOptions>().add(ParameterTable{
          parameter("host", &O::host, "Where.").alias("address"),
          parameter("port", &O::port, "Where exactly.").between(1, 65535),
          parameter("patience", &O::patience, "How long."), parameter("token", &O::token, "A secret."),
          parameter("servers", &O::servers, "More."), parameter("eager", &O::eager, "Whether."),
          parameter("limits", &O::limits, "How much.").alias("bounds")});
    }
    [[nodiscard]] std::vector<OptionComplaint> complaints() const {
      if (!token.empty() && host == "localhost") return {{"token", "a token needs a host"}};
      return {};
    }
  };
  explicit Configured(Options options) : options_(std::move(options)) {}
  std::string describe() const override {
    std::string text = options_.host + ":" + std::to_string(options_.port) + " " +
                       std::to_string(options_.patience.count()) + "ms " +
                       std::string(options_.token.reveal());
    for (const auto& server : options_.servers)
      text += " +" + server;
    if (options_.eager) text += " eager";
    return text + (options_.limits.strict ? " strict" : "");
  }

 private:
  Options options_;
};

Catalog catalog() {
  auto made = parts::catalog();
  made.add<Stubborn>("Stubborn");
  made.add<Configured>("Configured").alias("OldConfigured", {{"patience", "7ms"}});
  made.add<FixedConfig>("FixedConfig");
  made.add<ListConfig>("ListConfig");
  made.add<WatchedLoggerSite>("WatchedLoggerSite");
  return made;
}

Node stubborn(std::string_view name, std::string_view hang_at) {
  return map(
      {{"class", text("Stubborn")}, {"entries", list({entry("IPart", name)})}, {"hang_at", text(hang_at)}});
}

Node configuration(std::vector<std::string> values, std::string_view name = {}) {
  std::vector<Node> elements;
  for (const auto& value : values)
    elements.push_back(text(value));
  return map({{"class", text("FixedConfig")},
              {"entries", list({entry("IConfig", name)})},
              {"values", list(std::move(elements))}});
}

Node configured(std::initializer_list<std::pair<std::string_view, Node>> more = {}) {
  Node node = map({{"class", text("Configured")}, {"entries", list({entry("IPart")})}});
  for (auto& member : map(more).members)
    node.members.push_back(member);
  return node;
}

std::shared_ptr<ComponentSite> build(std::vector<Node> items, BuildOptions options = {}) {
  return build_component_site({document(list(std::move(items)))}, catalog(), options);
}

std::string refusal_of(std::vector<Node> items, BuildOptions options = {}) {
  try {
    (void)build(std::move(items), options);
  } catch (const LoadError& error) {
    return lines(error.problems());
  }
  return "built";
}

std::string made_of(std::vector<Node> items) {
  return build(std::move(items))->get_component<IPart>()->describe();
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_component_that_does_not_start_in_time_leaves_nothing_running) {
  for (const char* place : {"start", "wait"}) {
    Stubborn::stops = 0;
    Stubborn::starts = 0;
    Node slow = stubborn("slow", place);
    slow.members.push_back(map({{"start_timeout", text("200ms")}}).members.front());
    const auto begin = std::chrono::steady_clock::now();
    BOOST_TEST(refusal_of({stubborn("a", ""), slow, stubborn("b", "")}) ==
               "E334 Stubborn \"slow\" has not started within 200ms");
    BOOST_TEST((std::chrono::steady_clock::now() - begin < 8s));
    BOOST_TEST(Stubborn::stops == 3);
    BOOST_TEST(Stubborn::starts == (std::string(place) == "start" ? 2 : 3));
    BOOST_TEST(Stubborn::alive == 0);
  }
}

BOOST_AUTO_TEST_CASE(the_limit_of_all_components_can_be_chosen) {
  BuildOptions options;
  options.start_timeout = 10ms;
  BOOST_TEST(refusal_of({stubborn("slow", "wait")}, options) ==
             "E334 Stubborn \"slow\" has not started within 10ms");
}

BOOST_AUTO_TEST_CASE(stopping_with_a_deadline_leaves_behind_what_hangs_and_stops_the_rest) {
  Stubborn::released = false;
  Stubborn::stops = 0;
  {
    const auto site = build({stubborn("a", ""), stubborn("hangs", "stop"), stubborn("b", "")});
    const auto begin = std::chrono::steady_clock::now();
    const auto left = site->stop_within(2s);
    BOOST_TEST((std::chrono::steady_clock::now() - begin < 8s));
    BOOST_TEST(left == std::vector<std::string>{"Stubborn \"hangs\""}, boost::test_tools::per_element());
    BOOST_TEST(Stubborn::stops == 3);
    BOOST_TEST(site->stop_within(2s).empty());
  }
  BOOST_TEST(Stubborn::alive == 1);
  Stubborn::release();
  BOOST_TEST(test::wait_until([] { return Stubborn::alive == 0; }));
}

BOOST_AUTO_TEST_CASE(all_who_stop_the_site_return_when_it_is_stopped_and_not_before) {
  for (const bool within : {false, true}) {
    Stubborn::released = false;
    Stubborn::stops = 0;
    const auto site = build({stubborn("a", ""), stubborn("hangs", "stop")});
    std::atomic<int> returned = 0;
    const auto stop = [&] {
      if (within)
        (void)site->stop_within(60s);
      else
        site->stop();
      ++returned;
    };
    std::vector<std::future<void>> stops;
    stops.push_back(std::async(std::launch::async, stop));
    BOOST_REQUIRE(test::wait_until([] { return Stubborn::stops == 1; }));
    for (int more = 0; more < 3; ++more)
      stops.push_back(std::async(std::launch::async, stop));
    BOOST_TEST(!test::wait_until([&] { return returned > 0; }, 50ms));
    Stubborn::release();
    for (auto& each : stops)
      BOOST_TEST((each.wait_for(10s) == std::future_status::ready));
    BOOST_TEST(returned == 4);
    BOOST_TEST(Stubborn::stops == 2);
  }
}

BOOST_AUTO_TEST_CASE(stopping_in_time_leaves_nothing_behind) {
  const auto site = build({stubborn("a", ""), stubborn("b", "")});
  BOOST_TEST(site->stop_within(10s).empty());
}

BOOST_AUTO_TEST_CASE(a_component_that_stops_its_site_while_it_is_stopped_does_not_wait_for_itself) {
  struct Meddler : IPart {
    Meddler(std::weak_ptr<ComponentSite> its_site, bool with_limit)
        : site(std::move(its_site)), within(with_limit) {}
    std::string describe() const override { return "meddler"; }
    void stop() noexcept override {
      const auto kept = site.lock();
      if (within)
        (void)kept->stop_within(60s);
      else
        kept->stop();
    }
    const std::weak_ptr<ComponentSite> site;
    const bool within;
  };
  Stubborn::released = false;
  {
    const auto site = std::make_shared<ComponentSite>();
    site->register_component<IPart>(std::make_shared<Meddler>(site, false), "a");
    site->register_component<IPart>(std::make_shared<Meddler>(site, true), "b");
    // Those before it are stopped on another thread than those after it.
    site->register_component<IPart>(std::make_shared<Stubborn>(Stubborn::Options{"stop"}), "hangs");
    site->register_component<IPart>(std::make_shared<Meddler>(site, false), "c");
    site->register_component<IPart>(std::make_shared<Meddler>(site, true), "d");
    BOOST_TEST(site->stop_within(4s).size() == 1U);
  }
  Stubborn::release();
  BOOST_TEST(test::wait_until([] { return Stubborn::alive == 0; }));
}

BOOST_AUTO_TEST_CASE(what_the_file_does_not_give_comes_from_the_session_and_then_from_the_defaults) {
  BOOST_TEST(made_of({configured()}) == "localhost:6379 100ms ");
  BOOST_TEST(made_of({configured({{"port", integer("7")}}),
                      configuration({"part.host=far", "part.port=8", "part.patience=2s", "part.token=abc",
                                     "part.servers=x,y", "other.host=no"})}) == "far:7 2000ms abc +x +y");
  // What the file says counts even when it says the default.
  BOOST_TEST(made_of({configured({{"host", text("localhost")}}), configuration({"part.host=far"})}) ==
             "localhost:6379 100ms ");
}

BOOST_AUTO_TEST_CASE(the_defaults_of_a_class_come_before_the_session_and_what_an_alias_gives_after_it) {
  const auto site = build_component_site(
      {document(map({{"defaults", map({{"Configured", map({{"port", integer("9")}})}})},
                     {"components", list({configuration({"part.port=8", "part.patience=2s"}),
                                          map({{"class", text("OldConfigured")},
                                               {"entries", list({entry("IPart")})}})})}}))},
      catalog());
  BOOST_TEST(site->get_component<IPart>()->describe() == "localhost:9 2000ms ");
}

BOOST_AUTO_TEST_CASE(the_defaults_of_a_class_come_before_what_an_alias_gives_and_are_told_as_the_origin) {
  const auto site = build_component_site(
      {document(map({{"defaults", map({{"Configured", map({{"patience", text("9ms")}})}})},
                     {"components", list({map({{"class", text("OldConfigured")},
                                               {"entries", list({entry("IPart")})}})})}}))},
      catalog());
  BOOST_TEST(site->get_component<IPart>()->describe() == "localhost:6379 9ms ");
  const auto origins = site->declared_components().at(0).origins;
  BOOST_REQUIRE(origins.size() == 1U);
  BOOST_TEST(origins[0].parameter == "patience");
  BOOST_TEST((origins[0].kind == ParameterOrigin::Kind::defaults));
}

BOOST_AUTO_TEST_CASE(the_only_logger_site_hears_of_the_site_and_of_two_neither) {
  auto& loggers = WatchedLoggerSite::loggers;
  const auto loggers_at = [](std::string_view name) {
    return map({{"class", text("WatchedLoggerSite")},
                {"entries", list({entry("ILoggerSite", name)})},
                {"label", text(name)}});
  };
  const auto warnings = [&](std::vector<Node> items) {
    for (const char* const name : {"a", "b", ""})
      loggers[name] = std::make_shared<test::CollectingLogger>();
    items.push_back(configured());
    items.push_back(configuration({"part.hots=x"}));
    (void)build(std::move(items));
    std::string told;
    for (const auto& [name, logger] : loggers)
      told += name + std::to_string(logger->count(LogLevel::warning, "did you mean")) + " ";
    return told;
  };
  BOOST_TEST(warnings({loggers_at("a")}) == "0 a1 b0 ");
  BOOST_TEST(warnings({loggers_at("a"), loggers_at("b")}) == "0 a0 b0 ");
  BOOST_TEST(warnings({loggers_at("a"), loggers_at(""), loggers_at("b")}) == "1 a0 b0 ");
}

BOOST_AUTO_TEST_CASE(another_session_or_configuration_can_be_named_and_none_with_null) {
  BOOST_TEST(made_of({configured({{"config_session", text("x")}}), configuration({"x.host=there"})}) ==
             "there:6379 100ms ");
  BOOST_TEST(made_of({configured({{"config", text("second")}}), configuration({"part.host=first"}),
                      configuration({"part.host=second"}, "second")}) == "second:6379 100ms ");
  BOOST_TEST(made_of({configured({{"config", null()}}), configuration({"part.host=there"})}) ==
             "localhost:6379 100ms ");
  BOOST_TEST(refusal_of({configured({{"config", text("second")}})}) ==
             "E321 config: there is no IConfig named \"second\"; there is none at all");
}

BOOST_AUTO_TEST_CASE(an_empty_text_and_a_zero_that_is_not_allowed_mean_the_default) {
  BOOST_TEST(made_of({configured(), configuration({"part.host=", "part.port=0"})}) ==
             "localhost:6379 100ms ");
}

BOOST_AUTO_TEST_CASE(of_what_a_session_says_of_one_parameter_the_name_comes_before_its_aliases) {
  const auto made = [](std::vector<std::string> values) {
    return made_of({configured(), configuration(std::move(values))});
  };
  BOOST_TEST(made({"part.address=old"}) == "old:6379 100ms ");
  BOOST_TEST(made({"part.address=old", "part.host=far"}) == "far:6379 100ms ");
  BOOST_TEST(made({"part.address=old", "part.host="}) == "old:6379 100ms ");
  BOOST_TEST(made({"part.bounds.strict=yes"}) == "localhost:6379 100ms  strict");
  BOOST_TEST(made({"part.bounds.strict=yes", "part.limits.strict=no"}) == "localhost:6379 100ms ");
  // The members of a group come before a value under the name of the group.
  BOOST_TEST(made({"part.limits=1", "part.limits.strict=yes"}) == "localhost:6379 100ms  strict");
}

BOOST_AUTO_TEST_CASE(a_wrong_value_of_a_session_is_named_but_not_shown) {
  BOOST_TEST(refusal_of({configured(), configuration({"part.port=s3cret"})}) ==
             "E333 port: expected an integer from 1 to 65535, found something else: values of a "
             "FixedConfig (session \"part\")");
}

BOOST_AUTO_TEST_CASE(a_session_says_true_and_false_as_programs_hear_it) {
  const std::string usual = "localhost:6379 100ms ";
  for (const char* const yes : {"true", "True", "YES", "on", "1"})
    for (const std::string key : {"part.eager=", "part.limits.strict="})
      BOOST_TEST(made_of({configured(), configuration({key + yes})}) ==
                 usual + (key == "part.eager=" ? " eager" : " strict"));
  for (const char* const no : {"false", "False", "NO", "off", "0"})
    BOOST_TEST(made_of({configured(), configuration({std::string("part.eager=") + no})}) == usual);
  for (const char* const neither : {"y", "2", "s3cret"})
    BOOST_TEST(refusal_of({configured(), configuration({std::string("part.eager=") + neither})}) ==
               "E333 eager: expected true or false, found something else: values of a FixedConfig (session "
               "\"part\")");
}

BOOST_AUTO_TEST_CASE(a_session_gives_each_parameter_in_its_own_shape) {
  const std::string place = ": values of a FixedConfig (session \"part\")";
  BOOST_TEST(refusal_of({configured(), configuration({"part.host.name=far"})}) ==
             "E333 host: expected text, found a mapping" + place);
  BOOST_TEST(refusal_of({configured(), configuration({"part.port.a.b=1"})})
                 .starts_with("E333 port: expected an integer from 1 to 65535, found a mapping"));
  BOOST_TEST(refusal_of({configured(), configuration({"part.servers.a=1"})}).find("found a mapping") !=
             std::string::npos);
  BOOST_TEST(refusal_of({configured(), configuration({"part.limits=1"})})
                 .starts_with("E333 limits: expected a mapping"));
  BOOST_TEST(refusal_of({configured(),
                         map({{"class", text("ListConfig")}, {"entries", list({entry("IConfig")})}})}) ==
             "E333 host: expected text, found a list: settings.yml:2:9 (session \"part\")");
  // What is given in the file itself does not ask the session.
  BOOST_TEST(made_of({configured({{"host", text("near")}}), configuration({"part.host.name=far"})}) ==
             "near:6379 100ms ");
}

BOOST_AUTO_TEST_CASE(parameters_that_do_not_go_together_are_found_once_the_session_is_known) {
  BOOST_TEST(refusal_of({configured({{"token", text("abc")}})}) == "E231 token: a token needs a host");
  BOOST_TEST(made_of({configured({{"token", text("abc")}}), configuration({"part.host=far"})}) ==
             "far:6379 100ms abc");
  BOOST_TEST(refusal_of({configured(), configuration({"part.token=abc"})}) ==
             "E231 token: a token needs a host");
}

BOOST_AUTO_TEST_CASE(a_key_that_is_nearly_a_parameter_is_warned_of) {
  BuildOptions options;
  const auto logger = std::make_shared<test::CollectingLogger>();
  options.logger = logger;
  (void)build({configured(), configuration({"part.hots=x", "part.unrelated=y"})}, options);
  BOOST_TEST(logger->count(LogLevel::warning, "has no parameter \"hots\", did you mean \"host\"?") == 1U);
  BOOST_TEST(logger->count(LogLevel::warning) == 1U);
}

BOOST_AUTO_TEST_CASE(an_explanation_tells_state_dependencies_and_origins) {
  const auto site =
      build_component_site({document(list({configured({{"port", integer("7")}, {"token", text("hunter2")}}),
                                           configuration({"part.host=far"}),
                                           map({{"class", text("Part")},
                                                {"lazy", boolean(true)},
                                                {"entries", list({entry("IPart", "late")})},
                                                {"next", text("")}})}),
                                     "shop.yml")},
                           catalog());
  const Node explained = explain_component(*site, "");
  BOOST_REQUIRE(explained.elements.size() == 2U);
  const Node& config = explained.elements[0];
  BOOST_TEST(config.find("class")->scalar == "FixedConfig");
  BOOST_TEST(config.find("needed_by")->elements.at(0).scalar == "Configured");
  const Node& part = explained.elements[1];
  BOOST_TEST(part.find("state")->scalar == "up");
  BOOST_TEST(part.find("declared")->scalar == "shop.yml:4:1");
  BOOST_TEST(part.find("depends_on")->elements.at(0).find("class")->scalar == "FixedConfig");
  BOOST_TEST(part.find("needed_by")->elements.at(0).scalar == "Part \"late\"");
  std::string origins;
  for (const auto& parameter : part.find("parameters")->elements)
    origins += parameter.find("name")->scalar + "=" + parameter.find("value")->scalar + " from " +
               parameter.find("from")->scalar + "; ";
  BOOST_TEST(origins ==
             "config= from default; config_session=part from default; host=far from values of a FixedConfig "
             "(session \"part\"); port=7 from shop.yml:11:1; patience=100ms from default; token=****** from "
             "shop.yml:13:1; servers= from default; eager=false from default; limits= from default; ");
  const Node late = explain_component(*site, "late");
  BOOST_TEST(late.elements.at(0).find("state")->scalar == "not made yet");
  BOOST_TEST(explain_component(*site, "nobody").elements.empty());
}

BOOST_AUTO_TEST_CASE(a_missing_dependency_is_reported_with_everything_that_needs_it) {
  const auto part = [](std::string_view name, std::string_view next) {
    return map({{"class", text("Part")}, {"entries", list({entry("IPart", name)})}, {"next", text(next)}});
  };
  BOOST_TEST(refusal_of({part("a", "b"), part("b", "c"), part("c", "nowhere")}) ==
             "E321 next: there is no IPart named \"nowhere\"; there are: \"a\", \"b\", \"c\" (needed by Part "
             "\"a\" -> Part \"b\" -> Part \"c\")");
  BOOST_TEST(
      refusal_of({part("a", "b"), configuration({}, "b")}) ==
      "E323 next: there is no IPart named \"b\"; \"b\" is a FixedConfig, an IConfig; there are: \"a\"");
}

BOOST_AUTO_TEST_SUITE_END()
