#include "support/parts.hpp"
#include "support/tree.hpp"

#include <cachesite/cache.hpp>
#include <cachesite/component_site.hpp>
#include <cachesite/detail/site_builder.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/secret.hpp>

#include <stdexcept>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace tree;
using cachesite::build_component_site;
using cachesite::check_component_site;
using cachesite::LoadError;
using parts::IPart;

BOOST_AUTO_TEST_SUITE(site_builder)

namespace {

const cachesite::Catalog& known() {
  static const cachesite::Catalog catalog = parts::catalog();
  return catalog;
}

Node part(std::string_view name, std::initializer_list<std::pair<std::string_view, Node>> more = {}) {
  Node node =
      map({{"class", text("Part")}, {"entries", list({entry("IPart", name)})}, {"label", text(name)}});
  for (auto& member : map(more).members)
    node.members.push_back(member);
  return node;
}

std::string problems_of(std::vector<Document> documents) {
  return lines(check_component_site(documents, known()));
}
std::string problems_of(Node root) {
  return problems_of(std::vector{document(std::move(root))});
}

std::shared_ptr<cachesite::ComponentSite> build(Node root) {
  return build_component_site({document(std::move(root))}, known());
}

std::string refusal_of(Node root) {
  try {
    (void)build(std::move(root));
  } catch (const LoadError& error) {
    return lines(error.problems());
  }
  return "built";
}

// Says its secrets twice when it throws.
class Telltale final : public IPart {
 public:
  struct Options {
    cachesite::Secret key;
    cachesite::Secret longer_key;

    static cachesite::ParameterTable parameters() {
      using O = Options;
      return {cachesite::parameter("key", &O::key, "Nobody may see it."),
              cachesite::parameter("longer_key", &O::longer_key, "Nor this.")};
    }
  };

  explicit Telltale(const Options& options) {
    const auto both =
        "not " + std::string(options.key.reveal()) + ", not " + std::string(options.longer_key.reveal());
    throw std::runtime_error(both + ", " + both);
  }
  [[nodiscard]] std::string describe() const override { return "telltale"; }
};

}  // namespace

BOOST_AUTO_TEST_CASE(an_empty_list_gives_an_empty_site) {
  BOOST_TEST(build(list({}))->entries().empty());
  BOOST_TEST(build_component_site({}, known())->entries().empty());
}

BOOST_AUTO_TEST_CASE(components_are_found_under_all_their_entries) {
  const auto site =
      build(list({map({{"class", text("Hammer")},
                       {"entries", list({entry("IPart"), entry("IPart", "h"), entry("ITool")})}})}));
  BOOST_TEST(site->get_component<IPart>()->describe() == "hammer");
  BOOST_TEST(site->get_component<IPart>("h").get() == site->get_component<IPart>().get());
  BOOST_TEST(site->get_component<parts::ITool>()->weight() == 3);
  BOOST_TEST(site->entries().front().class_name == "Hammer");
}

BOOST_AUTO_TEST_CASE(other_systems_names_of_classes_and_interfaces_work_and_presets_yield_to_the_file) {
  const auto item = [](std::string_view name) {
    return map({{"class", text("old.Part")}, {"entries", list({entry("old.IPart", name)})}});
  };
  Node with_label = item("b");
  with_label.members.push_back(map({{"title", text("mine")}}).members.front());
  const auto site = build(list({item("a"), with_label}));
  BOOST_TEST(site->get_component<IPart>("a")->describe() == "old");
  BOOST_TEST(site->get_component<IPart>("b")->describe() == "mine");
}

BOOST_AUTO_TEST_CASE(what_is_referred_to_is_made_first_and_stopped_last) {
  parts::journal().clear();
  auto site = build(list({part("a", {{"next", text("b")}}),
                          part("b", {{"others", list({text("c"), text("d")})}}), part("c"), part("d")}));
  BOOST_TEST(site->get_component<IPart>("a")->describe() == "a>b+c+d");
  BOOST_TEST((parts::journal() == parts::Journal{"c made", "d made", "b made", "a made", "c started",
                                                 "d started", "b started", "a started", "c awaited",
                                                 "d awaited", "b awaited", "a awaited"}));
  parts::journal().clear();
  site.reset();
  BOOST_TEST(
      (parts::journal() == parts::Journal{"a stopped", "b stopped", "d stopped", "c stopped", "a destroyed",
                                          "b destroyed", "d destroyed", "c destroyed"}));
}

