#include <cachesite/expiry_cache.hpp>
#include <cachesite/time_to_live.hpp>

namespace cachesite {

using std::chrono::milliseconds;

namespace {

constexpr milliseconds least{1};
constexpr milliseconds most{TimeToLive::longest};

}  // namespace

ParameterTable ExpiryRule::parameters() {
  using O = ExpiryRule;
  return {
      parameter("match", &O::match, "A pattern of keys, such as price:*; * is any number of bytes, ? is one.")
          .required(),
      parameter("ttl", &O::ttl, "How long entries of such keys live when the call gives no TTL.")
          .between(least, most)
          .required(),
  };
}

ParameterTable Expiry::parameters() {
  using O = Expiry;
  return {
      parameter("ttl", &O::ttl,
                "How long entries live when the call gives no TTL; without it such calls are refused.")
          .between(least, most),
      parameter("max_ttl", &O::max_ttl, "Longest life of an entry, whatever the call gives.")
          .between(least, most),
      parameter(
          "rules", &O::rules,
          "TTLs of keys that match a pattern, for calls that give none; the first rule that matches counts."),
  };
}

std::vector<OptionComplaint> Expiry::complaints() const {
  std::vector<OptionComplaint> complaints;
  const auto check = [&](const char* parameter, milliseconds time) {
    if (!TimeToLive(time).valid()) complaints.push_back({parameter, "a TTL is 1 ms to 10 years"});
    if (max_ttl && time > *max_ttl) complaints.push_back({parameter, "this is longer than max_ttl"});
  };
  if (max_ttl) check("max_ttl", *max_ttl);
  if (ttl) check("ttl", *ttl);
  for (const auto& rule : rules)
    check("rules", rule.ttl);
  return complaints;
}

}  // namespace cachesite
