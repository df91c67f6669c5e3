#include "redis/topology/sentinel_watcher.hpp"

#include "support/scripted_server.hpp"
#include "support/wait_until.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::redis;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

/// A sentinel that knows a master, and that something happens at each question to.
class Sentinel {
 public:
  explicit Sentinel(std::function<void()> at_question)
      : server_(ScriptedServer::after_setup([at_question](const ScriptedCommand& command) -> ScriptedAnswer {
          if (command.name() == "SUBSCRIBE")
            return {
                "*3\r\n$9\r\nsubscribe\r\n$14\r\n+switch-master\r\n:1\r\n"
                "*3\r\n$9\r\nsubscribe\r\n$15\r\n+promoted-slave\r\n:2\r\n"};
          at_question();
          if (command.arguments.at(1) != "GET-MASTER-ADDR-BY-NAME") return {"*0\r\n"};
          return {"*2\r\n$9\r\n127.0.0.1\r\n$4\r\n6379\r\n"};
        })) {}

  [[nodiscard]] ConnectorOptions address() const {
    ConnectorOptions options;
    options.address = {"127.0.0.1", server_.port(), ""};
    return options;
  }

 private:
  ScriptedServer server_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(sentinel_watcher)

BOOST_AUTO_TEST_CASE(it_gets_its_answer_however_often_it_is_told_to_ask_again_meanwhile) {
  std::atomic<SentinelWatcher*> watcher{nullptr};
  auto sentinel = std::make_unique<Sentinel>([&] {
    wait_until([&] { return watcher != nullptr; });
    watcher.load()->ask_again();
  });
  std::atomic<int> news{0};
  SentinelWatcher watched(sentinel->address(), "mymaster",
                          {[&](const SentinelNews&) { ++news; }, [](const Error&) {}, [](const auto&) {}});
  watcher = &watched;
  BOOST_TEST(wait_until([&] { return news >= 1; }));
  sentinel.reset();  // which speaks to the watcher
}

BOOST_AUTO_TEST_CASE(while_it_listens_it_asks_again_at_once) {
  std::atomic<int> questions{0};
  const Sentinel sentinel([&] { ++questions; });
  std::atomic<int> news{0};
  SentinelWatcher watched(sentinel.address(), "mymaster",
                          {[&](const SentinelNews&) { ++news; }, [](const Error&) {}, [](const auto&) {}});
  for (int round = 1; round <= 5; ++round)
    BOOST_TEST(wait_until([&] {
      if (news >= round) return true;
      watched.ask_again();
      return false;
    }));
  BOOST_TEST(questions >= 15);
}

BOOST_AUTO_TEST_SUITE_END()
