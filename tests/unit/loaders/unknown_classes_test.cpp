#include <cachesite/cache.hpp>
#include <cachesite/detail/problem_text.hpp>
#include <cachesite/detail/testing/recording_logger.hpp>
#include <cachesite/load.hpp>

#include <boost/test/unit_test.hpp>

using namespace cachesite;

BOOST_AUTO_TEST_SUITE(unknown_classes)

namespace {

struct Loaded {
  std::shared_ptr<ComponentSite> site;
  std::string warnings;
};

Loaded load_without_unknown(std::string_view text) {
  const auto logger = std::make_shared<testing::RecordingLogger>(LogLevel::warning);
  LoadOptions options;
  options.leave_out_unknown_classes = true;
  options.logger = logger;
  auto site = load_component_site_from_text(text, Format::yaml, options);
  return {std::move(site), logger->text()};
}

std::string names(const ComponentSite& site) {
  std::string text;
  for (const auto& entry : site.entries())
    text += entry.name + " ";
  return text;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_needs_an_unknown_class_goes_with_it) {
  const auto [site, warnings] = load_without_unknown(R"(
- {class: PrefixCache, entries: [{interface: ICache, name: third}], over: second}
- {class: PrefixCache, entries: [{interface: ICache, name: second}], over: first}
- {class: Drawer, entries: [{interface: ICache, name: first}, {interface: IDrawer}], handle: [brass]}
- {class: MemoryCache, entries: [{interface: ICache, name: fourth}]}
- {class: PrefixCache, entries: [{interface: ICache, name: fifth}], over: fourth}
)");
  BOOST_TEST(names(*site) == "fifth fourth ");
  BOOST_TEST(has(warnings, "<text>:4:11: warning[E307]: there is no component class \"Drawer\""));
  BOOST_TEST(has(warnings, "PrefixCache \"second\" needs the ICache \"first\", which is left out"));
  BOOST_TEST(has(warnings, "PrefixCache \"third\" needs the ICache \"second\", which is left out"));
  BOOST_TEST(!has(warnings, "IDrawer"));
  BOOST_TEST(!has(warnings, "fifth"));
}

BOOST_AUTO_TEST_CASE(what_needs_an_unknown_class_by_a_name_without_an_interface_goes_with_it) {
  const auto [site, warnings] = load_without_unknown(R"(
- {class: Drawer, name: first}
- {class: PrefixCache, name: second, over: first}
- {class: PrefixCache, name: third, over: second}
- {class: Drawer, name: fourth}
- {class: MemoryCache, entries: [{interface: ICache, name: fourth}]}
- {class: PrefixCache, name: fifth, over: fourth}
)");
  for (const auto* const gone : {"first", "second", "third"})
    BOOST_TEST(!site->query_component<ICache>(gone), gone);
  BOOST_TEST(bool(site->query_component<ICache>("fifth")));
  BOOST_TEST(has(warnings, "PrefixCache \"third\" needs the ICache \"second\", which is left out"));
}

BOOST_AUTO_TEST_CASE(what_an_unknown_class_stands_in_goes_with_it) {
  const auto [site, warnings] = load_without_unknown(R"(
- {class: MemoryCache, name: store}
- {class: PrefixCache, name: outer, over: {class: PrefixCache, over: {class: Drawer, handle: brass}}}
- {class: PrefixCache, name: lost, over: {class: PrefixCache, over: outer}}
)");
  BOOST_TEST(names(*site) == "store ");
  BOOST_TEST(has(warnings, "there is no component class \"Drawer\""));
  BOOST_TEST(
      has(warnings, "PrefixCache \"outer\" needs the component in place of its over, which is left out"));
  BOOST_TEST(
      has(warnings, "PrefixCache \"lost\" needs the component in place of its over, which is left out"));
}

BOOST_AUTO_TEST_CASE(a_name_that_a_known_class_gives_as_well_stays) {
  const auto [site, warnings] = load_without_unknown(R"(
components:
  - {class: MemoryCache, entries: [{interface: ICache, name: store}]}
  - {class: Drawer, entries: [{interface: ICache, name: store}]}
  - {class: PrefixCache, entries: [{interface: ICache, name: part}], over: store}
defaults:
  Drawer: {handle: brass}
  MemoryCache: {max_size: 10}
)");
  BOOST_TEST(names(*site) == "part store ");
  BOOST_TEST(has(warnings, "\"Drawer\""));
}

BOOST_AUTO_TEST_CASE(secrets_of_unknown_classes_are_not_shown) {
  const auto [site, warnings] = load_without_unknown("- {class: Drawer, key: hush7Kq9xZwe}");
  BOOST_TEST(site->entries().empty());
  BOOST_TEST(has(warnings, "E307"));
  BOOST_TEST(!has(warnings, "hush7Kq9xZwe"));
}

BOOST_AUTO_TEST_CASE(other_mistakes_are_mistakes_all_the_same) {
  for (const auto* text : {"- {class: MemoryCache, polcy: lru}", "- {class: [Drawer]}", "- {entries: []}",
                           "- {class: PrefixCache, entries: [{interface: ICache}], over: nobody}"})
    BOOST_CHECK_THROW(load_without_unknown(text), LoadError);
}

BOOST_AUTO_TEST_CASE(without_being_asked_a_load_refuses_unknown_classes) {
  BOOST_CHECK_THROW((void)load_component_site_from_text("- {class: Drawer}", Format::yaml), LoadError);
}

BOOST_AUTO_TEST_SUITE_END()
