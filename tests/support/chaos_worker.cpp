#include "support/chaos_worker.hpp"

#include "support/socket_actions.hpp"
#include "support/system_failure.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace cachesite::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t index_of(Direction direction) {
  return direction == Direction::to_server ? 0 : 1;
}

FileDescriptor begin_connect_tcp(std::uint16_t port) {
  FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) throw system_failure("socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  send_without_delay(socket.get());
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS)
    socket.reset();
  return socket;
}

FileDescriptor begin_connect_unix(const std::string& path) {
  FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) throw system_failure("socket");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof address.sun_path - 1));
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) socket.reset();
  return socket;
}

}  // namespace

ChaosWorker::ChaosWorker(std::uint16_t server_port, std::string server_path)
    : server_port_(server_port),
      server_path_(std::move(server_path)),
      loop_(
          "proxy", [this](PollRound& round) { prepare(round); },
          [this](PollRound& round) { handle(round); }) {
  loop_.call([this] { listen(512); });
}

ChaosWorker::~ChaosWorker() {
  loop_.stop();
  for (Link& link : links_)
    close(link, Cut::reset);
}

void ChaosWorker::set(Direction direction, const Faults& faults) {
  loop_.call([&] {
    faults_[index_of(direction)] = faults;
    ++versions_[index_of(direction)];
  });
}

void ChaosWorker::set_accepting(Accepting accepting) {
  loop_.call([&] {
    if (accepting == accepting_) return;
    accepting_ = accepting;
    fillers_.clear();
    listener_.reset();
    if (accepting == Accepting::refuse) return;
    listen(accepting == Accepting::black_hole ? 0 : 512);
    if (accepting != Accepting::black_hole) return;
    // The queue of established, not yet accepted connections holds backlog + 1; a full one makes the kernel
    // drop SYNs.
    for (int count = 0; count < 4; ++count)
      fillers_.push_back(begin_connect_tcp(reserved_.number()));
  });
}

void ChaosWorker::drop_all(Cut cut) {
  loop_.call([&] {
    for (Link& link : links_)
      cut_link(link, cut);
    for (FileDescriptor& socket : ignored_) {
      if (cut == Cut::reset) reset_connection(socket);
    }
    ignored_.clear();
    sweep();
  });
}

void ChaosWorker::inject(Direction direction, std::string_view bytes) {
  loop_.call([&] {
    for (Link& link : links_)
      link.streams[index_of(direction)].push(std::string(bytes), Faults(), Clock::now());
  });
}

void ChaosWorker::add_reply_fates(std::size_t duplicates, std::size_t omissions) {
  loop_.call([&] {
    duplicates_ += duplicates;
    omissions_ += omissions;
  });
}

ChaosWorker::Counters ChaosWorker::counters() {
  return loop_.call([this] { return counters_; });
}

void ChaosWorker::prepare(PollRound& round) {
  for (Link& link : links_) {
    for (std::size_t side = 0; side < 2; ++side)
      pump(link, side, round);
  }
  sweep();
  if (accepting_ != Accepting::black_hole) round.watch(listener_.get(), POLLIN);
  for (Link& link : links_) {
    for (std::size_t side = 0; side < 2; ++side) {
      // What arrives at this socket travels in the other direction.
      const std::size_t travels = 1 - side;
      int events = 0;
      if (!link.source_ended[travels] && link.streams[travels].wants_more() &&
          !(side == 0 && link.connecting))
        events |= POLLIN;
      if (link.blocked[side] || (side == 0 && link.connecting)) events |= POLLOUT;
      round.watch(link.sockets[side].get(), static_cast<short>(events));
    }
  }
}

void ChaosWorker::handle(PollRound& round) {
  if (round.events(listener_.get()) != 0) accept_all();
  for (Link& link : links_) {
    const short server_events = round.events(link.sockets[0].get());
    const short client_events = round.events(link.sockets[1].get());
    if (link.connecting) {
      finish_connect(link, server_events);
    } else if ((server_events & (POLLIN | POLLERR | POLLHUP)) != 0) {
      receive(link, 0);
    }
    if (!link.finished && (client_events & (POLLIN | POLLERR | POLLHUP)) != 0) receive(link, 1);
    for (std::size_t side = 0; side < 2; ++side) {
      if ((round.events(link.sockets[side].get()) & (POLLOUT | POLLERR | POLLHUP)) != 0)
        link.blocked[side] = false;
    }
  }
  sweep();
}

void ChaosWorker::accept_all() {
  while (listener_) {
    FileDescriptor client = accept_next(listener_.get());
    if (!client) return;
    ++counters_.accepted;
    switch (accepting_) {
      case Accepting::close:
        continue;
      case Accepting::reset:
        reset_connection(client);
        continue;
      case Accepting::ignore:
        ignored_.push_back(std::move(client));
        continue;
      default:
        break;
    }
    FileDescriptor server =
        server_path_.empty() ? begin_connect_tcp(server_port_) : begin_connect_unix(server_path_);
    if (!server) {
      reset_connection(client);
      continue;
    }
    Link& link = links_.emplace_back();
    link.sockets = {std::move(server), std::move(client)};
    ++counters_.live;
  }
}