BOOST_AUTO_TEST_CASE(a_component_without_entries_lives_as_long_as_the_site) {
  parts::journal().clear();
  {
    const auto site = build(list({map({{"class", text("Part")}})}));
    BOOST_TEST(site->entries().empty());
    BOOST_TEST(parts::journal().back() == "part awaited");
  }
  BOOST_TEST(parts::journal().back() == "part destroyed");
}

BOOST_AUTO_TEST_CASE(a_circle_is_reported_with_its_whole_chain) {
  BOOST_TEST(problems_of(list({part("x", {{"next", text("a")}}), part("a", {{"next", text("b")}}),
                               part("b", {{"next", text("c")}}), part("c", {{"next", text("a")}})})) ==
             "E322 components refer to each other in a circle: Part \"a\" -> Part \"b\" -> Part \"c\" -> "
             "Part \"a\"");
  BOOST_TEST(problems_of(list({part("a", {{"next", text("a")}})})) ==
             "E322 components refer to each other in a circle: Part \"a\" -> Part \"a\"");
}

BOOST_AUTO_TEST_CASE(a_missing_reference_names_what_exists_and_the_nearest) {
  BOOST_TEST(
      problems_of(list({part("near"), part("far", {{"next", text("naer")}})})) ==
      "E321 next: there is no IPart named \"naer\"; there are: \"far\", \"near\" | did you mean \"near\"?");
  BOOST_TEST(problems_of(list({part("far", {{"others", list({text("far2"), text("")})}})})) ==
             "E321 others[0]: there is no IPart named \"far2\"; there are: \"far\" | did you mean \"far\"?\n"
             "E321 others[1]: there is no IPart without a name; there are: \"far\"");
}

BOOST_AUTO_TEST_CASE(a_substituted_reference_is_not_shown) {
  BOOST_TEST(problems_of(list({part("far", {{"next", substituted("hidden")}})})) ==
             "E321 next: there is no IPart of the substituted name; there are: \"far\"");
}

BOOST_AUTO_TEST_CASE(a_component_with_a_mistake_still_counts_as_there) {
  BOOST_TEST(problems_of(list({part("a", {{"next", text("b")}}), part("b", {{"lable", text("x")}})})) ==
             "E204 Part has no parameter \"lable\" | did you mean \"label\"?");
}

BOOST_AUTO_TEST_CASE(a_very_long_chain_of_references_is_put_in_order) {
  std::vector<Node> items;
  for (int index = 0; index < 20000; ++index)
    items.push_back(part("n" + std::to_string(index), {{"next", text("n" + std::to_string(index + 1))}}));
  items.push_back(part("n20000"));
  BOOST_TEST(problems_of(list(std::move(items))) == "");
}

BOOST_AUTO_TEST_CASE(a_later_document_adds_and_takes_names_over) {
  parts::journal().clear();
  const auto site = build_component_site(
      {document(list({part("a"), part("b")}), "one.yml"),
       document(list({part("a", {{"fail_at", text("")}}), part("c", {{"next", text("a")}})}), "two.yml")},
      known());
  BOOST_TEST(site->entries().size() == 3u);
  BOOST_TEST(std::count(parts::journal().begin(), parts::journal().end(), "a made") == 1);
  BOOST_TEST(problems_of({document(list({part("a")})), document(list({part("a")}))}) == "");
}

BOOST_AUTO_TEST_CASE(an_earlier_component_that_keeps_a_name_is_still_made) {
  const auto site = build_component_site(
      {document(list({map(
           {{"class", text("Hammer")}, {"entries", list({entry("IPart", "a"), entry("IPart", "b")})}})})),
       document(list({part("a")}))},
      known());
  BOOST_TEST(site->get_component<IPart>("a")->describe() == "a");
  BOOST_TEST(site->get_component<IPart>("b")->describe() == "hammer");
}

BOOST_AUTO_TEST_CASE(the_same_name_twice_in_one_document_is_a_warning_and_the_later_wins) {
  const auto root =
      list({part("a"), map({{"class", text("Hammer")}, {"entries", list({entry("IPart", "a")})}})});
  const auto problems = check_component_site({document(root)}, known());
  BOOST_REQUIRE(problems.size() == 1u);
  BOOST_TEST(problems[0].id == "E314");
  BOOST_TEST((problems[0].severity == cachesite::Problem::Severity::warning));
  BOOST_TEST(build(root)->get_component<IPart>("a")->describe() == "hammer");
}

BOOST_AUTO_TEST_CASE(nothing_is_made_when_there_is_any_problem) {
  parts::journal().clear();
  BOOST_TEST(refusal_of(list({part("a"), part("b", {{"nxt", text("a")}})})) ==
             "E204 Part has no parameter \"nxt\" | did you mean \"next\"?");
  BOOST_TEST(parts::journal().empty());
}

