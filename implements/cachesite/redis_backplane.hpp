#pragma once

#include <cachesite/backplane.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/detail/redis_client_options.hpp>
#include <cachesite/parameter.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace cachesite {

/// Settings of a RedisBackplane: those of its connection and its own, explained by `cachesite describe
/// RedisBackplane` and configs/reference.md.
struct RedisBackplaneOptions : RedisClientOptions {
  std::string channel;
  std::chrono::milliseconds beat_interval{1'000};
  std::uint32_t queue = 10'000;

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

/// What processes tell each other about changes, over a channel of Redis: `cachesite:news:1:<channel>`. Needed for
/// `coherence: backplane` and `both` of a TieredCache.
///
/// Each process numbers its messages and sends one at least every `beat_interval`. So a message that is missed
/// is noticed by the next one, and a process that is silent for two intervals without having said that it
/// stops makes copies doubtful. All processes of a channel need the same `beat_interval`. A process hears its
/// own messages, too, which proves that messages come at all.
///
/// Nothing is sent and no thread or connection is made before the first cache watches; then there is one thread that
/// sends and one that listens. Messages are at most 64 KiB long, have a checksum, and hold keys but no values.
///
/// In a forked child nothing is told and nothing is heard; copies are not served there.
class RedisBackplane final : public IBackplane {
 public:
  using provides = Provides<IBackplane>;
  using Options = RedisBackplaneOptions;

  /// Throws std::invalid_argument with the first of `options.complaints()`.
  explicit RedisBackplane(Options options, const ComponentContext& context = {});
  ~RedisBackplane() override;

  void start() override;
  void await_started() override;
  /// Tries for about a second to send what waits.
  void stop() noexcept override;
  /// Degraded while messages may be missed.
  [[nodiscard]] Health health() const override;
  [[nodiscard]] std::unique_ptr<IBackplaneWatch> watch(IBackplaneListener& listener,
                                                       std::chrono::milliseconds proof) override;

 private:
  class Inner;
  class Watch;
  const std::shared_ptr<Inner> inner_;
};

}  // namespace cachesite
