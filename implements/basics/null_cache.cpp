#include <cachesite/null_cache.hpp>

namespace cachesite {

namespace {

Error closed() {
  return Error(ErrorCode::closed, "the cache is stopped");
}

template <class R>
void answer_all(const CacheRequest& request, const R& answer) {
  for (auto& result : request.results_as<R>())
    result = answer;
}

}  // namespace

void NullCache::stop() noexcept {
  stopped_.store(true, std::memory_order_relaxed);
}

CacheStatistics NullCache::statistics() const {
  CacheStatistics statistics;
  statistics.misses = misses_.load(std::memory_order_relaxed);
  statistics.writes = writes_.load(std::memory_order_relaxed);
  statistics.clears = clears_.load(std::memory_order_relaxed);
  statistics.refusals = refusals_.load(std::memory_order_relaxed);
  return statistics;
}

Result<Found> NullCache::do_read(std::string_view, Value&) {
  if (stopped_.load(std::memory_order_relaxed)) return closed();
  misses_.fetch_add(1, std::memory_order_relaxed);
  return Found::miss;
}

Status NullCache::do_write(std::string_view, std::optional<ByteView>, TimeToLive) {
  if (stopped_.load(std::memory_order_relaxed)) return closed();
  writes_.fetch_add(1, std::memory_order_relaxed);
  return Done{};
}

void NullCache::do_begin(CacheRequest& request) {
  if (stopped_.load(std::memory_order_relaxed)) return request.fail(closed());
  answer(request);
}

void NullCache::answer(CacheRequest& request) noexcept {
  const auto add = [](std::atomic<std::uint64_t>& counter, std::uint64_t by) {
    counter.fetch_add(by, std::memory_order_relaxed);
  };
  switch (request.operation) {
    case CacheOperation::read:
      add(misses_, 1);
      return request.end<Found>(Found::miss);
    case CacheOperation::write:
      add(writes_, 1);
      return request.end<Done>(Done{});
    case CacheOperation::add:
      add(writes_, 1);
      return request.end<bool>(true);
    case CacheOperation::increment:
      add(writes_, 1);
      return request.end<std::int64_t>(request.by);
    case CacheOperation::replace:
    case CacheOperation::remove:
    case CacheOperation::contains:
    case CacheOperation::expire:
    case CacheOperation::persist:
      return request.end<bool>(false);
    case CacheOperation::time_to_live:
      return request.end<Remaining>(Remaining{});
    case CacheOperation::get_many:
      add(misses_, request.items());
      return answer_all(request, Lookup());
    case CacheOperation::set_many:
      add(writes_, request.items());
      return answer_all(request, Status(Done{}));
    case CacheOperation::remove_many:
      return answer_all(request, Result<bool>(false));
    case CacheOperation::time_to_live_many:
      return answer_all(request, Result<Remaining>(Remaining{}));
    case CacheOperation::scan:
      request.position->finished = true;
      return request.end<Done>(Done{});
    case CacheOperation::clear:
      add(clears_, 1);
      return request.end<Done>(Done{});
    case CacheOperation::remove_matching:
    case CacheOperation::size:
      return request.end<std::uint64_t>(std::uint64_t{0});
  }
}

void NullCache::on_refused() noexcept {
  refusals_.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace cachesite
