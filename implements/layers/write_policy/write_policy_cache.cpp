#include "basics/inherited.hpp"
#include "basics/per_process_mutex.hpp"
#include "layers/write_policy/key_turns.hpp"
#include "layers/write_policy/write_queue.hpp"

#include <cachesite/i_tagged_cache.hpp>
#include <cachesite/write_policy_cache.hpp>

#include <array>
#include <atomic>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

namespace cachesite {

using layers::WriteJob;
using layers::WriteQueue;
using std::chrono::milliseconds;

class WritePolicyCache::Inner {
 public:
  Inner(const WritePolicyCacheOptions& options, std::shared_ptr<ICache> below,
        const ComponentContext& context)
      : wait_limit(TimeSpan(options.wait_limit).milliseconds()),
        flush_within(TimeSpan(options.flush_within).milliseconds()),
        on_full(options.on_full),
        below_(std::move(below)),
        tagged_(find_interface<ITaggedCache>(*below_)),
        on_lost_(options.on_lost),
        label_(context.label),
        logger_(context.logger),
        clock_(context.clock),
        queue(options,
              [this](const WriteJob& job, const Error& reason, bool newest) { lose(job, reason, newest); }) {}

  [[nodiscard]] bool takes(std::span<const std::string_view> tags) const noexcept {
    return tags.empty() || tagged_ != nullptr;
  }

  Status write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live,
               std::span<const std::string_view> tags) const {
    return tags.empty() ? below_->write(key, value, time_to_live)
                        : tagged_->write_tagged(key, value, time_to_live, tags);
  }

  const milliseconds wait_limit, flush_within;
  const OnFull on_full;
  layers::KeyTurns turns;

 private:
  // The cache may not stay ahead of the origin, unless a newer value is still on its way there.
  void lose(const WriteJob& job, const Error& reason, bool newest) noexcept {
    if (newest) (void)below_->remove(job.key);
    if (on_lost_)
      (void)guarded_call<Done>([&]() -> Status {
        on_lost_(job.key, job.view(), reason);
        return Done{};
      });
    (void)guarded_call<Done>([&]() -> Status {
      warn(reason);
      return Done{};
    });
  }

  void warn(const Error& reason) {
    std::uint64_t lost = 0;
    {
      const std::lock_guard lock(warning_);
      ++lost_;
      const auto now = clock_->now();
      if (last_warning_ && now - *last_warning_ < std::chrono::minutes(1)) return;
      last_warning_ = now;
      lost = lost_;
    }
    const auto number = std::to_string(lost);
    const std::array attributes{LogAttribute{"component", label_}, LogAttribute{"lost", number},
                                LogAttribute{"reason", reason.message()}};
    logger_->write(LogLevel::error, "write_policy",
                   "values were given up, since the origin did not accept them", attributes);
  }

  const std::shared_ptr<ICache> below_;
  ITaggedCache* const tagged_;
  const std::function<void(std::string_view, std::optional<ByteView>, const Error&)> on_lost_;
  const std::string label_;
  const std::shared_ptr<ILogger> logger_;
  const std::shared_ptr<const IClock> clock_;
  basics::PerProcessMutex warning_;
  std::optional<IClock::TimePoint> last_warning_;
  std::uint64_t lost_ = 0;

 public:
  WriteQueue queue;  // the last: its threads use everything above
};

WritePolicyCache::WritePolicyCache(WritePolicyCacheOptions options, const ComponentContext& context)
    : CacheLayer(options.over.component()),
      inner_(basics::make_process_bound<Inner>(options, below(), context)) {
  inner_->queue.keep_alive(inner_);
}

WritePolicyCache::~WritePolicyCache() {
  WritePolicyCache::stop();
}

// Calls that run now still find the cache below; nothing new is queued.
void WritePolicyCache::stop() noexcept {
  inner_->queue.stop(inner_->flush_within);
  CacheLayer::stop();
}

WritePolicyStatistics WritePolicyCache::write_policy_statistics() const {
  return inner_->queue.statistics();
}

