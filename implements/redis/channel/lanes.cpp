#include "redis/channel/lanes.hpp"

#include <algorithm>

namespace cachesite::redis {

Lanes::Lanes(const ChannelLimits& limits, LaneOptions options, const Channel::LossListener& on_loss)
    : options_(options) {
  options_.shared = std::max<std::size_t>(1, options_.shared);
  for (std::size_t count = 0; count < options_.shared + (options_.bulk ? 1 : 0); ++count)
    lanes_.push_back(std::make_unique<Lane>(limits, on_loss));
  lanes_.front()->wanted = true;
}

Channel& Lanes::pick_other(LaneNeeds needs, bool& wish) noexcept {
  const auto usable = [](const Lane& lane) { return lane.channel.is_open() && !lane.channel.clogged(); };
  const auto want = [&](Lane& lane) { wish = !lane.wanted.exchange(true, std::memory_order_relaxed); };
  if (needs.large && options_.bulk) {
    if (lanes_.back()->channel.is_open()) return lanes_.back()->channel;
    want(*lanes_.back());
  } else {
    const auto begin = lanes_.begin();
    const auto end = begin + static_cast<std::ptrdiff_t>(options_.shared);
    const auto resting = std::find_if(begin, end, [&](const auto& lane) {
      return needs.repeatable && usable(*lane) && lane->channel.load() == 0;
    });
    if (resting != end) return (*resting)->channel;
    const auto closed = std::find_if(begin, end, [](const auto& lane) { return !lane->channel.is_open(); });
    if (closed != end) want(**closed);
    const auto open = std::find_if(begin, end, [&](const auto& lane) { return usable(*lane); });
    if (open != end) return (*open)->channel;
  }
  for (const auto& lane : lanes_)
    if (lane->channel.is_open()) return lane->channel;
  return lanes_.front()->channel;
}

bool Lanes::any_open() const noexcept {
  return std::any_of(lanes_.begin(), lanes_.end(), [](const auto& lane) { return lane->channel.is_open(); });
}

double Lanes::ordinary_for_each_large() const noexcept {
  std::size_t ordinary = 0;
  for (std::size_t index = 0; index < options_.shared; ++index)
    ordinary += lanes_[index]->channel.load();
  const auto large = std::max<std::size_t>(1, lanes_.back()->channel.load());
  return static_cast<double>(ordinary) / static_cast<double>(large);
}

Channel* Lanes::closed() noexcept {
  for (const auto& lane : lanes_)
    if (lane->wanted && !lane->channel.is_open()) return &lane->channel;
  return nullptr;
}

void Lanes::shut_down() {
  for (const auto& lane : lanes_)
    lane->channel.shut_down();
}

void Lanes::forget_wishes() noexcept {
  for (auto lane = lanes_.begin() + 1; lane != lanes_.end(); ++lane)
    if (!(*lane)->channel.is_open()) (*lane)->wanted = false;
}

void Lanes::close(const Error& reason) {
  for (const auto& lane : lanes_)
    lane->channel.close(reason);
}

}  // namespace cachesite::redis
