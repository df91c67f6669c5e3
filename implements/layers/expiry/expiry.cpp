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
      parameter(
          "match", &O::match,
          "Pattern of keys, such as price:*; * is any number of bytes, ? is one, [a-z] is one of a set.")
          .required(),
      parameter("ttl", &O::ttl, "TTL of entries with such keys when the call gives none.")
          .between(least, most)
          .required(),
  };
}

ParameterTable Expiry::parameters() {
  using O = Expiry;
  return {
      parameter(
          "ttl", &O::ttl,
          "TTL for calls that give none, when no rule matches the key; without it such calls are refused.")
          .between(least, most),
      parameter("max_ttl", &O::max_ttl, "Longest TTL of an entry, whatever the call gives; null: no limit.")
          .between(least, most),
      parameter("rules", &O::rules,
                "TTLs by key pattern, for calls that give none; the first rule that matches counts."),
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
