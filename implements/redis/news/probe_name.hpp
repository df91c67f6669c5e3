#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cachesite::redis {

/// The names of the keys that a feed writes in order to hear of them. Each write has a name of its own, so that
/// the expiry of an earlier one is not taken for it.
class ProbeName {
 public:
  /// `tag`: chosen so that the hash slot of its names is one of the server's.
  ProbeName(std::string_view feed, std::string_view tag)
      : feed_(feed),
        prefix_("__cachesite_probe__:" + std::string(feed) + ":"),
        beginning_(prefix_ + "{" + std::string(tag) + "}:") {}

  [[nodiscard]] const std::string& feed() const noexcept { return feed_; }
  /// What all names of the feed begin with, on every server.
  [[nodiscard]] const std::string& prefix() const noexcept { return prefix_; }
  [[nodiscard]] std::string text(std::uint64_t probe, std::size_t connection) const {
    return beginning_ + std::to_string(probe) + ":" + std::to_string(connection);
  }
  [[nodiscard]] bool is_probe(std::string_view key) const noexcept { return key.starts_with(prefix_); }
  /// Over which connection this probe was written; none when the key is another one.
  [[nodiscard]] std::optional<std::size_t> connection_of(std::string_view key,
                                                         std::uint64_t probe) const noexcept {
    if (!key.starts_with(beginning_)) return std::nullopt;
    key.remove_prefix(beginning_.size());
    std::uint64_t number = 0;
    const char* const end = key.data() + key.size();
    const auto first = std::from_chars(key.data(), end, number);
    if (first.ec != std::errc() || first.ptr == end || *first.ptr != ':' || number != probe)
      return std::nullopt;
    std::size_t connection = 0;
    const auto second = std::from_chars(first.ptr + 1, end, connection);
    if (second.ec != std::errc() || second.ptr != end) return std::nullopt;
    return connection;
  }

 private:
  std::string feed_;
  std::string prefix_;
  std::string beginning_;
};

}  // namespace cachesite::redis
