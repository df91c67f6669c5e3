// What `load` refuses before it connects anywhere, `check` refuses, in the same words and at the same place.

#include "support/collecting_logger.hpp"
#include "support/sanitized.hpp"
#include "support/schema_reference.hpp"
#include "support/temporary_directory.hpp"
#include "support/tree.hpp"
#include "vault.hpp"

#include <cachesite/detail/problem_text.hpp>
#include <cachesite/document_writer.hpp>
#include <cachesite/load.hpp>
#include <cachesite/site_reports.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;

namespace {

NodeMember member(std::string_view key, Node value) {
  return tree::map({{key, std::move(value)}}).members.front();
}

/// Writes documents in which the last component cannot be made, so that nothing of them is ever started.
class Both {
 public:
  Both() { options_.catalog = catalog_with_vault(); }

  /// What is said of the document, which has to be the same from both.
  std::string said_of(const Node& item) {
    using tree::list, tree::map, tree::text;
    const auto cache = [](std::string_view name) {
      return map({{"class", text("MemoryCache")},
                  {"entries", list({map({{"interface", text("ICache")}, {"name", text(name)}})})}});
    };
    const Node hook =
        map({{"class", text("CompositeHook")},
             {"hooks", list({})},
             {"entries", list({map({{"interface", text("ICacheHook")}, {"name", text("h")}})})}});
    const Node last = map({{"class", text("Vault")}, {"name", text("last")}, {"fail_at", text("make")}});
    std::vector<Node> components{cache("m"), cache("n")};
    if (options_.catalog.find("CompositeHook")) components.push_back(hook);
    components.push_back(item);
    components.push_back(last);
    return said_of_text(write_document(list(std::move(components)), Format::yaml));
  }

  std::string said_of_text(const std::string& text) {
    const std::string file = folder_.write("f.yml", text);
    const std::string checked = to_text(check_component_files({file}, options_));
    std::string loaded;
    try {
      (void)load_component_site(file, options_);
    } catch (const LoadError& error) {
      loaded = error.what();
    }
    if (checked != loaded)
      BOOST_ERROR("check and load differ for\n"
                  << text << "\n--- check\n"
                  << checked << "\n--- load\n"
                  << loaded);
    ++documents_;
    return checked;
  }

  [[nodiscard]] const Catalog& catalog() const { return options_.catalog; }
  [[nodiscard]] const TemporaryDirectory& folder() const { return folder_; }
  [[nodiscard]] std::size_t documents() const { return documents_; }

