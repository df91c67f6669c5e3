#include <cachesite/remember_cache.hpp>
#include <cachesite/time_to_live.hpp>

namespace cachesite {

ParameterTable RememberCacheOptions::parameters() {
  using O = RememberCacheOptions;
  using std::chrono::milliseconds;
  return {
      parameter("over", &O::over, "The cache that holds the values.").required(),
      parameter("locks", &O::locks,
                "Mutexes that keep other processes from computing the same value; each is named by its key."),
      parameter("wait", &O::wait, "Longest time to wait for a value that somebody else computes.")
          .between(milliseconds(0), milliseconds(std::chrono::hours(24))),
      parameter("lease", &O::lease,
                "After the crash of a process that was computing, others wait for so long.")
          .between(milliseconds(10), milliseconds(std::chrono::hours(24))),
      parameter("negative_ttl", &O::negative_ttl,
                "How long it is remembered that there is no value; 0 does not remember it. When not given a "
                "tenth of the TTL, 5 s at most.")
          .between(milliseconds(0), milliseconds(TimeToLive::longest)),
      parameter("on_lock_failure", &O::on_lock_failure,
                "What a caller does after `wait`, or when the lock cannot be taken.")
          .choices({{"compute", OnLockFailure::compute}, {"error", OnLockFailure::error}}),
  };
}

std::vector<OptionComplaint> RememberCacheOptions::complaints() const {
  std::vector<OptionComplaint> complaints;
  if (wait < std::chrono::milliseconds(0)) complaints.push_back({"wait", "a wait is 0 s or longer"});
  if (lease < std::chrono::milliseconds(10)) complaints.push_back({"lease", "a lease is 10 ms or longer"});
  if (negative_ttl && *negative_ttl != std::chrono::milliseconds(0) && !TimeToLive(*negative_ttl).valid())
    complaints.push_back({"negative_ttl", "a TTL is 1 ms to 10 years"});
  return complaints;
}

}  // namespace cachesite
