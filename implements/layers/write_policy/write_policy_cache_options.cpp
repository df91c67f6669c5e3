#include <cachesite/write_policy_cache.hpp>

namespace cachesite {

using std::chrono::milliseconds;

ParameterTable WritePolicyCacheOptions::parameters() {
  using O = WritePolicyCacheOptions;
  using std::chrono::hours;
  return {
      parameter("over", &O::over, "The cache that is written together with the origin.").required(),
      parameter("queue_size", &O::queue_size,
                "Most values that wait to be written, including those being written.")
          .between(1, 100'000'000)
          .unit("values"),
      parameter("queue_bytes", &O::queue_bytes, "Most bytes of keys and values that wait to be written.")
          .at_least(ByteSize{1}),
      parameter("on_full", &O::on_full, "What a write behind does when the queue is full.")
          .choices(
              {{"wait", OnFull::wait}, {"refuse", OnFull::refuse}, {"write_through", OnFull::write_through}}),
      parameter("wait_limit", &O::wait_limit,
                "Longest wait for room in the queue, or for older values of the same key.")
          .between(milliseconds(0), milliseconds(hours(1))),
      parameter("newest_only", &O::newest_only,
                "Whether a newer value of a key replaces an older one that still waits."),
      parameter("retries", &O::retries, "How often a failed write is repeated.").between(0, 1000),
      parameter("retry_pause", &O::retry_pause, "Pause before the first repetition; it doubles with each.")
          .between(milliseconds(1), milliseconds(hours(1))),
      parameter("longest_retry_pause", &O::longest_retry_pause, "Longest pause between two attempts.")
          .between(milliseconds(1), milliseconds(hours(24))),
      parameter("threads", &O::threads,
                "Threads that write; they are started when the first value is queued.")
          .between(1, 256),
      parameter("flush_within", &O::flush_within, "How long stopping waits for the queue to be written.")
          .between(milliseconds(0), milliseconds(hours(1))),
  };
}

}  // namespace cachesite