 private:
  TemporaryDirectory folder_;
  LoadOptions options_;
  std::size_t documents_ = 0;
};

/// What a required parameter is given where it does not matter.
Node usable(const ParameterDeclaration& declaration) {
  if (declaration.kind == ParameterKind::list) return tree::list({tree::text("h")});
  if (declaration.kind == ParameterKind::reference) return tree::text(declaration.name == "near" ? "n" : "m");
  return tree::text("x");
}

Node sound_item(const ComponentClass& component_class) {
  Node item = tree::map(
      {{"class", tree::text(component_class.name)},
       {"entries",
        tree::list({tree::map({{"interface", tree::text(component_class.interfaces.front().id.name)},
                               {"name", tree::text("it")}})})}});
  for (const auto& declaration : component_class.parameters.declarations())
    if (declaration.required) item.members.push_back(member(declaration.name, usable(declaration)));
  return item;
}

Node with(Node item, std::string_view key, Node value) {
  std::erase_if(item.members, [key](const NodeMember& each) { return each.key == key; });
  item.members.push_back(member(key, std::move(value)));
  return item;
}

bool is_about(const std::string& said, std::string_view class_name) {
  return said.find(std::string("E331]: ").append(class_name)) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(check_and_load)

BOOST_AUTO_TEST_CASE(every_value_of_every_parameter_of_every_class_is_judged_alike) {
  Both both;
  unsigned turn = 0;
  for (const auto& component_class : both.catalog().classes()) {
    const Node sound = sound_item(*component_class);
    (void)both.said_of(sound);
    for (const auto& declaration : component_class->parameters.declarations()) {
      std::vector<Node> values{tree::null(),
                               tree::boolean(true),
                               tree::integer("-1"),
                               tree::integer("0"),
                               tree::integer("99999999999999999999"),
                               tree::text(""),
                               tree::text("m"),
                               tree::text("it"),
                               tree::text("not this, surely"),
                               tree::list({}),
                               tree::list({tree::text("m"), tree::text("m")}),
                               tree::list({tree::null()}),
                               tree::map({{"a", tree::text("b")}})};
      for (const auto& choice : declaration.choices)
        values.push_back(tree::text(choice));
      for (auto& value : values)
        if (++turn % test::sampling == 0) (void)both.said_of(with(sound, declaration.name, std::move(value)));
      Node without = sound;
      std::erase_if(without.members, [&](const NodeMember& each) { return each.key == declaration.name; });
      if (declaration.required) BOOST_TEST(both.said_of(without).find("E201") != std::string::npos);
    }
  }
  BOOST_TEST(both.documents() > 2500U / test::sampling);
}

BOOST_AUTO_TEST_CASE(null_is_not_given_where_a_parameter_is_required) {
  Both both;
  unsigned count = 0;
  for (const auto& component_class : both.catalog().classes())
    for (const auto& declaration : component_class->parameters.declarations()) {
      if (!declaration.required) continue;
      const auto said = both.said_of(with(sound_item(*component_class), declaration.name, tree::null()));
      BOOST_TEST(said.find(declaration.name + ": expected") != std::string::npos, said);
      BOOST_TEST(said.find("found null") != std::string::npos, said);
      BOOST_TEST(said.find("or null") == std::string::npos, said);
      BOOST_TEST(!is_about(said, component_class->name), said);
      ++count;
    }
  BOOST_TEST(count >= 10U);
}

BOOST_AUTO_TEST_CASE(what_only_a_constructor_can_know_is_found_by_a_check_too) {
  Both both;
  const std::string memory =
      "- {class: MemoryCache, entries: [{interface: ICache, name: m}, {interface: ICache, name: alias}]}\n";
  const std::string last = "- {class: Vault, name: last, fail_at: make}\n";
  const auto tiered = [](const std::string& over, const std::string& near) {
    return "- {class: TieredCache, over: " + over + ", near: " + near + ", name: tier-" + near + "}\n";
  };
  BOOST_TEST(both.said_of_text(memory + tiered("m", "m"))
                 .find("the near tier and the far tier are the same cache") != std::string::npos);
  BOOST_TEST(both.said_of_text(memory + tiered("m", "alias")).find("are the same cache") !=
             std::string::npos);
  const std::string two = "- {class: MemoryCache, entries: [{interface: ICache, name: far}]}\n";
  BOOST_TEST(both.said_of_text(memory + two + tiered("far", "m") + tiered("far", "alias") + last)
                 .find("another TieredCache keeps its copies in this cache") != std::string::npos);
  // The claim ends with the cache that has it.
  BOOST_TEST(both.said_of_text(memory + two + tiered("far", "m") + last).find("another") ==
             std::string::npos);
  BOOST_TEST(both.said_of_text("- {class: YamlConfig, path: " + both.folder().write("broken.yml", "a: [") +
                               ", strict: true, name: read}\n" + last)
                 .find("never closed") != std::string::npos);
  BOOST_TEST(both.said_of_text(
                     "- {class: FixedConfig, entries: [{interface: IConfig}], values: [\"redis.port=x\"]}\n"
                     "- {class: RedisCache, name: r}\n" +
                     last)
                 .find("E333") != std::string::npos);
  BOOST_TEST(
      both.said_of_text("- {class: RedisCache, name: r, ssl: true, ssl_ca_certs: /no/such/file}\n" + last)
          .find("cannot read /no/such/file") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_check_starts_nothing_and_leaves_nothing) {
  Both both;
  const std::string file =
      both.folder().write("g.yml", "- {class: Vault, fail_at: start, entries: [{interface: IVault}]}\n");
  LoadOptions options;
  options.catalog = both.catalog();
  BOOST_TEST(check_component_files({file}, options).empty());
  BOOST_CHECK_THROW((void)load_component_site(file, options), LoadError);
}

BOOST_AUTO_TEST_CASE(a_check_makes_no_log_file_and_refuses_one_that_cannot_be_written) {
  Both both;
  const auto logger = [](const std::string& path) {
    return "- {class: TopicLoggerSite, entries: [{interface: ILoggerSite}], sinks: [{kind: file, path: " +
           path + "}]}\n";
  };
  const auto folder = both.folder().path() / "logs";
  const auto log = folder / "a.log";
  const std::string file = both.folder().write("logger.yml", logger(log.string()));
  LoadOptions options;
  options.catalog = both.catalog();
  BOOST_TEST(check_component_files({file}, options).empty());
  BOOST_TEST(!std::filesystem::exists(folder));
  const auto site = load_component_site(file, options);
  BOOST_TEST(std::filesystem::exists(log));
  BOOST_TEST(both.said_of_text(logger(file + "/a.log") + "- {class: Vault, name: last, fail_at: make}\n")
                 .find("E331]: TopicLoggerSite cannot be made: cannot write the log") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(warnings_beyond_those_that_are_shown_are_no_error) {
  Both both;
  LoadOptions options;
  options.catalog = both.catalog();
  options.limits.problems = 2;
  std::string text;
  for (int count = 0; count < 6; ++count)
    text += "- {class: MemoryCache, entries: [{interface: ICache, name: same}]}\n";
  const std::string file = both.folder().write("warnings.yml", text);
  const auto problems = check_component_files({file}, options);
  BOOST_REQUIRE(problems.size() == 3U);
  BOOST_TEST(problems.back().id == "E100");
  for (const auto& problem : problems)
    BOOST_TEST((problem.severity == Problem::Severity::warning), problem.message);
  BOOST_TEST(load_component_site(file, options) != nullptr);
}

BOOST_AUTO_TEST_CASE(each_reference_to_a_missing_component_is_told_at_its_own_place) {
  Both both;
  const auto said = both.said_of_text(
      "- class: TieredCache\n  near: x\n  over: x\n"
      "- class: LayeredConfig\n  layers: [y, y]\n");
  for (const std::string place : {":2:9: error[E321]: near:", ":3:9: error[E321]: over:",
                                  ":5:12: error[E321]: layers[0]:", ":5:15: error[E321]: layers[1]:"})
    BOOST_TEST(said.find(place) != std::string::npos, said);
}

BOOST_AUTO_TEST_CASE(a_wrong_key_is_told_once) {
  Both both;
  for (const std::string encryption :
       {"encryption: aes_256_gcm, cache_name: c", "encryption: fernet256, format: bare"}) {
    const auto said = both.said_of_text(
        "- {class: MemoryCache, entries: [{interface: ICache, name: m}]}\n"
        "- {class: CodecCache, over: m, " +
        encryption + ", keys: [short]}\n");
    BOOST_TEST(said.find("key 1 is neither") != std::string::npos, said);
    BOOST_TEST(said.find("needs a key") == std::string::npos, said);
    BOOST_TEST(both.said_of_text("- {class: MemoryCache, entries: [{interface: ICache, name: m}]}\n"
                                 "- {class: CodecCache, over: m, " +
                                 encryption + "}\n")
                   .find("needs a key") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(the_json_schema_demands_and_refuses_what_a_load_does) {
  const Catalog catalog = catalog_with_vault();
  const Node schema = json_schema(catalog);
  const Node& definitions = *schema.find("$defs");
  const auto demands = [&](const std::string& class_name, const std::string& parameter) {
    const auto& rules = definitions.find("complete")->find("allOf")->elements;
    return std::any_of(rules.begin(), rules.end(), [&](const Node& rule) {
      const auto& names = rule.find("if")->find("properties")->find("class")->find("enum")->elements;
      return names.front().scalar == class_name &&
             rule.find("then")->find("required")->elements.front().scalar == parameter;
    });
  };
  for (const auto& component_class : catalog.classes())
    for (const auto& declaration : component_class->parameters.declarations()) {
      const Node& properties = *definitions.find("class:" + component_class->name)->find("properties");
      const Node& parameter = resolved(schema, *properties.find(declaration.name));
      const bool takes_null = write_document(parameter, Format::json).find("\"null\"") != std::string::npos;
      BOOST_TEST_CONTEXT(component_class->name << "." << declaration.name) {
        BOOST_TEST(demands(component_class->name, declaration.name) == declaration.required);
        if (declaration.required) BOOST_TEST(!takes_null);
        if (declaration.nullable && !declaration.required) BOOST_TEST(takes_null);
      }
    }
  // A list, and a mapping without defaults.
  const auto text = write_document(schema, Format::json);
  const auto first = text.find("#/$defs/complete");
  const auto second = text.find("#/$defs/complete", first + 1);
  BOOST_TEST(text.find("\"else\"") < second);
  BOOST_TEST(first < text.find("\"else\""));
  BOOST_TEST(text.find("#/$defs/complete", second + 1) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(parameters_that_disagree_are_told_where_the_defaults_give_them) {
  Both both;
  const auto said = both.said_of_text("defaults:\n  Vault:\n    level: 9\ncomponents:\n- class: Vault\n");
  BOOST_TEST(said.find(":3:12: error[E231]: level:") != std::string::npos, said);
}

BOOST_AUTO_TEST_CASE(a_check_tells_what_a_load_logs_of_configurations_as_warnings) {
  const TemporaryDirectory folder;
  const auto logger = std::make_shared<CollectingLogger>(LogLevel::warning);
  LoadOptions options;
  options.logger = logger;
  for (const std::string settings : {"port: 7000\n", "redis: {hosts: [[1]]}\n", "redis: [\n"}) {
    const auto path = folder.write("settings.yml", settings);
    const auto file = folder.write(
        "f.yml",
        "- {class: YamlConfig, entries: [{interface: IConfig}], strict: false, path: '" + path + "'}\n");
    logger->clear();
    const auto problems = check_component_files({file}, options);
    BOOST_TEST(logger->count() == 0U);
    (void)load_component_site(file, options);
    BOOST_REQUIRE(problems.size() == 1U);
    BOOST_REQUIRE(logger->records().size() == 1U);
    BOOST_TEST(problems.front().id == "E335");
    BOOST_TEST((problems.front().severity == Problem::Severity::warning));
    BOOST_TEST(problems.front().message == logger->records().front().message);
  }
}

BOOST_AUTO_TEST_SUITE_END()
