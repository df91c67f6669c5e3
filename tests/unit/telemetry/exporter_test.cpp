#include "support/collecting_logger.hpp"
#include "telemetry_fixture.hpp"

#include <cachesite/component_site.hpp>

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <thread>

using namespace cachesite;
using namespace cachesite::test;

namespace {

ComponentContext with_log(const std::shared_ptr<CollectingLogger>& logger) {
  ComponentContext context;
  context.label = "OpenTelemetryExporter \"main\"";
  context.logger = logger;
  return context;
}

Collector::Answer always(CollectorReply reply) {
  return [reply](const auto&, std::size_t) { return reply; };
}

CollectorReply status(int code, std::vector<std::string> headers = {}) {
  CollectorReply reply;
  reply.status = code;
  reply.headers = std::move(headers);
  return reply;
}

// First this, then taken.
Collector::Answer once(CollectorReply reply) {
  return [reply](const auto&, std::size_t number) { return number == 0 ? reply : CollectorReply{}; };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(exporter)

BOOST_AUTO_TEST_CASE(a_request_is_what_the_protocol_wants) {
  auto options = every_call("");
  options.headers.emplace_back("X-Tenant: blue");
  TracedMemory world(options);
  (void)world.cache->get_value("key");
  BOOST_TEST(world.spans().size() == 1u);
  for (int call = 0; call < 20; ++call)
    (void)world.cache->get_value("key");
  BOOST_TEST(world.spans().size() == 21u);
  const auto requests = world.collector.requests();
  BOOST_REQUIRE(requests.size() == 2u);
  for (const auto& request : requests) {
    BOOST_TEST(request.path == "/v1/traces");
    BOOST_TEST(request.headers.at("content-type") == "application/json");
    BOOST_TEST(request.headers.at("x-tenant") == "blue");
    BOOST_TEST(request.gzipped == (request.body.size() >= 1024));
  }
  BOOST_TEST(!requests[0].gzipped);
  BOOST_TEST(requests[1].gzipped);
  BOOST_TEST(requests[1].bytes < requests[1].body.size());
  BOOST_TEST(requests[0].connection == requests[1].connection);  // it is kept
  BOOST_TEST(world.collector.server().accepted() == 1u);
}

BOOST_AUTO_TEST_CASE(the_longest_time_to_flush_is_a_long_time) {
  TracedMemory world(every_call(""));
  (void)world.cache->get_value("key");
  BOOST_TEST(world.exporter->flush(std::chrono::milliseconds::max()).ok());
  BOOST_TEST(world.collector.spans().size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_may_be_sent_again_is_and_the_rest_is_dropped_and_counted) {
  for (const int code : {429, 502, 503, 504, 400, 401, 404, 413, 500, 501, 301, 307}) {
    const bool again = code == 429 || (code >= 502 && code <= 504);
    TracedMemory world(every_call(""), once(status(code)));
    (void)world.cache->get_value("key");
    const auto flushed = world.exporter->flush(10s);
    BOOST_TEST(world.collector.requests().size() == (again ? 2u : 1u), code);
    BOOST_TEST(world.collector.spans().size() == (again ? 1u : 0u), code);
    const auto statistics = world.exporter->statistics();
    BOOST_TEST(statistics.spans_sent == (again ? 1u : 0u), code);
    BOOST_TEST(statistics.spans_refused == (again ? 0u : 1u), code);
    BOOST_TEST(statistics.repetitions == (again ? 1u : 0u), code);
    BOOST_TEST(statistics.spans_queued == 0u, code);
    if (!again) BOOST_TEST((!flushed.ok() && flushed.error().code() == ErrorCode::refused), code);
    (void)world.cache->get_value("next");
    BOOST_TEST(world.exporter->flush(10s).ok(), code);
    BOOST_TEST(world.exporter->statistics().spans_sent == (again ? 2u : 1u), code);
  }
}

BOOST_AUTO_TEST_CASE(a_lost_connection_is_made_anew_and_the_request_sent_again) {
  CollectorReply lost;
  lost.raw = "HTTP/1.1 200 OK\r\nContent-Le";
  lost.how.then = ScriptedAnswer::Then::reset;
  TracedMemory world(every_call(""), once(lost));
  (void)world.cache->get_value("key");
  BOOST_TEST(world.spans().size() == 1u);
  BOOST_TEST(world.exporter->statistics().repetitions == 1u);
}

BOOST_AUTO_TEST_CASE(a_kept_connection_that_the_server_has_closed_costs_no_pause) {
  TracedMemory world;
  for (int round = 1; round <= 3; ++round) {
    (void)world.cache->get_value("key");
    BOOST_TEST(world.spans().size() == static_cast<std::size_t>(round));
    world.collector.server().drop_connections();
    BOOST_TEST(world.collector.server().wait_for_live(0));
  }
  BOOST_TEST(world.exporter->statistics().repetitions == 0u);
  BOOST_TEST(world.collector.server().accepted() == 3u);
}

BOOST_AUTO_TEST_CASE(retry_after_is_obeyed_and_not_waited_for_longer) {
  TracedMemory world(every_call(""), once(status(503, {"Retry-After: 2"})));
  (void)world.cache->get_value("key");
  const auto begin = std::chrono::steady_clock::now();
  BOOST_TEST(world.spans().size() == 1u);
  const auto took = std::chrono::steady_clock::now() - begin;
  BOOST_TEST((took >= 2s), took / 1ms);
  BOOST_TEST((took < 8s), took / 1ms);
}

BOOST_AUTO_TEST_CASE(who_asks_to_wait_for_longer_than_five_minutes_is_given_up_at_once) {
  TracedMemory world(every_call(""), once(status(503, {"Retry-After: 301"})));
  (void)world.cache->get_value("key");
  BOOST_TEST(!world.exporter->flush(10s).ok());
  BOOST_TEST(world.exporter->statistics().spans_refused == 1u);
  BOOST_TEST(world.collector.requests().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_partial_success_is_not_sent_again) {
  for (const std::string number : {"\"2\"", "2"}) {
    CollectorReply reply;
    reply.body =
        R"({"partialSuccess": {"rejectedSpans": )" + number + R"(, "errorMessage": "two too many"}})";
    TracedMemory world(every_call(""), always(reply));
    for (int call = 0; call < 5; ++call)
      (void)world.cache->get_value("key");
    BOOST_TEST(world.exporter->flush(10s).ok());
    BOOST_TEST(world.collector.requests().size() == 1u);
    BOOST_TEST(world.exporter->statistics().spans_sent == 3u);
    BOOST_TEST(world.exporter->statistics().spans_refused == 2u);
  }
}

BOOST_AUTO_TEST_CASE(a_full_queue_drops_the_newest_and_counts) {
  auto options = every_call("");
  options.queue_spans = 16;
  options.batch_spans = 16;
  options.keys = TelemetryKeys::plain;
  TracedMemory world(options);  // not started: nothing takes from the queue
  for (int call = 0; call < 100; ++call)
    (void)world.cache->get_value(std::to_string(call));
  BOOST_TEST(world.exporter->statistics().spans_dropped == 84u);
  BOOST_TEST(world.exporter->statistics().spans_queued == 16u);
  const auto spans = world.spans();
  BOOST_REQUIRE(spans.size() == 16u);
  for (int call = 0; call < 16; ++call)
    BOOST_TEST(attribute_of(spans[static_cast<std::size_t>(call)], "cachesite.key") == std::to_string(call));
  (void)world.cache->get_value("room again");
  BOOST_TEST(world.spans().size() == 17u);
}

BOOST_AUTO_TEST_CASE(a_batch_is_sent_before_its_time_and_the_rest_in_time) {
  auto options = every_call("");
  options.batch_spans = 10;
  options.flush_every = 1h;
  TracedMemory world(options);
  world.exporter->start();
  for (int call = 0; call < 10; ++call)
    (void)world.cache->get_value("key");
  BOOST_TEST(world.collector.wait_for_requests(1));
  options.batch_spans = 512;
  options.flush_every = 50ms;
  TracedMemory timed(options);
  timed.exporter->start();
  (void)timed.cache->get_value("key");
  BOOST_TEST(timed.collector.wait_for_requests(1));
}

BOOST_AUTO_TEST_CASE(a_dead_collector_is_logged_once_and_again_when_it_works) {
  const auto logger = std::make_shared<CollectingLogger>();
  const auto dead = std::make_shared<std::atomic<bool>>(true);
  TracedMemory world(
      every_call(""), [dead](const auto&, std::size_t) { return *dead ? status(400) : CollectorReply{}; },
      with_log(logger));
  for (int round = 0; round < 3; ++round) {
    (void)world.cache->get_value("key");
    BOOST_TEST(!world.exporter->flush(10s).ok());
  }
  BOOST_TEST(logger->records().size() == 1u, logger->text());
  BOOST_TEST((logger->records().front().level == LogLevel::warning));
  BOOST_TEST((world.exporter->health().state == HealthState::degraded));
  *dead = false;
  for (int round = 0; round < 3; ++round) {
    (void)world.cache->get_value("key");
    BOOST_TEST(world.exporter->flush(10s).ok());
  }
  BOOST_TEST(logger->records().size() == 2u, logger->text());
  BOOST_TEST((world.exporter->health().state == HealthState::up));
}

// A collector that takes traces and answers otherwise to metrics.
Collector::Answer to_metrics(CollectorReply reply) {
  return [reply](const auto& request, std::size_t) {
    return request.path == "/v1/metrics" ? reply : CollectorReply{};
  };
}

BOOST_AUTO_TEST_CASE(metrics_that_are_refused_are_logged_once_while_traces_are_taken) {
  const auto logger = std::make_shared<CollectingLogger>();
  ComponentSite site;
  site.register_component<ICache>(in_memory(), "sessions");
  auto context = with_log(logger);
  context.site = &site;
  auto options = every_call("");
  options.flush_every = options.metrics_interval = 10ms;
  TracedMemory world(options, to_metrics(status(404)), context);
  world.exporter->start();
  for (std::size_t round = 1; round <= 3; ++round) {
    (void)world.cache->get_value("key");
    BOOST_TEST(world.collector.wait_for_requests(round, "/v1/traces"));
    BOOST_TEST(world.collector.wait_for_requests(2 * round, "/v1/metrics"));
  }
  BOOST_TEST((world.exporter->health().state == HealthState::degraded));
  world.exporter->stop();
  BOOST_TEST(logger->records().size() == 1u, logger->text());
}

BOOST_AUTO_TEST_CASE(what_traces_and_metrics_meet_alike_is_logged_once) {
  const auto logger = std::make_shared<CollectingLogger>();
  ComponentSite site;
  site.register_component<ICache>(in_memory(), "sessions");
  auto context = with_log(logger);
  context.site = &site;
  CollectorReply garbage;
  garbage.raw = "this is no HTTP\r\n\r\n";
  TracedMemory world(every_call(""), always(garbage), context);
  (void)world.cache->get_value("key");
  BOOST_TEST(!world.exporter->flush(10s).ok());
  BOOST_TEST(world.collector.requests("/v1/metrics").size() == 1u);
  BOOST_TEST(logger->records().size() == 1u, logger->text());
  world.collector.set_answer([](const auto&, std::size_t) { return CollectorReply{}; });
  (void)world.cache->get_value("key");
  BOOST_TEST(world.exporter->flush(10s).ok());
  BOOST_TEST(logger->records().size() == 2u, logger->text());
  BOOST_TEST(logger->text().find("works again") != std::string::npos);
  BOOST_TEST((world.exporter->health().state == HealthState::up));
}

BOOST_AUTO_TEST_CASE(a_flush_that_begins_during_another_does_not_hide_its_failure) {
  auto options = every_call("");
  options.batch_spans = 1;
  TracedMemory world(options, [](const auto&, std::size_t number) {
    return number == 0 ? status(400) : number == 1 ? status(503, {"Retry-After: 1"}) : CollectorReply{};
  });
  (void)world.cache->get_value("given up");
  (void)world.cache->get_value("put off");
  bool first = true;
  std::thread caller([&] { first = world.exporter->flush(20s).ok(); });
  BOOST_TEST(world.collector.wait_for_requests(2));
  (void)world.exporter->flush(20s);
  caller.join();
  BOOST_TEST(!first);
  BOOST_TEST(world.exporter->statistics().spans_sent == 1u);
}

BOOST_AUTO_TEST_CASE(metrics_that_are_put_off_do_not_hold_up_traces) {
  ComponentSite site;
  site.register_component<ICache>(in_memory(), "sessions");
  ComponentContext context;
  context.site = &site;
  auto options = every_call("");
  options.flush_every = options.metrics_interval = 10ms;
  TracedMemory world(options, to_metrics(status(503, {"Retry-After: 200"})), context);
  world.exporter->start();
  BOOST_TEST(world.collector.wait_for_requests(1, "/v1/metrics"));
  for (std::size_t round = 1; round <= 3; ++round) {
    (void)world.cache->get_value("key");
    BOOST_TEST(wait_until([&] { return world.exporter->statistics().spans_sent == round; }));
  }
  BOOST_TEST(world.collector.requests("/v1/metrics").size() == 1u);
}

BOOST_AUTO_TEST_CASE(stop_sends_what_there_is) {
  TracedMemory world;
  world.exporter->start();
  for (int call = 0; call < 700; ++call)
    (void)world.cache->get_value("key");
  world.exporter->stop();
  BOOST_TEST(world.collector.spans().size() == 700u);
  (void)world.cache->get_value("too late");
  world.exporter->stop();
  BOOST_TEST(world.collector.spans().size() == 700u);
  const auto flushed = world.exporter->flush(10s);
  BOOST_TEST((!flushed.ok() && flushed.error().code() == ErrorCode::closed));
  BOOST_TEST((world.exporter->health().state == HealthState::down));
}

BOOST_AUTO_TEST_CASE(stop_ends_a_pause_and_tries_once_more) {
  TracedMemory world(every_call(""), once(status(503, {"Retry-After: 200"})));
  world.exporter->start();
  (void)world.cache->get_value("key");
  BOOST_TEST(!world.exporter->flush(1ms).ok());
  BOOST_TEST(world.collector.wait_for_requests(1));
  const auto begin = std::chrono::steady_clock::now();
  world.exporter->stop();
  BOOST_TEST((std::chrono::steady_clock::now() - begin < 9s));
  BOOST_TEST(world.collector.spans().size() == 1u);
}

BOOST_AUTO_TEST_CASE(stop_is_over_in_time_whatever_the_collector_does) {
  CollectorReply silent;
  silent.how.then = ScriptedAnswer::Then::hang;
  silent.raw = "H";
  auto options = every_call("");
  options.timeout = 300ms;
  options.batch_spans = 1;
  TracedMemory world(options, always(silent));
  world.exporter->start();
  for (int call = 0; call < 50; ++call)
    (void)world.cache->get_value("key");
  BOOST_TEST(world.collector.wait_for_requests(1));
  const auto begin = std::chrono::steady_clock::now();
  world.exporter->stop();
  BOOST_TEST((std::chrono::steady_clock::now() - begin < 5s));
  const auto statistics = world.exporter->statistics();
  BOOST_TEST(statistics.spans_refused == 50u);
}

BOOST_AUTO_TEST_CASE(a_flush_that_takes_too_long_says_so) {
  TracedMemory world(every_call(""), once(status(503, {"Retry-After: 100"})));
  (void)world.cache->get_value("key");
  const auto flushed = world.exporter->flush(50ms);
  BOOST_TEST((!flushed.ok() && flushed.error().code() == ErrorCode::timeout));
}

BOOST_AUTO_TEST_CASE(secrets_in_headers_are_never_in_a_log) {
  const std::string secret = "s3cret-of-the-collector";
  const auto logger = std::make_shared<CollectingLogger>();
  auto options = every_call("");
  options.headers.emplace_back("Authorization: Bearer " + secret);
  options.timeout = 1s;
  CollectorReply echo = status(400, {"X-Echo: Bearer " + secret});
  echo.body = "you sent Bearer " + secret;
  for (const auto& reply :
       {echo, status(503, {"Retry-After: 400"}), status(302, {"Location: http://x/" + secret})}) {
    TracedMemory world(options, always(reply), with_log(logger));
    (void)world.cache->get_value("key");
    const auto flushed = world.exporter->flush(10s);
    BOOST_REQUIRE(!flushed.ok());
    BOOST_TEST(std::string(flushed.error().message()).find(secret) == std::string::npos);
    BOOST_TEST(world.exporter->health().reason.find(secret) == std::string::npos);
    BOOST_TEST(world.collector.requests().front().headers.at("authorization") == "Bearer " + secret);
  }
  CollectorReply garbage;
  garbage.raw = "Authorization: Bearer " + secret + "\r\n\r\n";
  TracedMemory world(options, always(garbage), with_log(logger));
  (void)world.cache->get_value("key");
  BOOST_TEST(!world.exporter->flush(10s).ok());
  BOOST_TEST(logger->records().size() == 4u);
  BOOST_TEST(logger->text().find(secret) == std::string::npos, logger->text());
  auto broken = options;
  broken.headers.emplace_back(secret);
  try {
    const OpenTelemetryExporter refused(broken);
    BOOST_ERROR("a header without a name is taken");
  } catch (const std::invalid_argument& refusal) {
    BOOST_TEST(std::string(refusal.what()).find(secret) == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(traces_and_metrics_can_be_switched_off) {
  auto options = every_call("");
  options.traces = false;
  TracedMemory world(options);
  (void)world.cache->get_value("key");
  {
    const TraceScope scope("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    (void)world.cache->get_value("key");
  }
  world.exporter->set_sample_ratio(1);
  (void)world.cache->get_value("key");
  BOOST_TEST(world.spans().size() == 0u);
  BOOST_TEST(world.exporter->statistics().spans_dropped == 0u);
}

BOOST_AUTO_TEST_CASE(no_request_is_longer_than_four_mebibytes) {
  auto options = every_call("");
  options.queue_spans = 8192;
  options.batch_spans = 8192;
  options.keys = TelemetryKeys::plain;
  TracedMemory world(options);
  const std::string key(200, '\x01');
  for (int call = 0; call < 4000; ++call)
    (void)world.cache->get_value(key);
  BOOST_TEST(world.spans().size() == 4000u);
  const auto requests = world.collector.requests();
  BOOST_TEST(requests.size() > 1u);
  for (const auto& request : requests)
    BOOST_TEST(request.body.size() <= 4u * 1024 * 1024);
}

BOOST_AUTO_TEST_SUITE_END()
