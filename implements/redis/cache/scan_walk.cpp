#include "redis/cache/scan_walk.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace cachesite::redis {

namespace {

constexpr char separator = '\n';

std::string_view cut_line(std::string_view& text) {
  const auto end = text.find(separator);
  const auto line = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return line;
}

bool contains(const std::vector<std::string>& texts, std::string_view text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

}  // namespace

ScanWalk::ScanWalk(std::string_view text) {
  if (text.empty()) return;
  cursor_ = cut_line(text);
  server_ = cut_line(text);
  const auto departures = cut_line(text);
  std::from_chars(departures.data(), departures.data() + departures.size(), departures_);
  while (!text.empty())
    walked_.emplace_back(cut_line(text));
}

std::string ScanWalk::text() const {
  std::string text = cursor_ + separator + server_ + separator + std::to_string(departures_);
  for (const auto& server : walked_)
    text += separator + server;
  return text;
}

std::optional<std::string> ScanWalk::next(const std::vector<std::string>& servers) {
  if (!server_.empty() && !contains(servers, server_)) {
    if (cursor_ != "0") ++departures_;
    server_.clear();
    cursor_ = "0";
  }
  if (!server_.empty()) return server_;
  const auto fresh = first_fresh(servers);
  finished_ = fresh == servers.end();
  if (finished_) return std::nullopt;
  server_ = *fresh;
  return server_;
}

void ScanWalk::answered(std::string_view cursor, const std::vector<std::string>& servers) {
  cursor_ = cursor;
  if (cursor_ != "0") return;
  walked_.push_back(std::move(server_));
  server_.clear();
  finished_ = first_fresh(servers) == servers.end();
}

std::vector<std::string>::const_iterator ScanWalk::first_fresh(
    const std::vector<std::string>& servers) const {
  return std::find_if(servers.begin(), servers.end(),
                      [&](const auto& server) { return !contains(walked_, server); });
}

}  // namespace cachesite::redis
