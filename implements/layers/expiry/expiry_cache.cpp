#include "basics/checked_options.hpp"
#include "binding/value_node.hpp"

#include <cachesite/detail/key_range.hpp>
#include <cachesite/detail/problem_text.hpp>
#include <cachesite/expiry_cache.hpp>

#include <cstdint>
#include <utility>

namespace cachesite {

namespace {

ExpiryCacheOptions checked(ExpiryCacheOptions options) {
  return checked_options("ExpiryCache", std::move(options));
}

TimeToLive or_else(const std::optional<std::chrono::milliseconds>& given, TimeToLive otherwise) noexcept {
  return given ? TimeToLive(*given) : otherwise;
}

}  // namespace

ParameterTable ExpiryCacheOptions::parameters() {
  using O = ExpiryCacheOptions;
  return ParameterTable{parameter("over", &O::over, "The cache that holds the entries.").required()}.add(
      inherited_parameters<O, Expiry>());
}

ExpiryCache::ExpiryCache(ExpiryCacheOptions options, const ComponentContext&)
    : CacheLayer(checked(options).over.component(), BelowInterfaces::passed_on),
      usual_(or_else(options.ttl, TimeToLive::unspecified())),
      longest_(or_else(options.max_ttl, TimeToLive::never_expires())) {
  for (auto& rule : options.rules)
    rules_.push_back({std::move(rule.match), TimeToLive(rule.ttl)});
}

TimeToLive ExpiryCache::effective_time_to_live(std::string_view key, TimeToLive time_to_live) const noexcept {
  return CacheLayer::effective_time_to_live(key,
                                            time_to_live.specified() ? limited(time_to_live) : usual(key));
}

TimeToLive ExpiryCache::usual(std::string_view key) const noexcept {
  const auto* const rule = rule_for(key);
  return rule == nullptr ? usual_ : rule->time_to_live;
}

const ExpiryCache::Rule* ExpiryCache::rule_for(std::string_view key) const noexcept {
  for (const auto& rule : rules_)
    if (matches_key_pattern(rule.match, key)) return &rule;
  return nullptr;
}

void ExpiryCache::explain_key(std::string_view key, Node& facts) {
  if (const auto* const rule = rule_for(key)) {
    binding::add_member(facts, "rule",
                        binding::value_node(ParameterValue{std::int64_t{rule - rules_.data()}}, false));
    binding::add_member(facts, "match", binding::text_node(printable(rule->match, rule->match.size())));
  }
  if (const auto ttl = usual(key); ttl.expires())
    binding::add_member(facts, "ttl_ms",
                        binding::value_node(ParameterValue{std::int64_t{ttl.count()}}, false));
}

// What is not valid stays so.
TimeToLive ExpiryCache::limited(TimeToLive time_to_live) const noexcept {
  if (!longest_.expires() || !time_to_live.valid()) return time_to_live;
  return time_to_live.expires() && time_to_live.count() <= longest_.count() ? time_to_live : longest_;
}

Result<Found> ExpiryCache::do_read(std::string_view key, Value& destination) {
  return forward_read(key, destination);
}

Status ExpiryCache::do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) {
  return forward_write(key, value, limited(time_to_live));
}

bool ExpiryCache::changes_a_life(const CacheRequest& request) noexcept {
  switch (request.effect()) {
    case CacheEffect::store:
    case CacheEffect::count:
    case CacheEffect::prolong:
      return true;
    case CacheEffect::read:
    case CacheEffect::look:
    case CacheEffect::remove:
    case CacheEffect::list:
      return false;
  }
  return false;
}

void ExpiryCache::do_begin(CacheRequest& request) {
  return longest_.expires() && changes_a_life(request) ? forward_limited(request) : forward(request);
}

void ExpiryCache::forward_limited(CacheRequest& request) {
  CacheRequest same = request;
  same.time_to_live = limited(request.time_to_live);
  if (same.operation == CacheOperation::persist) same.operation = CacheOperation::expire;
  std::vector<CacheEntry> entries(request.entries.begin(), request.entries.end());
  for (auto& entry : entries)
    entry.time_to_live = limited(entry.time_to_live);
  same.entries = entries;
  forward(same);
  if (!request.is_batch()) request.end_as(same);
}

}  // namespace cachesite
