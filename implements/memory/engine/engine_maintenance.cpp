#include "memory/engine/engine.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::memory {

namespace {

// A batch of a walk over all keys: about so many buckets, keys and bytes.
constexpr unsigned scan_steps = 64;
constexpr std::size_t scan_keys = 128;
constexpr std::size_t scan_bytes = std::size_t{64} * 1024;

}  // namespace

void Engine::clear() {
  const auto clear_one = [this](auto& part) {
    DeferredWork deferred(listener());
    part.clear(deferred);
    deferred.tell();
  };
  if (ordered_) clear_one(*ordered_);
  for (std::size_t i = 0; i < shard_count_; ++i)
    clear_one(shards_[i]);
  if (estimate_) estimate_->clear();
}

void Engine::keep_ended(std::chrono::milliseconds time) noexcept {
  budget_.keep_ended(static_cast<Tick>(time.count()) * ticks_per_millisecond);
}

void Engine::forget_ended() noexcept {
  budget_.forget_ended(clock_.now());
}

void Engine::set_max_size(std::uint64_t entries) noexcept {
  budget_.set_most_entries(entries);
}

void Engine::set_max_bytes(std::uint64_t bytes) noexcept {
  budget_.set_most_bytes(std::max(bytes, least_bytes()));
}

std::uint64_t Engine::least_bytes() const noexcept {
  if (ordered_) return 0;
  constexpr std::uint64_t segments = 4;
  // A sketch stays until a quarter of it would do.
  constexpr std::uint64_t sketches = 4;
  const std::uint64_t sketch_blocks =
      std::max<std::uint64_t>(context_.least_sketch_blocks, context_.table_base);
  const std::uint64_t each = context_.table_base * sizeof(Bucket) +
                             sketches * sketch_blocks * FrequencySketch::block_bytes +
                             segments * (std::uint64_t{8} << context_.segment_word_bits);
  return each << shard_bits_;
}

void Engine::upkeep(unsigned slices) {
  const auto keep_up = [this, slices](auto& part) {
    DeferredWork deferred(listener());
    part.upkeep(slices, deferred);
    deferred.tell();
  };
  if (ordered_) keep_up(*ordered_);
  for (std::size_t i = 0; i < shard_count_; ++i)
    keep_up(shards_[i]);
}

void Engine::scan(ScanCursor& at, const std::function<void(std::string_view)>& visit) {
  std::string bytes;
  std::vector<std::size_t> ends;
  const auto collect = [&](std::string_view key) {
    bytes.append(key);
    ends.push_back(bytes.size());
  };
  ScanCursor next = at;
  if (ordered_) {
    next.place = ordered_->scan(at.place, collect);
    next.finished = next.place == OrderedStore::no_place;
  } else {
    for (unsigned step = 0; step < scan_steps && ends.size() < scan_keys && bytes.size() < scan_bytes;
         ++step) {
      if (next.shard < shard_count_) next.place = shards_[next.shard].scan(next.place, collect);
      if (next.shard >= shard_count_ || next.place >= LogShard::no_place) {
        ++next.shard;
        next.place = 0;
      }
      next.finished = next.shard >= shard_count_;
      if (next.finished) break;
    }
  }
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    visit(std::string_view(bytes).substr(begin, end - begin));
    begin = end;
  }
  at = next;
}

EngineStatistics Engine::statistics() const {
  ShardStatistics sum = ordered_ ? ordered_->statistics() : ShardStatistics();
  for (std::size_t i = 0; i < shard_count_; ++i)
    sum += shards_[i].statistics();
  EngineStatistics result;
  result.hits = reads_.hits();
  result.misses = reads_.misses();
  result.inserts = sum.inserts;
  result.replacements = sum.replacements;
  result.evictions = sum.evictions;
  result.expirations = sum.expirations;
  result.removals = sum.removals;
  result.cleared = sum.cleared;
  result.entries = sum.entries;
  result.bytes = sum.bytes;
  if (estimate_) {
    const std::uint64_t reads = result.hits + result.misses;
    std::optional<double> ratio;
    if (reads != 0) ratio = static_cast<double>(result.hits) / static_cast<double>(reads);
    if (const auto estimate = estimate_->ratios(ratio)) {
      result.hit_ratio_at_half_size = estimate->half;
      result.hit_ratio_at_twice_the_size = estimate->twice;
    }
  }
  result.load_factor = sum.slots == 0 ? 0 : static_cast<double>(sum.entries) / static_cast<double>(sum.slots);
  return result;
}

std::string Engine::check() const {
  std::string problem = ordered_ ? ordered_->check() : std::string();
  for (std::size_t i = 0; i < shard_count_ && problem.empty(); ++i)
    problem = shards_[i].check();
  if (!problem.empty()) return problem;
  const EngineStatistics now = statistics();
  if (now.entries != budget_.entries()) return "the budget counts other entries than the shards";
  if (now.bytes != budget_.bytes()) return "the budget counts other bytes than the shards";
  return {};
}

}  // namespace cachesite::memory
