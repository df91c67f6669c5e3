#include "support/parts.hpp"

#include <cachesite/component_site.hpp>

#include <boost/test/unit_test.hpp>

using cachesite::ComponentNotFound;
using cachesite::ComponentSite;
using parts::IPart;
using parts::ITool;

namespace {

std::shared_ptr<parts::Part> part(std::string label) {
  parts::Part::Options options;
  options.label = std::move(label);
  return std::make_shared<parts::Part>(std::move(options));
}

std::string not_found(const ComponentSite& site, std::string_view name) {
  try {
    (void)site.get_component<IPart>(name);
  } catch (const ComponentNotFound& error) {
    return error.what();
  }
  return "found";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(component_site)

BOOST_AUTO_TEST_CASE(a_component_is_found_by_its_exact_interface_and_name_only) {
  ComponentSite site;
  const auto hammer = std::make_shared<parts::Hammer>();
  site.register_component<IPart>(hammer, "hammer");
  BOOST_TEST(site.get_component<IPart>("hammer").get() == hammer.get());
  BOOST_TEST(!site.query_component<IPart>());
  BOOST_TEST(!site.query_component<IPart>("Hammer"));
  BOOST_TEST(!site.query_component<IPart>("hammer2"));
  BOOST_TEST(!site.query_component<ITool>("hammer"));
}

BOOST_AUTO_TEST_CASE(each_interface_of_one_instance_gives_the_right_part_of_it) {
  ComponentSite site;
  const auto hammer = std::make_shared<parts::Hammer>();
  site.register_component<ITool>(hammer);
  site.register_component<IPart>(hammer);
  BOOST_TEST(site.get_component<ITool>()->weight() == 3);
  BOOST_TEST(site.get_component<IPart>()->describe() == "hammer");
}

BOOST_AUTO_TEST_CASE(a_later_registration_replaces_and_the_replaced_lives_on_for_its_holders) {
  parts::journal().clear();
  ComponentSite site;
  site.register_component<IPart>(part("a"));
  const auto held = site.get_component<IPart>();
  const auto b = part("b");
  BOOST_TEST(site.register_component<IPart>(b).get() == b.get());
  BOOST_TEST(site.get_component<IPart>()->describe() == "b");
  BOOST_TEST(held->describe() == "a");
  BOOST_TEST((parts::journal() == parts::Journal{"a made", "b made"}));
}

BOOST_AUTO_TEST_CASE(what_is_replaced_or_removed_and_not_held_is_destroyed_at_once) {
  parts::journal().clear();
  ComponentSite site;
  site.register_component<IPart>(part("a"), "x");
  site.register_component<IPart>(part("b"), "x");
  BOOST_TEST(parts::journal().back() == "a destroyed");
  BOOST_TEST(site.remove_component<IPart>("x"));
  BOOST_TEST(parts::journal().back() == "b destroyed");
  BOOST_TEST(!site.remove_component<IPart>("x"));
}

BOOST_AUTO_TEST_CASE(registering_the_same_instance_again_under_its_name_changes_nothing) {
  parts::journal().clear();
  ComponentSite site;
  const auto a = part("a");
  site.register_component<IPart>(a, "x");
  site.register_component<IPart>(a, "x");
  BOOST_TEST(site.entries().size() == 1u);
  BOOST_TEST(site.remove_component<IPart>("x"));
  BOOST_TEST(a.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(removing_one_name_leaves_the_others) {
  ComponentSite site;
  const auto a = part("a");
  site.register_component<IPart>(a, "x");
  site.register_component<IPart>(a, "y");
  BOOST_TEST(site.remove_component<IPart>("x"));
  BOOST_TEST(!site.query_component<IPart>("x"));
  BOOST_TEST(site.get_component<IPart>("y").get() == a.get());
}

BOOST_AUTO_TEST_CASE(many_names_are_all_found_while_the_table_grows_and_shrinks) {
  ComponentSite site;
  const auto a = part("a");
  for (int index = 0; index < 1000; ++index)
    site.register_component<IPart>(a, "n" + std::to_string(index));
  for (int index = 0; index < 1000; index += 2)
    BOOST_REQUIRE(site.remove_component<IPart>("n" + std::to_string(index)));
  for (int index = 0; index < 1000; ++index)
    BOOST_REQUIRE((site.query_component<IPart>("n" + std::to_string(index)) != nullptr) == (index % 2 == 1));
}

BOOST_AUTO_TEST_CASE(names_of_every_length_are_told_apart) {
  ComponentSite site;
  std::vector<std::string> names;
  for (std::size_t length = 0; length <= 64; ++length) {
    names.push_back(std::string(length, 'a'));
    for (const std::size_t place : {std::size_t{0}, length / 2, length - 1}) {
      if (length == 0) continue;
      std::string other(length, 'a');
      other[place] = 'b';
      names.push_back(other);
    }
  }
  for (const auto& name : names)
    site.register_component<IPart>(part(name), name);
  for (const auto& name : names)
    BOOST_REQUIRE(site.get_component<IPart>(name)->describe() == name);
}

BOOST_AUTO_TEST_CASE(names_outside_the_rule_and_null_pointers_are_refused) {
  ComponentSite site;
  const auto a = part("a");
  for (const std::string name : {"a b", "a/b", "\xc3\xa4", "a\n"})
    BOOST_CHECK_THROW(site.register_component<IPart>(a, name), std::invalid_argument);
  BOOST_CHECK_THROW(site.register_component<IPart>(a, std::string(65, 'a')), std::invalid_argument);
  BOOST_CHECK_THROW(site.register_component<IPart>(std::shared_ptr<IPart>()), std::invalid_argument);
  BOOST_CHECK_NO_THROW(site.register_component<IPart>(a, std::string(64, 'a')));
  BOOST_CHECK_NO_THROW(site.register_component<IPart>(a, "A-Z.a_z-09"));
  BOOST_TEST(site.entries().size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_failed_lookup_says_what_was_wanted_and_what_there_is) {
  ComponentSite site;
  BOOST_TEST(not_found(site, "sesions") == "no component IPart \"sesions\"; the site is empty");
  site.register_component<ITool>(std::make_shared<parts::Hammer>());
  BOOST_TEST(not_found(site, "sesions") ==
             "no component IPart \"sesions\"; nothing is registered as IPart, only as \"ITool\"");
  site.register_component<IPart>(part("a"), "sessions");
  site.register_component<IPart>(part("a"), "hot");
  BOOST_TEST(not_found(site, "sesions") ==
             "no component IPart \"sesions\"; registered as IPart: \"hot\", "
             "\"sessions\"; did you mean \"sessions\"?");
  BOOST_TEST(not_found(site, "") == "no component IPart \"\"; registered as IPart: \"hot\", \"sessions\"");
}

BOOST_AUTO_TEST_CASE(entries_are_sorted_and_name_the_instance_under_all_its_names) {
  ComponentSite site;
  const auto hammer = std::make_shared<parts::Hammer>();
  site.register_component<ITool>(hammer, "b");
  site.register_component<ITool>(hammer, "a");
  site.register_component<IPart>(hammer);
  const auto entries = site.entries();
  BOOST_REQUIRE(entries.size() == 3u);
  BOOST_TEST(entries[0].interface_name == "IPart");
  BOOST_TEST(entries[0].name == "");
  BOOST_TEST(entries[1].name == "a");
  BOOST_TEST(entries[2].name == "b");
  BOOST_TEST(entries[2].class_name == "");
  for (const auto& entry : entries)
    BOOST_TEST(entry.component.get() == static_cast<cachesite::IComponent*>(hammer.get()));
}

BOOST_AUTO_TEST_CASE(stopping_goes_backwards_once_and_lookups_keep_working) {
  parts::journal().clear();
  ComponentSite site;
  const auto a = part("a");
  site.register_component<IPart>(a, "x");
  site.register_component<IPart>(part("b"), "b");
  site.register_component<IPart>(a, "y");
  site.stop();
  site.stop();
  BOOST_TEST((parts::journal() == parts::Journal{"a made", "b made", "b stopped", "a stopped"}));
  BOOST_TEST(site.get_component<IPart>("b")->describe() == "b");
  BOOST_CHECK_THROW(site.register_component<IPart>(a, "z"), std::logic_error);
}

BOOST_AUTO_TEST_CASE(destruction_stops_and_then_lets_go_backwards) {
  parts::journal().clear();
  {
    ComponentSite site;
    site.register_component<IPart>(part("a"), "a");
    site.register_component<IPart>(part("b"), "b");
    (void)site.get_component<IPart>("a");
  }
  BOOST_TEST((parts::journal() ==
              parts::Journal{"a made", "b made", "b stopped", "a stopped", "b destroyed", "a destroyed"}));
}

BOOST_AUTO_TEST_CASE(a_component_may_use_the_site_while_it_stops) {
  struct Meddler : IPart {
    explicit Meddler(ComponentSite& its_site) : site(its_site) {}
    std::string describe() const override { return "meddler"; }
    void stop() noexcept override {
      ++stops;
      site.stop();
      site.remove_component<IPart>("meddler");
      site.remove_component<IPart>("neighbour");
      (void)site.entries();
    }
    ComponentSite& site;
    int stops = 0;
  };
  parts::journal().clear();
  ComponentSite site;
  site.register_component<IPart>(part("first"), "first");
  site.register_component<IPart>(part("neighbour"), "neighbour");
  const auto meddler = std::make_shared<Meddler>(site);
  site.register_component<IPart>(meddler, "meddler");
  site.stop();
  BOOST_TEST(meddler->stops == 1);
  BOOST_TEST(meddler.use_count() == 1);
  BOOST_TEST((parts::journal() ==
              parts::Journal{"first made", "neighbour made", "neighbour destroyed", "first stopped"}));
  BOOST_TEST(site.entries().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_component_keeps_living_for_its_holder_after_the_site) {
  std::shared_ptr<IPart> held;
  {
    ComponentSite site;
    site.register_component<IPart>(part("a"));
    held = site.get_component<IPart>();
  }
  BOOST_TEST(held->describe() == "a");
}

BOOST_AUTO_TEST_SUITE_END()
