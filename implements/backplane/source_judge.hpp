#pragma once

#include "backplane/message.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>

namespace cachesite::backplane {

/// Judges by sequences and beats whether messages of other processes are missed. It does no input or output, and
/// knows no clock: times are nanoseconds that it is given. Not safe from several threads.
///
/// States:
///
///     deaf      nobody listens                                     listening -> proving
///     proving   an own message is waited for: it shows that        it is heard -> vouching, with a new epoch
///               what is sent is heard here                         lost -> deaf
///     vouching  messages come; copies of its epoch are good        lost -> deaf
///
/// While it is vouching, a message that may have been missed begins a new epoch: a sequence that jumps forward, a message
/// that cannot be read, a source that is unknown although it must have been heard, and one that falls silent. In the
/// first beat after vouching began, sources are unknown; what they may have sent in between is made up for
/// by one epoch at the end of that time.
///
/// States of a source, while it is listened to:
///
///     known     its next sequence is known     silent for two beats -> silent, with a new epoch; bye -> gone
///     silent    crashed, or cut off            heard -> known; silent for ten beats -> gone
///     gone      not in the table               heard -> known
///
/// A silent source makes the state doubtful. So does a table that is full, for ten beats after the last source that did
/// not fit.
class SourceJudge {
 public:
  using Time = std::int64_t;
  static constexpr std::size_t most_sources = 1024;

  /// `beat`: how often each source sends something.
  SourceJudge(const SourceId& own, Time beat) : own_(own), beat_(beat) {}

  /// All that is published from now on is heard here. Also after a loss that nobody noticed.
  void listening(Time now) noexcept;
  void lost() noexcept;
  /// An own message is about to be sent; a second time does not count.
  void sending(std::uint64_t sequence, Time now);
  /// A message has come. Whether it is one of another process.
  bool heard(const Message& message, Time now);
  /// Something has come that is no message.
  void heard_rubbish() noexcept;
  /// Time passes.
  void look(Time now);

  [[nodiscard]] BackplaneState state() const noexcept { return {epoch_, epoch_ != 0 && is_doubtful()}; }
  /// All that was sent before this time has been heard. Only while it is vouching.
  [[nodiscard]] Time as_of() const noexcept { return as_of_; }
  /// When `look` is to be called at the latest.
  [[nodiscard]] Time next_look() const noexcept { return look_at_; }

  [[nodiscard]] std::size_t sources() const noexcept { return sources_.size(); }
  [[nodiscard]] std::size_t silent_sources() const noexcept { return silent_; }
  [[nodiscard]] std::uint64_t gaps() const noexcept { return gaps_; }

 private:
  struct Source {
    std::uint64_t next = 1;
    Time heard_at = 0;
    bool silent = false;
  };
  struct Sent {
    std::uint64_t sequence;
    Time at;
  };
  static constexpr std::size_t most_sent = 256;

  [[nodiscard]] bool is_doubtful() const noexcept { return silent_ != 0 || overfull_; }
  void take_echo(const Message& message, Time now);
  void take_sequence(Source& source, std::uint64_t sequence) noexcept;
  void take_unknown(const Message& message, Time now);
  void missed() noexcept;
  void plan_look(Time now) noexcept;
  void new_epoch() noexcept;

  const SourceId own_;
  const Time beat_;
  bool listening_ = false;
  Time look_at_ = 0;
  Time listening_since_ = 0;
  Time vouching_since_ = 0;
  bool unsettled_ = false;  // sources were met in the middle in the first beat
  Time as_of_ = 0;
  std::uint32_t epoch_ = 0;
  std::uint32_t epochs_ = 0;
  std::uint64_t gaps_ = 0;
  std::uint64_t own_next_ = 0;  // 0: not known
  std::deque<Sent> sent_;
  std::map<SourceId, Source> sources_;
  std::size_t silent_ = 0;
  bool overfull_ = false;
  Time overfull_until_ = 0;
};

}  // namespace cachesite::backplane
