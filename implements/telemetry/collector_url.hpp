#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cachesite::telemetry {

/// The parts of `http://host:port/path`.
struct CollectorUrl {
  bool tls = false;
  std::string host;
  std::uint16_t port = 0;
  std::string path;  // without a slash at its end

  /// As the header Host has it.
  [[nodiscard]] std::string authority() const {
    const auto name = host.find(':') == std::string::npos ? host : "[" + host + "]";
    return port == (tls ? 443 : 80) ? name : name + ":" + std::to_string(port);
  }
};

/// Nothing when it is not of that form, or has a user, a query or a fragment.
[[nodiscard]] std::optional<CollectorUrl> parse_collector_url(std::string_view text);

}  // namespace cachesite::telemetry
