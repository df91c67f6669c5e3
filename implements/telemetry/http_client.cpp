#include "telemetry/http_client.hpp"

#include "redis/transport/socket_transport.hpp"
#include "redis/transport/tls_transport.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace cachesite::telemetry {

using redis::SteadyTime;
using redis::TimePoint;
using redis::Transport;

namespace {

iovec piece(std::string_view text) noexcept {
  return {const_cast<char*>(text.data()), text.size()};
}

}  // namespace

HttpClient::HttpClient(CollectorUrl url, std::vector<Secret> headers, std::shared_ptr<redis::TlsContext> tls)
    : url_(std::move(url)), headers_(std::move(headers)), tls_(std::move(tls)), dialer_({}) {}

HttpClient::~HttpClient() = default;

// A secret as a whole, for the headers in it.
Secret HttpClient::head(std::string_view path, std::size_t size, bool gzipped) const {
  std::string text = "POST " + url_.path;
  std::size_t room = 512 + url_.path.size() + url_.host.size();
  for (const Secret& header : headers_)
    room += header.reveal().size() + 2;
  text.reserve(room);  // so that no copy of a secret is left behind by a text that grew
  text.append(path).append(" HTTP/1.1\r\nHost: ").append(url_.authority());
  text.append("\r\nUser-Agent: cachesite\r\nContent-Type: application/json\r\nContent-Length: ");
  text.append(std::to_string(size)).append("\r\n");
  if (gzipped) text.append("Content-Encoding: gzip\r\n");
  for (const Secret& header : headers_)
    text.append(header.reveal()).append("\r\n");
  return Secret(std::move(text.append("\r\n")));
}

HttpAnswer HttpClient::post(std::string_view path, std::string_view body, bool gzipped, TimePoint deadline) {
  const Secret request = head(path, body.size(), gzipped);
  for (bool kept = transport_ != nullptr;; kept = false) {
    if (!transport_) {
      if (auto problem = connect(deadline); !problem.empty()) return {0, true, std::move(problem), {}, {}};
    }
    bool silent = true;
    auto answer = exchange(request.reveal(), body, deadline, silent);
    const bool stale = kept && answer.lost && silent && SteadyTime::now() < deadline;
    if (!stale) return answer;
  }
}

std::string HttpClient::connect(TimePoint deadline) {
  auto dialled = dialer_.dial({url_.host, url_.port, {}}, deadline, never_);
  if (!dialled.socket.valid()) return std::move(dialled.problem);
  auto socket =
      std::make_unique<redis::SocketTransport>(std::move(dialled.socket), std::chrono::milliseconds(0));
  if (!tls_) {
    transport_ = std::move(socket);
    return {};
  }
  auto encrypted =
      std::make_unique<redis::TlsTransport>(std::move(socket), tls_, url_.host, url_.authority());
  if (const auto error = encrypted->tls_handshake(deadline)) return std::string(error->message());
  transport_ = std::move(encrypted);
  return {};
}

HttpAnswer HttpClient::exchange(std::string_view head, std::string_view body, TimePoint deadline,
                                bool& silent) {
  HttpResponse response;
  problem_.clear();
  bool lost = !send(head, body, response, deadline);
  while (!lost && !response.finished()) {
    if (receive(response) || response.finished()) continue;
    lost = !problem_.empty();
    if (lost) break;
    if (SteadyTime::now() >= deadline || transport_->wait(false, deadline) == Transport::Waiting::timed_out) {
      problem_ = "no complete answer in time";
      lost = true;
    }
  }
  silent = !response.began();
  if (lost || !response.keeps_alive() || response.state() != HttpResponse::State::done) transport_.reset();
  if (response.state() == HttpResponse::State::done)
    return {response.status(), false, {}, response.retry_after(), response.body()};
  if (lost) return {0, true, problem_, {}, {}};
  return {0, false, response.too_large() ? "the answer is too large" : "the answer is not HTTP", {}, {}};
}

// A server may answer, and close, before it has everything.
bool HttpClient::send(std::string_view head, std::string_view body, HttpResponse& response,
                      TimePoint deadline) {
  while (!head.empty() || !body.empty()) {
    const std::array pieces{piece(head), piece(body)};
    const auto sent = transport_->send(head.empty() ? std::span(pieces).subspan(1) : std::span(pieces));
    switch (sent.status) {
      case Transport::Status::ok: {
        const auto of_head = std::min(sent.count, head.size());
        head.remove_prefix(of_head);
        body.remove_prefix(sent.count - of_head);
        break;
      }
      case Transport::Status::again:
        while (receive(response)) {
        }
        if (response.finished()) return true;
        if (!problem_.empty()) return false;
        if (transport_->wait(true, deadline) == Transport::Waiting::timed_out) {
          problem_ = "the request could not be sent in time";
          return false;
        }
        break;
      default:
        problem_ = transport_->problem();
        const auto why = problem_;
        while (receive(response)) {
        }
        if (response.state() == HttpResponse::State::done) return true;
        problem_ = why.empty() ? "the connection ended" : why;
        return false;
    }
    if (SteadyTime::now() >= deadline && !(head.empty() && body.empty())) {
      problem_ = "the request could not be sent in time";
      return false;
    }
  }
  return true;
}

bool HttpClient::receive(HttpResponse& response) {
  if (response.finished()) return false;
  std::array<char, 4096> bytes;
  const iovec place{bytes.data(), bytes.size()};
  const auto received = transport_->receive({&place, 1}, Transport::Patience::none);
  switch (received.status) {
    case Transport::Status::ok:
      response.feed({bytes.data(), received.count});
      return true;
    case Transport::Status::again:
      return false;
    case Transport::Status::ended:
      if (response.state() == HttpResponse::State::until_end)
        response.end();
      else
        problem_ = "the connection ended";
      return false;
    case Transport::Status::failed:
      break;
  }
  problem_ = transport_->problem();
  if (problem_.empty()) problem_ = "the connection failed";
  return false;
}

}  // namespace cachesite::telemetry
