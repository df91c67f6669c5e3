#include "telemetry/collector_url.hpp"

#include "telemetry/header_line.hpp"

#include <cachesite/open_telemetry_exporter.hpp>

#include <limits>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using telemetry::parse_collector_url;

BOOST_AUTO_TEST_SUITE(collector_url)

BOOST_AUTO_TEST_CASE(a_url_has_a_host_and_may_have_a_port_and_a_path) {
  const auto plain = parse_collector_url("http://127.0.0.1:4318");
  BOOST_REQUIRE(plain);
  BOOST_TEST(!plain->tls);
  BOOST_TEST(plain->host == "127.0.0.1");
  BOOST_TEST(plain->port == 4318);
  BOOST_TEST(plain->path == "");
  BOOST_TEST(plain->authority() == "127.0.0.1:4318");
  const auto secure = parse_collector_url("https://collector.example/otlp/");
  BOOST_REQUIRE(secure);
  BOOST_TEST(secure->tls);
  BOOST_TEST(secure->port == 443);
  BOOST_TEST(secure->path == "/otlp");
  BOOST_TEST(secure->authority() == "collector.example");
  const auto sixth = parse_collector_url("http://[::1]:4318/");
  BOOST_REQUIRE(sixth);
  BOOST_TEST(sixth->host == "::1");
  BOOST_TEST(sixth->path == "");
  BOOST_TEST(sixth->authority() == "[::1]:4318");
}

BOOST_AUTO_TEST_CASE(anything_else_is_refused) {
  for (const std::string text :
       {"", "127.0.0.1:4318", "grpc://host:4317", "http://", "http://:4318", "http://host:", "http://host:0",
        "http://host:65536", "http://host:43a", "http://user:password@host", "http://host/?query",
        "http://host/#part", "http://host/with blank", "http://host/line\r\nX: y", "http://[::1",
        "http://[::1]4318", "http://a]b"})
    BOOST_TEST(!parse_collector_url(text), text);
}

BOOST_AUTO_TEST_CASE(a_header_is_one_line_that_the_exporter_does_not_set_itself) {
  using telemetry::complaint_of_header;
  for (const std::string sound : {"Authorization: Bearer abc", "X-Scope-OrgID: 1", "api-key:"})
    BOOST_TEST(!complaint_of_header(sound), sound);
  for (const std::string wrong :
       {"", "no colon", ": value", "two words: value", "X: a\r\nY: b", "X: a\nb", "Host: other",
        "content-LENGTH: 5", "Connection: close", "Transfer-Encoding: chunked"})
    BOOST_TEST(complaint_of_header(wrong).has_value(), wrong);
}

BOOST_AUTO_TEST_CASE(complaints_of_options_show_no_header) {
  OpenTelemetryExporterOptions options;
  options.endpoint = "ftp://host";
  options.headers.emplace_back("Authorization Bearer s3cret");
  options.resource = {"no equals sign", "service.name=twice"};
  options.batch_spans = options.queue_spans + 1;
  const auto complaints = options.complaints();
  BOOST_TEST(complaints.size() == 6u);
  for (const auto& complaint : complaints)
    BOOST_TEST(complaint.message.find("s3cret") == std::string::npos, complaint.message);
  options = {};
  options.service_name = "shop";
  BOOST_TEST(options.complaints().empty());
}

BOOST_AUTO_TEST_CASE(headers_go_unencrypted_to_this_machine_alone) {
  const auto complaints_of = [](const std::string& endpoint, bool allowed = false) {
    OpenTelemetryExporterOptions options;
    options.service_name = "shop";
    options.endpoint = endpoint;
    options.headers.emplace_back("Authorization: Bearer s3cret");
    options.allow_plaintext_headers = allowed;
    return options.complaints();
  };
  for (const auto* const same : {"http://127.0.0.1:4318", "http://localhost:4318", "http://[::1]:4318",
                                 "https://collector.example:4318"})
    BOOST_TEST(complaints_of(same).empty(), same);
  const auto refused = complaints_of("http://collector.example:4318");
  BOOST_REQUIRE(refused.size() == 1U);
  BOOST_TEST(refused[0].parameter == "headers");
  BOOST_TEST(refused[0].message.find("s3cret") == std::string::npos);
  BOOST_TEST(complaints_of("http://collector.example:4318", true).empty());
}

BOOST_AUTO_TEST_CASE(a_ratio_out_of_its_range_is_refused_in_code_as_in_files) {
  for (const double wrong : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) {
    OpenTelemetryExporterOptions options;
    options.service_name = "shop";
    options.sample_ratio = wrong;
    const auto complaints = options.complaints();
    BOOST_REQUIRE_EQUAL(complaints.size(), 1U);
    BOOST_TEST(complaints.front().parameter == "sample_ratio");
    BOOST_TEST(complaints.front().message.starts_with("expected a number from 0 to 1, found "));
  }
}

BOOST_AUTO_TEST_SUITE_END()
