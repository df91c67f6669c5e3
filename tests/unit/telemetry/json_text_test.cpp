#include "telemetry/json_text.hpp"

#include "telemetry/envelope_text.hpp"
#include "telemetry/gzip.hpp"
#include "telemetry/span_text.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

using namespace cachesite;
using nlohmann::json;
using telemetry::EnvelopeText;
using telemetry::JsonText;
using telemetry::Span;

namespace {

Span example() {
  Span span;
  span.clear();
  span.trace_high = 0x5b8efff798038103U;
  span.trace_low = 0xd269b633813fc60cU;
  span.id = 0xeee19b7ec3c1b174U;
  span.parent = 0xeee19b7ec3c1b173U;
  span.begin = 1544712660000000000;
  span.duration = 1000000000;
  span.keys = 1;
  span.set_text(Span::Text::name, "sessions");
  return span;
}

std::string text_of(const Span& span, TelemetryConventions conventions) {
  JsonText text;
  telemetry::write_span(text, span, conventions);
  return std::move(text).take();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_text)

// The values are those of the protocol's example of a trace.
BOOST_AUTO_TEST_CASE(json_is_as_in_the_protocols_own_examples) {
  JsonText text;
  const EnvelopeText envelope("my.service", {"deployment.environment=test", "empty="});
  envelope.open(text, "Spans");
  telemetry::write_span(text, example(), TelemetryConventions::stable);
  EnvelopeText::close(text);
  const auto whole = json::parse(text.view());
  const auto& resource = whole["resourceSpans"][0];
  BOOST_TEST(resource["resource"]["attributes"][0] ==
             json::parse(R"({"key": "service.name", "value": {"stringValue": "my.service"}})"));
  BOOST_TEST(resource["resource"]["attributes"][1] ==
             json::parse(R"({"key": "deployment.environment", "value": {"stringValue": "test"}})"));
  BOOST_TEST(resource["scopeSpans"][0]["scope"]["name"] == "cachesite");
  const auto& span = resource["scopeSpans"][0]["spans"][0];
  BOOST_TEST(span["traceId"] == "5b8efff798038103d269b633813fc60c");
  BOOST_TEST(span["spanId"] == "eee19b7ec3c1b174");
  BOOST_TEST(span["parentSpanId"] == "eee19b7ec3c1b173");
  BOOST_TEST(span["startTimeUnixNano"] == "1544712660000000000");
  BOOST_TEST(span["endTimeUnixNano"] == "1544712661000000000");
  BOOST_TEST(span["kind"] == 1);
  BOOST_TEST(span["attributes"][3] ==
             json::parse(R"({"key": "cachesite.keys", "value": {"intValue": "1"}})"));
  BOOST_TEST(!span.contains("status"));
}

BOOST_AUTO_TEST_CASE(a_span_without_a_parent_names_none) {
  auto span = example();
  span.parent = 0;
  BOOST_TEST(!json::parse(text_of(span, TelemetryConventions::stable)).contains("parentSpanId"));
}

BOOST_AUTO_TEST_CASE(numbers_are_texts_where_they_have_64_bits) {
  JsonText text;
  text.open('{').key("a").natural(std::numeric_limits<std::uint64_t>::max());
  text.key("b").integer(std::numeric_limits<std::int64_t>::min()).key("c").number(7).key("d").real(0.001);
  text.key("e")
      .real(std::numeric_limits<double>::infinity())
      .key("f")
      .boolean(true)
      .key("g")
      .hex(0xabU)
      .close('}');
  BOOST_TEST(text.view() == R"({"a":"18446744073709551615","b":"-9223372036854775808","c":7,"d":0.001,"e":0,)"
                            R"("f":true,"g":"00000000000000ab"})");
}

BOOST_AUTO_TEST_CASE(any_bytes_make_a_valid_text) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte)
    bytes.push_back(static_cast<char>(byte));
  bytes += "\xF0\x9F\x98\x80\xC3\xA4\xE2\x82";
  JsonText text;
  text.text(bytes);
  const auto read = json::parse(text.view()).get<std::string>();
  BOOST_TEST(read.substr(0, 128) == bytes.substr(0, 128));
  BOOST_TEST(read.find("\xF0\x9F\x98\x80\xC3\xA4\xEF\xBF\xBD") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(no_span_is_longer_than_the_room_that_is_kept_for_one) {
  for (const auto conventions :
       {TelemetryConventions::stable, TelemetryConventions::redis_kit, TelemetryConventions::both})
    for (const auto kind : {Span::Kind::cache_call, Span::Kind::server_call}) {
      auto span = example();
      span.clear();
      span.kind = kind;
      span.failed = true;
      span.keys = std::numeric_limits<std::uint64_t>::max();
      span.set_text(Span::Text::name, std::string(72, '\x01'));
      span.set_text(Span::Text::key, std::string(Span::longest_key, '\x01'));
      span.set_text(Span::Text::message, std::string(Span::room, '\x01'));
      BOOST_TEST(text_of(span, conventions).size() < telemetry::longest_span);
      span.clear();
      span.failed = true;
      span.set_text(Span::Text::host, std::string(Span::room, '\x01'));
      BOOST_TEST(text_of(span, conventions).size() < telemetry::longest_span);
    }
}

BOOST_AUTO_TEST_SUITE_END()
