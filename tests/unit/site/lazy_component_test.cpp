#include "support/parts.hpp"
#include "support/tree.hpp"

#include <cachesite/component_site.hpp>
#include <cachesite/detail/lazy_value.hpp>
#include <cachesite/detail/site_builder.hpp>
#include <cachesite/site_reports.hpp>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace tree;
using namespace cachesite;
using parts::IPart;
using parts::journal;
using parts::Journal;

BOOST_AUTO_TEST_SUITE(lazy_component)

namespace {

Node item(std::string_view class_name, std::string_view name, bool lazy,
          std::initializer_list<std::pair<std::string_view, Node>> more = {}) {
  Node node = map({{"class", text(class_name)}, {"entries", list({entry("IPart", name)})}});
  if (class_name == "Part") node.members.push_back(map({{"label", text(name)}}).members.front());
  if (lazy) node.members.push_back(map({{"lazy", boolean(true)}}).members.front());
  for (auto& member : map(more).members)
    node.members.push_back(member);
  return node;
}
Node lazy(std::string_view name, std::initializer_list<std::pair<std::string_view, Node>> more = {}) {
  return item("Part", name, true, more);
}
Node eager(std::string_view name, std::initializer_list<std::pair<std::string_view, Node>> more = {}) {
  return item("Part", name, false, more);
}

// Counts how often it is made; refuses as often as it is told to.
struct Counted : IPart {
  static inline std::atomic<int> made = 0;
  static inline std::atomic<int> refusals = 0;
  static inline std::atomic<int> stopped = 0;
  Counted() {
    std::this_thread::yield();
    ++made;
  }
  void start() override {
    if (refusals > 0) {
      --refusals;
      throw std::runtime_error("not today");
    }
  }
  void stop() noexcept override { ++stopped; }
  std::string describe() const override { return "counted"; }
};

// Looks itself up while it is made.
struct Narcissus : IPart {
  explicit Narcissus(const ComponentContext& context) { (void)context.site->get_component<IPart>("n"); }
  std::string describe() const override { return "narcissus"; }
};

// Looks another one up while it is made.
struct Curious : IPart {
  explicit Curious(const ComponentContext& context)
      : seen(context.site->get_component<IPart>("x")->describe()) {}
  std::string describe() const override { return "saw " + seen; }
  std::string seen;
};

Catalog catalog() {
  auto made = parts::catalog();
  made.add<Counted>("Counted");
  made.add<Narcissus>("Narcissus");
  made.add<Curious>("Curious");
  return made;
}

std::shared_ptr<ComponentSite> build(std::vector<Node> items) {
  return build_component_site({document(list(std::move(items)))}, catalog());
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_lazy_component_is_made_and_started_at_its_first_lookup) {
  journal().clear();
  const auto site = build({lazy("a"), eager("b")});
  BOOST_TEST((journal() == Journal{"b made", "b started", "b awaited"}));
  const auto entries = site->entries();
  BOOST_REQUIRE(entries.size() == 2U);
  BOOST_TEST(entries[0].component == nullptr);
  BOOST_TEST(entries[0].class_name == "Part");
  journal().clear();
  const auto part = site->get_component<IPart>("a");
  BOOST_TEST(part->describe() == "a");
  BOOST_TEST((journal() == Journal{"a made", "a started", "a awaited"}));
  BOOST_TEST(site->query_component<IPart>("a").get() == part.get());
  BOOST_TEST(site->entries()[0].component != nullptr);
  BOOST_TEST(journal().size() == 3U);
}

BOOST_AUTO_TEST_CASE(what_it_refers_to_is_made_with_it_and_stopped_after_it) {
  const auto site = build({lazy("a", {{"next", text("b")}}), lazy("b"), eager("c")});
  journal().clear();
  BOOST_TEST(site->get_component<IPart>("a")->describe() == "a>b");
  BOOST_TEST((journal() == Journal{"b made", "b started", "b awaited", "a made", "a started", "a awaited"}));
  journal().clear();
  site->stop();
  BOOST_TEST((journal() == Journal{"a stopped", "b stopped", "c stopped"}));
}

BOOST_AUTO_TEST_CASE(what_another_component_needs_at_once_is_not_lazy) {
  journal().clear();
  const auto site = build({lazy("a"), eager("b", {{"next", text("a")}}), lazy("c")});
  BOOST_TEST((journal() == Journal{"a made", "b made", "a started", "b started", "a awaited", "b awaited"}));
}

BOOST_AUTO_TEST_CASE(one_that_nobody_asks_for_is_never_made_and_never_stopped) {
  journal().clear();
  auto site = build({lazy("a")});
  site->stop();
  BOOST_TEST(site->query_component<IPart>("a") == nullptr);
  site.reset();
  BOOST_TEST(journal().empty());
}

BOOST_AUTO_TEST_CASE(all_of_its_names_are_one_component) {
  const auto site = build({map({{"class", text("Hammer")},
                                {"lazy", boolean(true)},
                                {"entries", list({entry("IPart", "h"), entry("ITool")})}})});
  const auto tool = site->get_component<parts::ITool>();
  BOOST_TEST(std::dynamic_pointer_cast<parts::Hammer>(tool).get() ==
             std::dynamic_pointer_cast<parts::Hammer>(site->get_component<IPart>("h")).get());
}

BOOST_AUTO_TEST_CASE(many_threads_at_once_make_it_once) {
  for (int round = 0; round < 20; ++round) {
    Counted::made = 0;
    const auto site = build({item("Counted", "c", true)});
    std::atomic<int> found{0};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 8; ++thread)
      threads.emplace_back([&] {
        if (site->get_component<IPart>("c")->describe() == "counted") ++found;
      });
    for (auto& thread : threads)
      thread.join();
    BOOST_TEST(found == 8);
    BOOST_TEST(Counted::made == 1);
  }
}

