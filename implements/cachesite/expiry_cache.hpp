#pragma once

#include <cachesite/cache_layer.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/detail/i_key_explanation.hpp>
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
  /// See `matches_key_pattern`.
  std::string match;
  std::chrono::milliseconds ttl{0};

  static ParameterTable parameters();
};

/// Default and longest TTLs of entries, explained in configs/reference.md.
struct Expiry {
  std::optional<std::chrono::milliseconds> ttl;
  std::optional<std::chrono::milliseconds> max_ttl;
  std::vector<ExpiryRule> rules;

  [[nodiscard]] bool says_something() const noexcept { return ttl || max_ttl || !rules.empty(); }
  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

/// Settings of an ExpiryCache, explained by `cachesite describe ExpiryCache` and configs/reference.md.
struct ExpiryCacheOptions : Expiry {
  Reference<ICache> over;

  static ParameterTable parameters();
};

/// Gives the entries of another cache declared TTLs: defaults for calls without a TTL, by rules for keys and
/// one for all others, and a limit for calls with one.
///
/// With `max_ttl` no entry lives longer: a longer TTL, and `never_expires()`, become `max_ttl`, and `persist`
/// sets the TTL to `max_ttl`. Reads are passed on unchanged.
class ExpiryCache final : public CacheLayer, public detail::IKeyExplanation {
 public:
  using passes_on = PassedOn;
  using Options = ExpiryCacheOptions;

  /// Throws std::invalid_argument with the first of `options.complaints()`, and when `over` is not set.
  explicit ExpiryCache(ExpiryCacheOptions options, const ComponentContext& context = {});

  [[nodiscard]] TimeToLive effective_time_to_live(std::string_view key,
                                                  TimeToLive time_to_live) const noexcept override;
  void explain_key(std::string_view key, Node& facts) override;

 protected:
  Result<Found> do_read(std::string_view key, Value& destination) override;
  Status do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) override;
  void do_begin(CacheRequest& request) override;
  [[nodiscard]] bool may_wait() const noexcept override { return below_may_wait(); }
  bool do_begin_async(AsyncRequest& request) override;

 private:
  class OwnArguments;
  struct Rule {
    std::string match;
    TimeToLive time_to_live;
  };

  [[nodiscard]] const Rule* rule_for(std::string_view key) const noexcept;
  [[nodiscard]] TimeToLive usual(std::string_view key) const noexcept;
  [[nodiscard]] TimeToLive limited(TimeToLive time_to_live) const noexcept;
  [[nodiscard]] static bool changes_a_life(const CacheRequest& request) noexcept;
  void forward_limited(CacheRequest& request);

  const TimeToLive usual_;
  const TimeToLive longest_;
  std::vector<Rule> rules_;
};

}  // namespace cachesite
