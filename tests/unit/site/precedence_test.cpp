// Which of several sources counts, and what happens when there is none or more than one.

#include "support/collecting_logger.hpp"
#include "support/parts.hpp"
#include "support/tree.hpp"

#include <cachesite/detail/session_options.hpp>
#include <cachesite/detail/site_builder.hpp>
#include <cachesite/fixed_config.hpp>
#include <cachesite/logger.hpp>
#include <cachesite/site_reports.hpp>

#include <map>
#include <memory>
#include <string>
#include <utility>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace tree;
using parts::IPart;

BOOST_AUTO_TEST_SUITE(precedence)

namespace {

class Placed final : public IPart {
 public:
  struct Options : SessionOptions {
    std::string from = "default";
    std::string also = "default";
    Options() : SessionOptions("placed") {}
    static ParameterTable parameters() {
      using O = Options;
      return inherited_parameters<O, SessionOptions>().add(
          {parameter("from", &O::from, "Where it comes from."), parameter("also", &O::also, "The same.")});
    }
  };
  explicit Placed(Options options) : options_(std::move(options)) {}
  [[nodiscard]] std::string describe() const override { return options_.from + " " + options_.also; }

 private:
  Options options_;
};

/// Says its own name, and has a parameter that no session gives.
class Named final : public IPart {
 public:
  struct Options : SessionOptions {
    std::string from = "default";
    Options() : SessionOptions("placed") {}
    static ParameterTable parameters() {
      return ParameterTable{parameter("from", &Options::from, "Where it comes from.")}.only_in_files().add(
          inherited_parameters<Options, SessionOptions>());
    }
  };
  Named(Options options, const ComponentContext& context)
      : text_(context.name + " " + std::move(options.from)) {}
  [[nodiscard]] std::string describe() const override { return text_; }

 private:
  std::string text_;
};

/// Keeps what its loggers are given under the site's name.
class Diary final : public ILoggerSite {
 public:
  struct Options {
    std::string label;
    static ParameterTable parameters() { return {parameter("label", &Options::label, "Its name.")}; }
  };
  explicit Diary(Options options) : label_(std::move(options.label)) {}
  std::shared_ptr<ILogger> get_logger(std::string_view) override {
    auto& logger = loggers()[label_];
    if (!logger) logger = std::make_shared<test::CollectingLogger>();
    return logger;
  }
  [[nodiscard]] LogLevel level(std::string_view) const noexcept override { return LogLevel::debug; }
  void set_level(std::string_view, LogLevel) override {}

  static std::map<std::string, std::shared_ptr<test::CollectingLogger>>& loggers() {
    static std::map<std::string, std::shared_ptr<test::CollectingLogger>> all;
    return all;
  }

