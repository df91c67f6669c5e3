#include "telemetry_fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;

namespace {

OpenTelemetryExporterOptions impatient() {
  auto options = every_call("");
  options.timeout = 500ms;
  return options;
}

CollectorReply raw(std::string text, ScriptedAnswer::Then then = ScriptedAnswer::Then::keep) {
  CollectorReply reply;
  reply.raw = std::move(text);
  reply.how.then = then;
  return reply;
}

// One answer of this kind, then proper ones: the exporter is not stuck, and what it makes of the first.
struct Outcome {
  std::uint64_t sent;
  std::uint64_t refused;
  std::uint64_t repetitions;
};
Outcome outcome_of(CollectorReply reply) {
  TracedMemory world(impatient(), [reply](const auto&, std::size_t number) {
    return number == 0 ? reply : CollectorReply{};
  });
  (void)world.cache->get_value("first");
  const auto begin = std::chrono::steady_clock::now();
  (void)world.exporter->flush(20s);
  BOOST_TEST((std::chrono::steady_clock::now() - begin < 10s));
  (void)world.cache->get_value("second");
  BOOST_TEST(world.exporter->flush(20s).ok());
  const auto statistics = world.exporter->statistics();
  BOOST_TEST(statistics.spans_sent + statistics.spans_refused == 2u);
  world.exporter->stop();
  return {statistics.spans_sent, statistics.spans_refused, statistics.repetitions};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(hostile_collector)

BOOST_AUTO_TEST_CASE(an_answer_that_drips_is_waited_for_no_longer_than_the_timeout) {
  auto reply = raw("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" + std::string(1000, ' '));
  reply.how.piece_size = 1;
  reply.how.piece_interval = 50ms;
  const auto outcome = outcome_of(reply);
  BOOST_TEST(outcome.sent == 2u);
  BOOST_TEST(outcome.repetitions == 1u);
}

BOOST_AUTO_TEST_CASE(an_answer_that_does_not_come_is_waited_for_no_longer_than_the_timeout) {
  const auto outcome = outcome_of(raw("H", ScriptedAnswer::Then::hang));
  BOOST_TEST(outcome.sent == 2u);
  BOOST_TEST(outcome.repetitions == 1u);
}

BOOST_AUTO_TEST_CASE(a_reset_is_a_lost_connection) {
  const auto outcome = outcome_of(raw("HTTP/1.1 200", ScriptedAnswer::Then::reset));
  BOOST_TEST(outcome.sent == 2u);
  BOOST_TEST(outcome.repetitions == 1u);
}

BOOST_AUTO_TEST_CASE(a_redirection_is_not_followed) {
  for (const int code : {301, 302, 303, 307, 308}) {
    CollectorReply reply;
    reply.status = code;
    reply.headers = {"Location: http://127.0.0.1:1/v1/traces"};
    const auto outcome = outcome_of(reply);
    BOOST_TEST(outcome.refused == 1u);
    BOOST_TEST(outcome.repetitions == 0u);
  }
}

BOOST_AUTO_TEST_CASE(an_answer_of_a_gibibyte_is_not_read) {
  for (const std::string head :
       {"Content-Length: 1073741824\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n40000000\r\n"}) {
    const auto outcome = outcome_of(raw("HTTP/1.1 200 OK\r\n" + head + std::string(1024 * 1024, 'x')));
    BOOST_TEST(outcome.refused == 1u);
    BOOST_TEST(outcome.repetitions == 0u);
  }
  const auto unannounced = outcome_of(raw("HTTP/1.1 200 OK\r\n\r\n" + std::string(128 * 1024, 'x')));
  BOOST_TEST(unannounced.refused == 1u);
}

BOOST_AUTO_TEST_CASE(what_is_no_http_is_dropped) {
  for (const std::string text :
       {"+PONG\r\n", "SSH-2.0-OpenSSH\r\n", "\r\n\r\n", "{\"partialSuccess\":{}}\n"}) {
    const auto outcome = outcome_of(raw(text));
    BOOST_TEST(outcome.refused == 1u);
    BOOST_TEST(outcome.repetitions == 0u);
  }
}

BOOST_AUTO_TEST_CASE(a_number_of_rejected_spans_that_is_too_large_is_not_believed) {
  for (const std::string number :
       {"\"18446744073709551615\"", "99999999999999999999999", "-1", "\"many\"", ""}) {
    CollectorReply reply;
    reply.body = R"({"partialSuccess":{"rejectedSpans":)" + number;
    const auto outcome = outcome_of(reply);
    BOOST_TEST(outcome.repetitions == 0u);
  }
}

BOOST_AUTO_TEST_SUITE_END()