BOOST_AUTO_TEST_CASE(after_a_failing_constructor_everything_is_stopped_backwards_and_destroyed) {
  parts::journal().clear();
  BOOST_TEST(refusal_of(list(
                 {part("a"), part("b"), part("c", {{"fail_at", text("make")}, {"token", text("s3cret")}}),
                  part("d", {{"next", text("c")}})})) == "E331 Part \"c\" cannot be made: refused by ******");
  BOOST_TEST((parts::journal() ==
              parts::Journal{"a made", "b made", "b stopped", "a stopped", "b destroyed", "a destroyed"}));
}

BOOST_AUTO_TEST_CASE(secrets_are_masked_wherever_a_message_says_them_even_when_one_begins_as_another) {
  auto catalog = parts::catalog();
  catalog.add<Telltale>("Telltale");
  const auto root = list({map({{"class", text("Telltale")},
                               {"entries", list({entry("IPart", "t")})},
                               {"key", text("s3cret")},
                               {"longer_key", text("s3cret-and-more")}})});
  BOOST_CHECK_EXCEPTION((void)build_component_site({document(root)}, catalog), LoadError,
                        [](const LoadError& error) {
                          const auto said = lines(error.problems());
                          BOOST_TEST(said ==
                                     "E331 Telltale \"t\" cannot be made: not ******, not ******, not "
                                     "******, not ******");
                          return true;
                        });
}

BOOST_AUTO_TEST_CASE(after_a_failing_start_everything_is_stopped_backwards_and_destroyed) {
  parts::journal().clear();
  BOOST_TEST(refusal_of(list({part("a"), part("b", {{"fail_at", text("start")}}), part("c")})) ==
             "E332 Part \"b\" cannot be started: refused by ");
  BOOST_TEST(
      (parts::journal() == parts::Journal{"a made", "b made", "c made", "a started", "c stopped", "b stopped",
                                          "a stopped", "c destroyed", "b destroyed", "a destroyed"}));
  BOOST_TEST(refusal_of(list({part("a"), part("b", {{"fail_at", text("wait")}}), part("c")})) ==
             "E332 Part \"b\" cannot be started: refused by ");
}

BOOST_AUTO_TEST_CASE(the_top_level_has_to_be_a_list_or_a_mapping_with_components) {
  BOOST_TEST(problems_of(null()) ==
             "E301 a component file is a list of components, or a mapping with "
             "\"components\"; found null");
  BOOST_TEST(problems_of(text("x")) ==
             "E301 a component file is a list of components, or a mapping with "
             "\"components\"; found text");
  BOOST_TEST(
      problems_of(part("a")) ==
      "E301 a component file is a list of components, or a mapping with \"components\"; found a mapping "
      "without \"components\" | begin the component with \"- \" to make it an element of a list");
  BOOST_TEST(problems_of(map({{"components", null()}})) == "E304 components: expected a list, found null");
}

BOOST_AUTO_TEST_CASE(unknown_and_unsupported_sections_are_refused) {
  BOOST_TEST(problems_of(map(
                 {{"components", list({})}, {"include", list({})}, {"default", map({})}, {"x", null()}})) ==
             "E303 \"include\" is not supported by this version\n"
             "E302 a component file has no section \"default\" | did you mean \"defaults\"?\n"
             "E302 a component file has no section \"x\" | the sections are: components, defaults, include");
}

BOOST_AUTO_TEST_CASE(defaults_apply_to_a_class_unless_the_item_says_otherwise) {
  const auto site = build(
      map({{"components",
            list({map({{"class", text("Part")}, {"entries", list({entry("IPart", "a")})}}), part("b")})},
           {"defaults", map({{"Part", map({{"label", text("shared")}})}})}}));
  BOOST_TEST(site->get_component<IPart>("a")->describe() == "shared");
  BOOST_TEST(site->get_component<IPart>("b")->describe() == "b");
}

BOOST_AUTO_TEST_CASE(mistakes_in_defaults_are_reported_once) {
  BOOST_TEST(
      problems_of(map({{"defaults", map({{"Part", map({{"lable", text("x")}, {"token", boolean(true)}})},
                                         {"Prat", map({})},
                                         {"Hammer", null()}})},
                       {"components", list({part("a"), part("b")})}})) ==
      "E204 Part has no parameter \"lable\" | did you mean \"label\"?\n"
      "E215 token: expected text, found a boolean | put it in quotes to make it text\n"
      "E307 there is no component class \"Prat\" | did you mean \"Part\"?\n"
      "E304 Hammer: expected a mapping of parameters, found null");
}

