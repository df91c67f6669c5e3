#include <cachesite/failover_cache.hpp>

namespace cachesite {

using std::chrono::milliseconds;

ParameterTable FailoverCacheOptions::parameters() {
  using O = FailoverCacheOptions;
  using std::chrono::hours;
  return {
      parameter("over", &O::over, "The first cache, which is used as long as it works.").required(),
      parameter("failover", &O::failover, "The second cache, which is used while the first one fails."),
      parameter("on_error", &O::on_error, "How to answer when every cache fails.")
          .choices({{"degrade", OnError::degrade},
                    {"error", OnError::error},
                    {"throw", OnError::error},
                    {"callback", OnError::callback}}),
      parameter("failover_ttl", &O::failover_ttl,
                "Longest TTL of an entry in the second cache; null: no limit. Short is better: the second "
                "cache does not see changes by other processes.")
          .between(milliseconds(1), milliseconds(hours(24 * 365))),
      parameter("retry_after", &O::retry_after,
                "How long the first cache is left alone after a failure; then one call tries it. 0: every "
                "call tries it.")
          .between(milliseconds(0), milliseconds(hours(1))),
      parameter("remembered_keys", &O::remembered_keys,
                "Most keys remembered during an outage; they are removed from the first cache after it.")
          .unit("keys"),
  };
}

std::vector<OptionComplaint> FailoverCacheOptions::complaints() const {
  std::vector<OptionComplaint> complaints;
  if (on_error == OnError::callback && !on_error_callback)
    complaints.push_back({"on_error", "callback needs a function, which only a program can give"});
  if (on_error != OnError::callback && on_error_callback)
    complaints.push_back({"on_error", "a function is given, but on_error is not callback"});
  const bool same = failover.component() ? failover.component() == over.component()
                                         : failover.is_set() && failover.name() == over.name();
  if (same) complaints.push_back({"failover", "the second cache is the first one"});
  return complaints;
}

}  // namespace cachesite
