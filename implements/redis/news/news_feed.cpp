#include "redis/news/news_feed.hpp"

#include "basics/background_thread.hpp"
#include "redis/news/feed_watch.hpp"

#include <algorithm>
#include <exception>
#include <random>
#include <thread>
#include <utility>

namespace cachesite::redis {

namespace {

std::string random_id() {
  std::random_device device;
  const std::uint64_t number = (std::uint64_t{device()} << 32U) | device();
  std::string text;
  for (int digit = 0; digit < 16; ++digit)
    text += "0123456789abcdef"[(number >> (4 * digit)) & 15U];
  return text;
}

constexpr std::chrono::milliseconds least_staleness{10};

constexpr std::size_t most_rounds = 16;

bool is_one_of(const std::vector<Topology::ServerNow>& masters, const NewsServer& server) noexcept {
  return std::any_of(masters.begin(), masters.end(),
                     [&](const auto& master) { return master.endpoint == server.endpoint(); });
}

FeedOptions sensible(FeedOptions options) {
  options.max_staleness = std::max(options.max_staleness, least_staleness);
  options.probe_interval = std::max(options.probe_interval, least_staleness);
  return options;
}

}  // namespace

NewsFeed::NewsFeed(std::shared_ptr<Topology> topology, Options options)
    : topology_(std::move(topology)), options_(std::move(options)), id_(random_id()) {}

NewsFeed::~NewsFeed() {
  stop();
}

std::unique_ptr<IFeedWatch> NewsFeed::watch(std::string prefix, std::size_t stripped, FeedOptions options,
                                            IFeedListener& listener) {
  auto watcher = std::make_shared<FeedWatcher>(std::move(prefix), stripped, sensible(options), listener);
  if (fork_mark_.forked())
    return std::make_unique<FeedWatch>(
        std::make_shared<FeedHub>(std::make_shared<ServerChanges::Listener>(), options_.clock), watcher);
  const auto watched = hub();
  auto handle = std::make_unique<FeedWatch>(watched, watcher);
  watched->add(watcher);
  begin();
  return handle;
}

// A listener may call `watch`, so the watchers are not touched with the lock held. A hub that is made after the
// stop has no watcher yet.
std::shared_ptr<FeedHub> NewsFeed::hub() {
  const std::lock_guard lock(mutex_);
  if (hub_) return hub_;
  hub_ = std::make_shared<FeedHub>(topology_->changes().listen(), options_.clock);
  if (stopping_) hub_->stop();
  return hub_;
}

// After the first watcher is added: the thread asks servers for news as its watchers wish.
void NewsFeed::begin() {
  const std::lock_guard lock(mutex_);
  if (running_ || stopping_) return;
  thread_ = basics::background_thread([this] { work(); });
  running_ = true;
}

std::string_view NewsFeed::obstacle() const noexcept {
  if (!topology_->reads_from_replicas()) return {};
  return "read_from_replicas lets servers answer that are behind the news of their master: leave it out";
}

void NewsFeed::stop() noexcept {
  if (fork_mark_.forked()) return;
  basics::Thread thread;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (!hub_) return;
    hub_->changes().signal.raise();
    if (thread_.joinable() && thread_.get_id() == std::this_thread::get_id()) return;
    thread = std::move(thread_);
  }
  if (thread.joinable()) thread.join();
  hub_->stop();
}