BOOST_AUTO_TEST_CASE(mistakes_in_an_items_shape_are_all_reported) {
  BOOST_TEST(
      problems_of(list({text("Part"), map({{"entries", list({})}}), map({{"class", null()}}),
                        map({{"class", text("Prat")}}), map({{"class", text("Part")}, {"entries", null()}}),
                        map({{"class", text("Part")}, {"interface", text("x")}})})) ==
      "E305 component: expected a mapping with a class, found text\n"
      "E306 this component has no class | add class: with one of Hammer, Part\n"
      "E307 class: expected the name of a class, found null\n"
      "E307 there is no component class \"Prat\" | did you mean \"Part\"?\n"
      "E308 entries: expected a list of {interface, name}, found null\n"
      "E204 Part has no parameter \"interface\" | write it under entries: [{interface: ..., name: ...}]");
}

BOOST_AUTO_TEST_CASE(mistakes_in_entries_are_all_reported) {
  BOOST_TEST(
      problems_of(list({map(
          {{"class", text("Part")},
           {"entries", list({text("IPart"), map({}), entry("IPrat"), entry("ITool"),
                             map({{"interface", text("IPart")}, {"name", null()}}), entry("IPart", "a b"),
                             map({{"interface", text("IPart")}, {"nmae", text("x")}}),
                             map({{"interface", null()}})})}})})) ==
      "E309 entries: expected a mapping {interface, name}, found text | write {interface: IPart}\n"
      "E310 this entry has no interface | add interface: IPart\n"
      "E311 there is no interface \"IPrat\" | did you mean \"IPart\"?\n"
      "E312 Part does not implement ITool | it implements IPart\n"
      "E313 name: expected text, found null | leave it out for the unnamed component\n"
      "E313 a component cannot be called \"a b\" | a name is at most 64 letters, digits, \"_\", \".\" and "
      "\"-\"\n"
      "E309 an entry has no \"nmae\" | did you mean \"name\"?\n"
      "E311 interface: expected the name of an interface, found null");
}

BOOST_AUTO_TEST_CASE(problems_are_sorted_by_document_and_place_and_carry_both) {
  const auto problems =
      check_component_site({document(list({part("a", {{"x", null()}}), part("b", {{"y", null()}})}), "1.yml"),
                            document(text("z"), "2.yml")},
                           known());
  BOOST_REQUIRE(problems.size() == 3u);
  BOOST_TEST(problems[0].file == "1.yml");
  BOOST_TEST((problems[0].position < problems[1].position));
  BOOST_TEST(problems[1].message == "Part has no parameter \"y\"");
  BOOST_TEST(problems[2].file == "2.yml");
  BOOST_TEST(problems[2].position.line == 1u);
}

BOOST_AUTO_TEST_CASE(the_unnamed_logger_of_the_document_is_made_first_and_given_to_the_others) {
  struct Recorder final : cachesite::ILogger {
    bool enabled(cachesite::LogLevel) const noexcept override { return true; }
    void write(cachesite::LogLevel, std::string_view, std::string_view message,
               std::span<const cachesite::LogAttribute>) noexcept override {
      parts::journal().push_back("log: " + std::string(message));
    }
  };
  struct Talker final : IPart {
    explicit Talker(const cachesite::ComponentContext& context) {
      context.logger->log(cachesite::LogLevel::info, "test", context.label);
    }
    std::string describe() const override { return "talker"; }
  };
  auto catalog = parts::catalog();
  catalog.add<Recorder>("Recorder");
  catalog.add<Talker>("Talker");
  const auto root = list({map({{"class", text("Talker")}, {"entries", list({entry("IPart", "t")})}}),
                          map({{"class", text("Recorder")}, {"entries", list({entry("ILogger")})}})});
  parts::journal().clear();
  (void)build_component_site({document(root)}, catalog);
  BOOST_TEST((parts::journal() == parts::Journal{"log: Talker \"t\""}));
  parts::journal().clear();
  (void)build_component_site({document(root)}, catalog,
                             {std::make_shared<cachesite::SilentLogger>(), nullptr});
  BOOST_TEST(parts::journal().empty());
}

BOOST_AUTO_TEST_CASE(the_built_in_null_cache_is_found_by_its_dotted_interface_name) {
  const auto site = build_component_site(
      {document(list({map({{"class", text("NullCache")},
                           {"entries", list({entry("fivcglue.interfaces.caches.ICache", "off")})}})}))},
      cachesite::Catalog());
  BOOST_TEST(site->get_component<cachesite::ICache>("off")->set_value("k", "v", std::chrono::seconds(1)));
}

BOOST_AUTO_TEST_SUITE_END()
