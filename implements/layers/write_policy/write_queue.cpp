#include "layers/write_policy/write_queue.hpp"

#include "basics/background_thread.hpp"

#include <algorithm>
#include <iterator>
#include <system_error>
#include <utility>

namespace cachesite::layers {

using std::chrono::milliseconds;

namespace {

bool may_be_cured(const Error& error) noexcept {
  return error.code() != ErrorCode::bad_argument && error.code() != ErrorCode::too_large &&
         error.code() != ErrorCode::unsupported;
}

}  // namespace

WriteQueue::WriteQueue(const WritePolicyCacheOptions& options, OnLost on_lost)
    : queue_size_(options.queue_size),
      queue_bytes_(options.queue_bytes.bytes),
      newest_only_(options.newest_only),
      retries_(options.retries),
      wait_limit_(TimeSpan(options.wait_limit).milliseconds()),
      retry_pause_(TimeSpan(options.retry_pause).milliseconds()),
      longest_retry_pause_(TimeSpan(options.longest_retry_pause).milliseconds()),
      thread_count_(options.threads),
      on_lost_(std::move(on_lost)) {}

WriteQueue::~WriteQueue() {
  stop(milliseconds(0));
}

// A value longer than all room there is goes alone.
bool WriteQueue::fits(std::size_t bytes) const noexcept {
  return reserved_ == 0 ||
         (reserved_ < queue_size_ && bytes <= queue_bytes_ - std::min(queue_bytes_, reserved_bytes_));
}

Status WriteQueue::reserve(std::size_t bytes, bool wait) {
  std::unique_lock lock(mutex_);
  const auto ready = [&] { return closed_ || fits(bytes); };
  if (!ready() && (!wait || !changed_.wait_for(lock, wait_limit_, ready)))
    return Error(ErrorCode::timeout, "the queue of values to be written is full");
  if (closed_) return Error(ErrorCode::closed, "the cache is stopped");
  start_threads();
  ++reserved_;
  reserved_bytes_ += bytes;
  return Done{};
}

void WriteQueue::give_back(std::size_t bytes) noexcept {
  {
    const std::lock_guard lock(mutex_);
    --reserved_;
    reserved_bytes_ -= bytes;
  }
  changed_.notify_all();
}

bool WriteQueue::push(WriteJob job) {
  Jobs one;
  one.push_back(std::move(job));
  const std::lock_guard lock(mutex_);
  if (giving_up_) {
    --reserved_;
    reserved_bytes_ -= one.front().bytes();
    return false;
  }
  const auto line = lines_.try_emplace(one.front().key).first;
  auto& [jobs, running] = line->second;
  if (newest_only_ && !jobs.empty()) {
    // It keeps the place of the one that it replaces, for those who wait for that one.
    one.front().number = jobs.back().number;
    std::swap(one.front(), jobs.back());
    --reserved_;
    reserved_bytes_ -= one.front().bytes();
    ++statistics_.replaced;
    changed_.notify_all();
  } else {
    const auto number = last_number_ + 1;
    const bool is_idle = jobs.empty() && !running;
    try {
      outstanding_.insert(number);
      if (is_idle) ready_.emplace(std::chrono::steady_clock::now(), line->first);
    } catch (...) {
      outstanding_.erase(number);
      if (is_idle) lines_.erase(line);  // nobody else has a job in it
      throw;
    }
    last_number_ = one.front().number = number;
    jobs.splice(jobs.end(), one);
  }
  ++statistics_.queued;
  work_.notify_one();
  return true;
}

bool WriteQueue::await_key(const std::string& key, milliseconds limit) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [&] { return lines_.find(key) == lines_.end(); });
}

std::uint64_t WriteQueue::flush(milliseconds limit) {
  std::unique_lock lock(mutex_);
  const auto last = last_number_;
  const auto done = [&] { return outstanding_.empty() || *outstanding_.begin() > last; };
  if (changed_.wait_for(lock, limit, done)) return 0;
  return static_cast<std::uint64_t>(std::distance(outstanding_.begin(), outstanding_.upper_bound(last)));
}

void WriteQueue::stop(milliseconds limit) noexcept {
  if (inherited()) return;
  std::vector<basics::Thread> threads;
  {
    std::unique_lock lock(mutex_);
    closed_ = true;
    changed_.notify_all();
    (void)changed_.wait_for(lock, limit, [&] { return outstanding_.empty(); });
    giving_up_ = true;
    while (!ready_.empty()) {
      const auto line = lines_.find(ready_.begin()->second);
      ready_.erase(ready_.begin());
      give_up(lock, line);
    }
    threads.swap(threads_);
    work_.notify_all();
    changed_.notify_all();
  }
  for (auto& thread : threads)
    if (thread.get_id() == std::this_thread::get_id())
      thread.detach();  // it ends by itself, and keeps alive until then what it uses
    else
      thread.join();
}