 private:
  std::string label_;
};

Catalog catalog() {
  Catalog made = parts::catalog();
  made.add<Placed>("Placed").alias("old.Placed", {{"from", "alias"}});
  made.add<Named>("Named");
  made.add<FixedConfig>("FixedConfig");
  made.add<Diary>("Diary");
  return made;
}

Node diary(std::string_view label, std::vector<Node> entries) {
  return map({{"class", text("Diary")}, {"entries", list(std::move(entries))}, {"label", text(label)}});
}

/// Who hears of a site's diagnostics, as "a b ".
std::string listeners(std::vector<Node> diaries) {
  Diary::loggers().clear();
  // A name that is taken twice is warned of.
  for (int count = 0; count < 2; ++count)
    diaries.push_back(map({{"class", text("Part")}, {"entries", list({entry("IPart", "twice")})}}));
  (void)build_component_site({document(list(std::move(diaries)))}, catalog());
  std::string names;
  for (const auto& [name, logger] : Diary::loggers())
    if (logger->count(LogLevel::warning, "takes the place of") > 0) names += name + " ";
  return names;
}

std::string first_word(const std::string& text) {
  return text.substr(0, text.find(' '));
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_nearest_source_of_a_parameter_counts_and_is_told_as_its_origin) {
  for (unsigned given = 0; given < 16; ++given) {
    const bool own = (given & 8U) != 0, defaults = (given & 4U) != 0;
    const bool alias = (given & 2U) != 0, session = (given & 1U) != 0;
    Node item = map({{"class", text(alias ? "old.Placed" : "Placed")}, {"entries", list({entry("IPart")})}});
    if (own) item.members.push_back(map({{"from", text("own")}}).members.front());
    Node root = map({{"components", list({std::move(item)})}});
    if (defaults)
      root.members.push_back(
          map({{"defaults", map({{"Placed", map({{"from", text("defaults")}})}})}}).members.front());
    if (session)
      root.members.front().value.elements.push_back(map({{"class", text("FixedConfig")},
                                                         {"entries", list({entry("IConfig")})},
                                                         {"values", list({text("placed.from=session")})}}));
    const auto site = build_component_site({document(std::move(root), "f")}, catalog());
    const std::string expected = own        ? "own"
                                 : defaults ? "defaults"
                                 : session  ? "session"
                                 : alias    ? "alias"
                                            : "default";
    BOOST_TEST_CONTEXT("given " << given) {
      BOOST_TEST(first_word(site->get_component<IPart>()->describe()) == expected);
      const Node explained = explain_component(*site, "");
      for (const auto& component : explained.elements)
        for (const auto& parameter : component.find("parameters")->elements)
          if (parameter.find("name")->scalar == "from") {
            BOOST_TEST(parameter.find("value")->scalar == expected);
            const auto& origin = parameter.find("from")->scalar;
            BOOST_TEST(origin.ends_with("(defaults)") == (expected == "defaults"));
            BOOST_TEST(origin.starts_with("the class name") == (expected == "alias"));
            BOOST_TEST(origin.ends_with("(session \"placed\")") == (expected == "session"));
            BOOST_TEST((origin == "default") == (expected == "default"));
          }
    }
  }
}

BOOST_AUTO_TEST_CASE(sources_fill_each_others_gaps) {
  const auto site = build_component_site(
      {document(map({{"defaults", map({{"Placed", map({{"also", text("defaults")}})}})},
                     {"components",
                      list({map({{"class", text("old.Placed")}, {"entries", list({entry("IPart")})}})})}}))},
      catalog());
  BOOST_TEST(site->get_component<IPart>()->describe() == "alias defaults");
}

BOOST_AUTO_TEST_CASE(a_component_knows_the_first_name_that_it_has_left) {
  const auto named = [](std::vector<Node> entries) {
    return map({{"class", text("Named")}, {"entries", list(std::move(entries))}});
  };
  const auto site = build_component_site(
      {document(list({named({entry("IPart", "taken"), entry("IPart", "second"), entry("IPart", "third")}),
                      named({entry("IPart", "taken")}), named({entry("IPart")})}))},
      catalog());
  BOOST_TEST(site->get_component<IPart>("third")->describe() == "second default");
  BOOST_TEST(site->get_component<IPart>("taken")->describe() == "taken default");
  BOOST_TEST(site->get_component<IPart>()->describe() == " default");
}

BOOST_AUTO_TEST_CASE(a_session_does_not_give_what_only_files_may_give) {
  const auto site = build_component_site(
      {document(list({map({{"class", text("FixedConfig")},
                           {"entries", list({entry("IConfig")})},
                           {"values", list({text("placed.from=session")})}}),
                      map({{"class", text("Named")}, {"entries", list({entry("IPart", "named")})}})}))},
      catalog());
  BOOST_TEST(site->get_component<IPart>("named")->describe() == "named default");
}

BOOST_AUTO_TEST_CASE(defaults_are_of_their_own_document_and_class) {
  const Node item = map({{"class", text("Placed")}, {"entries", list({entry("IPart", "x")})}});
  const Document first = document(
      map({{"defaults", map({{"Placed", map({{"from", text("defaults")}})}})}, {"components", list({})}}),
      "first");
  const auto site = build_component_site({first, document(list({item}), "second")}, catalog());
  BOOST_TEST(site->get_component<IPart>("x")->describe() == "default default");
}

BOOST_AUTO_TEST_CASE(diagnostics_go_to_the_unnamed_logger_site_or_the_only_one_or_to_none) {
  const auto unnamed = entry("ILoggerSite");
  BOOST_TEST(listeners({}) == "");
  BOOST_TEST(listeners({diary("a", {entry("ILoggerSite", "a")})}) == "a ");
  BOOST_TEST(listeners({diary("a", {entry("ILoggerSite", "a"), entry("ILoggerSite", "b")})}) == "a ");
  BOOST_TEST(listeners({diary("a", {entry("ILoggerSite", "a")}), diary("b", {entry("ILoggerSite", "b")})}) ==
             "");
  BOOST_TEST(listeners({diary("a", {entry("ILoggerSite", "a")}), diary("b", {unnamed})}) == "b ");
  // One that lost its name to a later one is not made, and is not the second one.
  BOOST_TEST(listeners({diary("a", {entry("ILoggerSite", "x")}), diary("b", {entry("ILoggerSite", "x")})}) ==
             "b ");
}

BOOST_AUTO_TEST_CASE(of_two_documents_the_later_takes_the_name_and_the_earlier_one_is_not_made) {
  const auto part = [](std::string_view label) {
    return list(
        {map({{"class", text("Part")}, {"entries", list({entry("IPart", "x")})}, {"label", text(label)}})});
  };
  parts::journal().clear();
  const auto site =
      build_component_site({document(part("first"), "1"), document(part("second"), "2")}, catalog());
  BOOST_TEST(site->get_component<IPart>("x")->describe() == "second");
  for (const auto& event : parts::journal())
    BOOST_TEST(event.find("first") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
