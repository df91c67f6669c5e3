#include "basics/this_machine.hpp"
#include "binding/range_check.hpp"
#include "telemetry/collector_url.hpp"
#include "telemetry/header_line.hpp"

#include <cachesite/open_telemetry_exporter.hpp>

#include <algorithm>
#include <optional>
#include <string_view>

namespace cachesite {

using std::chrono::milliseconds;

ParameterTable OpenTelemetryExporterOptions::parameters() {
  using O = OpenTelemetryExporterOptions;
  return {
      parameter("endpoint", &O::endpoint,
                "URL of the collector, http or https; /v1/traces and /v1/metrics are appended.")
          .computed_default("OTEL_EXPORTER_OTLP_ENDPOINT of the environment where substitution is allowed, "
                            "otherwise http://127.0.0.1:4318"),
      parameter("headers", &O::headers, "Sent with every request, each as \"name: value\"."),
      parameter("allow_plaintext_headers", &O::allow_plaintext_headers,
                "Allows headers to be sent unencrypted to another machine."),
      parameter("service_name", &O::service_name,
                "Name of the program in traces and metrics, the attribute service.name.")
          .required(),
      parameter("resource", &O::resource, "More attributes of the program, each as \"key=value\"."),
      parameter("traces", &O::traces, "Whether traces are sent."),
      parameter("metrics", &O::metrics, "Whether metrics are sent."),
      parameter("metrics_interval", &O::metrics_interval, "How often metrics are read and sent.")
          .between(milliseconds(10), milliseconds(std::chrono::hours(24))),
      parameter(
          "sample_ratio", &O::sample_ratio,
          "The share of the calls that begin a trace that is recorded; a caller's decision is followed.")
          .between(0.0, 1.0)
          .live(),
      parameter(
          "queue_spans", &O::queue_spans,
          "Most spans that are kept, open ones included; calls that find no room are counted, not recorded.")
          .between(1, 1'048'576)
          .unit("spans"),
      parameter("batch_spans", &O::batch_spans, "Most spans in one request.").between(1, 8192).unit("spans"),
      parameter("flush_every", &O::flush_every, "Longest time that a span waits to be sent.")
          .between(milliseconds(10), milliseconds(std::chrono::hours(1))),
      parameter("timeout", &O::timeout,
                "Longest time for one request, connecting included, and for sending the rest when the "
                "component stops.")
          .between(milliseconds(10), milliseconds(std::chrono::minutes(5))),
      parameter("conventions", &O::conventions, "Names of spans and their attributes.")
          .choices({{"stable", TelemetryConventions::stable},
                    {"redis_kit", TelemetryConventions::redis_kit},
                    {"both", TelemetryConventions::both}}),
      parameter("keys", &O::keys, "How traces show keys; metrics never do.")
          .choices({{"none", TelemetryKeys::none},
                    {"hashed", TelemetryKeys::hashed},
                    {"plain", TelemetryKeys::plain}}),
      parameter("ssl_ca_certs", &O::ssl_ca_certs,
                "File with the certificates of the trusted authorities; empty: those of the system."),
  };
}

std::vector<OptionComplaint> OpenTelemetryExporterOptions::complaints() const {
  std::vector<OptionComplaint> complaints;
  binding::check_ranges(parameters(), this, complaints);
  const auto url = endpoint ? telemetry::parse_collector_url(*endpoint) : std::nullopt;
  if (endpoint && !url)
    complaints.push_back(
        {"endpoint", "expected a URL such as http://127.0.0.1:4318, without a user or a query"});
  if (url && !url->tls && !headers.empty() && !allow_plaintext_headers && !basics::is_this_machine(url->host))
    complaints.push_back({"headers",
                          "the headers would be sent unencrypted to another machine; an https URL encrypts "
                          "them, allow_plaintext_headers: true permits it"});
  if (service_name.empty()) complaints.push_back({"service_name", "a service needs a name"});
  for (const auto& header : headers)
    if (const auto complaint = telemetry::complaint_of_header(header.reveal()))
      complaints.push_back({"headers", std::string(*complaint)});
  for (const auto& attribute : resource) {
    const auto equals = attribute.find('=');
    if (equals == std::string::npos || equals == 0)
      complaints.push_back({"resource", "expected texts of the form key=value"});
    else if (std::string_view(attribute).substr(0, equals) == "service.name")
      complaints.push_back({"resource", "service.name is what service_name says"});
  }
  if (batch_spans > queue_spans)
    complaints.push_back({"batch_spans", "a batch cannot be larger than queue_spans"});
  return complaints;
}

namespace telemetry {

std::optional<std::string_view> complaint_of_header(std::string_view line) {
  const auto colon = line.find(':');
  const auto name = line.substr(0, std::min(colon, line.size()));
  const auto is_token = [](char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') || character == '-' || character == '_' || character == '.';
  };
  if (colon == std::string_view::npos || name.empty() || !std::all_of(name.begin(), name.end(), is_token))
    return "expected texts of the form \"name: value\"";
  const auto ends_line = [](char character) {
    return (character >= 0 && character < ' ' && character != '\t') || character == 0x7f;
  };
  if (std::any_of(line.begin(), line.end(), ends_line)) return "a header is one line";
  std::string small(name);
  for (char& character : small)
    if (character >= 'A' && character <= 'Z') character = static_cast<char>(character - 'A' + 'a');
  for (const std::string_view own :
       {"host", "content-length", "content-type", "content-encoding", "transfer-encoding", "connection"})
    if (small == own) return "the exporter sets this header itself";
  return std::nullopt;
}

}  // namespace telemetry

}  // namespace cachesite