void WriteQueue::start_threads() {
  threads_.reserve(thread_count_);
  while (threads_.size() < thread_count_) {
    try {
      threads_.push_back(basics::background_thread([this, owner = owner_.lock()] { work(); }));
    } catch (const std::exception&) {  // no thread, or no memory for one
      if (threads_.empty()) throw;
      return;  // one is enough
    }
  }
}

void WriteQueue::work() {
  std::unique_lock lock(mutex_);
  while (!giving_up_) {
    if (ready_.empty()) {
      work_.wait(lock);
      continue;
    }
    const auto time = ready_.begin()->first;
    if (time > std::chrono::steady_clock::now()) {
      work_.wait_until(lock, time);
      continue;
    }
    Jobs done;
    write_one(lock, ready_.extract(ready_.begin()), done);
    forget(lock, done);
  }
}

// The line stays where it is while it runs, and nothing is allocated here: what waits cannot get lost.
void WriteQueue::write_one(std::unique_lock<std::mutex>& lock, Ready::node_type place, Jobs& one) {
  Line& line = lines_.find(place.mapped())->second;
  line.running = true;
  one.splice(one.begin(), line.jobs, line.jobs.begin());
  WriteJob& job = one.front();

  lock.unlock();
  const auto written = call_writer(job.writer, job.key, job.view());
  lock.lock();
  line.running = false;
  if (written.ok()) {
    ++statistics_.written_behind;
  } else if (newest_only_ && !line.jobs.empty()) {
    // The newer one takes its place, so that those who wait for it wait for that one.
    ++statistics_.replaced;
    std::swap(job.number, line.jobs.front().number);
  } else if (!giving_up_ && job.failures < retries_ && may_be_cured(written.error())) {
    ++statistics_.retried;
    place.key() = std::chrono::steady_clock::now() + pause_after(++job.failures);
    line.jobs.splice(line.jobs.begin(), one);
    ready_.insert(std::move(place));
    work_.notify_one();
    return;
  } else {
    line.running = true;
    lose(lock, job, written.error(), line.jobs.empty());
    line.running = false;
  }

  release(job);
  if (line.jobs.empty()) {
    lines_.erase(lines_.find(place.mapped()));
  } else if (giving_up_) {
    give_up(lock, lines_.find(place.mapped()));
  } else {
    place.key() = std::chrono::steady_clock::now();
    ready_.insert(std::move(place));
    work_.notify_one();
  }
  changed_.notify_all();
}

void WriteQueue::give_up(std::unique_lock<std::mutex>& lock, Lines::iterator line) {
  const Error reason(ErrorCode::closed, "the cache was stopped before the value was written");
  line->second.running = true;
  while (!line->second.jobs.empty()) {
    Jobs one;
    one.splice(one.begin(), line->second.jobs, line->second.jobs.begin());
    lose(lock, one.front(), reason, line->second.jobs.empty());
    release(one.front());
    forget(lock, one);
  }
  lines_.erase(line);
}

// What a writer captured may do anything when it goes.
void WriteQueue::forget(std::unique_lock<std::mutex>& lock, Jobs& jobs) noexcept {
  lock.unlock();
  jobs.clear();
  lock.lock();
}

// The job counts as waiting until everybody knows that it is lost.
void WriteQueue::lose(std::unique_lock<std::mutex>& lock, const WriteJob& job, const Error& reason,
                      bool newest) {
  ++statistics_.lost;
  lock.unlock();
  on_lost_(job, reason, newest);
  lock.lock();
}

void WriteQueue::release(const WriteJob& job) noexcept {
  outstanding_.erase(job.number);
  --reserved_;
  reserved_bytes_ -= job.bytes();
}

milliseconds WriteQueue::pause_after(std::uint32_t failures) const noexcept {
  auto pause = retry_pause_;
  for (std::uint32_t doubled = 1; doubled < failures && pause < longest_retry_pause_; ++doubled)
    pause *= 2;
  return std::min(pause, longest_retry_pause_);
}

void WriteQueue::count_refused() noexcept {
  const std::lock_guard lock(mutex_);
  ++statistics_.refused;
}

void WriteQueue::count_written_through() noexcept {
  const std::lock_guard lock(mutex_);
  ++statistics_.written_through;
}

WritePolicyStatistics WriteQueue::statistics() const {
  if (inherited()) return {};
  const std::lock_guard lock(mutex_);
  auto statistics = statistics_;
  statistics.waiting = outstanding_.size();
  return statistics;
}

}  // namespace cachesite::layers
