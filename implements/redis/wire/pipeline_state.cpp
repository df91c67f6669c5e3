#include "redis/wire/pipeline_state.hpp"

#include <string>

namespace cachesite::redis {

std::size_t PipelineState::output_many(std::span<iovec> pieces) const noexcept {
  PieceCollector collector(pieces, writing_offset_);
  for (const RequestSlot* slot = writing_; slot != nullptr; slot = slot->next)
    if (!slot->output.collect(collector)) break;
  return collector.count();
}

bool PipelineState::fail(ErrorCode code, std::string_view problem) {
  failure_.emplace(code, std::string(problem), Outcome::unknown);
  for (RequestSlot* slot = finished_.front(); slot != nullptr; slot = slot->next) {
    slot->ending = Ending::spoilt;
    slot->loss = *failure_;
  }
  if (RequestSlot* const slot = flight_.front()) {
    if (slot == writing_) {
      writing_ = slot->next;
      writing_offset_ = 0;
    }
    flight_.unlink(slot);
    slot->ending = Ending::spoilt;
    slot->loss = *failure_;
    finished_.push(slot);
  }
  return false;
}

bool PipelineState::received(std::size_t count) {
  stream_.received(count);
  while (RequestSlot* const slot = flight_.front()) {
    switch (stream_.next(slot->next_reply())) {
      case ReplyStream::Progress::more:
        return true;
      case ReplyStream::Progress::complete:
        break;
      case ReplyStream::Progress::malformed:
        return fail(ErrorCode::protocol, stream_.problem());
      case ReplyStream::Progress::too_large:
        return fail(ErrorCode::too_large, stream_.problem());
      case ReplyStream::Progress::no_memory:
        return fail(ErrorCode::no_memory, stream_.problem());
    }
    if (slot == writing_ && slot->last_answer())
      return fail(ErrorCode::protocol, "an answer arrived before its request");
    const ReplyKind kind = slot->next_reply().kind;
    if (kind != ReplyKind::error && !contains(slot->next_expected(), kind))
      return fail(ErrorCode::protocol, "the answer is of the wrong kind for the command");
    if (!slot->last_answer()) {
      ++slot->parts_answered;
      continue;
    }
    flight_.pop();
    slot->ending = Ending::answered;
    finished_.push(slot);
  }
  if (stream_.has_bytes()) return fail(ErrorCode::protocol, "more answers than requests arrived");
  return true;
}

void PipelineState::lose(const Error& reason) {
  bool written = true;
  while (!flight_.empty()) {
    if (flight_.front() == writing_) written = false;
    RequestSlot* const slot = flight_.pop();
    // Of several commands the first may have been written completely.
    const bool begun = slot == writing_ && writing_offset_ != 0 && slot->parts.size() > 1;
    slot->ending = written || begun ? Ending::lost_sent : Ending::lost_unsent;
    slot->loss = reason;
    finished_.push(slot);
  }
  writing_ = nullptr;
  writing_offset_ = 0;
}

}  // namespace cachesite::redis
