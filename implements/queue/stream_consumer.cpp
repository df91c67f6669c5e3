#include "queue/stream_consumer.hpp"

#include "basics/inherited.hpp"
#include "basics/joined_stop.hpp"
#include "coroutines/routine_operation.hpp"

#include <cachesite/detail/guarded_call.hpp>

#include <algorithm>
#include <utility>

namespace cachesite::queue {

using coroutines::Routine;

namespace {

using SteadyTime = std::chrono::steady_clock;
using std::chrono::milliseconds;

class StreamDelivery final : public IQueueDelivery {
 public:
  StreamDelivery(std::shared_ptr<StreamConsumer> consumer, std::string id)
      : consumer_(std::move(consumer)), id_(std::move(id)) {}
  ~StreamDelivery() override {
    if (!settled_) consumer_->forget(id_);
  }
  Status acknowledge() override {
    settled_ = true;
    return consumer_->acknowledge(id_);
  }
  std::unique_ptr<cachesite::detail::AsyncOperationOf<Status>> make_acknowledge(Patience patience) override {
    auto made = coroutines::make_operation<Status>(
        consumer_->loop(), [consumer = consumer_, id = id_, patience](std::stop_token stop) {
          try {
            return consumer->async_acknowledge(id, patience, std::move(stop));
          } catch (...) {
            consumer->owe(id);
            throw;
          }
        });
    settled_ = true;
    return made;
  }
  Status reject(milliseconds delay) override {
    settled_ = true;
    return consumer_->reject(id_, delay);
  }
  std::unique_ptr<cachesite::detail::AsyncOperationOf<Status>> make_reject(milliseconds delay,
                                                                           Patience patience) override {
    auto made = coroutines::make_operation<Status>(
        consumer_->loop(), [consumer = consumer_, id = id_, delay, patience](std::stop_token stop) {
          return consumer->async_reject(id, delay, patience, std::move(stop));
        });
    settled_ = true;
    return made;
  }
  Result<bool> keep() override { return consumer_->keep(id_); }
  std::unique_ptr<cachesite::detail::AsyncOperationOf<Result<bool>>> make_keep(Patience patience) override {
    return coroutines::make_operation<Result<bool>>(
        consumer_->loop(), [consumer = consumer_, id = id_, patience](std::stop_token stop) {
          return consumer->async_keep(id, patience, std::move(stop));
        });
  }

