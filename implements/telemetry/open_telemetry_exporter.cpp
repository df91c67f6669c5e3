#include "basics/checked_options.hpp"
#include "basics/inherited.hpp"
#include "telemetry/collector_url.hpp"
#include "telemetry/sender.hpp"

#include <cachesite/detail/environment_source.hpp>
#include <cachesite/open_telemetry_exporter.hpp>

#include <stdexcept>

namespace cachesite {

namespace {

// The variable is the one that every OpenTelemetry exporter reads.
OpenTelemetryExporterOptions completed(OpenTelemetryExporterOptions options,
                                       const ComponentContext& context) {
  if (options.endpoint) return options;
  const std::string usual = "http://127.0.0.1:4318";
  const std::string name = "OTEL_EXPORTER_OTLP_ENDPOINT";
  const auto* const environment = dynamic_cast<const IEnvironmentSource*>(context.documents.get());
  options.endpoint = environment != nullptr ? environment->variable(name).value_or(usual) : usual;
  if (!telemetry::parse_collector_url(*options.endpoint))
    throw std::invalid_argument("OpenTelemetryExporter: " + name + ": expected a URL such as " + usual);
  return options;
}

}  // namespace

class OpenTelemetryExporter::Inner {
 public:
  Inner(const Options& options, const ComponentContext& context) : sender(options, context) {}

  telemetry::Sender sender;
};

OpenTelemetryExporter::OpenTelemetryExporter(const Options& options, const ComponentContext& context)
    : inner_(basics::make_process_bound<Inner>(
          checked_options("OpenTelemetryExporter", completed(options, context)), context)) {}

OpenTelemetryExporter::~OpenTelemetryExporter() {
  OpenTelemetryExporter::stop();
}

void OpenTelemetryExporter::start() {
  inner_->sender.start();
}

void OpenTelemetryExporter::stop() noexcept {
  inner_->sender.stop();
}

Health OpenTelemetryExporter::health() const {
  return inner_->sender.health();
}

Status OpenTelemetryExporter::flush(std::chrono::milliseconds limit) {
  return inner_->sender.flush(limit);
}

TelemetryStatistics OpenTelemetryExporter::statistics() const {
  return inner_->sender.statistics();
}

std::shared_ptr<telemetry::SpanRecorder> OpenTelemetryExporter::span_recorder() const {
  return inner_->sender.recorder();
}

void OpenTelemetryExporter::set_sample_ratio(double ratio) noexcept {
  inner_->sender.recorder()->set_sample_ratio(ratio);
}

}  // namespace cachesite