BOOST_AUTO_TEST_CASE(after_a_failure_the_next_lookup_tries_again) {
  Counted::made = 0;
  Counted::stopped = 0;
  Counted::refusals = 2;
  const auto site = build({item("Counted", "c", true)});
  for (int attempt = 0; attempt < 2; ++attempt) {
    try {
      (void)site->query_component<IPart>("c");
      BOOST_FAIL("it was made");
    } catch (const LoadError& error) {
      BOOST_TEST(lines(error.problems()) == "E332 Counted \"c\" cannot be started: not today");
    }
  }
  BOOST_TEST(Counted::stopped == 2);
  BOOST_TEST(site->get_component<IPart>("c")->describe() == "counted");
  BOOST_TEST(Counted::made == 3);
}

BOOST_AUTO_TEST_CASE(one_that_asks_for_itself_while_it_is_made_is_refused) {
  const auto site = build({item("Narcissus", "n", true)});
  BOOST_CHECK_EXCEPTION((void)site->get_component<IPart>("n"), LoadError, [](const LoadError& error) {
    return std::string(error.what()).find("looks itself up") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(one_may_look_up_another_lazy_one_while_it_is_made) {
  const auto site = build({item("Curious", "c", true), lazy("x")});
  BOOST_TEST(site->get_component<IPart>("c")->describe() == "saw x");
  const auto eagerly = build({lazy("x"), item("Curious", "c", false)});
  BOOST_TEST(eagerly->get_component<IPart>("c")->describe() == "saw x");
}

BOOST_AUTO_TEST_CASE(a_name_that_was_taken_or_removed_is_not_made) {
  journal().clear();
  const auto site = build({lazy("a"), lazy("b")});
  site->register_component<IPart>(std::make_shared<parts::Hammer>(), "a");
  BOOST_TEST(site->remove_component<IPart>("b"));
  BOOST_TEST(site->get_component<IPart>("a")->describe() == "hammer");
  BOOST_TEST(site->query_component<IPart>("b") == nullptr);
  BOOST_TEST(journal().empty());
  BOOST_TEST(site->declared_components().empty());
}

BOOST_AUTO_TEST_CASE(a_dump_says_what_is_lazy_whether_it_is_made_or_not) {
  const auto site = build({lazy("a"), lazy("b")});
  (void)site->get_component<IPart>("a");
  const Node dumped = describe_component_site(*site);
  BOOST_REQUIRE(dumped.elements.size() == 2U);
  for (const auto& component : dumped.elements)
    BOOST_TEST(component.find("lazy")->scalar == "true");
}

BOOST_AUTO_TEST_CASE(lazy_and_start_timeout_are_checked_like_parameters) {
  const auto problems_of = [](Node node) {
    return lines(check_component_site({document(list({std::move(node)}))}, catalog()));
  };
  BOOST_TEST(problems_of(eager("a", {{"lazy", text("perhaps")}})) ==
             "E212 lazy: expected true or false, found \"perhaps\"");
  BOOST_TEST(problems_of(eager("a", {{"start_timeout", integer("0")}})).substr(0, 19) ==
             "E216 start_timeout:");
  BOOST_TEST(problems_of(map({{"class", text("Part")}, {"lazy", boolean(true)}})) ==
             "E315 a lazy component without entries would never be created | give it a name");
}

BOOST_AUTO_TEST_CASE(a_component_that_nothing_can_find_is_a_warning) {
  const auto problems_of = [](Node node) {
    return check_component_site({document(list({std::move(node)}))}, catalog());
  };
  for (const auto& node :
       {map({{"class", text("Part")}}), map({{"class", text("Part")}, {"entries", list({})}})}) {
    const auto problems = problems_of(node);
    BOOST_TEST(lines(problems) ==
               "E315 this component has no name and no entries, so nothing can find it | give it a name");
    BOOST_REQUIRE(problems.size() == 1U);
    BOOST_TEST((problems.front().severity == Problem::Severity::warning));
  }
  BOOST_TEST(problems_of(eager("a", {})).empty());
  BOOST_TEST(problems_of(map({{"class", text("Part")}, {"name", text("a")}})).empty());
}

BOOST_AUTO_TEST_CASE(a_lazy_value_is_made_once_and_again_after_a_failure) {
  int calls = 0;
  const LazyValue<std::string> value([&] {
    if (++calls == 1) throw std::runtime_error("not yet");
    return std::string("ready");
  });
  const auto copy = value;
  BOOST_TEST(!value.is_ready());
  BOOST_CHECK_THROW((void)value.get(), std::runtime_error);
  BOOST_TEST(value->size() == 5U);
  BOOST_TEST(*copy == "ready");
  BOOST_TEST(copy.is_ready());
  BOOST_TEST(calls == 2);
}

BOOST_AUTO_TEST_CASE(a_lazy_value_is_made_once_by_many_threads_and_may_not_ask_for_itself) {
  std::atomic<int> calls{0};
  std::atomic<int> right{0};
  const LazyValue<int> value([&] {
    std::this_thread::yield();
    return ++calls;
  });
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread)
    threads.emplace_back([value, &right] {
      if (value.get() == 1) ++right;
    });
  for (auto& thread : threads)
    thread.join();
  BOOST_TEST(calls == 1);
  BOOST_TEST(right == 8);

  std::unique_ptr<LazyValue<int>> itself;
  itself = std::make_unique<LazyValue<int>>([&] { return itself->get(); });
  BOOST_CHECK_THROW((void)itself->get(), std::logic_error);
}

BOOST_AUTO_TEST_CASE(a_handle_looks_its_component_up_at_the_first_use) {
  ComponentSite site;
  const auto handle = cachesite::lazy_component<IPart>(site, "late");
  BOOST_CHECK_THROW((void)handle.get(), ComponentNotFound);
  site.register_component<IPart>(std::make_shared<parts::Hammer>(), "late");
  BOOST_TEST(handle->describe() == "hammer");
}

BOOST_AUTO_TEST_SUITE_END()
