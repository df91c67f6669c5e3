#pragma once

#include "redis/base/deadline.hpp"
#include "redis/transport/transport.hpp"
#include "redis/wire/pipeline_state.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include <sys/uio.h>

namespace cachesite::redis {

/// What came of writing and reading for a while.
enum class TransferResult : std::uint8_t {
  progress,   // a request has ended
  timed_out,  // the deadline has passed
  lost        // the connection is of no use any more
};

/// What came of writing and reading as far as that was possible without waiting.
enum class LookResult : std::uint8_t {
  complete,    // nothing more is possible now
  incomplete,  // more may be possible
  paused,      // until `pause_end`, since the connection leaves room for others
  lost         // the connection is of no use any more
};

/// One connection and the requests on it. One thread at a time, the leader of the channel, writes and reads.
template <class Threads>
class Pipeline {
 public:
  /// `clogged` tells others to look for another channel: it is set while much is still to be sent or to come.
  Pipeline(std::unique_ptr<Transport> transport, FrameLimits limits, std::atomic<bool>& clogged)
      : transport_(std::move(transport)), requests_(limits), clogged_(clogged) {}

  [[nodiscard]] PipelineState& requests() noexcept { return requests_; }
  [[nodiscard]] const PipelineState& requests() const noexcept { return requests_; }

  /// Writes all there is and reads until a request has ended. `patience` is for the first receive.
  TransferResult transfer(TimePoint deadline, Transport::Patience patience) {
    if (requests_.has_output()) {
      const auto written = write_all(deadline, patience);
      if (written != TransferResult::progress) return written;
    }
    return read_answer(deadline, patience);
  }
  /// Writes what can be written without waiting. Never `timed_out`.
  TransferResult send_some() noexcept;
  /// Writes what can be written without waiting and, when it `reads`, reads what has come, but for very much.
  /// Requests that ended go to `ended`.
  LookResult look(bool reads, TimePoint deadline, RequestQueue& ended) noexcept;
  [[nodiscard]] TimePoint pause_end() const noexcept { return pause_end_; }
  /// True while something waits for room to send.
  [[nodiscard]] bool wants_to_send() const noexcept {
    return requests_.has_output() || transport_->wants_to_send();
  }
  /// True while others do better to look for another channel.
  [[nodiscard]] bool is_clogged() const noexcept {
    return requests_.has_output() || requests_.input_to_come() >= clogging_from;
  }
  [[nodiscard]] int descriptor() const noexcept { return transport_->descriptor(); }
  /// True when nothing has come, and the connection has not ended.
  bool is_quiet() noexcept { return receive_some(Transport::Patience::none) == Received::nothing; }

  void lose(const Error& reason) noexcept { loss_ = reason; }
  [[nodiscard]] const Error& loss() const noexcept { return *loss_; }
  /// From any thread.
  void shut_down() noexcept { transport_->shut_down(); }

 private:
  static constexpr std::size_t most_pieces = 64;
  // So many receives of one look; then others have their turn.
  static constexpr int most_receives = 64;
  // So many bytes still to come make others look for another channel.
  static constexpr std::size_t clogging_from = std::size_t{32} * 1024;

  enum class Received : std::uint8_t { something, nothing, lost };

  TransferResult write_all(TimePoint deadline, Transport::Patience& patience);
  TransferResult read_answer(TimePoint deadline, Transport::Patience patience);
  Received receive_some(Transport::Patience patience) noexcept;
  LookResult read_some(TimePoint deadline, RequestQueue& ended) noexcept;
  bool begins_pause(TimePoint deadline) noexcept;

