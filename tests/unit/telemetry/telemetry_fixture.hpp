#pragma once

#include "support/collector.hpp"

#include <cachesite/memory_cache.hpp>
#include <cachesite/open_telemetry_exporter.hpp>
#include <cachesite/open_telemetry_hook.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace cachesite::test {

using namespace std::chrono_literals;

/// Records every call, and sends when asked to.
inline OpenTelemetryExporterOptions every_call(const std::string& url) {
  OpenTelemetryExporterOptions options;
  options.endpoint = url;
  options.service_name = "shop";
  options.sample_ratio = 1;
  options.flush_every = 1h;
  options.metrics_interval = 1h;
  return options;
}

inline std::shared_ptr<ICache> in_memory() {
  return std::make_shared<MemoryCache>(MemoryCacheOptions{});
}

/// A cache in memory whose calls go to a collector.
struct TracedMemory {
  explicit TracedMemory(OpenTelemetryExporterOptions options = every_call("http://127.0.0.1:1"),
                        Collector::Answer answer = {}, const ComponentContext& context = {}) {
    if (answer) collector.set_answer(std::move(answer));
    options.endpoint = collector.url();
    exporter = std::make_shared<OpenTelemetryExporter>(options, context);
    cache = traced(in_memory(), exporter, "sessions");
  }

  /// What the collector has taken when everything was sent.
  std::vector<nlohmann::json> spans() {
    const auto flushed = exporter->flush(10s);
    BOOST_TEST(flushed.ok(), (flushed.ok() ? "" : std::string(flushed.error().message())));
    return collector.spans();
  }

  Collector collector;
  std::shared_ptr<OpenTelemetryExporter> exporter;
  std::shared_ptr<ICache> cache;
};

}  // namespace cachesite::test
