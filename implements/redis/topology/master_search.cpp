#include "redis/topology/master_search.hpp"

#include <algorithm>

namespace cachesite::redis {

void MasterSearch::named(const Sentinel& sentinel, const std::optional<ServerAddress>& master,
                         TimePoint now) {
  const auto known =
      std::find_if(votes_.begin(), votes_.end(), [&](const Vote& vote) { return vote.sentinel == sentinel; });
  if (!master) {
    if (known != votes_.end()) known->counts = false;
    return;
  }
  // Its announcement has been missed.
  if (known != votes_.end() && known->master != *master) succeed(known->master, *master, now);
  cast(sentinel, *master, now);
}

void MasterSearch::switched(const Sentinel& sentinel, const ServerAddress& from, const ServerAddress& to,
                            TimePoint now) {
  succeed(from, to, now);
  denials_.erase(to);
  cast(sentinel, to, now);
}

void MasterSearch::denied(const ServerAddress& server, TimePoint now) {
  denials_[server] = now;
  std::erase_if(successors_, [&](const auto& entry) { return entry.second.master == server; });
}

void MasterSearch::cast(const Sentinel& sentinel, const ServerAddress& master, TimePoint now) {
  std::erase_if(votes_, [&](const Vote& vote) { return vote.sentinel == sentinel; });
  votes_.push_back({sentinel, master, now, true});
}

void MasterSearch::succeed(const ServerAddress& from, const ServerAddress& to, TimePoint now) {
  successors_.erase(to);
  if (from != to) successors_.insert_or_assign(from, Successor{to, now});
}

const ServerAddress& MasterSearch::meant(const Vote& vote) const {
  const ServerAddress* server = &vote.master;
  for (;;) {
    const auto next = successors_.find(*server);
    if (next == successors_.end() || vote.cast >= next->second.since + settling) return *server;
    server = &next->second.master;
  }
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
    if (!votes_[index].counts) continue;
    const auto& master = meant(votes_[index]);
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