void ChaosWorker::finish_connect(Link& link, short events) {
  if (events == 0) return;
  int failure = 0;
  socklen_t size = sizeof failure;
  ::getsockopt(link.sockets[0].get(), SOL_SOCKET, SO_ERROR, &failure, &size);
  if (failure != 0) {
    close(link, Cut::reset);
  } else {
    link.connecting = false;
  }
}

void ChaosWorker::receive(Link& link, std::size_t side) {
  const std::size_t travels = 1 - side;
  if (link.source_ended[travels]) return;
  std::string bytes;
  switch (read_available(link.sockets[side].get(), bytes)) {
    case ReadOutcome::nothing:
      return;
    case ReadOutcome::bytes:
      counters_.arrived[travels] += bytes.size();
      if (travels == 1) bytes = with_fates(link, bytes);
      link.streams[travels].push(std::move(bytes), faults_[travels], Clock::now());
      return;
    case ReadOutcome::failed:
      link.source_failed[travels] = true;
      break;
    case ReadOutcome::ended:
      break;
  }
  link.source_ended[travels] = true;
  if (side == 1) ++counters_.closed_by_client;
}

std::string ChaosWorker::with_fates(Link& link, std::string_view bytes) {
  std::string result;
  while (!bytes.empty()) {
    if (!link.inside_reply) begin_reply(link);
    const std::string_view part = bytes.substr(0, link.framer.feed(bytes));
    bytes.remove_prefix(part.size());
    link.inside_reply = !link.framer.at_end();
    if (link.fate == Link::ReplyFate::twice) link.reply += part;
    if (link.fate != Link::ReplyFate::omit) result += part;
    if (link.inside_reply) continue;
    ++counters_.replies;
    if (link.fate == Link::ReplyFate::twice) result += link.reply;
    link.reply.clear();
  }
  return result;
}

void ChaosWorker::begin_reply(Link& link) {
  link.fate = Link::ReplyFate::pass;
  if (duplicates_ > 0) {
    --duplicates_;
    link.fate = Link::ReplyFate::twice;
  } else if (omissions_ > 0) {
    --omissions_;
    link.fate = Link::ReplyFate::omit;
  }
}

void ChaosWorker::pump(Link& link, std::size_t side, PollRound& round) {
  while (!link.finished && !link.blocked[side] && !(side == 0 && link.connecting)) {
    const Faults faults = faults_[side];
    ChaosStream& stream = link.streams[side];
    const auto now = Clock::now();
    const ChaosStream::Decision decision = stream.decide(faults, versions_[side], now);
    switch (decision.next) {
      case ChaosStream::Next::wait:
        round.wake_at(decision.when);
        return;
      case ChaosStream::Next::nothing:
        if (faults.flow == Flow::pass && stream.empty() && !stream.held()) pass_end_on(link, side);
        return;
      case ChaosStream::Next::cut:
        // The version stays: the bytes that already passed on other connections still count.
        if (faults.cut_once) faults_[side].cut_after.reset();
        cut_link(link, faults.cut, side);
        continue;
      case ChaosStream::Next::send:
        break;
    }
    const ssize_t count = ::send(link.sockets[side].get(), decision.bytes.data(), decision.bytes.size(),
                                 MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0) {
      if (errno == EAGAIN) link.blocked[side] = true;
      if (errno == EAGAIN || errno == EINTR) continue;
      close(link, Cut::reset);
      return;
    }
    counters_.forwarded[side] += static_cast<std::uint64_t>(count);
    stream.sent(static_cast<std::size_t>(count), faults, now);
  }
}

void ChaosWorker::pass_end_on(Link& link, std::size_t side) {
  if (!link.source_ended[side]) return;
  if (link.source_failed[side]) {
    close(link, Cut::reset);
  } else if (!link.end_passed_on[side]) {
    link.end_passed_on[side] = true;
    ::shutdown(link.sockets[side].get(), SHUT_WR);
  }
  if (link.end_passed_on[0] && link.end_passed_on[1]) close(link, Cut::close);
}

void ChaosWorker::cut_link(Link& link, Cut cut, std::size_t side) {
  if (link.finished) return;
  ++counters_.cuts;
  if (cut == Cut::hold) {
    link.streams[side].hold();
  } else {
    close(link, cut);
  }
}

void ChaosWorker::close(Link& link, Cut cut) {
  if (link.finished) return;
  link.finished = true;
  for (FileDescriptor& socket : link.sockets) {
    if (cut == Cut::reset) {
      reset_connection(socket);
      continue;
    }
    // Unread bytes would turn the orderly end into a reset.
    std::string unread;
    while (read_available(socket.get(), unread) == ReadOutcome::bytes) {
    }
    socket.reset();
  }
  --counters_.live;
}

void ChaosWorker::sweep() {
  links_.remove_if([](const Link& link) { return link.finished; });
}

}  // namespace cachesite::test
