#include "support/chaos_stream.hpp"

namespace cachesite::test {

void ChaosStream::push(std::string bytes, const Faults& faults, TimePoint now) {
  if (bytes.empty()) return;
  TimePoint due = now + faults.delay;
  if (faults.jitter.count() > 0) {
    due += std::chrono::milliseconds(
        std::uniform_int_distribution<std::int64_t>(0, faults.jitter.count())(random_));
  }
  last_due_ = std::max(last_due_, due);
  queued_ += bytes.size();
  chunks_.push_back({std::move(bytes), last_due_});
}

bool ChaosStream::corrupts(const Faults& faults, std::uint64_t offset) const {
  return faults.corrupt_at == offset ||
         (faults.corrupt_every > 0 && (offset + 1) % faults.corrupt_every == 0);
}

void ChaosStream::discard_all() {
  chunks_.clear();
  offset_ = 0;
  queued_ = 0;
}

ChaosStream::Decision ChaosStream::decide(const Faults& faults, std::uint64_t faults_version, TimePoint now) {
  if (version_ != faults_version) {
    version_ = faults_version;
    moved_ = 0;
    held_ = false;
    next_send_ = {};
  }
  if (faults.flow == Flow::discard) discard_all();
  const bool cut_reached =
      faults.cut_after && moved_ >= *faults.cut_after && (moved_ > 0 || !chunks_.empty());
  if (cut_reached && !held_) return {Next::cut, {}, {}};
  if (chunks_.empty() || held_ || faults.flow != Flow::pass) return {};
  const TimePoint ready = std::max(chunks_.front().due, next_send_);
  if (ready > now) return {Next::wait, ready, {}};

  std::string_view bytes = std::string_view(chunks_.front().bytes).substr(offset_);
  if (faults.piece_size > 0) bytes = bytes.substr(0, faults.piece_size);
  if (faults.bytes_per_second > 0)
    bytes =
        bytes.substr(0, std::max<std::size_t>(1, static_cast<std::size_t>(faults.bytes_per_second / 100)));
  if (faults.cut_after) bytes = bytes.substr(0, static_cast<std::size_t>(*faults.cut_after - moved_));
  if (corrupts(faults, moved_)) {
    corrupted_ = static_cast<char>(bytes.front() ^ 1);
    return {Next::send, {}, std::string_view(&corrupted_, 1)};
  }
  if (faults.corrupt_at && *faults.corrupt_at > moved_)
    bytes = bytes.substr(0, static_cast<std::size_t>(*faults.corrupt_at - moved_));
  if (faults.corrupt_every > 0)
    bytes =
        bytes.substr(0, static_cast<std::size_t>(faults.corrupt_every - 1 - moved_ % faults.corrupt_every));
  return {Next::send, {}, bytes};
}

void ChaosStream::sent(std::size_t count, const Faults& faults, TimePoint now) {
  moved_ += count;
  queued_ -= count;
  offset_ += count;
  if (offset_ == chunks_.front().bytes.size()) {
    chunks_.pop_front();
    offset_ = 0;
  }
  next_send_ = now + faults.piece_interval;
  if (faults.bytes_per_second > 0)
    next_send_ += std::chrono::microseconds(1'000'000 * count / faults.bytes_per_second);
}

}  // namespace cachesite::test
