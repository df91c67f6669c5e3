#include "binding/value_node.hpp"
#include "layers/remember/remember_inner.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace cachesite {

using binding::add_member;
using std::chrono::milliseconds;

namespace {

Node count_node(std::int64_t number) {
  return binding::value_node(ParameterValue{number}, false);
}

Node bad_envelope(const char* reason) {
  Node node = binding::map_node();
  add_member(node, "bad", binding::text_node(reason));
  return node;
}

// The clock of who has made the value may be another one.
std::int64_t age_of(std::uint64_t version) {
  const auto now = std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
  return std::max<std::int64_t>((now - remembering::ValueVersions::time_of(version)).count(), 0);
}

/// Nothing of the value itself.
template <class Details>
Node known_envelope(const Details& details) {
  Node node = binding::map_node();
  add_member(node, "age_ms", count_node(age_of(details.mark.version)));
  if (details.life.left.state == Remaining::State::no_expiry) {
    add_member(node, "fresh_left_ms", binding::text_node("never"));
  } else {
    const auto fresh = details.stale ? milliseconds(0) : details.life.left.left;
    const auto stale = details.stale ? details.stale_for - std::min(details.age, details.stale_for)
                                     : fresh + details.stale_for;
    add_member(node, "fresh_left_ms", count_node(fresh.count()));
    add_member(node, "stale_left_ms", count_node(stale.count()));
  }
  add_member(node, "etag_bytes", count_node(static_cast<std::int64_t>(details.etag.size())));
  add_member(node, "cost_us", count_node(details.cost.count()));
  return node;
}

}  // namespace

void RememberCache::explain_key(std::string_view key, Node& facts) {
  if (const auto rule = inner_->rules.place_for(key))
    add_member(facts, "rule", count_node(static_cast<std::int64_t>(*rule)));
  add_member(facts, "flight", binding::boolean_node(inner_->table->is_under_way(key)));
  add_member(facts, "throttled",
             binding::boolean_node(inner_->failures->throttles(key, inner_->clock->now())));
}

// Past copies, which do not tell when their entries end.
void RememberCache::explain_stored(std::string_view key, Node& facts) {
  if (stopped() || !inner_->entries.enveloped()) return;
  Value value;
  StoredEntries::Details details;
  ReadLimits limits;
  limits.max_staleness = milliseconds(0);
  if (!inner_->entries.read(key, value, details, &limits).ok()) return;
  if (details.bad != nullptr) add_member(facts, "envelope", bad_envelope(details.bad));
  if (details.mark.kind == StoredEntries::Mark::Kind::envelope)
    add_member(facts, "envelope", known_envelope(details));
}

}  // namespace cachesite