bool NewsFeed::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void NewsFeed::work() noexcept {
  topology_->start();
  while (!stopping()) {
    try {
      try_turn();
    } catch (const std::exception&) {
      // No memory: what is vouched for ends by itself, and the next turn tries again.
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  for (const auto& server : servers_)
    server->stop();
  servers_.clear();
}

void NewsFeed::try_turn() {
  if (signalled_) hub_->changes().signal.take();
  heed_watchers();
  heed_servers();
  begin_fences();
  for (const auto& server : servers_)
    server->step();
  end_fences();
  hub_->give_notice();
  wait();
}

void NewsFeed::heed_watchers() try {
  const auto added = hub_->take_added();
  if (added.empty()) return;
  const auto wishes = hub_->options();
  for (const auto& prefix : added) {
    prefixes_.add(prefix);
    for (const auto& server : servers_)
      server->add_prefix(prefix);
  }
  wishes_ = wishes;
  for (const auto& server : servers_)
    server->heed_options(wishes_);
} catch (const std::exception&) {
  hub_->give_added_again();
  throw;
}

// No server is trusted from the first sign of a change until all of it is done, whatever fails meanwhile.
void NewsFeed::heed_servers() {
  const auto generation = hub_->generation().load();
  if (generation == seen_generation_) return;
  const auto known_now = topology_->masters_now();
  auto masters = known_now.servers;
  std::erase_if(masters, [](const auto& master) { return master.endpoint->number() >= FeedServer::most; });
  const bool same = servers_.size() == masters.size() &&
                    std::all_of(servers_.begin(), servers_.end(),
                                [&](const auto& server) { return is_one_of(masters, *server); });
  if (!same || masters_version_ != known_now.version) {
    masters_version_.reset();
    for (const auto& server : servers_)
      server->distrust();
    take_masters(masters);
  }
  masters_version_ = known_now.version;
  seen_generation_ = generation;
}

void NewsFeed::take_masters(const std::vector<Topology::ServerNow>& masters) {
  for (const auto& server : servers_)
    if (!is_one_of(masters, *server)) server->leave();
  std::erase_if(servers_, [&](const auto& server) { return !is_one_of(masters, *server); });
  for (const auto& server : servers_)
    server->topology_changed(topology_->slot_tag_of(*server->endpoint()));
  for (const auto& master : masters) {
    const auto is_it = [&](const auto& server) { return server->endpoint() == master.endpoint; };
    if (std::none_of(servers_.begin(), servers_.end(), is_it)) servers_.push_back(make_server(master));
  }
  if (!rounds_.empty()) due_fences_ = std::max(due_fences_, rounds_.back().ticket);
  rounds_.clear();
}

std::unique_ptr<NewsServer> NewsFeed::make_server(const Topology::ServerNow& server) const {
  NewsServer::Options options;
  options.machine.protocol = wishes_.protocol;
  options.machine.max_staleness = wishes_.max_staleness;
  options.machine.probe_interval = wishes_.probe_interval;
  options.machine.probe = wishes_.probe;
  options.machine.arming_time = server.endpoint->connector().connect_timeout;
  options.machine.first_pause = options_.first_pause;
  options.machine.longest_pause = options_.longest_pause;
  options.machine.seed = reinterpret_cast<std::uintptr_t>(server.endpoint);
  options.label = options_.label;
  options.logger = options_.logger;
  return std::make_unique<NewsServer>(server, ProbeName(id_, topology_->slot_tag_of(*server.endpoint)),
                                      prefixes_, std::move(options), hub_);
}

void NewsFeed::begin_fences() {
  if (servers_.empty()) return;
  due_fences_ = std::max(due_fences_, hub_->take_fences());
  if (due_fences_ == 0) return;
  FenceRound round{due_fences_, {}};
  for (const auto& server : servers_)
    round.pings.push_back(server->fence());
  // A later round shows all that an earlier one does.
  const bool joins =
      !rounds_.empty() && (rounds_.size() >= most_rounds || rounds_.back().pings == round.pings);
  if (joins)
    rounds_.back() = std::move(round);
  else
    rounds_.push_back(std::move(round));
  due_fences_ = 0;
}

void NewsFeed::end_fences() {
  const bool refused =
      std::any_of(servers_.begin(), servers_.end(), [](const auto& server) { return server->is_refused(); });
  if (refused && !rounds_.empty()) {
    hub_->fences_failed(rounds_.back().ticket);
    rounds_.clear();
  }
  const auto is_done = [&](const FenceRound& round) {
    for (std::size_t index = 0; index < servers_.size(); ++index)
      if (servers_[index]->answered_ping() < round.pings[index]) return false;
    return true;
  };
  while (!rounds_.empty() && is_done(rounds_.front())) {
    hub_->fences_done(rounds_.front().ticket);
    rounds_.erase(rounds_.begin());
  }
}

void NewsFeed::wait() {
  polls_.assign(1, {hub_->changes().signal.descriptor(), POLLIN, 0});
  auto wake = TimePoint::max();
  const auto now = hub_->now();
  for (const auto& server : servers_) {
    wake = server->has_more() ? now : std::min(wake, server->wake_at());
    if (server->descriptor() < 0) continue;
    const auto events = static_cast<short>(server->wants_to_send() ? POLLIN | POLLOUT : POLLIN);
    polls_.push_back({server->descriptor(), events, 0});
  }
  ::poll(polls_.data(), polls_.size(), poll_milliseconds(now, wake));
  signalled_ = polls_.front().revents != 0;
}

}  // namespace cachesite::redis
