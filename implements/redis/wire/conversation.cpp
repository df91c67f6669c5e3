#include "redis/wire/conversation.hpp"

#include <string>

namespace cachesite::redis {

namespace {

/// Collects pieces of memory, leaving out what has been written already.
class PieceCollector {
 public:
  PieceCollector(std::span<iovec> pieces, std::size_t skip) noexcept : pieces_(pieces), skip_(skip) {}

  /// False when there is no room for a further piece.
  bool add(const char* bytes, std::size_t size) noexcept {
    if (skip_ >= size) {
      skip_ -= size;
      return true;
    }
    if (count_ == pieces_.size()) return false;
    pieces_[count_++] = {const_cast<char*>(bytes + skip_), size - skip_};
    skip_ = 0;
    return true;
  }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

 private:
  std::span<iovec> pieces_;
  std::size_t skip_;
  std::size_t count_ = 0;
};

bool add_slot(const Slot& slot, PieceCollector& pieces) noexcept {
  std::size_t from = 0;
  for (const auto& insertion : slot.insertions) {
    if (!pieces.add(slot.bytes.data() + from, insertion.offset - from)) return false;
    if (!pieces.add(insertion.bytes.data(), insertion.bytes.size())) return false;
    from = insertion.offset;
  }
  return pieces.add(slot.bytes.data() + from, slot.bytes.size() - from);
}

}  // namespace

std::size_t Conversation::output_many(std::span<iovec> pieces) const noexcept {
  PieceCollector collector(pieces, writing_offset_);
  for (const Slot* slot = writing_; slot != nullptr; slot = slot->next)
    if (!add_slot(*slot, collector)) break;
  return collector.count();
}

bool Conversation::fail(ErrorCode code, std::string_view problem) {
  failure_.emplace(code, std::string(problem), Outcome::unknown);
  for (Slot* slot = finished_.front(); slot != nullptr; slot = slot->next) {
    slot->ending = Ending::spoilt;
    slot->loss = *failure_;
  }
  if (Slot* const slot = flight_.front()) {
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

bool Conversation::received(std::size_t count) {
  stream_.received(count);
  while (Slot* const slot = flight_.front()) {
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
      return fail(ErrorCode::protocol, "an answer came before its question");
    const ReplyKind kind = slot->next_reply().kind;
    if (kind != ReplyKind::error && !contains(slot->next_expected(), kind))
      return fail(ErrorCode::protocol, "the answer is of another kind than the command gives");
    if (!slot->last_answer()) {
      ++slot->parts_answered;
      continue;
    }
    flight_.pop();
    slot->ending = Ending::answered;
    finished_.push(slot);
  }
  if (stream_.has_bytes()) return fail(ErrorCode::protocol, "more answers came than questions were asked");
  return true;
}

void Conversation::lose(const Error& reason) {
  bool written = true;
  while (!flight_.empty()) {
    if (flight_.front() == writing_) written = false;
    Slot* const slot = flight_.pop();
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
