#include "basics/crew.hpp"

#include "basics/background_thread.hpp"
#include "basics/condition.hpp"

#include <exception>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

namespace cachesite::basics {

struct Crew::State {
  struct Member {
    basics::Thread thread;
    bool finished = false;
  };

  void work(Member& self);
  bool take(std::function<void()>&& work, const Limits& limits, const std::shared_ptr<State>& own);
  void start_member(const std::shared_ptr<State>& own);
  std::list<Member> take_members(const std::function<bool(const Member&)>& wanted);

  std::mutex mutex;
  basics::Condition wake;
  std::list<std::function<void()>> queue;
  std::list<Member> members;
  std::size_t working = 0;  // members that are not finished
  std::size_t idle = 0;
  bool closed = false;
};

void Crew::State::work(Member& self) {
  std::unique_lock lock(mutex);
  do {
    ++idle;
    wake.wait(lock, [this] { return closed || !queue.empty(); });
    --idle;
    if (queue.empty()) break;
    auto work = std::move(queue.front());
    queue.pop_front();
    lock.unlock();
    work();
    work = nullptr;
    lock.lock();
  } while (idle < kept_idle && !closed);
  --working;
  self.finished = true;
}

bool Crew::State::take(std::function<void()>&& work, const Limits& limits,
                       const std::shared_ptr<State>& own) {
  const std::lock_guard lock(mutex);
  if (closed) return false;
  const bool needs_thread = idle <= queue.size();
  const bool may_start = needs_thread && working < limits.most_threads;
  if (needs_thread && !may_start && queue.size() >= limits.most_queued + idle) return false;
  queue.push_back(std::move(work));
  if (!may_start) {
    wake.notify_one();
    return true;
  }
  try {
    start_member(own);
  } catch (const std::exception&) {
    queue.pop_back();
    return false;
  }
  return true;
}

void Crew::State::start_member(const std::shared_ptr<State>& own) {
  auto& member = members.emplace_back();
  try {
    member.thread = basics::background_thread([own, &member] { own->work(member); });
    ++working;
  } catch (...) {
    members.pop_back();
    throw;
  }
}

std::list<Crew::State::Member> Crew::State::take_members(const std::function<bool(const Member&)>& wanted) {
  std::list<Member> taken;
  const std::lock_guard lock(mutex);
  for (auto next = members.begin(); next != members.end();) {
    const auto member = next++;
    if (wanted(*member)) taken.splice(taken.end(), members, member);
  }
  return taken;
}

Crew::Crew() : state_(std::make_shared<State>()) {}

void Crew::finish() noexcept {
  close();
  const auto self = std::this_thread::get_id();
  const auto is_other = [self](const auto& each) {
    return each.thread.joinable() && each.thread.get_id() != self;
  };
  for (auto& other : state_->take_members(is_other))
    other.thread.join();
  // What is left is the calling thread, which ends by itself.
  for (auto& own : state_->members)
    if (own.thread.joinable()) own.thread.detach();
}

bool Crew::run(std::function<void()> work, const Limits& limits) noexcept {
  try {
    for (auto& member : state_->take_members([](const auto& each) { return each.finished; }))
      member.thread.join();
    return state_->take(std::move(work), limits, state_);
  } catch (const std::exception&) {
    return false;
  }
}

void Crew::close() noexcept {
  std::list<std::function<void()>> dropped;
  {
    const std::lock_guard lock(state_->mutex);
    state_->closed = true;
    dropped.swap(state_->queue);
  }
  state_->wake.notify_all();
}

}  // namespace cachesite::basics
