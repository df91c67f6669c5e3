// Lazy components that several threads ask for while they are made.

#include "support/parts.hpp"
#include "support/tree.hpp"
#include "support/wait_until.hpp"

#include <cachesite/component_site.hpp>
#include <cachesite/detail/site_builder.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace tree;
using namespace cachesite;
using namespace std::chrono_literals;
using parts::IPart;

namespace {

using Deed = std::function<void(IComponentSite&)>;

/// Does what a test says when it starts, when its start is waited for, and when it stops.
class Actor : public IPart {
 public:
  struct Options {
    std::string label;
    Reference<IPart> next;
    static ParameterTable parameters() {
      return {parameter("label", &Options::label, "Whose deeds it does."),
              parameter("next", &Options::next, "Another part.")};
    }
  };
  Actor(Options options, const ComponentContext& context)
      : options_(std::move(options)), site_(*context.site) {
    ++made;
    ++alive;
  }
  ~Actor() override { --alive; }
  void start() override { act("start "); }
  void await_started() override { act("await "); }
  void stop() noexcept override {
    ++stopped;
    act("stop ");
  }
  std::string describe() const override { return options_.label; }

  static inline std::map<std::string, Deed> deeds;  // such as "start a"
  static inline std::atomic<int> made = 0;
  static inline std::atomic<int> stopped = 0;
  static inline std::atomic<int> alive = 0;

 private:
  void act(const char* when) const {
    if (const auto deed = deeds.find(when + options_.label); deed != deeds.end()) deed->second(site_);
  }

  Options options_;
  IComponentSite& site_;
};

/// A signal that is given once.
class Signal {
 public:
  void give() { given_.store(true); }
  /// False when it does not come.
  bool come() const {
    return test::wait_until([this] { return given_.load(); });
  }

