#include "redis/news/news_server.hpp"

#include "basics/guarded_log.hpp"

#include <exception>
#include <utility>

namespace cachesite::redis {

namespace {

// Taken at one server before the others have their turn.
constexpr int most_receives = 64;
// So much at once may have been more than the server was willing to keep.
constexpr std::size_t large_backlog = std::size_t{1} << 20;

ConnectorOptions as_news_connection(ConnectorOptions options) {
  options.traffic = std::make_shared<Traffic>();
  if (!options.login.client_name.empty()) options.login.client_name += "-news";
  return options;
}

}  // namespace

NewsServer::NewsServer(Topology::ServerNow server, const ProbeName& name, const PrefixSet& prefixes,
                       Options options, std::shared_ptr<FeedHub> hub)
    : server_(std::move(server)),
      index_{server_.endpoint->number()},
      options_(std::move(options)),
      name_(name),
      hub_(std::move(hub)),
      link_(as_news_connection(server_.endpoint->connector()),
            [hub = hub_] { hub->changes().signal.raise(); }),
      machine_(options_.machine, name, prefixes, *this) {
  connections_ = hub_->changes().connections[index_.index].load();
}

void NewsServer::connect() {
  try {
    link_.connect();
  } catch (const std::exception&) {
    failed_.emplace(ErrorCode::unreachable, "no thread could be started to connect");
  }
}

WrittenProbe NewsServer::begin_proof(std::uint64_t probe, bool write) {
  proof_connections_ = hub_->changes().connections[index_.index].load();
  return write ? probe_.send(*server_.endpoint, name_, probe) : WrittenProbe();
}

void NewsServer::proven() noexcept {
  hub_->proven(index_, proof_connections_);
}

void NewsServer::serve(bool vouched) noexcept {
  if (vouched)
    hub_->serve(index_, confirmed_);
  else
    hub_->unserve(index_);
}

void NewsServer::prefixes_confirmed(std::span<const std::string> prefixes) {
  confirmed_.assign(prefixes.begin(), prefixes.end());
  if (machine_.served()) hub_->serve_more(index_, confirmed_);
}

void NewsServer::log(LogLevel level, const std::string& text) noexcept {
  basics::log_guarded(*options_.logger, level, "redis", [&] {
    return options_.label + ": news of redis at " + server_.endpoint->address().text() + ": " + text;
  });
}

void NewsServer::add_prefix(std::string_view prefix) {
  machine_.add_prefix(hub_->now(), prefix);
  if (machine_.served()) hub_->serve_more(index_, confirmed_);
}

void NewsServer::heed_options(const FeedOptions& options) {
  machine_.set_protocol(hub_->now(), options.protocol);
  machine_.set_options(options.max_staleness, options.probe_interval, options.probe);
}

void NewsServer::topology_changed(std::string_view slot_tag) {
  name_ = ProbeName(name_.feed(), slot_tag);
  machine_.topology_changed(hub_->now(), name_);
}

void NewsServer::leave() noexcept {
  stop();
  hub_->forget(index_);
}

void NewsServer::stop() noexcept {
  try {
    machine_.stop();
    report();
  } catch (const std::exception&) {
    // No memory for the reason; nobody is served all the same.
  }
  finish_closing();
  link_.close();
}

void NewsServer::step() noexcept {
  const auto now = hub_->now();
  try {
    try_step(now);
  } catch (const std::exception&) {
    try {
      machine_.lost(now, "no memory");
    } catch (const std::exception&) {
      // It is lost without a reason.
    }
    finish_closing();
  }
}

void NewsServer::try_step(TimePoint now) {
  take_outcome(now);
  const auto connections = hub_->changes().connections[index_.index].load();
  if (std::exchange(connections_, connections) != connections) machine_.data_connections_changed(now);
  read(now);
  look_at_probe(now);
  finish_closing();
  if (!has_more_) machine_.judge(now);
  finish_closing();
  if (failed_) machine_.connect_failed(now, *std::exchange(failed_, std::nullopt));
  flush(now);
  hub_->known_as_of(index_, machine_.as_of());
  report();
}

void NewsServer::take_outcome(TimePoint now) {
  const auto outcome = link_.take_outcome();
  if (!outcome) return;
  if (outcome->error)
    machine_.connect_failed(now, *outcome->error);
  else
    machine_.connected(now);
}

void NewsServer::read(TimePoint now) {
  has_more_ = false;
  for (int count = 0; link_.is_open() && !closes_; ++count) {
    if (count == most_receives) {
      has_more_ = true;
      return;
    }
    switch (link_.receive()) {
      case NewsLink::Received::something:
        take_frames(now);
        break;
      case NewsLink::Received::all:
        take_frames(now);
        if (now >= machine_.wake_at()) break;  // what has come meanwhile may change what is due
        return link_.forget_backlog();
      case NewsLink::Received::nothing:
        return link_.forget_backlog();
      case NewsLink::Received::lost:
        return link_.backlog() >= large_backlog ? machine_.cut_off(now, link_.problem())
                                                : machine_.lost(now, link_.problem());
    }
  }
}

void NewsServer::take_frames(TimePoint now) {
  while (!closes_) {
    switch (link_.parser().next()) {
      case NewsParser::Verdict::frame:
        machine_.take(now, link_.parser().frame());
        break;
      case NewsParser::Verdict::more:
        return;
      case NewsParser::Verdict::refused:
        return machine_.lost(now, "the server sent " + std::string(link_.parser().problem()));
    }
  }
}

void NewsServer::look_at_probe(TimePoint now) {
  if (!probe_.is_under_way()) return;
  if (machine_.proof_runs() && !machine_.awaits_news_of_probe()) return;
  if (const auto refusal = probe_.collect()) machine_.probe_refused(now, *refusal);
}

void NewsServer::flush(TimePoint now) {
  if (!link_.is_open() || link_.flush()) return;
  machine_.lost(now, link_.problem());
  finish_closing();
}

void NewsServer::finish_closing() noexcept {
  if (!std::exchange(closes_, false)) return;
  link_.close();
  has_more_ = false;
}

void NewsServer::report() {
  std::string key(name_of(machine_.state()));
  key += machine_.proven() ? "+" : "-";
  key += machine_.reason();
  if (key == reported_) return;
  ServerReport report;
  report.address = server_.endpoint->address().text();
  report.state = name_of(machine_.state());
  report.reason = machine_.reason();
  report.proven = machine_.proven();
  hub_->report(index_, std::move(report));
  reported_ = std::move(key);
}

}  // namespace cachesite::redis
