#include "layers/tiered/tier_audit.hpp"

#include <cachesite/detail/guarded_call.hpp>

#include <algorithm>
#include <cmath>
#include <thread>
#include <utility>

namespace cachesite::tiered {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t batch_of_keys = 64;
constexpr std::size_t most_examples = 10;
constexpr milliseconds longest_fence{1'000};
constexpr milliseconds longest_nap{50};
constexpr basics::Crew::Limits one_thread{1, 256};

bool is_same(Found found, const Value& value, Found other, const Value& other_value) noexcept {
  return found == other && (found != Found::hit || value.text() == other_value.text());
}

Found found_of(const Lookup& lookup) noexcept {
  return lookup.hit() ? Found::hit : lookup.null() ? Found::null : Found::miss;
}

}  // namespace

/// So many keys a second.
class TierAudit::Pace {
 public:
  Pace(std::uint64_t keys_per_second, const std::function<bool()>& stopped)
      : rate_(keys_per_second), stopped_(stopped) {}

  /// False when the cache is stopped meanwhile.
  [[nodiscard]] bool wait_after(std::size_t keys) {
    done_ += keys;
    if (rate_ == 0) return !stopped_();
    const auto due = begin_ + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(
                                  static_cast<double>(done_) / static_cast<double>(rate_)));
    for (auto now = Clock::now(); now < due && !stopped_(); now = Clock::now())
      std::this_thread::sleep_for(std::min<Clock::duration>(due - now, longest_nap));
    return !stopped_();
  }

 private:
  using Clock = std::chrono::steady_clock;

  const std::uint64_t rate_;
  const std::function<bool()>& stopped_;
  const Clock::time_point begin_ = Clock::now();
  std::uint64_t done_ = 0;
};

std::uint64_t TierAudit::interval_of(double sample) noexcept {
  return sample > 0 ? static_cast<std::uint64_t>(std::max(1.0, std::round(1 / sample))) : 0;
}

AuditReport TierAudit::run(std::uint64_t most, std::uint64_t keys_per_second) {
  AuditReport report;
  if (settings_.fence) (void)settings_.fence(longest_fence);
  const std::size_t batch =
      keys_per_second == 0
          ? batch_of_keys
          : static_cast<std::size_t>(std::clamp<std::uint64_t>(keys_per_second / 20, 1, batch_of_keys));
  Pace pace(keys_per_second, settings_.stopped);
  std::vector<std::string> keys;
  std::uint64_t seen = 0;
  const auto compare_these = [&] {
    compare(keys, report);
    const auto looked_at = keys.size();
    keys.clear();
    return pace.wait_after(looked_at);
  };
  near_.for_each_key([&](const std::string& key) {
    if (seen++ == most) return false;
    keys.push_back(key);
    return keys.size() < batch || compare_these();
  });
  if (!keys.empty() && !settings_.stopped()) (void)compare_these();
  return report;
}

void TierAudit::compare(std::span<const std::string> keys, AuditReport& report) {
  std::vector<Copy> copies;
  std::vector<std::string_view> asked;
  for (const auto& key : keys) {
    Value value;
    const auto found = near_.read(key, value);
    if (!found) continue;
    copies.push_back({key, *found, std::move(value)});
    asked.emplace_back(key);
  }
  if (copies.empty()) return;
  const auto answers = far_.get_many(std::span<const std::string_view>(asked));
  for (std::size_t place = 0; place < copies.size(); ++place)
    compare(copies[place], answers[place], report);
}

void TierAudit::compare(const Copy& copy, const Lookup& answer, AuditReport& report) {
  if (answer.failed()) {
    ++report.failed;
    return;
  }
  if (!is_same(copy.found, copy.value, found_of(answer), answer.value())) {
    const auto differs = differs_still(copy);
    if (!differs.ok()) {
      ++report.failed;
      return;
    }
    if (!differs.value()) return;
    note_difference(copy, answer, report);
  } else {
    ++report.equal;
  }
  ++report.compared;
  compared_.fetch_add(1, relaxed);
}

// Whether news explain the difference: then the copy is gone, or another one.
Result<bool> TierAudit::differs_still(const Copy& copy) {
  if (settings_.fence) {
    if (const auto fenced = settings_.fence(longest_fence); !fenced.ok()) return fenced.error();
  }
  Value value;
  const auto found = near_.read(copy.key, value);
  if (!found || !is_same(copy.found, copy.value, *found, value)) return false;
  if (settings_.fence) return true;
  Value far;
  const auto again = far_.read(copy.key, far);
  if (!again.ok()) return again.error();
  return !is_same(copy.found, copy.value, again.value(), far);
}

void TierAudit::note_difference(const Copy& copy, const Lookup& answer, AuditReport& report) {
  ++report.different;
  different_.fetch_add(1, relaxed);
  if (answer.miss()) ++report.absent_far;
  if (report.examples.size() < most_examples) report.examples.emplace_back(copy.key);
  (void)near_.changed(copy.key);
}

void TierAudit::look_at(std::string_view key) noexcept {
  (void)guarded_call<bool>([&]() -> Result<bool> {
    return crew_->run(
        [this, key = std::string(key)] {
          (void)guarded_call<Done>([&]() -> Status {
            AuditReport unused;
            compare({&key, 1}, unused);
            return Done{};
          });
        },
        one_thread);
  });
}

void TierAudit::close() noexcept {
  if (auto* const crew = crew_.find()) crew->close();
}

void TierAudit::fill(TierStatistics& statistics) const noexcept {
  statistics.audit_compared = compared_.load(relaxed);
  statistics.audit_different = different_.load(relaxed);
}

}  // namespace cachesite::tiered
