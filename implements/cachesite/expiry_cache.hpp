#pragma once

#include <cachesite/cache_layer.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/reference.hpp>
#include <cachesite/time_to_live.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// The TTL of some keys.
struct ExpiryRule {
  /// A pattern of keys (see matches_key_pattern).
  std::string match;
  /// For calls about such a key that give none.
  std::chrono::milliseconds ttl{0};

  static ParameterTable parameters();
};

/// How long entries live when nobody says so, and at most.
struct Expiry {
  /// For calls that give no TTL, where no rule matches the key; without it such calls are refused.
  std::optional<std::chrono::milliseconds> ttl;
  /// Longest life of an entry, whatever a call gives; no limit when empty.
  std::optional<std::chrono::milliseconds> max_ttl;
  /// For calls that give no TTL: the first rule that matches the key counts.
  std::vector<ExpiryRule> rules;

  [[nodiscard]] bool says_something() const noexcept { return ttl || max_ttl || !rules.empty(); }
  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

/// Settings of an ExpiryCache.
struct ExpiryCacheOptions : Expiry {
  /// The cache that holds the entries.
  Reference<ICache> over;

  static ParameterTable parameters();
};

/// Gives the entries of another cache the TTLs that a file declares: for calls that leave the TTL out, by rules
/// for keys and one for all others, and a limit for those that give one.
///
/// With `max_ttl` no entry lives longer: a longer TTL, and one that never ends, is stored as `max_ttl`, and
/// `persist` gives an entry that long. Reads go to the cache below as they are.
class ExpiryCache final : public CacheLayer {
 public:
  using passes_on = PassedOn;
  using Options = ExpiryCacheOptions;

  /// Throws std::invalid_argument with the first of `options.complaints()`, and when `over` is not set.
  explicit ExpiryCache(ExpiryCacheOptions options, const ComponentContext& context = {});

  [[nodiscard]] TimeToLive effective_time_to_live(std::string_view key,
                                                  TimeToLive time_to_live) const noexcept override;

 protected:
  Result<Found> do_read(std::string_view key, Value& destination) override;
  Status do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) override;
  void do_begin(CacheRequest& request) override;

 private:
  struct Rule {
    std::string match;
    TimeToLive time_to_live;
  };

  [[nodiscard]] TimeToLive usual(std::string_view key) const noexcept;
  [[nodiscard]] TimeToLive limited(TimeToLive time_to_live) const noexcept;
  void forward_limited(CacheRequest& request);

  const TimeToLive usual_;
  const TimeToLive longest_;
  std::vector<Rule> rules_;
};

}  // namespace cachesite
