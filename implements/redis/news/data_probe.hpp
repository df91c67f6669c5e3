#pragma once

#include "redis/endpoint/endpoint.hpp"
#include "redis/news/news_machine.hpp"
#include "redis/news/probe_name.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cachesite::redis {

/// A write over each open data connection of a server. Nobody waits for its answers: they are looked at when the news
/// show that they have come.
class DataProbe {
 public:
  /// Forgets earlier ones.
  WrittenProbe send(Endpoint& server, const ProbeName& name, std::uint64_t number);
  /// What the server said when it refused one of them. Waits for answers that are on their way, but not for long.
  [[nodiscard]] std::optional<std::string> collect();
  void forget() noexcept { sent_.clear(); }
  [[nodiscard]] bool is_under_way() const noexcept { return !sent_.empty(); }

 private:
  std::vector<Channel::Pending> sent_;
};

}  // namespace cachesite::redis
