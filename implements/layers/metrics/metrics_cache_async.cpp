#include "layers/base/request_end.hpp"
#include "layers/metrics/metrics_counters.hpp"

#include <cachesite/async_request.hpp>
#include <cachesite/metrics_cache.hpp>

#include <cstddef>
#include <utility>

namespace cachesite {

using layers::MetricsCounters;

// Notes how a request has ended. One whose caller is gone has failed.
class MetricsCache::AsyncEnd final : public AsyncStep {
 public:
  AsyncEnd(MetricsCache& cache, MetricsCounters::ReadStripe& reads, CacheOperation operation,
           bool timed) noexcept
      : cache_(cache),
        reads_(reads),
        operation_(operation),
        timed_(timed),
        begin_(timed ? cache.clock_->now() : IClock::TimePoint()) {}
  AsyncEnd(const AsyncEnd&) = delete;
  AsyncEnd& operator=(const AsyncEnd&) = delete;
  ~AsyncEnd() {
    if (!noted_) note_failure();
  }

  bool after(AsyncRequest& call) override {
    noted_ = true;
    const CacheRequest& request = call.request();
    const auto end = layers::end_of(request);
    if (end.failure != nullptr)
      note_failure();
    else if (timed_)
      cache_.counters_->took(operation_, cache_.clock_->now() - begin_);
    if (operation_ != CacheOperation::read)
      cache_.note(request, end);
    else if (end.failure == nullptr && end.result.kind == CacheCallResult::Kind::miss)
      MetricsCounters::add(reads_.misses);
    return true;
  }

 private:
  void note_failure() noexcept {
    if (operation_ == CacheOperation::read)
      MetricsCounters::add(reads_.failures);
    else
      MetricsCounters::add(cache_.counters_->mine().failures[static_cast<std::size_t>(operation_)]);
  }

  MetricsCache& cache_;
  MetricsCounters::ReadStripe& reads_;  // of the thread that has begun, as `hits` are counted by stripes
  const CacheOperation operation_;
  const bool timed_;
  bool noted_ = false;
  const IClock::TimePoint begin_;
};

bool MetricsCache::do_begin_async(AsyncRequest& call) {
  const auto operation = call.request().operation;
  auto& reads = counters_->my_reads();
  auto& calls = operation == CacheOperation::read
                    ? reads.reads
                    : counters_->mine().calls[static_cast<std::size_t>(operation)];
  const auto number = calls.fetch_add(1, std::memory_order_relaxed);
  call.add_step<AsyncEnd>(*this, reads, operation, counters_->is_timed(number));
  return forward_async(call);
}

}  // namespace cachesite
