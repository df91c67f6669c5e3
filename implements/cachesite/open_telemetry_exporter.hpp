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

/// What spans and their attributes are called.
enum class TelemetryConventions : std::uint8_t {
  stable,     ///< as OpenTelemetry's conventions for databases have it, and `cachesite.*` for calls of caches
  redis_kit,  ///< as redis-kit has it: one span `redis.get` for each call of a cache, none for the server's
              ///< part
  both,       ///< names as `stable`, attributes of both
};

/// What traces show of keys. Metrics never show any.
enum class TelemetryKeys : std::uint8_t {
  none,
  hashed,  ///< equal keys can be told; whoever knows a key can find its hash
  plain,   ///< the first 200 bytes
};

/// Settings of an OpenTelemetryExporter, explained by `cachesite describe OpenTelemetryExporter` and
/// configs/reference.md.
struct OpenTelemetryExporterOptions {
  std::optional<std::string> endpoint;
  std::vector<Secret> headers;
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

/// Sends traces and metrics to a collector of OpenTelemetry, by OTLP over HTTP in JSON.
///
/// Traces are of the calls that OpenTelemetryHooks see, and of the calls to Redis servers within those.
/// Metrics are read from the statistics of the site's components each time they are sent, so they cost calls
/// nothing. One thread does the sending, over one connection that is kept. What a collector that is away or
/// busy does not take is sent again for at most five minutes; the queue goes on filling up meanwhile, and a
/// call that finds no room in it is not recorded. A collector that does not work is logged once, until it
/// works again. `health()` says so too, as `degraded`: nothing but the telemetry suffers.
///
/// In a forked child nothing is recorded or sent.
class OpenTelemetryExporter final : public ITelemetry {
 public:
  using Options = OpenTelemetryExporterOptions;

  /// Throws std::invalid_argument for options with complaints, and when `ssl_ca_certs` cannot be used.
  explicit OpenTelemetryExporter(const OpenTelemetryExporterOptions& options,
                                 const ComponentContext& context = {});
  ~OpenTelemetryExporter() override;

  void start() override;
  /// Sends what there is, within `timeout`; what cannot be delivered at the first attempt is given up.
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
