#include "redis/master_search.hpp"

#include <algorithm>

namespace cachesite::redis {

void MasterSearch::named(const Sentinel& sentinel, const std::optional<ServerAddress>& master) {
  std::erase_if(votes_, [&](const Vote& vote) { return vote.sentinel == sentinel; });
  if (master) votes_.push_back({sentinel, *master});
}

void MasterSearch::switched(const Sentinel& sentinel, const ServerAddress& from, const ServerAddress& to) {
  for (auto& vote : votes_)
    if (vote.master == from) vote.master = to;
  named(sentinel, to);
  denials_.erase(to);
}

std::optional<ServerAddress> MasterSearch::choice(TimePoint now) const {
  struct Standing {
    const ServerAddress* server;
    std::size_t votes;
    std::size_t latest;
    bool distrusted;
  };
  std::vector<Standing> standings;
  for (std::size_t index = 0; index < votes_.size(); ++index) {
    const auto& master = votes_[index].master;
    const auto known = std::find_if(standings.begin(), standings.end(),
                                    [&](const Standing& standing) { return *standing.server == master; });
    if (known != standings.end()) {
      ++known->votes;
      known->latest = index;
      continue;
    }
    const auto denial = denials_.find(master);
    standings.push_back({&master, 1, index, denial != denials_.end() && now < denial->second + distrust});
  }
  if (standings.empty()) return std::nullopt;
  return *std::max_element(standings.begin(), standings.end(),
                           [](const Standing& left, const Standing& right) {
                             if (left.distrusted != right.distrusted) return left.distrusted;
                             if (left.votes != right.votes) return left.votes < right.votes;
                             return left.latest < right.latest;
                           })
              ->server;
}

}  // namespace cachesite::redis
