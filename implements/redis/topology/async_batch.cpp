#include "redis/topology/async_batch.hpp"

#include "basics/inherited.hpp"
#include "redis/endpoint/endpoint_call.hpp"
#include "redis/topology/routed_topology.hpp"
#include "redis/topology/server_batch.hpp"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <map>
#include <new>
#include <optional>
#include <utility>

namespace cachesite::redis {

using Next = RedirectPolicy::Step::Next;

namespace {

Error cancelled_error() {
  return Error(ErrorCode::closed, "the caller has asked for the end of the call");
}

}  // namespace

/// What goes to one server together, or one request that goes on by itself.
class AsyncBatch::Part final : private RoutedCall::Owner {
 public:
  Part(AsyncBatch& batch, Endpoint& endpoint, ChosenServer server)
      : batch_(batch), endpoint_(&endpoint), server_(std::move(server)) {}
  Part(AsyncBatch& batch, Request& request, std::optional<RoutedCall::Beginning> beginning)
      : batch_(batch),
        beginning_(std::move(beginning)),
        has_been_asked_(beginning_.has_value()),
        requests_{&request} {}

  void add(Request& request) { requests_.push_back(&request); }
  [[nodiscard]] const std::vector<Request*>& requests() const noexcept { return requests_; }
  /// Who was asked; none when a RoutedCall has found somebody.
  [[nodiscard]] const ChosenServer& server() const noexcept { return server_; }

  /// True when it has ended.
  [[nodiscard]] bool begin() noexcept {
    if (!batch_.cancelled_.load()) {
      try {
        if (!send()) {
          begun_.store(true);
          if (batch_.cancelled_.load()) cancel();
          return false;
        }
      } catch (const std::exception&) {
        fail(Error(ErrorCode::no_memory));
      }
    } else {
      fail(cancelled_error());
    }
    return true;
  }
  void cancel() noexcept {
    if (!begun_.load()) return;
    if (routed_ != nullptr)
      (void)routed_->cancel();
    else
      (void)at_server_->cancel();
  }
  /// True when it will not tell of its end, for the first time.
  [[nodiscard]] bool abandon() noexcept {
    if (!begun_.load() || abandoned_) return false;
    abandoned_ = routed_ != nullptr ? routed_->abandon() : at_server_->abandon();
    if (abandoned_) fail(cancelled_error());
    return abandoned_;
  }
  void fail(const Error& error) noexcept {
    for (Request* const request : requests_) {
      request->reply.kind = ReplyKind::none;
      if (!has_been_asked_ || request->status.ok()) request->status = error;
    }
  }

 private:
  [[nodiscard]] bool send() {
    const bool has_ended = endpoint_ != nullptr ? send_all() : send_alone();
    if (has_ended) take();
    return has_ended;
  }
  bool send_all() {
    std::vector<Command> commands;
    commands.reserve(requests_.size());
    for (Request* const request : requests_) {
      commands.push_back(request->command);
      request->reply.kind = ReplyKind::none;
    }
    at_server_ = EndpointCall::make();
    if (at_server_ == nullptr) throw std::bad_alloc();
    return at_server_->begin(*endpoint_, {commands}, {batch_.wave_begin_, batch_.time_.deadline}, *this);
  }
  bool send_alone() {
    routed_ = RoutedCall::make();
    if (routed_ == nullptr) throw std::bad_alloc();
    const Request& request = *requests_.front();
    const RoutedCall::Subject subject{request.command.arguments[request.routing.key_argument],
                                      request.routing.only_reads};
    auto& servers = *batch_.servers_;
    if (!beginning_)
      beginning_ = {
          servers.policy_of(request.command.repeatable, request.routing, batch_.time_, servers.next_turn()),
          {.next = Next::by_map}};
    return routed_->begin(servers, subject, batch_.time_, *this, *std::move(beginning_));
  }
  void put_question(RoutedCall& call) override { call.ask({{&requests_.front()->command, 1}}); }

  void ended() noexcept override {
    take();
    batch_.part_ended();
  }
  void take() noexcept {
    if (routed_ != nullptr) return take_only();
    const auto answers = at_server_->answers();
    for (std::size_t place = 0; place < requests_.size(); ++place) {
      Request& request = *requests_[place];
      if (place < answers.size()) std::swap(request.reply, answers[place]);
      ServerBatch::end(request, at_server_->status(), *endpoint_);
    }
  }
  void take_only() noexcept {
    Request& request = *requests_.front();
    request.status = routed_->status();
    if (!request.status.ok()) return;
    std::swap(request.reply, routed_->answers().front());
    request.server = routed_->server();
  }

