#include "support/faulty_cache.hpp"
#include "telemetry_fixture.hpp"

#include <cachesite/detail/stable_hash.hpp>
#include <cachesite/hooked_cache.hpp>

#include <array>
#include <atomic>
#include <map>
#include <set>
#include <stdexcept>
#include <thread>

using namespace cachesite;
using namespace cachesite::test;

namespace {

using nlohmann::json;

const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string caller = "00-" + trace + "-00f067aa0ba902b7-01";
const std::string not_sampled = "00-" + trace + "-00f067aa0ba902b7-00";

struct Event {
  CacheOperation operation;
  std::string key;
  std::size_t keys;
};

std::vector<Event> every_operation() {
  std::vector<Event> events;
  for (std::size_t index = 0; index < cache_operations; ++index) {
    const auto operation = static_cast<CacheOperation>(index);
    const auto name = std::string(to_string(operation));
    const bool is_batch = name.ends_with("_many");
    const bool is_whole = name == "clear" || name == "size" || name == "scan" || name == "remove_matching";
    events.push_back({operation, is_batch || name == "clear" || name == "size" ? "" : "user:42",
                      is_batch   ? std::size_t{3}
                      : is_whole ? std::size_t{0}
                                 : std::size_t{1}});
  }
  return events;
}

// Tells the hook of each operation as a cache would: it ended, and then once more, it failed.
void tell_everything(ICacheHook& hook) {
  for (const auto& event : every_operation()) {
    const CacheCall call{event.operation, "HookedCache \"sessions\"", event.key, event.keys};
    hook.before(call);
    hook.after(call, {CacheCallResult::Kind::done, 0, 0}, 1500us);
    hook.before(call);
    hook.on_error(call, Error(ErrorCode::timeout, "no answer within 5 ms"), 5ms);
  }
}

OpenTelemetryExporterOptions with(TelemetryConventions conventions,
                                  TelemetryKeys keys = TelemetryKeys::none) {
  auto options = every_call("");
  options.conventions = conventions;
  options.keys = keys;
  return options;
}

std::set<std::string> names_of(const json& span) {
  std::set<std::string> names;
  for (const auto& attribute : span["attributes"])
    names.insert(attribute["key"].get<std::string>());
  return names;
}

const std::map<std::string, std::string> redis_kit_commands{
    {"read", "GET"},          {"write", "SET"},         {"remove", "DELETE"},
    {"get_many", "GET_MANY"}, {"set_many", "SET_MANY"}, {"remove_matching", "DELETE_PATTERN"}};

std::string redis_kit_command(CacheOperation operation) {
  const std::string name(to_string(operation));
  const auto known = redis_kit_commands.find(name);
  std::string command = known != redis_kit_commands.end() ? known->second : name;
  for (char& letter : command)
    letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  return command;
}

std::string small(std::string text) {
  for (char& letter : text)
    letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(open_telemetry_hook)

BOOST_AUTO_TEST_CASE(spans_have_redis_kits_form_for_each_command) {
  TracedMemory world(with(TelemetryConventions::redis_kit, TelemetryKeys::plain));
  OpenTelemetryHook hook(world.exporter);
  tell_everything(hook);
  const auto spans = world.spans();
  BOOST_REQUIRE(spans.size() == 2 * cache_operations);
  std::size_t index = 0;
  for (const auto& event : every_operation()) {
    const auto command = redis_kit_command(event.operation);
    const auto& done = spans[index++];
    const auto& failed = spans[index++];
    for (const auto& span : {done, failed}) {
      BOOST_TEST(span["name"] == "redis." + small(command));
      BOOST_TEST(attribute_of(span, "db.system") == "redis");
      BOOST_TEST(attribute_of(span, "db.operation") == command);
      BOOST_TEST(attribute_of(span, "db.redis.key") == event.key);
      BOOST_TEST(names_of(span).count("cachesite.cache") == 0u);
    }
    BOOST_TEST(attribute_of(done, "db.redis.duration_ms") == "1.5");
    BOOST_TEST(!done.contains("status"));
    BOOST_TEST(!done.contains("events"));
    BOOST_TEST(names_of(failed).count("db.redis.duration_ms") == 0u);
    BOOST_TEST(failed["status"]["code"] == 2);
    const auto& recorded = failed["events"][0];
    BOOST_TEST(recorded["name"] == "exception");
    BOOST_TEST(attribute_of(recorded, "exception.type") == "timeout");
    BOOST_TEST(attribute_of(recorded, "exception.message") == "no answer within 5 ms");
  }
}

BOOST_AUTO_TEST_CASE(calls_of_caches_have_the_stable_attributes) {
  TracedMemory world(with(TelemetryConventions::stable));
  OpenTelemetryHook hook(world.exporter);
  tell_everything(hook);
  const auto spans = world.spans();
  BOOST_REQUIRE(spans.size() == 2 * cache_operations);
  std::size_t index = 0;
  for (const auto& event : every_operation()) {
    const auto& done = spans[index++];
    const auto& failed = spans[index++];
    const std::string operation(to_string(event.operation));
    for (const auto& span : {done, failed}) {
      BOOST_TEST(span["name"] == operation + " sessions");
      BOOST_TEST(span["kind"] == 1);
      BOOST_TEST(attribute_of(span, "cachesite.cache") == "sessions");
      BOOST_TEST(attribute_of(span, "cachesite.operation") == operation);
      BOOST_TEST(attribute_of(span, "cachesite.keys") == std::to_string(event.keys));
      BOOST_TEST(names_of(span).count("db.system") == 0u);
      BOOST_TEST(!span.contains("events"));
    }
    BOOST_TEST(attribute_of(done, "cachesite.result") == "done");
    BOOST_TEST(names_of(done).count("error.type") == 0u);
    BOOST_TEST(attribute_of(failed, "error.type") == "timeout");
    BOOST_TEST(names_of(failed).count("cachesite.result") == 0u);
    BOOST_TEST(failed["status"]["code"] == 2);
    const auto length = std::stoll(failed["endTimeUnixNano"].get<std::string>()) -
                        std::stoll(failed["startTimeUnixNano"].get<std::string>());
    BOOST_TEST(length == 5'000'000);
  }
}

BOOST_AUTO_TEST_CASE(both_forms_stand_in_one_span) {
  TracedMemory world(with(TelemetryConventions::both, TelemetryKeys::plain));
  OpenTelemetryHook hook(world.exporter);
  tell_everything(hook);
  const auto spans = world.spans();
  BOOST_REQUIRE(spans.size() == 2 * cache_operations);
  const auto& read = spans[0];
  BOOST_TEST(read["name"] == "read sessions");
  BOOST_TEST(attribute_of(read, "cachesite.operation") == "read");
  BOOST_TEST(attribute_of(read, "db.operation") == "GET");
  BOOST_TEST(attribute_of(read, "db.redis.key") == "user:42");
  BOOST_TEST(spans[1]["events"][0]["name"] == "exception");
  BOOST_TEST(attribute_of(spans[1], "error.type") == "timeout");
}

BOOST_AUTO_TEST_CASE(results_are_told_apart) {
  TracedMemory world(with(TelemetryConventions::stable));
  (void)world.cache->get_value("absent");
  world.cache->set_value("key", "value", 1h);
  (void)world.cache->get_value("key");
  world.cache->set_value("null", std::nullopt, 1h);
  Value value;
  (void)world.cache->read("null", value);
  (void)world.cache->add("key", ByteView("other"), 1h);
  std::vector<std::string> results;
  for (const auto& span : world.spans())
    results.push_back(attribute_of(span, "cachesite.result"));
  const std::vector<std::string> expected{"miss", "done", "hit", "done", "null", "not_done"};
  BOOST_TEST(results == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(no_key_is_shown_by_default_and_hashed_or_plain_where_asked_for) {
  const std::string key = "user:42:secret";
  for (const auto conventions :
       {TelemetryConventions::stable, TelemetryConventions::redis_kit, TelemetryConventions::both})
    for (const auto keys : {TelemetryKeys::none, TelemetryKeys::hashed, TelemetryKeys::plain}) {
      TracedMemory world(with(conventions, keys));
      (void)world.cache->get_value(key);
      (void)world.cache->get_value(key);
      (void)world.cache->get_value("another");
      const auto spans = world.spans();
      BOOST_REQUIRE(spans.size() == 3u);
      const bool shown = spans[0].dump().find(key) != std::string::npos;
      BOOST_TEST(shown == (keys == TelemetryKeys::plain));
      const auto names = names_of(spans[0]);
      BOOST_TEST((names.count("db.redis.key") != 0) ==
                 (keys == TelemetryKeys::plain && conventions != TelemetryConventions::stable));
      if (keys == TelemetryKeys::none) BOOST_TEST(names.count("cachesite.key") == 0u);
      if (keys == TelemetryKeys::hashed) {
        BOOST_TEST(attribute_of(spans[0], "cachesite.key").size() == 16u);
        BOOST_TEST(attribute_of(spans[0], "cachesite.key") == attribute_of(spans[1], "cachesite.key"));
        BOOST_TEST(attribute_of(spans[0], "cachesite.key") != attribute_of(spans[2], "cachesite.key"));
      }
    }
  BOOST_TEST((OpenTelemetryExporterOptions().keys == TelemetryKeys::none));
}

BOOST_AUTO_TEST_CASE(a_parents_decision_is_followed) {
  for (const double ratio : {0.0, 1.0}) {
    auto options = every_call("");
    options.sample_ratio = ratio;
    TracedMemory world(options);
    {
      const TraceScope scope(caller);
      (void)world.cache->get_value("recorded");
    }
    {
      const TraceScope scope(not_sampled);
      (void)world.cache->get_value("not recorded");
      BOOST_TEST(current_traceparent() == not_sampled);
    }
    (void)world.cache->get_value("of its own");
    const auto spans = world.spans();
    BOOST_REQUIRE(spans.size() == (ratio == 0.0 ? 1u : 2u));
    BOOST_TEST(spans[0]["traceId"] == trace);
    BOOST_TEST(spans[0]["parentSpanId"] == "00f067aa0ba902b7");
    if (ratio == 0.0) continue;
    BOOST_TEST(spans[1]["traceId"] != trace);
    BOOST_TEST(!spans[1].contains("parentSpanId"));
  }
}

BOOST_AUTO_TEST_CASE(a_call_within_a_call_is_its_child_and_is_handed_on) {
  TracedMemory world;
  const auto faulty = std::make_shared<FaultyCache>(in_memory());
  const auto outer = traced(faulty, world.exporter, "outer");
  std::string within;
  faulty->before_write([&](std::string_view) {
    (void)world.cache->get_value("inner");
    within = current_traceparent();
  });
  const TraceScope scope(caller);
  outer->set_value("key", "value", 1h);
  const auto spans = world.spans();
  BOOST_REQUIRE(spans.size() == 2u);
  BOOST_TEST(spans[0]["name"] == "read sessions");
  BOOST_TEST(spans[1]["name"] == "write outer");
  BOOST_TEST(spans[0]["parentSpanId"] == spans[1]["spanId"]);
  BOOST_TEST(spans[0]["traceId"] == trace);
  BOOST_TEST(spans[1]["parentSpanId"] == "00f067aa0ba902b7");
  BOOST_TEST(within == "00-" + trace + "-" + spans[1]["spanId"].get<std::string>() + "-01");
  BOOST_TEST(current_traceparent() == caller);
}

BOOST_AUTO_TEST_CASE(a_call_that_is_not_recorded_makes_none_within_it_recorded) {
  auto options = every_call("");
  options.sample_ratio = 0;
  TracedMemory world(options);
  const auto faulty = std::make_shared<FaultyCache>(in_memory());
  const auto outer = traced(faulty, world.exporter, "outer");
  std::string within;
  faulty->before_write([&](std::string_view) {
    world.exporter->set_sample_ratio(1);
    (void)world.cache->get_value("inner");
    within = current_traceparent();
  });
  outer->set_value("key", "value", 1h);
  BOOST_TEST(world.spans().size() == 0u);
  BOOST_TEST(within.size() == 55u);
  BOOST_TEST(within.ends_with("-00"));
  BOOST_TEST(current_traceparent() == "");
  (void)world.cache->get_value("now");
  BOOST_TEST(world.spans().size() == 1u);
}

BOOST_AUTO_TEST_CASE(two_hooks_of_one_cache_each_record_the_call) {
  TracedMemory world;
  TracedMemory other;
  const std::vector<std::shared_ptr<ICacheHook>> hooks{std::make_shared<OpenTelemetryHook>(world.exporter),
                                                       std::make_shared<OpenTelemetryHook>(other.exporter),
                                                       std::make_shared<OpenTelemetryHook>(world.exporter)};
  HookedCache cache(in_memory(), hooks);
  (void)cache.get_value("key");
  cache.set_value("key", "value", 1h);
  BOOST_TEST(world.spans().size() == 4u);
  BOOST_TEST(other.spans().size() == 2u);
  BOOST_TEST(current_traceparent() == "");
}

BOOST_AUTO_TEST_CASE(each_call_is_exactly_one_span_under_8_threads) {
  constexpr int threads = 8;
  constexpr int calls = 250;
  auto options = every_call("");
  options.queue_spans = 8192;
  options.batch_spans = 500;
  options.keys = TelemetryKeys::plain;
  TracedMemory world(options);
  world.exporter->start();
  std::vector<std::thread> callers;
  for (int thread = 0; thread < threads; ++thread)
    callers.emplace_back([&, thread] {
      for (int call = 0; call < calls; ++call)
        (void)world.cache->get_value(std::to_string(thread) + ":" + std::to_string(call));
    });
  for (auto& thread : callers)
    thread.join();
  std::set<std::string> keys;
  std::set<std::string> ids;
  std::set<std::string> traces;
  BOOST_TEST(world.exporter->flush(100s).ok());  // under a sanitizer everything takes long
  const auto spans = world.collector.spans();
  for (const auto& span : spans) {
    keys.insert(attribute_of(span, "cachesite.key"));
    ids.insert(span["spanId"].get<std::string>());
    traces.insert(span["traceId"].get<std::string>());
  }
  constexpr std::size_t all = std::size_t{threads} * calls;
  BOOST_TEST(spans.size() == all);
  BOOST_TEST(keys.size() == all);
  BOOST_TEST(ids.size() == all);
  BOOST_TEST(traces.size() == all);
  BOOST_TEST(world.exporter->statistics().spans_dropped == 0u);
  BOOST_TEST(world.exporter->statistics().spans_sent == all);
}

BOOST_AUTO_TEST_CASE(a_hook_needs_a_component_that_takes_spans) {
  class Deaf final : public ITelemetry {
   public:
    Status flush(std::chrono::milliseconds) override { return Done{}; }
    TelemetryStatistics statistics() const override { return {}; }
  };
  BOOST_CHECK_THROW(OpenTelemetryHook(std::make_shared<Deaf>()), std::invalid_argument);
  BOOST_CHECK_THROW(OpenTelemetryHook(std::shared_ptr<ITelemetry>()), std::invalid_argument);
  BOOST_CHECK_THROW((void)traced(nullptr, nullptr), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
