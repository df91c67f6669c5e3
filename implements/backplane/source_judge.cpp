#include "backplane/source_judge.hpp"

#include <algorithm>
#include <utility>

namespace cachesite::backplane {

namespace {

constexpr SourceJudge::Time beats_until_silent = 2;
constexpr SourceJudge::Time beats_until_forgotten = 10;

}  // namespace

void SourceJudge::listening(Time now) noexcept {
  lost();
  listening_ = true;
  listening_since_ = now;
  plan_look(now);
}

void SourceJudge::lost() noexcept {
  listening_ = false;
  epoch_ = 0;
  own_next_ = 0;
  unsettled_ = overfull_ = false;
  sources_.clear();
  silent_ = 0;
}

void SourceJudge::sending(std::uint64_t sequence, Time now) {
  if (!sent_.empty() && sequence <= sent_.back().sequence) return;
  if (sent_.size() == most_sent) sent_.pop_front();
  sent_.push_back({sequence, now});
}

void SourceJudge::new_epoch() noexcept {
  if (++epochs_ == 0) ++epochs_;
  epoch_ = epochs_;
}

void SourceJudge::missed() noexcept {
  if (epoch_ == 0) return;
  ++gaps_;
  new_epoch();
}

void SourceJudge::heard_rubbish() noexcept {
  missed();
}

bool SourceJudge::heard(const Message& message, Time now) {
  if (!listening_) return false;
  if (now >= look_at_) look(now);
  if (message.source == own_) {
    take_echo(message, now);
    return false;
  }
  const auto found = sources_.find(message.source);
  if (found == sources_.end()) {
    take_unknown(message, now);
    return true;
  }
  Source& source = found->second;
  if (source.silent) --silent_;
  source.silent = false;
  source.heard_at = now;
  take_sequence(source, message.sequence);
  if (message.bye) sources_.erase(found);
  return true;
}

// A sequence that is behind was heard before, or is one that has counted as missed.
void SourceJudge::take_sequence(Source& source, std::uint64_t sequence) noexcept {
  if (sequence < source.next) return;
  if (sequence > source.next) missed();
  source.next = sequence + 1;
}

void SourceJudge::take_echo(const Message& message, Time now) {
  if (own_next_ != 0 && message.sequence > own_next_) missed();
  own_next_ = std::max(own_next_, message.sequence + 1);
  while (!sent_.empty() && sent_.front().sequence < message.sequence)
    sent_.pop_front();
  if (sent_.empty() || sent_.front().sequence != message.sequence) return;
  const auto sent_at = sent_.front().at;
  sent_.pop_front();
  if (sent_at < listening_since_) return;
  as_of_ = epoch_ == 0 ? sent_at : std::max(as_of_, sent_at);
  if (epoch_ != 0) return;
  vouching_since_ = now;
  new_epoch();
}

void SourceJudge::take_unknown(const Message& message, Time now) {
  const bool from_the_beginning = message.sequence == 1;
  if (!message.bye && sources_.size() == most_sources) {
    overfull_until_ = now + beats_until_forgotten * beat_;
    if (!std::exchange(overfull_, true)) missed();
    return;
  }
  if (!message.bye) sources_[message.source] = {message.sequence + 1, now, false};
  if (from_the_beginning) return;
  if (epoch_ == 0 || now - vouching_since_ <= beat_)
    unsettled_ = true;
  else
    missed();
}

void SourceJudge::look(Time now) {
  if (!listening_) return plan_look(now);
  if (epoch_ != 0 && unsettled_ && now - vouching_since_ > beat_) {
    unsettled_ = false;
    new_epoch();
  }
  if (overfull_ && now >= overfull_until_) overfull_ = false;
  for (auto next = sources_.begin(); next != sources_.end();) {
    const auto current = next++;
    Source& source = current->second;
    const auto silence = now - source.heard_at;
    if (!source.silent && silence > beats_until_silent * beat_) {
      source.silent = true;
      ++silent_;
      missed();
    }
    if (silence <= beats_until_forgotten * beat_) continue;
    --silent_;
    sources_.erase(current);
  }
  plan_look(now);
}

void SourceJudge::plan_look(Time now) noexcept {
  look_at_ = now + beat_;
  for (const auto& [id, source] : sources_) {
    const auto beats = source.silent ? beats_until_forgotten : beats_until_silent;
    look_at_ = std::min(look_at_, source.heard_at + beats * beat_ + 1);
  }
  if (epoch_ != 0 && unsettled_) look_at_ = std::min(look_at_, vouching_since_ + beat_ + 1);
  look_at_ = std::max(look_at_, now + 1);
}

}  // namespace cachesite::backplane