  AsyncBatch& batch_;
  Endpoint* endpoint_ = nullptr;
  ChosenServer server_;
  std::optional<RoutedCall::Beginning> beginning_;
  const bool has_been_asked_ = false;  // then a failure is more than that of a call which never went out
  std::vector<Request*> requests_;
  EndpointCall::Pointer at_server_;
  RoutedCall::Pointer routed_;
  std::atomic<bool> begun_{false};
  bool abandoned_ = false;
};

AsyncBatch::AsyncBatch() noexcept = default;
AsyncBatch::~AsyncBatch() = default;

bool AsyncBatch::begin(Topology& topology, std::span<Request> requests, CallTime time,
                       cachesite::detail::OperationCaller& caller) noexcept try {
  only_server_ = topology.only_endpoint();
  servers_ = topology.routed();
  time_ = time;
  wave_begin_ = time.begin;
  caller_ = &caller;
  new_.reserve(requests.size());
  std::for_each(requests.rbegin(), requests.rend(), [this](Request& request) { new_.push_back(&request); });
  if (only_server_ == nullptr && servers_ == nullptr) end_left(basics::forked_error());
  return go_on();
} catch (const std::exception&) {
  for (Request& request : requests)
    request.status = Error(ErrorCode::no_memory);
  new_.clear();
  return true;
}

bool AsyncBatch::go_on() noexcept {
  for (;;) {
    parts_.clear();
    if (cancelled_.load()) end_left(cancelled_error());
    try {
      make_wave();
    } catch (const std::exception&) {
      const Error error(ErrorCode::no_memory);
      for (const auto& part : parts_)
        part->fail(error);
      parts_.clear();
      end_left(error);
    }
    if (parts_.empty()) return true;
    begin_wave();
    if (!let_go()) return false;
    end_wave();
  }
}

void AsyncBatch::make_wave() {
  if (!singles_.empty()) {
    for (std::size_t count = std::min(singles_.size(), most_singles()); count != 0; --count) {
      auto& [request, beginning] = singles_.back();
      parts_.push_back(std::make_unique<Part>(*this, *request, std::move(beginning)));
      singles_.pop_back();
    }
  } else if (only_server_ != nullptr) {
    if (new_.empty()) return;
    parts_.push_back(std::make_unique<Part>(*this, *only_server_, ChosenServer{}));
    for (; !new_.empty(); new_.pop_back())
      parts_.back()->add(*new_.back());
  } else if (!new_.empty()) {
    const auto view = servers_->view_.get();
    if (view && view->usable()) return make_parts_of(*view);
    parts_.push_back(std::make_unique<Part>(*this, *new_.back(), std::nullopt));
    new_.pop_back();
  }
}

// Those that no server holds go on by themselves.
void AsyncBatch::make_parts_of(const ServerView& view) {
  std::map<const Endpoint*, Part*> parts;
  const auto turn = servers_->next_turn();
  std::size_t singles = 0;
  for (; !new_.empty() && singles < most_singles(); new_.pop_back()) {
    Request& request = *new_.back();
    const auto* const set = view.find(request.command, request.routing, turn);
    if (set == nullptr) {
      ++singles;
      parts_.push_back(std::make_unique<Part>(*this, request, std::nullopt));
      continue;
    }
    auto server = set->choose(servers_->reads_replica(request.routing), turn);
    auto*& part = parts[server.node.get()];
    if (part == nullptr) {
      Endpoint& endpoint = *server.node;
      parts_.push_back(std::make_unique<Part>(*this, endpoint, std::move(server)));
      part = parts_.back().get();
    }
    part->add(request);
  }
}

void AsyncBatch::begin_wave() noexcept {
  under_way_.store(parts_.size() + 1);
  for (const auto& part : parts_)
    if (part->begin()) (void)let_go();
}

void AsyncBatch::end_wave() noexcept {
  if (servers_ == nullptr) return;
  wave_begin_ = SteadyTime::now();
  const auto before = static_cast<std::ptrdiff_t>(singles_.size());
  for (const auto& part : parts_)
    if (part->server().node != nullptr)
      for (Request* const request : part->requests())
        look_at_end(*request, part->server());
  std::reverse(singles_.begin() + before, singles_.end());
}

void AsyncBatch::look_at_end(Request& request, const ChosenServer& asked) noexcept {
  if (request.status.ok() && request.reply.kind != ReplyKind::error) return;
  auto policy =
      servers_->policy_of(request.command.repeatable, request.routing, time_, servers_->next_turn());
  try {
    auto step = servers_->next_step(policy, request.status, request.reply, asked, wave_begin_);
    if (step.next != Next::finish) {
      singles_.push_back({&request, {std::move(policy), std::move(step)}});
    } else if (step.error) {
      request.status = *step.error;
      if (!step.want_refresh) return;
      RoutedTopology::Lock lock(servers_->mutex_);
      if (!servers_->stopped_) (void)servers_->refresh(step, std::nullopt, lock);
    }
  } catch (const std::exception&) {
    if (request.status.ok()) request.status = Error(ErrorCode::no_memory);
  }
}

// A batch is one of the calls that may wait, so it leaves places for others.
std::size_t AsyncBatch::most_singles() const noexcept {
  constexpr std::size_t most = 256;
  return std::clamp<std::size_t>(servers_->most_waiting_ / 8, 1, most);
}

void AsyncBatch::end_left(const Error& error) noexcept {
  for (Request* const request : new_)
    request->status = error;
  for (const auto& [request, beginning] : singles_)
    if (request->status.ok()) request->status = error;
  new_.clear();
  singles_.clear();
}

bool AsyncBatch::hold() noexcept {
  auto count = under_way_.load();
  while (count != 0)
    if (under_way_.compare_exchange_weak(count, count + 1)) return true;
  return false;
}

void AsyncBatch::part_ended() noexcept {
  if (!let_go()) return;
  end_wave();
  if (go_on()) caller_->ended();
}

// What it has the wave do may end the batch, so nothing is touched after that.
void AsyncBatch::cancel() noexcept {
  cancelled_.store(true);
  if (!hold()) return;
  for (const auto& part : parts_)
    part->cancel();
  part_ended();
}

bool AsyncBatch::abandon() noexcept {
  cancelled_.store(true);
  if (!hold()) return false;
  std::size_t gone = 1;
  for (const auto& part : parts_)
    if (part->abandon()) ++gone;
  return let_go(gone);
}

}  // namespace cachesite::redis
