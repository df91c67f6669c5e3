#include <cachesite/remember_cache.hpp>
#include <cachesite/time_to_live.hpp>

namespace cachesite {

ParameterTable RememberCacheOptions::parameters() {
  using O = RememberCacheOptions;
  using std::chrono::milliseconds;
  return {
      parameter("over", &O::over, "The cache that holds the values.").required(),
      parameter("locks", &O::locks,
                "Mutexes, one for each key, that keep other processes from computing the same value. Without "
                "it each process computes for itself."),
      parameter("wait", &O::wait, "Longest wait for a value that another caller computes; 0: no wait.")
          .between(milliseconds(0), milliseconds(std::chrono::hours(24))),
      parameter("lease", &O::lease,
                "Length of the lease of a lock, which is renewed while the factory runs: other processes "
                "wait this long after the crash of the one that was computing.")
          .between(milliseconds(10), milliseconds(std::chrono::hours(24))),
      parameter("negative_ttl", &O::negative_ttl,
                "How long it is remembered that there is no value, at most as long as a value would be; 0: "
                "not at all.")
          .computed_default("a tenth of the TTL, at most 5s")
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