 private:
  std::atomic<bool> given_ = false;
};

Node actor(std::string_view label, std::initializer_list<std::pair<std::string_view, Node>> more = {}) {
  Node node = map({{"class", text("Actor")},
                   {"entries", list({entry("IPart", label)})},
                   {"label", text(label)},
                   {"lazy", boolean(true)}});
  for (auto& member : map(more).members)
    node.members.push_back(member);
  return node;
}

std::shared_ptr<ComponentSite> build(std::vector<Node> items, const BuildOptions& options = {}) {
  auto catalog = parts::catalog();
  catalog.add<Actor>("Actor");
  return build_component_site({document(list(std::move(items)))}, catalog, options);
}

/// What a lookup has come to: the component's description, or the problems.
std::string outcome(const ComponentSite& site, std::string_view name) {
  try {
    return site.get_component<IPart>(name)->describe();
  } catch (const LoadError& error) {
    return lines(error.problems());
  }
}

std::future<std::string> asked(const std::shared_ptr<ComponentSite>& site, std::string name) {
  return std::async(std::launch::async, [site, name = std::move(name)] { return outcome(*site, name); });
}

/// Whether it is there before anybody could think that it hangs.
bool comes(const std::future<std::string>& answer) {
  return answer.wait_for(10s) == std::future_status::ready;
}

struct Stage {
  Stage() {
    Actor::deeds.clear();
    Actor::made = 0;
    Actor::stopped = 0;
  }
  ~Stage() { Actor::deeds.clear(); }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(lazy_threads, Stage)

BOOST_AUTO_TEST_CASE(one_that_starts_slowly_keeps_nobody_from_another_one) {
  Signal begun;
  Signal go_on;
  Actor::deeds["start a"] = [&](auto&) {
    begun.give();
    go_on.come();
  };
  const auto site = build({actor("a"), actor("b")});
  const auto slow = asked(site, "a");
  BOOST_REQUIRE(begun.come());
  auto other = asked(site, "b");
  const bool came = other.wait_for(5s) == std::future_status::ready;
  go_on.give();
  BOOST_TEST(came);
  BOOST_TEST(comes(slow));
}

BOOST_AUTO_TEST_CASE(one_may_start_by_a_thread_that_looks_another_one_up) {
  std::future<std::string> work;
  Actor::deeds["start a"] = [&](IComponentSite& site) {
    work = std::async(std::launch::async, [&site] { return site.get_component<IPart>("b")->describe(); });
  };
  std::atomic<bool> found = false;
  Actor::deeds["await a"] = [&](auto&) { found = work.wait_for(5s) == std::future_status::ready; };
  const auto site = build({actor("a"), actor("b")});
  BOOST_TEST(outcome(*site, "a") == "a");
  BOOST_TEST(found);
  BOOST_TEST(work.get() == "b");
}

BOOST_AUTO_TEST_CASE(the_limit_of_a_start_counts_at_the_first_lookup_too) {
  for (const std::string place : {"start a", "await a"}) {
    Actor::stopped = 0;
    const auto site = build({actor("a", {{"start_timeout", text("20ms")}})});
    for (int attempt = 1; attempt <= 2; ++attempt) {
      Signal given_up;
      Actor::deeds = {{place, [&](auto&) { given_up.come(); }}, {"stop a", [&](auto&) { given_up.give(); }}};
      const auto begin = std::chrono::steady_clock::now();
      BOOST_TEST(outcome(*site, "a") == "E334 Actor \"a\" has not started within 20ms", place);
      BOOST_TEST((std::chrono::steady_clock::now() - begin < 8s));
      BOOST_TEST(Actor::stopped == attempt);
      BOOST_TEST(Actor::alive == 0);
    }
    Actor::deeds.clear();
    BOOST_TEST(test::wait_until([&] { return outcome(*site, "a") == "a"; }));
  }
}

BOOST_AUTO_TEST_CASE(the_limit_of_all_starts_counts_for_lazy_ones) {
  Signal given_up;
  Actor::deeds = {{"start a", [&](auto&) { given_up.come(); }}, {"stop a", [&](auto&) { given_up.give(); }}};
  BuildOptions options;
  options.start_timeout = 10ms;
  BOOST_TEST(outcome(*build({actor("a")}, options), "a") == "E334 Actor \"a\" has not started within 10ms");
}

BOOST_AUTO_TEST_CASE(all_who_wait_for_one_that_fails_are_told_and_the_next_one_tries_again) {
  Signal go_on;
  Actor::deeds["start a"] = [&](auto&) {
    go_on.come();
    throw std::runtime_error("not today");
  };
  const auto site = build({actor("a")});
  std::vector<std::future<std::string>> answers;
  for (int thread = 0; thread < 4; ++thread)
    answers.push_back(asked(site, "a"));
  BOOST_TEST(test::wait_until([] { return Actor::made == 1; }));
  go_on.give();
  for (auto& answer : answers) {
    BOOST_REQUIRE(comes(answer));
    BOOST_TEST(answer.get() == "E332 Actor \"a\" cannot be started: not today");
  }
  BOOST_TEST(Actor::made <= 4);
  Actor::deeds.clear();
  BOOST_TEST(outcome(*site, "a") == "a");
}

BOOST_AUTO_TEST_CASE(what_two_of_them_need_is_made_once) {
  for (int round = 0; round < 20; ++round) {
    Actor::made = 0;
    const auto site =
        build({actor("a", {{"next", text("c")}}), actor("b", {{"next", text("c")}}), actor("c")});
    std::vector<std::future<std::string>> answers;
    for (const char* name : {"a", "b", "c", "a", "b", "c"})
      answers.push_back(asked(site, name));
    for (auto& answer : answers) {
      BOOST_REQUIRE(comes(answer));
      BOOST_TEST(answer.get().size() == 1U);
    }
    BOOST_TEST(Actor::made == 3);
  }
}

BOOST_AUTO_TEST_CASE(
    those_that_ask_for_each_other_while_they_start_are_refused_and_wait_for_ever_for_nobody) {
  Signal a_begun;
  Signal b_begun;
  const auto ask = [](std::string name) {
    return [name](IComponentSite& site) { (void)site.get_component<IPart>(name); };
  };
  Actor::deeds["start a"] = [&](IComponentSite& site) {
    a_begun.give();
    b_begun.come();
    ask("b")(site);
  };
  Actor::deeds["start b"] = [&](IComponentSite& site) {
    b_begun.give();
    a_begun.come();
    ask("a")(site);
  };
  const auto site = build({actor("a"), actor("b")});
  auto first = asked(site, "a");
  auto second = asked(site, "b");
  BOOST_REQUIRE(comes(first));
  BOOST_REQUIRE(comes(second));
  const std::string told = first.get() + second.get();
  BOOST_TEST(told.find("looks itself up") != std::string::npos, told);

  Actor::deeds = {{"start a", ask("a")}};
  auto itself = asked(build({actor("a")}), "a");
  BOOST_REQUIRE(comes(itself));
  BOOST_TEST(itself.get().find("looks itself up") != std::string::npos);

  Actor::deeds = {{"start a", ask("b")}, {"start b", ask("c")}, {"start c", ask("a")}};
  auto longer = asked(build({actor("a"), actor("b"), actor("c")}), "a");
  BOOST_REQUIRE(comes(longer));
  BOOST_TEST(longer.get().find("looks itself up") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(one_whose_last_name_is_taken_while_it_is_made_is_stopped_with_the_site) {
  const auto take = [](const char* name) {
    return [name](IComponentSite& site) {
      site.register_component<IPart>(std::make_shared<parts::Hammer>(), name);
    };
  };
  {
    Actor::deeds["start a"] = take("a");
    auto site = build({actor("a")});
    BOOST_TEST(outcome(*site, "a") == "hammer");
    BOOST_TEST(Actor::stopped == 0);
    site->stop();
    BOOST_TEST(Actor::stopped == 1);
  }
  BOOST_TEST(Actor::alive == 0);
  // The same for what is made because another one needs it.
  Actor::stopped = 0;
  Actor::deeds = {{"start b", take("b")}};
  const auto site = build({actor("a", {{"next", text("b")}}), actor("b")});
  BOOST_TEST(outcome(*site, "a") == "a");
  site->stop();
  BOOST_TEST(Actor::stopped == 2);
}

BOOST_AUTO_TEST_CASE(what_the_site_keeps_for_lazy_ones_is_stopped_with_it_although_its_names_are_gone) {
  Node eager = actor("b");
  eager.members.pop_back();
  Actor::deeds.clear();
  const auto site = build({actor("a", {{"next", text("b")}}), eager, actor("c")});
  BOOST_TEST(site->remove_component<IPart>("b"));
  BOOST_TEST(outcome(*site, "a") == "a");
  BOOST_TEST(outcome(*site, "c") == "c");
  BOOST_TEST(site->remove_component<IPart>("a"));
  BOOST_TEST(site->remove_component<IPart>("c"));
  BOOST_TEST(Actor::stopped == 0);
  site->stop();
  BOOST_TEST(Actor::stopped == 3);
}

BOOST_AUTO_TEST_SUITE_END()
