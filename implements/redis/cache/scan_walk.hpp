#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::redis {

/// How far a walk over the keys of several servers has come: one server after the other, each with SCAN. A
/// plain state machine that is kept as text between steps. A server that goes away in the middle is left, and
/// whoever has taken its place is walked from its beginning; a walk that is thrown back too often ends.
class ScanWalk {
 public:
  static constexpr unsigned most_departures = 64;

  /// An empty text is the beginning.
  explicit ScanWalk(std::string_view text = {});
  [[nodiscard]] std::string text() const;

  /// Which of these servers to ask next; nothing when all have been walked.
  [[nodiscard]] std::optional<std::string> next(const std::vector<std::string>& servers);
  /// True when `next` has left servers in the middle so often that the walk has no end to be hoped for.
  [[nodiscard]] bool lost() const noexcept { return departures_ > most_departures; }
  [[nodiscard]] std::string_view cursor() const noexcept { return cursor_; }
  /// What the one of these servers that `next` named has answered.
  void answered(std::string_view cursor, const std::vector<std::string>& servers);
  [[nodiscard]] bool finished() const noexcept { return finished_; }

 private:
  [[nodiscard]] std::vector<std::string>::const_iterator first_fresh(
      const std::vector<std::string>& servers) const;

  std::string cursor_ = "0";
  std::string server_;  // empty between two servers
  std::uint32_t departures_ = 0;
  bool finished_ = false;
  std::vector<std::string> walked_;
};

}  // namespace cachesite::redis