 private:
  const std::shared_ptr<StreamConsumer> consumer_;
  const std::string id_;
  bool settled_ = false;
};

Error closed_error() {
  return Error(ErrorCode::closed, "the queue or the wait was stopped");
}

bool lacks_group(const Error& error) {
  return error.message().find("NOGROUP") != std::string_view::npos;
}

Status status_of(const Result<RedisValue>& reply) {
  return reply.ok() ? Status(Done{}) : Status(reply.error());
}

// Without memory the answer may be what was lost.
bool may_have_been_handed_out(const Error& error) {
  return error.outcome() == Outcome::unknown || error.code() == ErrorCode::no_memory;
}

}  // namespace

StreamConsumer::StreamConsumer(StreamQueue queue, std::string consumer_name)
    : queue_(std::move(queue)), name_(std::move(consumer_name)), next_due_(queue_.poll_interval) {}

StreamConsumer::~StreamConsumer() {
  stop();
}

void StreamConsumer::stop() noexcept {
  if (fork_mark_.forked()) return;
  if (!closing_.request_stop()) return;
  std::vector<std::string> unseen;
  try {
    {
      const std::lock_guard lock(mutex_);
      unseen.reserve(fetched_.size());
    }
    ThreadAccess server(*queue_.redis);
    (void)let_go(server, true, take_unseen(std::move(unseen))).run_at_once();
  } catch (const std::exception&) {
    // What is not let go comes again when its time is up.
  }
}

// What was fetched and not handed out, as far as there is room.
std::vector<std::string> StreamConsumer::take_unseen(std::vector<std::string> room) noexcept {
  const std::lock_guard lock(mutex_);
  for (auto& fetched : fetched_) {
    drop(fetched.id);
    if (room.size() < room.capacity()) room.push_back(std::move(fetched.id));
  }
  fetched_.clear();
  return room;
}

// Of what is not in hand; with `leave` for good.
Routine<Status> StreamConsumer::let_go(ServerAccess& server, bool leave, std::vector<std::string> unseen) {
  std::vector<std::string> arguments{queue_.group, name_, std::to_string(queue_.redeliver_after.count()),
                                     leave ? "1" : "0"};
  std::unique_lock lock(mutex_);
  if (!has_group_) co_return Done{};
  arguments.push_back(std::to_string(in_hand_.size()));
  arguments.insert(arguments.end(), in_hand_.begin(), in_hand_.end());
  lock.unlock();
  arguments.insert(arguments.end(), unseen.begin(), unseen.end());
  auto asked = server.run(queue_.scripts->let_go, one_key(queue_.stream), std::move(arguments));
  const auto reply = co_await asked;
  co_return status_of(reply);
}

Routine<Status> StreamConsumer::prepare(ServerAccess& server) {
  std::unique_lock lock(mutex_);
  const bool has_group = has_group_;
  lock.unlock();
  if (has_group) co_return Done{};
  auto making = queue_.make_group(server);
  const auto made = co_await making;
  lock.lock();
  has_group_ = has_group_ || made.ok();
  co_return made;
}

StreamConsumer::Received StreamConsumer::receive(milliseconds wait, const std::stop_token& stop) {
  if (fork_mark_.forked()) return basics::forked_error();
  ThreadAccess server(*queue_.redis);
  return receive_by(server, wait, stop).run_at_once();
}

Routine<StreamConsumer::Received> StreamConsumer::async_receive(milliseconds wait, Patience patience,
                                                                std::stop_token stop) {
  if (fork_mark_.forked()) co_return basics::forked_error();
  const auto self = shared_from_this();
  AwaitingAccess server(*queue_.redis, patience);
  const bool impatient = patience && *patience < wait;
  auto receiving = receive_by(server, impatient ? *patience : wait, stop);
  auto received = co_await receiving;
  if (impatient && received.ok() && !received.value())
    co_return Error(ErrorCode::timeout, "no message came for as long as its receiver waits");
  co_return received;
}

Routine<StreamConsumer::Received> StreamConsumer::receive_by(ServerAccess& server, milliseconds wait,
                                                             std::stop_token stop) {
  const auto deadline = SteadyTime::now() + wait;
  const basics::JoinedStop joined(stop, closing_.get_token());
  const auto either = joined.token();
  for (bool looked = false;; looked = true) {
    if (either.stop_requested()) co_return closed_error();
    auto taking = next_fetched(server);
    auto message = co_await taking;
    if (!message.ok() || message.value()) co_return message;
    if (looked && SteadyTime::now() >= deadline) co_return message;
    auto looking = look_for_more(server, deadline, either);
    const auto done = co_await looking;
    if (done.ok()) continue;
    if (either.stop_requested()) co_return closed_error();
    if (!lacks_group(done.error())) co_return done.error();
    const std::lock_guard lock(mutex_);
    if (!std::exchange(has_group_, false)) co_return done.error();  // made, and gone at once
  }
}

// Ends when there may be something, and at the deadline.
Routine<Status> StreamConsumer::look_for_more(ServerAccess& server, TimePoint deadline,
                                              std::stop_token stop) {
  auto settling = settle_debts(server);
  (void)co_await settling;
  auto preparing = prepare(server);
  const auto prepared = co_await preparing;
  if (!prepared.ok()) co_return prepared;
  auto looking = look_after(server);
  const auto due = co_await looking;
  if (!due.ok()) co_return due.error();
  if (has_fetched()) co_return Done{};
  const auto left = std::chrono::ceil<milliseconds>(deadline - SteadyTime::now());
  const auto longest = std::clamp(left, milliseconds(0), due.value());
  auto fetching = fetch(server, server.wait_at_server(longest), stop);
  const auto fetched = co_await fetching;
  if (!fetched.ok()) co_return fetched;
  if (has_fetched()) co_return Done{};
  auto pausing = server.pause(longest, stop);
  co_return co_await pausing;
}

bool StreamConsumer::has_fetched() {
  const std::lock_guard lock(mutex_);
  return !fetched_.empty();
}

Routine<StreamConsumer::Received> StreamConsumer::next_fetched(ServerAccess& server) {
  for (;;) {
    std::unique_lock lock(mutex_);
    if (fetched_.empty() || closing_.stop_requested()) co_return std::optional<QueueMessage>();
    auto delivery = std::make_unique<StreamDelivery>(shared_from_this(), fetched_.front().id);
    Fetched next = std::move(fetched_.front());
    fetched_.pop_front();
    lock.unlock();
    // What has waited here for long may have been handed out to another meanwhile.
    if (SteadyTime::now() - next.since > queue_.redeliver_after / 3) {
      auto keeping = set_idle(server, next.id, milliseconds(0));
      const auto kept = co_await keeping;
      if (!kept.value_or(false)) continue;
    }
    co_return std::optional<QueueMessage>(
        QueueMessage(std::move(next.body), std::move(next.id), next.deliveries, std::move(delivery)));
  }
}

// Takes the note that messages may have been missed, and puts it back unless they were let go.
struct StreamConsumer::Missed {
  explicit Missed(StreamConsumer& of) noexcept
      : any(std::exchange(of.may_have_missed_, false)), consumer(of) {}
  Missed(const Missed&) = delete;
  Missed& operator=(const Missed&) = delete;
  ~Missed() {
    if (!any) return;
    const std::lock_guard lock(consumer.mutex_);
    consumer.may_have_missed_ = true;
  }

