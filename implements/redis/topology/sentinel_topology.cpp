#include "redis/topology/sentinel_topology.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

namespace cachesite::redis {

namespace {

// How long calls wait for a master after the last one was left.
constexpr std::chrono::milliseconds master_patience{200};
// A server that is being made the master is looked at so often.
constexpr std::chrono::milliseconds longest_look{100};
// It tells when there is news; one that could not have a thread cannot.
constexpr std::chrono::milliseconds look_at_candidate{500};
// After a turn that ended for want of memory or of a thread.
constexpr std::chrono::milliseconds pause_when_starved{100};
constexpr std::size_t most_sentinels = 16;

}  // namespace

SentinelTopology::SentinelTopology(SentinelOptions options, std::string label,
                                   std::shared_ptr<ILogger> logger)
    : RoutedTopology(options.read_from_replicas, options.endpoint),
      options_(std::move(options)),
      label_(std::move(label)),
      logger_(std::move(logger)),
      to_watch_(options_.sentinels) {}

SentinelTopology::~SentinelTopology() {
  stop();
}

void SentinelTopology::do_start() {
  Lock lock(mutex_);
  begin_work(lock);
}

void SentinelTopology::do_await_started() {
  Lock lock(mutex_);
  if (working_) changed_.wait(lock, [&] { return stopped_ || settled(); });
}

// Whether the first search has ended, well or not.
bool SentinelTopology::settled() const {
  if (master_) return true;
  if (starved_ || !working_) return true;
  if (news_ || sentinels_.empty()) return false;  // the keeper has not made anything of it yet
  for (const auto& [address, watched] : sentinels_)
    if (!watched.answered) return false;
  return !candidate_ || !candidate_->usable();
}

void SentinelTopology::do_stop() noexcept {
  stopped_ = true;
  basics::Thread keeper;
  {
    const Lock lock(mutex_);
    tell_callers(lock);
    work_.notify_all();
    for (const auto& [address, watched] : sentinels_)
      watched.watcher->stop();
    keeper = std::move(keeper_);
  }
  if (keeper.joinable()) keeper.join();
  std::map<ServerAddress, Watched> sentinels;
  std::vector<ServerNode> replicas;
  std::array<ServerNode, 2> masters;
  {
    const Lock lock(mutex_);
    sentinels.swap(sentinels_);
    replicas.swap(replicas_);
    masters = {master_, candidate_};
  }
  sentinels.clear();
  for (const auto& node : replicas)
    node->stop();
  for (const auto& node : masters)
    if (node) node->stop();
  end_calls();
}

Health SentinelTopology::do_health() const {
  if (stopped_) return {HealthState::down, "stopped"};
  const auto view = view_.get();
  if (view && view->usable()) return view->sets.front().master->health();
  const Lock lock(mutex_);
  return {HealthState::down, std::string(no_master().message())};
}

std::vector<RedisEndpointStatistics> SentinelTopology::do_statistics() const {
  std::vector<RedisEndpointStatistics> all;
  const auto view = view_.get();
  if (!view) return all;
  const auto& set = view->sets.front();
  if (set.master) all.push_back(set.master->statistics());
  for (const auto& replica : set.replicas)
    all.push_back(replica->statistics());
  return all;
}

Error SentinelTopology::no_master() const {
  const std::string name = "no master for " + options_.service_name;
  if (candidate_ && !candidate_->usable())
    return Error(ErrorCode::unreachable, name + ": " + candidate_->health().reason);
  if (trouble_) return Error(trouble_->code(), name + ": " + std::string(trouble_->message()));
  return Error(ErrorCode::unreachable, name);
}

void SentinelTopology::log(LogLevel level, const std::string& message) const {
  logger_->log(level, "redis", label_ + ": " + message);
}

std::optional<Result<RoutedTopology::View>> SentinelTopology::look_for_view(ViewSearch&, TimePoint& limit,
                                                                            Lock& lock) {
  begin_work(lock);
  if (stopped_) return stopped_error();
  if (auto view = view_.get(); view && view->usable()) return view;
  const bool is_settled = settled();
  const auto now = SteadyTime::now();
  if (!working_ || now >= limit || (is_settled && now >= patience_ends_)) return no_master();
  if (is_settled) limit = std::min(limit, patience_ends_);
  return std::nullopt;
}

// Of what servers say only this speaks of a master and its replicas; all else is an answer.
ServerHint SentinelTopology::read_hint(std::string_view error, const ServerAddress& by) {
  auto hint = ServerHint::read(error, by);
  if (hint.kind == ServerHint::Kind::loading) return hint;
  if (hint.kind != ServerHint::Kind::not_a_master) return {};
  Lock lock(mutex_);
  if (pursuit_.leave(by, SteadyTime::now())) leave_master(lock);
  return hint;
}

std::uint64_t SentinelTopology::refresh(const Step&, std::optional<HashSlot>, Lock& lock) {
  ask_sentinels(lock);
  return 0;
}

Result<ServerNode> SentinelTopology::node_named(const ServerAddress& address, Room) {
  return Error(ErrorCode::protocol, address.text() + " was named, which only a cluster does");
}

void SentinelTopology::ask_sentinels(Lock&) {
  if (gate_.due()) return;  // the keeper is about to
  gate_.want();
  news_ = true;
  work_.notify_one();
}

// The pursuit has left the master: it is none any more, or not the one to use.
void SentinelTopology::leave_master(Lock& lock) {
  log(LogLevel::warning,
      "redis at " + master_->address().text() + " is not the master any more; looking for the new one");
  replicas_.push_back(std::move(master_));  // it is retired, or used as a replica, as the sentinels say
  master_.reset();
  patience_ends_ = SteadyTime::now() + master_patience;
  ask_sentinels(lock);
  publish(lock);
}

void SentinelTopology::watch(const ServerAddress& sentinel) {
  ConnectorOptions options = options_.watcher;
  options.address = sentinel;
  SentinelWatcher::Listener listener;
  listener.on_news = [this, sentinel](const SentinelNews& news) { heard(sentinel, news); };
  listener.on_trouble = [this, sentinel](const Error& trouble) {
    const Lock lock(mutex_);
    trouble_ = trouble;
    pursuit_.named(sentinel, std::nullopt, SteadyTime::now());
    if (const auto found = sentinels_.find(sentinel); found != sentinels_.end())
      found->second.answered = true;
    news_ = true;
    work_.notify_one();
  };
  listener.on_switch = [this, sentinel](const MasterSwitch& change) {
    Lock lock(mutex_);
    if (pursuit_.switched(sentinel, change.from, change.to, SteadyTime::now())) leave_master(lock);
    news_ = true;
    work_.notify_one();
  };
  auto& watched = sentinels_[sentinel];
  try {
    watched.watcher =
        std::make_unique<SentinelWatcher>(std::move(options), options_.service_name, std::move(listener));
  } catch (...) {
    sentinels_.erase(sentinel);
    throw;
  }
}

// Those that cannot be watched for now stay on the list.
void SentinelTopology::watch_sentinels() {
  while (!to_watch_.empty()) {
    const auto& sentinel = to_watch_.front();
    if (sentinels_.size() < most_sentinels && sentinels_.find(sentinel) == sentinels_.end()) watch(sentinel);
    to_watch_.erase(to_watch_.begin());
  }
}

void SentinelTopology::heard(const ServerAddress& sentinel, const SentinelNews& news) {
  const Lock lock(mutex_);
  pursuit_.named(sentinel, news.master, SteadyTime::now());
  if (const auto found = sentinels_.find(sentinel); found != sentinels_.end()) {
    found->second.answered = true;
    found->second.replicas = news.replicas;
  }
  to_watch_.insert(to_watch_.end(), news.sentinels.begin(), news.sentinels.end());
  news_ = true;
  work_.notify_one();
}

void SentinelTopology::wake_keeper() {
  const Lock lock(mutex_);
  news_ = true;
  work_.notify_one();
}

ServerNode SentinelTopology::make_node(const ServerAddress& address, bool master, Lock& lock) {
  EndpointOptions options = options_.endpoint;
  options.connector.address = address;
  options.number = server_number(address, lock);
  options.connector.login.requires_master = master;
  options.longest_pause = std::min<basics::BackOff::Pause>(options.longest_pause, longest_look);
  options.first_pause = std::min(options.first_pause, options.longest_pause);
  if (master) options.on_attempt = [this] { wake_keeper(); };
  auto node = basics::make_process_bound<Endpoint>(std::move(options), label_, logger_);
  node->start();
  return node;
}

void SentinelTopology::publish(Lock& lock) {
  unpublished_ = true;
  auto view = std::make_shared<ServerView>();
  view->sets.push_back({master_, replicas_});
  publish_view(std::move(view));
  unpublished_ = false;
  tell_callers(lock);
}

void SentinelTopology::keep() {
  Lock lock(mutex_);
  while (!stopped_) {
    news_ = false;
    std::vector<ServerNode> retired;
    try {
      retired.reserve(replicas_.size() + 2);  // a node that leaves has to get there
      watch_sentinels();
      follow_choice(retired, lock);
      follow_replicas(retired, lock);
      if (unpublished_) publish(lock);
      starved_ = false;
    } catch (const std::exception&) {
      starved_ = true;
      trouble_.emplace(ErrorCode::no_memory, "no memory or thread to follow the sentinels");
    }
    if (patience_ends_ == TimePoint::max() && settled()) patience_ends_ = SteadyTime::now();
    auto until = candidate_ ? SteadyTime::now() + look_at_candidate : TimePoint::max();
    if (const auto due = gate_.due()) {
      const auto now = SteadyTime::now();
      if (*due <= now) {
        gate_.begin(now);
        gate_.end(true);
        for (const auto& [address, watched] : sentinels_)
          watched.watcher->ask_again();
      } else {
        until = *due;
      }
    }
    tell_callers(lock);
    if (!retired.empty()) {
      lock.unlock();
      for (const auto& node : retired)
        node->retire();
      retired.clear();
      lock.lock();
    }
    if (starved_) until = std::min(until, SteadyTime::now() + pause_when_starved);
    const auto reason = [&] { return stopped_ || news_; };
    if (until == TimePoint::max())
      work_.wait(lock, reason);
    else
      work_.wait_until(lock, until, reason);
  }
}

void SentinelTopology::follow_choice(std::vector<ServerNode>& retired, Lock& lock) {
  if (candidate_ && candidate_->is_refused() && pursuit_.candidate()) {
    pursuit_.deny(SteadyTime::now());
    ask_sentinels(lock);  // who named it may know better by now
  }
  pursuit_.look(SteadyTime::now());
  const auto& named = pursuit_.candidate();
  if (candidate_ && (!named || candidate_->address() != *named))
    retired.push_back(std::exchange(candidate_, nullptr));
  if (!named) return;
  if (candidate_)
    candidate_->start();  // unless it has a thread
  else
    candidate_ = make_node(*named, true, lock);
  if (!candidate_->is_up()) return;
  pursuit_.confirm();
  if (master_) retired.push_back(std::move(master_));
  master_ = std::exchange(candidate_, nullptr);
  trouble_.reset();
  publish(lock);
  log(LogLevel::info, "the master is redis at " + master_->address().text());
}

void SentinelTopology::follow_replicas(std::vector<ServerNode>& retired, Lock& lock) {
  std::vector<ServerAddress> wanted;
  if (options_.read_from_replicas)
    for (const auto& [address, watched] : sentinels_)
      for (const auto& replica : watched.replicas)
        if (std::find(wanted.begin(), wanted.end(), replica) == wanted.end() &&
            !(master_ && master_->address() == replica))
          wanted.push_back(replica);
  std::vector<ServerNode> kept;
  std::vector<ServerNode> left;
  kept.reserve(replicas_.size() + wanted.size());
  left.reserve(replicas_.size());
  bool changed = false;
  for (auto& node : replicas_) {
    const auto found = std::find(wanted.begin(), wanted.end(), node->address());
    // Who was the master has connections that were made to one.
    if (found == wanted.end() || node->requires_master()) {
      left.push_back(node);
      changed = true;
    } else {
      node->start();  // again, when there was no thread for it
      kept.push_back(node);
      wanted.erase(found);
    }
  }
  for (const auto& replica : wanted) {
    kept.push_back(make_node(replica, false, lock));
    changed = true;
  }
  replicas_ = std::move(kept);
  retired.insert(retired.end(), left.begin(), left.end());
  if (changed) publish(lock);
}

}  // namespace cachesite::redis
