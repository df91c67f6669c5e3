#include "redis/topology/sentinel_watcher.hpp"

#include "basics/back_off.hpp"
#include "basics/background_thread.hpp"
#include "redis/wire/server_text.hpp"

#include <array>
#include <exception>
#include <utility>

namespace cachesite::redis {

namespace {

// A subscription says nothing when a firewall has forgotten it, so it is begun anew now and then.
constexpr std::chrono::seconds longest_silence{30};

}  // namespace

SentinelWatcher::SentinelWatcher(ConnectorOptions options, std::string service_name, Listener listener)
    : options_(std::move(options)), service_name_(std::move(service_name)), listener_(std::move(listener)) {
  thread_ = basics::background_thread([this] { watch(); });
}

SentinelWatcher::~SentinelWatcher() {
  stop();
  if (thread_.joinable()) thread_.join();
}

void SentinelWatcher::ask_again() noexcept {
  if (!fork_mark_.forked()) wake_.raise();
}

void SentinelWatcher::stop() noexcept {
  if (fork_mark_.forked()) return;
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  for (const auto& connection : {connection_, questions_})
    if (connection) connection->interrupt();
  changed_.notify_all();
}

// Whoever cannot be told for want of memory is told after the next visit.
void SentinelWatcher::tell_trouble(const Error& trouble) const noexcept {
  try {
    listener_.on_trouble(trouble);
  } catch (const std::exception&) {
  }
}

void SentinelWatcher::watch() noexcept {
  basics::BackOff pauses(std::chrono::milliseconds(50), std::chrono::seconds(1),
                         reinterpret_cast<std::uintptr_t>(this));
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (stopped_) return;
    }
    const auto begin = SteadyTime::now();
    try {
      visit();
    } catch (const std::exception&) {
      tell_trouble(Error(ErrorCode::no_memory, "no memory to ask a sentinel"));
    }
    if (SteadyTime::now() - begin > std::chrono::seconds(1)) pauses.reset();
    std::unique_lock lock(mutex_);
    connection_.reset();
    questions_.reset();
    changed_.wait_for(lock, pauses.next(), [&] { return stopped_; });
  }
}

std::shared_ptr<ExclusiveConnection> SentinelWatcher::open(
    std::shared_ptr<ExclusiveConnection> SentinelWatcher::*place) {
  auto connection = std::make_shared<ExclusiveConnection>(options_);
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return nullptr;
    this->*place = connection;
  }
  if (const auto error = connection->open(SteadyTime::now() + options_.connect_timeout)) {
    listener_.on_trouble(Error(
        error->code(), "sentinel at " + options_.address.text() + ": " + std::string(error->message())));
    return nullptr;
  }
  return connection;
}

void SentinelWatcher::visit() {
  const auto announcements = open(&SentinelWatcher::connection_);
  if (!announcements || !subscribe(*announcements)) return;
  // Asked only when the announcements are already heard: a switch between the two would be missed.
  std::shared_ptr<ExclusiveConnection> questions;
  do {
    wake_.take();
    if (!questions || !questions->usable()) questions = open(&SentinelWatcher::questions_);
    if (!questions || !ask(*questions)) return;
  } while (listen(*announcements));
}

bool SentinelWatcher::subscribe(ExclusiveConnection& connection) {
  const std::array<Argument, 3> words{{{"SUBSCRIBE"}, {"+switch-master"}, {"+promoted-slave"}}};
  connection.write({words, static_cast<ReplyKinds>(ReplyKind::array), true});
  Reply confirmation;
  if (connection.next(confirmation, SteadyTime::now() + options_.connect_timeout) ==
      ExclusiveConnection::Progress::reply)
    return true;
  listener_.on_trouble(
      Error(ErrorCode::unreachable, "sentinel at " + options_.address.text() + ": no answer"));
  return false;
}

bool SentinelWatcher::ask(ExclusiveConnection& connection) {
  const auto place = "sentinel at " + options_.address.text() + ": ";
  const auto deadline = SteadyTime::now() + options_.connect_timeout;
  std::array<Reply, 3> replies;
  std::size_t index = 0;
  for (const std::string_view question : {"GET-MASTER-ADDR-BY-NAME", "REPLICAS", "SENTINELS"}) {
    const std::array<Argument, 3> words{{{"SENTINEL"}, {question}, {service_name_}}};
    connection.write({words, ReplyKind::array | ReplyKind::nil, true});
  }
  for (auto& reply : replies) {
    if (connection.next(reply, deadline) != ExclusiveConnection::Progress::reply) {
      listener_.on_trouble(Error(ErrorCode::unreachable, place + "no answer"));
      return false;
    }
    if (index++ != 0) continue;
    if (reply.kind == ReplyKind::error) {
      listener_.on_trouble(Error(ErrorCode::refused, place + readable_server_error(reply.text())));
      return false;
    }
  }
  SentinelNews news{read_master(replies[0]), read_servers(replies[1]), read_servers(replies[2])};
  if (!news.master)
    listener_.on_trouble(Error(ErrorCode::refused, place + "it watches no master called " + service_name_));
  listener_.on_news(news);
  return true;
}

// True when it is to be asked again, false when the connection has ended or has been silent for too long.
bool SentinelWatcher::listen(ExclusiveConnection& connection) {
  auto silent_at = SteadyTime::now() + longest_silence;
  Reply reply;
  for (;;) {
    switch (connection.next(reply, SteadyTime::now())) {
      case ExclusiveConnection::Progress::lost:
        return false;
      case ExclusiveConnection::Progress::timed_out:
        if (wake_.take()) return true;
        if (SteadyTime::now() >= silent_at) return false;
        connection.await(wake_, silent_at);
        continue;
      case ExclusiveConnection::Progress::reply:
        silent_at = SteadyTime::now() + longest_silence;
    }
    const Reply message = std::exchange(reply, {});
    if (message.kind != ReplyKind::array || message.elements.size() != 3 ||
        message.elements[0].text() != "message")
      continue;
    const auto text = message.elements[2].text();
    const auto change = message.elements[1].text() == "+switch-master" ? read_switch(text, service_name_)
                                                                       : read_promotion(text, service_name_);
    if (change) listener_.on_switch(*change);
  }
}

}  // namespace cachesite::redis