  bool any;
  StreamConsumer& consumer;
};

// Gives how long to wait at most before looking again.
Routine<Result<milliseconds>> StreamConsumer::look_after(ServerAccess& server) {
  std::unique_lock lock(mutex_);
  const auto now = SteadyTime::now();
  if (now < next_look_ && !may_have_missed_)
    co_return std::min(std::chrono::ceil<milliseconds>(next_look_ - now), next_due_);
  next_look_ = now + queue_.poll_interval;
  const std::string from = look_from_;
  Missed missed(*this);
  lock.unlock();
  if (missed.any) {
    auto letting = let_go(server, false, {});
    const auto let = co_await letting;
    missed.any = !let.ok();
  }
  std::vector<std::string> keys{queue_.stream, queue_.delayed, queue_.dead};
  std::vector<std::string> arguments{queue_.group,
                                     name_,
                                     std::to_string(queue_.redeliver_after.count()),
                                     from,
                                     std::to_string(queue_.batch),
                                     std::to_string(queue_.max_deliveries)};
  auto asked = server.run(queue_.scripts->upkeep, std::move(keys), std::move(arguments));
  const auto reply = co_await asked;
  co_return note_look(reply);
}

Result<milliseconds> StreamConsumer::note_look(const Result<RedisValue>& reply) {
  const std::lock_guard lock(mutex_);
  if (!reply.ok()) {
    next_look_ = {};
    may_have_missed_ = may_have_missed_ || may_have_been_handed_out(reply.error());
    return reply.error();
  }
  const auto& answer = reply.value().elements();
  if (answer.size() < 2) return Error(ErrorCode::protocol, "unexpected answer to a script of the queues");
  next_due_ = queue_.poll_interval;
  if (answer[0].integer() >= 0) {
    next_due_ = std::clamp(milliseconds(answer[0].integer()), milliseconds(1), queue_.poll_interval);
    next_look_ = std::min(next_look_, SteadyTime::now() + next_due_);
  }
  look_from_ = answer[1].text();
  const bool missed = std::exchange(may_have_missed_, true);
  for (std::size_t index = 2; index + 1 < answer.size(); index += 2)
    add(answer[index + 1], static_cast<std::uint64_t>(answer[index].integer()));
  may_have_missed_ = missed;
  if (answer.size() > 2 || look_from_ != "-") next_look_ = {};
  return next_due_;
}

Routine<Status> StreamConsumer::fetch(ServerAccess& server, milliseconds wait, std::stop_token stop) {
  RedisCommand command("XREADGROUP", "GROUP", queue_.group, name_, "COUNT", queue_.batch);
  if (wait.count() > 0) command.add("BLOCK").add(wait.count());
  command.add("STREAMS").add(queue_.stream).add(">");
  auto asked = server.call(command, stop);
  const auto reply = co_await asked;
  co_return note_fetch(reply);
}

Status StreamConsumer::note_fetch(const Result<RedisValue>& reply) {
  const std::lock_guard lock(mutex_);
  if (!reply.ok()) {
    may_have_missed_ = may_have_missed_ || may_have_been_handed_out(reply.error());
    return reply.error();
  }
  if (reply.value().is_nil()) return Done{};
  const bool missed = std::exchange(may_have_missed_, true);  // in case that memory ends on the way
  for (const auto& stream : reply.value().elements())
    if (stream.elements().size() == 2)
      for (const auto& entry : stream.elements()[1].elements())
        add(entry, 1);
  may_have_missed_ = missed;
  return Done{};
}

// Called with the lock.
void StreamConsumer::add(const RedisValue& entry, std::uint64_t deliveries) {
  if (entry.elements().size() != 2) return;
  Fetched fetched;
  fetched.id = entry.elements()[0].text();
  fetched.deliveries = deliveries;
  fetched.since = SteadyTime::now();
  const auto& fields = entry.elements()[1].elements();
  for (std::size_t index = 0; index + 1 < fields.size(); index += 2)
    if (index == 0 || fields[index].text() == "data") fetched.body = fields[index + 1].value();
  if (debts_.contains(fetched.id)) return;
  std::multiset<std::string> in_hand{fetched.id};
  fetched_.push_back(std::move(fetched));
  in_hand_.insert(in_hand.extract(in_hand.begin()));
}

Status StreamConsumer::acknowledge(const std::string& id) {
  if (fork_mark_.forked()) return basics::forked_error();
  return note_acknowledged(id, guarded_call<Done>([&] { return queue_.acknowledge(id); }, Outcome::unknown));
}

Routine<Status> StreamConsumer::async_acknowledge(std::string id, Patience patience, std::stop_token stop) {
  if (fork_mark_.forked()) co_return basics::forked_error();
  const auto self = shared_from_this();
  Status told(Error(ErrorCode::no_memory).with(Outcome::unknown));
  try {
    AwaitingAccess server(*queue_.redis, patience, stop);
    auto asked = queue_.acknowledge(server, id);
    told = co_await asked;
  } catch (const std::exception&) {
  }
  co_return note_acknowledged(id, told);
}

void StreamConsumer::owe(const std::string& id) noexcept {
  (void)note_acknowledged(id, Error(ErrorCode::no_memory));
}

// A debt needs no memory of its own.
Status StreamConsumer::note_acknowledged(const std::string& id, Status told) {
  const std::lock_guard lock(mutex_);
  auto in_hand = in_hand_.extract(id);
  if (!told.ok() && !in_hand.empty()) debts_.insert(std::move(in_hand));
  return told;
}

// Doing it twice does no harm, so whatever was not answered is sent again.
Routine<Status> StreamConsumer::settle_debts(ServerAccess& server) {
  std::unique_lock lock(mutex_);
  const auto debts = debts_;
  lock.unlock();
  for (const auto& id : debts) {
    auto asked = queue_.acknowledge(server, id);
    const auto told = co_await asked;
    if (!told.ok()) co_return told;
    lock.lock();
    debts_.erase(id);
    lock.unlock();
  }
  co_return Done{};
}

Status StreamConsumer::reject(const std::string& id, milliseconds delay) {
  if (fork_mark_.forked()) return basics::forked_error();
  return note_rejected(id, delay, set_idle(id, idle_before(delay)));
}

Routine<Status> StreamConsumer::async_reject(std::string id, milliseconds delay, Patience patience,
                                             std::stop_token stop) {
  if (fork_mark_.forked()) co_return basics::forked_error();
  const auto self = shared_from_this();
  AwaitingAccess server(*queue_.redis, patience, stop);
  auto setting = set_idle(server, id, idle_before(delay));
  const auto set = co_await setting;
  co_return note_rejected(id, delay, set);
}

// How long a message has to seem idle to be delivered again after `delay`.
milliseconds StreamConsumer::idle_before(milliseconds delay) const noexcept {
  return queue_.redeliver_after - std::clamp(delay, milliseconds(0), queue_.redeliver_after);
}

Status StreamConsumer::note_rejected(const std::string& id, milliseconds delay, const Result<bool>& set) {
  {
    const std::lock_guard lock(mutex_);
    drop(id);
    next_look_ = std::min(next_look_, SteadyTime::now() + std::max(delay, milliseconds(0)));
  }
  return set.ok() ? Status(Done{}) : Status(set.error());
}

Result<bool> StreamConsumer::keep(const std::string& id) {
  return set_idle(id, milliseconds(0));
}

Routine<Result<bool>> StreamConsumer::async_keep(std::string id, Patience patience, std::stop_token stop) {
  if (fork_mark_.forked()) co_return basics::forked_error();
  const auto self = shared_from_this();
  AwaitingAccess server(*queue_.redis, patience, stop);
  auto setting = set_idle(server, std::move(id), milliseconds(0));
  co_return co_await setting;
}

Result<bool> StreamConsumer::set_idle(const std::string& id, milliseconds idle) {
  ThreadAccess server(*queue_.redis);
  return set_idle(server, id, idle).run_at_once();
}

Routine<Result<bool>> StreamConsumer::set_idle(ServerAccess& server, std::string id, milliseconds idle) {
  std::vector<std::string> arguments{queue_.group, name_, std::move(id), std::to_string(idle.count())};
  auto asked = server.run(queue_.scripts->set_idle, one_key(queue_.stream), std::move(arguments));
  const auto reply = co_await asked;
  if (!reply.ok()) co_return reply.error();
  co_return reply.value().integer() == 1;
}

void StreamConsumer::forget(const std::string& id) {
  if (fork_mark_.forked()) return;
  const std::lock_guard lock(mutex_);
  drop(id);
}

void StreamConsumer::drop(const std::string& id) {
  const auto found = in_hand_.find(id);
  if (found != in_hand_.end()) in_hand_.erase(found);
}

}  // namespace cachesite::queue
