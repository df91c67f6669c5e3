#pragma once

#include "support/stale_reads.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

namespace cachesite::test {

/// Processes with copies in memory that read at the same time; see stale_reads.hpp. Functions throw when one of them
/// does not get on.
class StaleReaders {
 public:
  /// Starts the process of the reader with a number, which calls `be_reader`, and returns its id.
  using Start = std::function<pid_t(std::size_t number)>;

  /// Returns when all of them read. `path` is a new file, of what they share.
  StaleReaders(const std::string& path, std::size_t count, Start start)
      : shared_(path), start_(std::move(start)) {
    for (std::size_t reader = 0; reader < count; ++reader)
      start_one();
    for (const auto& [process, number] : living_)
      await([&, place = number] { return shared_->readers[place].ready.load(); });
    shared_->begin = true;
  }
  /// Kills one, and starts another in its place.
  void kill_one(std::size_t which) {
    const auto victim = living_.begin() + static_cast<std::ptrdiff_t>(which % living_.size());
    end_process(victim->first);
    living_.erase(victim);
    start_one();
  }
  void end() {
    shared_->end = true;
    double hits = 0;
    double reads = 0;
    for (const auto& [process, number] : living_) {
      const auto& reader = shared_->readers[number];
      await([&] { return reader.has_ended.load(); });
      hits += static_cast<double>(reader.near_hits);
      reads += static_cast<double>(reader.measured.reads);
    }
    near_hits_ = reads > 0 ? hits / reads : 0;
  }
  /// The differences that all of them have found, which ends them. Nobody may write now.
  int audit() {
    shared_->audit = true;
    int different = 0;
    for (const auto& [process, number] : living_) {
      await([&, place = number] { return shared_->readers[place].is_audited.load(); },
            std::chrono::seconds(120));
      different += shared_->readers[number].different;
    }
    await_exits();
    return different;
  }
  /// By those that were killed, too.
  [[nodiscard]] StaleReads measured() const {
    StaleReads sum;
    for (std::size_t number = 0; number < started_; ++number)
      sum.add(shared_->readers[number].measured);
    return sum;
  }
  /// The share of reads, of those that lived in the end.
  [[nodiscard]] double near_hits() const { return near_hits_; }
  [[nodiscard]] std::size_t started() const { return started_; }

 private:
  /// Ends with those that live.
  struct Living : std::vector<std::pair<pid_t, std::size_t>> {
    Living() = default;
    Living(const Living&) = delete;
    Living& operator=(const Living&) = delete;
    ~Living() {
      for (const auto& [process, number] : *this)
        end_process(process);
    }
  };

  static void end_process(pid_t process) {
    ::kill(process, SIGKILL);
    ::waitpid(process, nullptr, 0);
  }
  // A sanitizer that has found something tells by the exit status.
  void await_exits() {
    while (!living_.empty()) {
      int status = 0;
      await([&] { return ::waitpid(living_.back().first, &status, WNOHANG) != 0; });
      living_.pop_back();
      if (status != 0) throw std::runtime_error("a reader has failed");
    }
  }
  void start_one() {
    if (started_ == ReadersMemory::most_readers) throw std::runtime_error("too many readers");
    const auto number = started_++;
    living_.emplace_back(start_(number), number);
  }

  const SharedObject<ReadersMemory> shared_;
  const Start start_;
  std::size_t started_ = 0;
  double near_hits_ = 0;
  Living living_;
};

/// Lets the time pass. After each pause a reader is killed, and twice the server is lost in between.
template <class LoseServer>
void lose_processes(double seconds, double pause, StaleReaders& readers, const LoseServer& lose_server) {
  std::mt19937 random(11);
  const auto begin = std::chrono::steady_clock::now();
  const auto passed = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  int lost_servers = 0;
  for (double next = pause; passed() < seconds; next = passed() + pause) {
    wait_until([&] { return passed() >= std::min(next, seconds); }, std::chrono::hours(1));
    if (passed() >= seconds) return;
    readers.kill_one(random());
    if (lost_servers == 2 || passed() < seconds * (lost_servers + 1) / 3) continue;
    lose_server();
    ++lost_servers;
  }
}

}  // namespace cachesite::test
