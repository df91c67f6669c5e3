#pragma once

#include "telemetry/json_text.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite::telemetry {

/// What stands around spans and metrics in a request: who sends them.
class EnvelopeText {
 public:
  /// `resource` holds texts `key=value`.
  EnvelopeText(std::string_view service_name, const std::vector<std::string>& resource);

  /// Begins a request: `signal` is "Spans" or "Metrics". What follows are elements of a list.
  void open(JsonText& text, std::string_view signal) const;
  static void close(JsonText& text);

 private:
  std::vector<std::pair<std::string, std::string>> attributes_;
};

}  // namespace cachesite::telemetry
