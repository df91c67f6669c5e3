#pragma once

#include "redis/channel/channel.hpp"

#include <cachesite/error.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

namespace cachesite::redis {

/// What a request is, as far as the choice of a channel goes.
struct RequestTraits {
  bool large = false;
  /// See Command. What may not be repeated, changes as a rule, stays together on one connection as long as it
  /// can: a change that its caller gave up on is not overtaken by the next one then.
  bool repeatable = false;
};

struct ChannelSetOptions {
  std::size_t shared = 2;  // channels for ordinary requests
  bool bulk = true;        // one more for requests that are known to be large

  [[nodiscard]] std::size_t most() const noexcept { return shared + (bulk ? 1 : 0); }
};

/// The channels to one server. The first is always wanted, and ordinary requests use it as long as nothing
/// large is under way on it: the more requests go together, the less each of them costs. While only few
/// requests are under way, a read that would have to wait takes another, idle channel, because to be woken by
/// another thread costs more than a send and a receive of its own. Further channels are opened at the first
/// request that could have used them.
class ChannelSet {
 public:
  ChannelSet(const ChannelLimits& limits, ChannelSetOptions options, const Channel::LossListener& on_loss);

  /// The channel that ordinary requests go over as a rule; null when this one has to look further.
  [[nodiscard]] Channel* primary(RequestTraits traits) noexcept {
    Channel& first = channels_.front()->channel;
    const auto load = first.load();
    const bool joins = !traits.repeatable || load == 0 || load >= busy_from;
    return !traits.large && joins && !first.clogged() && first.is_open() ? &first : nullptr;
  }
  /// The channel for a request that the primary one is not for; an open one if there is any. `opens_another`
  /// becomes true when a better one should be opened that nobody asked for before.
  Channel& pick_other(RequestTraits traits, bool& opens_another) noexcept;

  [[nodiscard]] bool any_open() const noexcept;
  /// A channel that is wanted and not open; null when there is none.
  [[nodiscard]] Channel* closed() noexcept;
  /// Nobody connects for now: what is wanted beside the first channel and not open is not wanted any more.
  void forget_wanted() noexcept;
  [[nodiscard]] bool is_bulk(const Channel& channel) const noexcept {
    return options_.bulk && &channel == &channels_.back()->channel;
  }
  /// Requests under way on the channels for ordinary ones, for each on the channel for large ones.
  [[nodiscard]] double ordinary_for_each_large() const noexcept;
  template <class Visit>
  void for_each(Visit&& visit) {
    for (const auto& entry : channels_)
      visit(entry->channel);
  }
  template <class Visit>
  void for_each_open(Visit&& visit) {
    for (const auto& entry : channels_)
      if (entry->channel.is_open()) visit(entry->channel);
  }
  void close(const Error& reason);
  /// See Channel.
  void shut_down();

 private:
  // So many requests on one channel are better off together.
  static constexpr std::size_t busy_from = 3;

  struct Entry {
    Entry(const ChannelLimits& limits, const Channel::LossListener& on_loss) : channel(limits, on_loss) {}
    Channel channel;
    std::atomic<bool> wanted{false};
  };

  ChannelSetOptions options_;
  std::vector<std::unique_ptr<Entry>> channels_;
};

}  // namespace cachesite::redis
