#include "layers/tiered/gap_notice.hpp"

#include <cachesite/logger.hpp>

#include <array>
#include <string>

namespace cachesite::tiered {

void GapNotice::operator()() const {
  for (const auto& change : changes_)
    log(change);
  if (changes_.empty()) log_state();
  told_->each([this](ITierListener& listener) { listener.on_coherence(report_); });
}

void GapNotice::log(const VouchedChange& change) const {
  if (!change.lost && !change.gap_milliseconds) return;
  const auto number = std::to_string(change.server.index);
  const auto time = std::to_string(change.gap_milliseconds.value_or(0));
  const std::array attributes{LogAttribute{"component", told_->label()}, LogAttribute{"server", number},
                              LogAttribute{"milliseconds", time}};
  told_->logger().write(change.lost ? LogLevel::warning : LogLevel::info, "coherence",
                        change.lost ? "nobody vouches for copies in memory: reads go to the far tier"
                                    : "copies in memory are vouched for again",
                        attributes);
}

void GapNotice::log_state() const {
  const bool good = report_.state == Coherence::coherent;
  const std::array attributes{LogAttribute{"component", told_->label()}};
  told_->logger().write(good ? LogLevel::info : LogLevel::warning, "coherence",
                        good ? "copies in memory live as long as usual again" : report_.reason, attributes);
}

}  // namespace cachesite::tiered
