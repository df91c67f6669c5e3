#pragma once

// A component of your own: its interface, its parameters and its class.

#include <cachesite/cachesite.hpp>

#include <atomic>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The interface, with the name that files use for it.
class IGreeter : public cachesite::Interface<IGreeter, "IGreeter"> {
 public:
  [[nodiscard]] virtual std::string greet(std::string_view who) = 0;
};

// The parameters, each declared once. The defaults are the initialisers.
struct PoliteGreeterOptions {
  std::string greeting = "Good day";
  cachesite::Reference<cachesite::ICache> memory;

  static cachesite::ParameterTable parameters() {
    using O = PoliteGreeterOptions;
    return {
        cachesite::parameter("greeting", &O::greeting, "First words of every sentence."),
        cachesite::parameter("memory", &O::memory, "Cache that remembers who was greeted before.").required(),
    };
  }
};

// The class. The cache it refers to is created before it. It also offers its counts as metrics.
class PoliteGreeter final : public IGreeter, public cachesite::IComponentMetrics {
 public:
  using Options = PoliteGreeterOptions;
  using provides = cachesite::Provides<IGreeter>;
  explicit PoliteGreeter(Options options) : options_(std::move(options)) {}

  std::string greet(std::string_view who) override {
    const bool known = options_.memory->get_value(who).has_value();
    options_.memory->set_value(who, "greeted", std::chrono::hours(24));
    ++(known ? known_ : new_);
    return options_.greeting + (known ? " again, " : ", ") + std::string(who);
  }

  std::vector<cachesite::ComponentMetric> component_metrics() const override {
    const auto counted = [](const std::atomic<int>& count, std::string known) {
      return cachesite::ComponentMetric{"greetings_total",
                                        cachesite::ComponentMetric::Kind::counter,
                                        static_cast<double>(count),
                                        "Who was greeted.",
                                        {{"known", std::move(known)}}};
    };
    return {counted(known_, "yes"), counted(new_, "no")};
  }

 private:
  Options options_;
  std::atomic<int> known_{0};
  std::atomic<int> new_{0};
};