Result<OriginWrite> WritePolicyCache::do_write_through(std::string_view key, std::optional<ByteView> value,
                                                       TimeToLive time_to_live, const Writer& writer,
                                                       std::span<const std::string_view> tags) {
  if (const auto refused = refusal(key, value, time_to_live, writer, tags)) return *refused;
  auto& inner = *inner_;
  const auto turn = inner.turns.take(key, inner.wait_limit);
  if (!turn.held() || !inner.queue.await_key(std::string(key), inner.wait_limit))
    return Error(ErrorCode::timeout, "earlier values of the key are still being written");

  const auto written = layers::call_writer(writer, key, value);
  if (!written.ok()) {
    if (written.error().outcome() == Outcome::unknown) (void)below()->remove(key);
    return written.error();
  }
  inner.queue.count_written_through();
  if (inner.write(key, value, time_to_live, tags).ok()) return OriginWrite::written;
  return below()->remove(key).ok() ? OriginWrite::not_cached : OriginWrite::stale;
}

Result<OriginWrite> WritePolicyCache::do_write_behind(std::string_view key, std::optional<ByteView> value,
                                                      TimeToLive time_to_live, Writer writer,
                                                      std::span<const std::string_view> tags) {
  if (const auto refused = refusal(key, value, time_to_live, writer, tags)) return *refused;
  auto& inner = *inner_;
  WriteJob job{std::string(key), value ? std::optional<std::string>(value->text()) : std::nullopt,
               std::move(writer)};
  const auto bytes = job.bytes();
  const auto room = inner.queue.reserve(bytes, inner.on_full == OnFull::wait);
  if (!room.ok()) {
    if (room.error().code() == ErrorCode::timeout && inner.on_full == OnFull::write_through)
      return do_write_through(key, value, time_to_live, job.writer, tags);
    inner.queue.count_refused();
    return room.error();
  }

  struct Reservation {
    WriteQueue& queue;
    std::size_t bytes;
    bool used = false;
    ~Reservation() {
      if (!used) queue.give_back(bytes);
    }
  } reservation{inner.queue, bytes};
  const auto turn = inner.turns.take(key, inner.wait_limit);
  if (!turn.held()) return Error(ErrorCode::timeout, "another value of the key is still being written");
  const auto cached = inner.write(key, value, time_to_live, tags);
  if (!cached.ok()) {
    if (cached.error().outcome() == Outcome::unknown) (void)below()->remove(key);
    return cached.error();
  }
  const auto pushed = guarded_call<bool>([&]() -> Result<bool> {
    const bool taken = inner.queue.push(std::move(job));
    reservation.used = true;
    return taken;
  });
  if (pushed.ok() && pushed.value()) return OriginWrite::queued;
  const auto failure = pushed.ok() ? closed() : pushed.error();
  return below()->remove(key).ok() ? failure : failure.with(Outcome::unknown);
}

Status WritePolicyCache::do_flush(milliseconds limit) {
  if (inner_->queue.inherited()) return basics::forked_error();
  const auto left = inner_->queue.flush(limit);
  if (left == 0) return Done{};
  return Error(ErrorCode::timeout, std::to_string(left) + " values are still waiting to be written");
}

std::optional<Error> WritePolicyCache::refusal(std::string_view key, const std::optional<ByteView>& value,
                                               TimeToLive time_to_live, const Writer& writer,
                                               std::span<const std::string_view> tags) noexcept {
  auto refused = detail::refusal_of_entry(key, value, effective_time_to_live(key, time_to_live));
  if (!refused && !writer) refused = Error(ErrorCode::bad_argument, "there is no writer");
  if (!refused && !inner_->takes(tags))
    refused = Error(ErrorCode::unsupported, "the cache below does not offer tags");
  if (!refused) refused = ITaggedCache::check_entry_tags(tags);
  if (refused) {
    on_refused();
    return refused;
  }
  if (inner_->queue.inherited()) return basics::forked_error();
  if (stopped()) return closed();
  return std::nullopt;
}

}  // namespace cachesite
