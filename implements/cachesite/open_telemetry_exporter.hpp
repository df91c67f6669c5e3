#pragma once

#include <cachesite/component_context.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/secret.hpp>
#include <cachesite/telemetry.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cachesite {

/// Names of spans and their attributes.
enum class TelemetryConventions : std::uint8_t {
  stable,     ///< those of OpenTelemetry's conventions for databases, and `cachesite.*` for cache calls
  redis_kit,  ///< those of redis-kit: one span `redis.get` for each cache call, none for the server's
              ///< part
  both,       ///< names as `stable`, attributes of both
};

/// How traces show keys. Metrics never show any.
enum class TelemetryKeys : std::uint8_t {
  none,
  hashed,  ///< equal keys have equal hashes; whoever knows a key can find its hash
  plain,   ///< the first 200 bytes
};

/// Settings of an OpenTelemetryExporter, explained by `cachesite describe OpenTelemetryExporter` and
/// configs/reference.md.
struct OpenTelemetryExporterOptions {
  std::optional<std::string> endpoint;
  std::vector<Secret> headers;
  bool allow_plaintext_headers = false;
  std::string service_name;
  std::vector<std::string> resource;
  bool traces = true;
  bool metrics = true;
  std::chrono::milliseconds metrics_interval{60'000};
  double sample_ratio = 0.01;
  std::uint32_t queue_spans = 2048;
  std::uint32_t batch_spans = 512;
  std::chrono::milliseconds flush_every{5'000};
  std::chrono::milliseconds timeout{10'000};
  TelemetryConventions conventions = TelemetryConventions::stable;
  TelemetryKeys keys = TelemetryKeys::none;
  std::string ssl_ca_certs;

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

/// Sends traces and metrics to an OpenTelemetry collector, as OTLP over HTTP in JSON.
///
/// Traces contain the calls of OpenTelemetryHooks, and the Redis calls within those. Metrics are read from
/// the statistics of the site's components when they are sent, so they cost calls nothing. One thread sends,
/// over one connection that stays open. While the collector is unreachable or busy, requests are repeated for
/// at most five minutes; the queue fills up meanwhile, and a call that finds no room in it is not recorded.
/// The log has one message when sending begins to fail and one when it works again; `health()` is `degraded`
/// meanwhile.
///
/// In a forked child nothing is recorded or sent.
class OpenTelemetryExporter final : public ITelemetry {
 public:
  using Options = OpenTelemetryExporterOptions;

  /// Throws std::invalid_argument for invalid options, and when `ssl_ca_certs` cannot be used.
  explicit OpenTelemetryExporter(const OpenTelemetryExporterOptions& options,
                                 const ComponentContext& context = {});
  ~OpenTelemetryExporter() override;

  void start() override;
  /// Sends the rest once, within `timeout`.
  void stop() noexcept override;
  [[nodiscard]] Health health() const override;

  Status flush(std::chrono::milliseconds limit) override;
  [[nodiscard]] TelemetryStatistics statistics() const override;
  [[nodiscard]] std::shared_ptr<telemetry::SpanRecorder> span_recorder() const override;

  /// Changes `sample_ratio`, for calls that begin from now on. Safe from any thread.
  void set_sample_ratio(double ratio) noexcept;

 private:
  class Inner;
  const std::shared_ptr<Inner> inner_;
};

}  // namespace cachesite
