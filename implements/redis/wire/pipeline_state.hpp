#pragma once

#include "redis/wire/reply_stream.hpp"
#include "redis/wire/request_slot.hpp"

#include <cachesite/error.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <span>

#include <sys/uio.h>

namespace cachesite::redis {

/// What is said on one connection: requests in the order they are written, answers in the same order. A plain
/// state machine: it is told what was written and received, and knows neither sockets, threads nor time.
///
///     to write  admitted                      its first byte is written -> writing
///     writing   at most one, `writing_`       its last byte is written -> awaited
///     awaited   written, without an answer    the answer is complete -> finished
///     finished  has an ending                 the owner takes it out
///
/// lose() finishes all of them, and an answer that is not valid the one that it belongs to.
class PipelineState {
 public:
  explicit PipelineState(FrameLimits limits) : stream_(limits) {}

  /// Adds a request to what is to be written.
  void admit(RequestSlot* slot) noexcept {
    flight_.push(slot);
    if (writing_ == nullptr) writing_ = slot;
  }

  [[nodiscard]] bool has_output() const noexcept { return writing_ != nullptr; }
  /// True when the next request to write has at least so many bytes.
  [[nodiscard]] bool output_of(std::size_t size) const noexcept { return writing_->output.size() >= size; }
  /// The next bytes to write, in as many pieces as fit. Returns the number of pieces. Precondition:
  /// has_output().
  std::size_t output(std::span<iovec> pieces) const noexcept {
    if (writing_->next != nullptr || !writing_->output.is_plain()) return output_many(pieces);
    const auto& bytes = writing_->output.bytes();
    pieces[0] = {const_cast<char*>(bytes.data()) + writing_offset_, bytes.size() - writing_offset_};
    return 1;
  }
  void wrote(std::size_t count) noexcept {
    writing_offset_ += count;
    while (writing_ != nullptr && writing_offset_ >= writing_->output.size()) {
      writing_offset_ -= writing_->output.size();
      writing_ = writing_->next;
    }
  }

  /// Requests whose answers are not complete.
  [[nodiscard]] bool awaiting() const noexcept { return !flight_.empty(); }
  [[nodiscard]] RequestSlot* oldest() const noexcept { return flight_.front(); }

  /// Bytes that are known to be still to come of the answer in progress.
  [[nodiscard]] std::size_t input_to_come() const noexcept { return stream_.payload_to_come(); }
  std::size_t input_room(std::array<iovec, 2>& places) noexcept { return stream_.room(places); }
  /// Takes received bytes. Answered requests go to `finished()`. False when the connection cannot be used any
  /// more; `failure()` says why, and the requests answered by these bytes are then spoilt as well.
  bool received(std::size_t count);

  /// True when this request has ended and nothing else goes on; it is taken out.
  bool take_only_answer(RequestSlot* slot) noexcept {
    if (finished_.front() != slot || slot->next != nullptr || awaiting()) return false;
    finished_.pop();
    return true;
  }
  /// Requests that ended, with their ending; the owner takes them out.
  [[nodiscard]] RequestQueue& finished() noexcept { return finished_; }
  [[nodiscard]] const std::optional<Error>& failure() const noexcept { return failure_; }

  /// The connection is gone: every request ends, by whether all of it was written.
  void lose(const Error& reason);

 private:
  std::size_t output_many(std::span<iovec> pieces) const noexcept;
  bool fail(ErrorCode code, std::string_view problem);

  ReplyStream stream_;
  RequestQueue flight_;
  RequestQueue finished_;
  RequestSlot* writing_ = nullptr;  // first request that is not written completely
  std::size_t writing_offset_ = 0;  // bytes of it that are written
  std::optional<Error> failure_;
};

}  // namespace cachesite::redis
