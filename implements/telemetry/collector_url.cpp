#include "telemetry/collector_url.hpp"

#include "basics/number_text.hpp"

#include <algorithm>

namespace cachesite::telemetry {

namespace {

bool take_prefix(std::string_view& text, std::string_view prefix) noexcept {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// Letters, digits and signs that can neither end a line of a request nor mean something else in a URL.
bool is_plain(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char character) {
    return character > ' ' && character < 0x7f &&
           std::string_view("\"#<>?@\\^`{|}").find(character) == std::string_view::npos;
  });
}

}  // namespace

std::optional<CollectorUrl> parse_collector_url(std::string_view text) {
  CollectorUrl url;
  if (take_prefix(text, "https://"))
    url.tls = true;
  else if (!take_prefix(text, "http://"))
    return std::nullopt;
  if (!is_plain(text)) return std::nullopt;
  const auto slash = std::min(text.find('/'), text.size());
  url.path = text.substr(slash);
  while (url.path.ends_with('/'))
    url.path.pop_back();
  auto place = text.substr(0, slash);
  std::string_view rest;
  if (take_prefix(place, "[")) {
    const auto end = place.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    url.host = place.substr(0, end);
    rest = place.substr(end + 1);
  } else {
    const auto end = std::min(place.find(':'), place.size());
    url.host = place.substr(0, end);
    rest = place.substr(end);
  }
  url.port = url.tls ? 443 : 80;
  if (!rest.empty()) {
    const auto port = take_prefix(rest, ":") ? basics::read_port(rest) : std::nullopt;
    if (!port) return std::nullopt;
    url.port = *port;
  }
  if (url.host.empty() || url.host.find_first_of("[]") != std::string::npos) return std::nullopt;
  return url;
}

}  // namespace cachesite::telemetry
