#include "queue/stream_consumer.hpp"

#include "basics/inherited.hpp"

#include <algorithm>
#include <utility>

namespace cachesite::queue {

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
  Status reject(milliseconds delay) override {
    settled_ = true;
    return consumer_->reject(id_, delay);
  }
  Result<bool> keep() override { return consumer_->keep(id_); }

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
  {
    const std::lock_guard lock(mutex_);
    for (const auto& fetched : fetched_)
      drop(fetched.id);
    fetched_.clear();
  }
  let_go(true);
}

void StreamConsumer::let_go(bool leave) noexcept {
  try {
    std::vector<std::string> arguments{queue_.group, name_, std::to_string(queue_.redeliver_after.count()),
                                       leave ? "1" : "0"};
    {
      const std::lock_guard lock(mutex_);
      if (!has_group_) return;
      arguments.insert(arguments.end(), in_hand_.begin(), in_hand_.end());
    }
    const std::vector<ByteView> keys{queue_.stream};
    const std::vector<ByteView> views(arguments.begin(), arguments.end());
    (void)queue_.redis->run(queue_.scripts->let_go, keys, views);
  } catch (const std::exception&) {
    // What is not let go comes again when its time is up.
  }
}

Status StreamConsumer::prepare() {
  {
    const std::lock_guard lock(mutex_);
    if (has_group_) return Done{};
  }
  auto made = queue_.make_group();
  if (!made.ok()) return made;
  const std::lock_guard lock(mutex_);
  has_group_ = true;
  return made;
}

Result<std::optional<QueueMessage>> StreamConsumer::receive(milliseconds wait, const std::stop_token& stop) {
  if (fork_mark_.forked()) return basics::forked_error();
  const auto deadline = SteadyTime::now() + wait;
  std::stop_source either;
  const std::stop_callback on_stop(stop, [&] { either.request_stop(); });
  const std::stop_callback on_close(closing_.get_token(), [&] { either.request_stop(); });
  for (bool looked = false;; looked = true) {
    if (either.stop_requested()) return closed_error();
    if (auto message = next_fetched()) return message;
    const auto now = SteadyTime::now();
    if (looked && now >= deadline) return std::optional<QueueMessage>();
    settle_debts();
    Status done = prepare();
    auto longest = queue_.poll_interval;
    if (done.ok()) {
      const auto due = look_after();
      if (due.ok())
        longest = due.value();
      else
        done = due.error();
    }
    if (done.ok()) {
      if (auto message = next_fetched()) return message;
      const auto left = std::chrono::ceil<milliseconds>(deadline - SteadyTime::now());
      done = fetch(std::clamp(left, milliseconds(0), longest), either.get_token());
    }
    if (done.ok()) continue;
    if (either.stop_requested()) return closed_error();
    if (!lacks_group(done.error())) return done.error();
    const std::lock_guard lock(mutex_);
    if (!std::exchange(has_group_, false)) return done.error();  // made, and gone at once
  }
}

std::optional<QueueMessage> StreamConsumer::next_fetched() {
  for (;;) {
    Fetched next;
    std::unique_ptr<StreamDelivery> delivery;
    {
      const std::lock_guard lock(mutex_);
      if (fetched_.empty() || closing_.stop_requested()) return std::nullopt;
      delivery = std::make_unique<StreamDelivery>(shared_from_this(), fetched_.front().id);
      next = std::move(fetched_.front());
      fetched_.pop_front();
    }
    // What has waited here for long may have been handed out to another meanwhile.
    if (SteadyTime::now() - next.since > queue_.redeliver_after / 3 && !keep(next.id).value_or(false))
      continue;
    return QueueMessage(std::move(next.body), std::move(next.id), next.deliveries, std::move(delivery));
  }
}

// Returns how long to wait at most before looking again.
Result<milliseconds> StreamConsumer::look_after() {
  std::string from;
  bool missed = false;
  {
    const std::lock_guard lock(mutex_);
    const auto now = SteadyTime::now();
    if (now < next_look_ && !may_have_missed_)
      return std::min(std::chrono::ceil<milliseconds>(next_look_ - now), next_due_);
    next_look_ = now + queue_.poll_interval;
    from = look_from_;
    missed = std::exchange(may_have_missed_, false);
  }
  if (missed) let_go(false);
  const auto reply =
      queue_.redis->run(queue_.scripts->upkeep, {queue_.stream, queue_.delayed, queue_.dead},
                        {queue_.group, name_, std::to_string(queue_.redeliver_after.count()), from,
                         std::to_string(queue_.batch), std::to_string(queue_.max_deliveries)});
  const std::lock_guard lock(mutex_);
  if (!reply.ok()) {
    next_look_ = {};
    may_have_missed_ = may_have_missed_ || missed || may_have_been_handed_out(reply.error());
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
  missed = std::exchange(may_have_missed_, true);
  for (std::size_t index = 2; index + 1 < answer.size(); index += 2)
    add(answer[index + 1], static_cast<std::uint64_t>(answer[index].integer()));
  may_have_missed_ = missed;
  if (answer.size() > 2 || look_from_ != "-") next_look_ = {};
  return next_due_;
}

Status StreamConsumer::fetch(milliseconds wait, const std::stop_token& stop) {
  RedisCommand command("XREADGROUP", "GROUP", queue_.group, name_, "COUNT", queue_.batch);
  if (wait.count() > 0) command.add("BLOCK").add(wait.count());
  command.add("STREAMS").add(queue_.stream).add(">");
  const auto reply = queue_.redis->call(command, stop);
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
  if (std::find(debts_.begin(), debts_.end(), fetched.id) != debts_.end()) return;
  std::multiset<std::string> in_hand{fetched.id};
  fetched_.push_back(std::move(fetched));
  in_hand_.insert(in_hand.extract(in_hand.begin()));
}

Status StreamConsumer::acknowledge(const std::string& id) {
  if (fork_mark_.forked()) return basics::forked_error();
  const auto told = queue_.acknowledge(id);
  const std::lock_guard lock(mutex_);
  drop(id);
  if (!told.ok()) debts_.push_back(id);
  return told;
}

// Doing it twice does no harm, so whatever was not answered is sent again.
void StreamConsumer::settle_debts() {
  std::vector<std::string> debts;
  {
    const std::lock_guard lock(mutex_);
    if (debts_.empty()) return;
    debts = debts_;
  }
  for (const auto& id : debts) {
    if (!queue_.acknowledge(id).ok()) return;
    const std::lock_guard lock(mutex_);
    std::erase(debts_, id);
  }
}

Status StreamConsumer::reject(const std::string& id, milliseconds delay) {
  if (fork_mark_.forked()) return basics::forked_error();
  const auto idle = queue_.redeliver_after - std::clamp(delay, milliseconds(0), queue_.redeliver_after);
  const auto set = set_idle(id, idle);
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

Result<bool> StreamConsumer::set_idle(const std::string& id, milliseconds idle) {
  const auto reply = queue_.redis->run(queue_.scripts->set_idle, {queue_.stream},
                                       {queue_.group, name_, id, std::to_string(idle.count())});
  if (!reply.ok()) return reply.error();
  return reply.value().integer() == 1;
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
