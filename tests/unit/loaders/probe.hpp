#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/catalog.hpp>
#include <cachesite/component.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/reference.hpp>
#include <cachesite/secret.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace cachesite::test {

class IProbe : public Interface<IProbe, "IProbe"> {};

enum class ProbeMode { fast, safe };

struct ProbeLimits {
  int low = 0;
  int high = 10;

  static ParameterTable parameters() {
    using O = ProbeLimits;
    return {parameter("low", &O::low, "Least.").between(0, 100),
            parameter("high", &O::high, "Greatest.").between(0, 100)};
  }
};

/// One parameter of each kind.
struct ProbeOptions {
  std::string title;
  bool on = false;
  int count = 1;
  double ratio = 0.5;
  std::chrono::milliseconds wait{100};
  ByteSize room{1024};
  ProbeMode mode = ProbeMode::fast;
  Secret token;
  std::vector<int> ports;
  ProbeLimits limits;
  Reference<IProbe> next;
  std::vector<Reference<IProbe>> all;

  static ParameterTable parameters() {
    using O = ProbeOptions;
    using namespace std::chrono_literals;
    return {
        parameter("title", &O::title, "A title.").required(),
        parameter("on", &O::on, "A switch."),
        parameter("count", &O::count, "A number.").between(1, 10).unit("things"),
        parameter("ratio", &O::ratio, "A part.").between(0.0, 1.0),
        parameter("wait", &O::wait, "A time.").between(1ms, 1min),
        parameter("room", &O::room, "A size.").between(ByteSize{16}, ByteSize{1 << 20}),
        parameter("mode", &O::mode, "A way.").choices({{"fast", ProbeMode::fast}, {"safe", ProbeMode::safe}}),
        parameter("token", &O::token, "A secret."),
        parameter("ports", &O::ports, "Some numbers."),
        parameter("limits", &O::limits, "Two numbers."),
        parameter("next", &O::next, "Another probe."),
        parameter("all", &O::all, "Other probes."),
    };
  }
  [[nodiscard]] std::vector<OptionComplaint> complaints() const {
    if (limits.low > limits.high) return {{"limits", "low is greater than high"}};
    return {};
  }
};

/// A component that refers to others of its kind.
class Probe final : public IProbe {
 public:
  using Options = ProbeOptions;
  explicit Probe(ProbeOptions options) : options_(std::move(options)) {}
  [[nodiscard]] const ProbeOptions& options() const noexcept { return options_; }

 private:
  ProbeOptions options_;
};

inline Catalog catalog_with_probe() {
  Catalog catalog;
  catalog.add<Probe>("Probe").text("Has every kind of parameter.");
  return catalog;
}

}  // namespace cachesite::test