  std::unique_ptr<Transport> transport_;
  PipelineState requests_;
  std::atomic<bool>& clogged_;
  std::optional<Error> loss_;
  TimePoint pause_end_{};
};

// Whatever has to be waited for on the way, `patience` is used up by that.
template <class Threads>
TransferResult Pipeline<Threads>::write_all(TimePoint deadline, Transport::Patience& patience) {
  while (requests_.has_output()) {
    if (requests_.output_of(clogging_from)) {
      transport_->pause(deadline);
      patience = Transport::Patience::none;
    }
    if (send_some() == TransferResult::lost) return TransferResult::lost;
    if (!requests_.has_output()) break;
    patience = Transport::Patience::none;
    clogged_.store(true, std::memory_order_relaxed);
    // A server that waits for us to read does not read either.
    const auto received = receive_some(Transport::Patience::none);
    if (received == Received::lost) return TransferResult::lost;
    const bool late = received == Received::nothing
                          ? transport_->wait(true, deadline) == Transport::Waiting::timed_out
                          : Threads::now() >= deadline;
    if (late) return TransferResult::timed_out;
  }
  return TransferResult::progress;
}

template <class Threads>
TransferResult Pipeline<Threads>::read_answer(TimePoint deadline, Transport::Patience patience) {
  while (requests_.finished().empty()) {
    const auto received = receive_some(std::exchange(patience, Transport::Patience::none));
    if (received == Received::lost) return TransferResult::lost;
    if (requests_.input_to_come() >= clogging_from) {
      clogged_.store(true, std::memory_order_relaxed);
      transport_->pause(deadline);
    }
    if (received == Received::nothing) {
      if (transport_->wait(false, deadline) == Transport::Waiting::timed_out)
        return TransferResult::timed_out;
    } else if (requests_.finished().empty() && Threads::now() >= deadline) {
      return TransferResult::timed_out;
    }
  }
  return TransferResult::progress;
}

template <class Threads>
TransferResult Pipeline<Threads>::send_some() noexcept try {
  while (requests_.has_output()) {
    std::array<iovec, most_pieces> pieces;
    const auto count = requests_.output(pieces);
    const auto sent = transport_->send(std::span<const iovec>(pieces.data(), count));
    if (sent.status == Transport::Status::again) break;
    if (sent.status != Transport::Status::ok) {
      loss_.emplace(ErrorCode::unreachable, transport_->problem());
      return TransferResult::lost;
    }
    requests_.wrote(sent.count);
  }
  return TransferResult::progress;
} catch (...) {
  loss_.emplace(ErrorCode::no_memory);
  return TransferResult::lost;
}

template <class Threads>
LookResult Pipeline<Threads>::look(bool reads, TimePoint deadline, RequestQueue& ended) noexcept {
  const bool after_pause = pause_end_ != TimePoint{};
  if (after_pause && Threads::now() < pause_end_) return LookResult::paused;
  pause_end_ = {};
  if (requests_.has_output()) {
    // A part of something large goes out between two pauses.
    if (!after_pause && requests_.output_of(clogging_from) && begins_pause(deadline))
      return LookResult::paused;
    if (send_some() == TransferResult::lost) return LookResult::lost;
  }
  return reads ? read_some(deadline, ended) : LookResult::complete;
}

template <class Threads>
LookResult Pipeline<Threads>::read_some(TimePoint deadline, RequestQueue& ended) noexcept {
  for (int count = 0; count < most_receives; ++count) {
    const auto received = receive_some(Transport::Patience::none);
    if (received == Received::lost) return LookResult::lost;
    // What comes after these and is not valid does not spoil them.
    ended.append(requests_.finished());
    if (received == Received::nothing || !requests_.awaiting()) return LookResult::complete;
    if (requests_.input_to_come() >= clogging_from && begins_pause(deadline)) return LookResult::paused;
  }
  return LookResult::incomplete;
}

template <class Threads>
bool Pipeline<Threads>::begins_pause(TimePoint deadline) noexcept {
  const auto length = transport_->pause_length(deadline);
  if (length <= std::chrono::nanoseconds::zero()) return false;
  pause_end_ = Threads::now() + length;
  return true;
}

template <class Threads>
typename Pipeline<Threads>::Received Pipeline<Threads>::receive_some(Transport::Patience patience) noexcept
    try {
  std::array<iovec, 2> places;
  const auto count = requests_.input_room(places);
  const auto received = transport_->receive(std::span<const iovec>(places.data(), count), patience);
  switch (received.status) {
    case Transport::Status::ok:
      if (requests_.received(received.count)) return Received::something;
      loss_ = requests_.failure();
      return Received::lost;
    case Transport::Status::again:
      return Received::nothing;
    case Transport::Status::ended:
      loss_.emplace(ErrorCode::unreachable, "the server closed the connection");
      return Received::lost;
    case Transport::Status::failed:
      loss_.emplace(ErrorCode::unreachable, transport_->problem());
      return Received::lost;
  }
  return Received::lost;
} catch (...) {
  // Whoever leads may not leave with an exception: the others would wait for ever.
  loss_.emplace(ErrorCode::no_memory);
  return Received::lost;
}

}  // namespace cachesite::redis
