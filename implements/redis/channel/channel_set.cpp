#include "redis/channel/channel_set.hpp"

#include <algorithm>

namespace cachesite::redis {

ChannelSet::ChannelSet(const ChannelLimits& limits, ChannelSetOptions options,
                       const Channel::LossListener& on_loss)
    : options_(options) {
  options_.shared = std::max<std::size_t>(1, options_.shared);
  for (std::size_t count = 0; count < options_.shared + (options_.bulk ? 1 : 0); ++count)
    channels_.push_back(std::make_unique<Entry>(limits, on_loss));
  channels_.front()->wanted = true;
}

Channel& ChannelSet::pick_other(RequestTraits traits, bool& opens_another) noexcept {
  const auto usable = [](const Entry& entry) { return entry.channel.is_open() && !entry.channel.clogged(); };
  const auto want = [&](Entry& entry) {
    opens_another = !entry.wanted.exchange(true, std::memory_order_relaxed);
  };
  if (traits.large && options_.bulk) {
    if (channels_.back()->channel.is_open()) return channels_.back()->channel;
    want(*channels_.back());
  } else {
    const auto begin = channels_.begin();
    const auto end = begin + static_cast<std::ptrdiff_t>(options_.shared);
    const auto resting = std::find_if(begin, end, [&](const auto& entry) {
      return traits.repeatable && usable(*entry) && entry->channel.load() == 0;
    });
    if (resting != end) return (*resting)->channel;
    const auto closed = std::find_if(begin, end, [](const auto& entry) { return !entry->channel.is_open(); });
    if (closed != end) want(**closed);
    const auto open = std::find_if(begin, end, [&](const auto& entry) { return usable(*entry); });
    if (open != end) return (*open)->channel;
  }
  for (const auto& entry : channels_)
    if (entry->channel.is_open()) return entry->channel;
  return channels_.front()->channel;
}

bool ChannelSet::any_open() const noexcept {
  return std::any_of(channels_.begin(), channels_.end(),
                     [](const auto& entry) { return entry->channel.is_open(); });
}

double ChannelSet::ordinary_for_each_large() const noexcept {
  std::size_t ordinary = 0;
  for (std::size_t index = 0; index < options_.shared; ++index)
    ordinary += channels_[index]->channel.load();
  const auto large = std::max<std::size_t>(1, channels_.back()->channel.load());
  return static_cast<double>(ordinary) / static_cast<double>(large);
}

Channel* ChannelSet::closed() noexcept {
  for (const auto& entry : channels_)
    if (entry->wanted && !entry->channel.is_open()) return &entry->channel;
  return nullptr;
}

void ChannelSet::shut_down() {
  for (const auto& entry : channels_)
    entry->channel.shut_down();
}

void ChannelSet::forget_wanted() noexcept {
  for (auto entry = channels_.begin() + 1; entry != channels_.end(); ++entry)
    if (!(*entry)->channel.is_open()) (*entry)->wanted = false;
}

void ChannelSet::close(const Error& reason) {
  for (const auto& entry : channels_)
    entry->channel.close(reason);
}

}  // namespace cachesite::redis
