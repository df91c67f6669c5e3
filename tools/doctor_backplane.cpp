#include "doctor_backplane.hpp"

#include "awaited_key.hpp"
#include "declared.hpp"
#include "times.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace cachesite::tool {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds echo_patience{2'000};
constexpr milliseconds proof{500};
constexpr std::uint64_t most_lag = 1'000;
constexpr int tried_changes = 20;

/// Waits for what a backplane says.
class BackplaneListener final : public IBackplaneListener {
 public:
  void on_changes(std::span<const BackplaneChange> changes) noexcept override {
    for (const auto& change : changes)
      awaited.changed(change.key);
  }
  void on_state(const BackplaneState& state) noexcept override {
    const std::lock_guard lock(mutex_);
    epoch_ = state.epoch;
    changed_.notify_all();
  }
  void on_proven(std::int64_t) noexcept override {
    const std::lock_guard lock(mutex_);
    proven_ = true;
    changed_.notify_all();
  }

  [[nodiscard]] bool is_proven() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, echo_patience, [&] { return proven_ && epoch_ != 0; });
  }

  AwaitedKey awaited;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool proven_ = false;
  std::uint32_t epoch_ = 0;
};

/// One backplane of a site.
class BackplaneExamination {
 public:
  BackplaneExamination(const std::string& name, const RedisBackplaneOptions& options,
                       std::shared_ptr<IRedis> redis, Findings& findings)
      : name_(name),
        channel_("cachesite:news:1:" + options.channel),
        options_(options),
        redis_(std::move(redis)),
        findings_(findings) {}

  void run(IBackplane& backplane) {
    const auto begin = Clock::now();
    const auto watch = backplane.watch(listener_, proof);
    if (!listener_.is_proven())
      return tell(Verdict::failure, "own messages on " + channel_ + " do not come back: " + watch->reason());
    tell(Verdict::ok, "own messages on " + channel_ + " come back, first after " +
                          milliseconds_text(Clock::now() - begin));
    const auto time =
        std::min(options_.beat_interval * 3 / 2, echo_patience);  // each of the others sends once
    std::this_thread::sleep_for(time);
    tell_others(watch->statistics(), time);
    try_changes();
  }

  // Before version 7 rights can only be tried, which has been done then.
  void examine_rights() {
    const auto user = redis_->text({"ACL", "WHOAMI"});
    if (!user.ok() || !user.value()) return;
    examine_right(*user.value(), "publish", {"ACL", "DRYRUN", *user.value(), "PUBLISH", channel_, ""});
    examine_right(*user.value(), "subscribe", {"ACL", "DRYRUN", *user.value(), "SUBSCRIBE", channel_});
  }

 private:
  void try_changes() {
    RedisBackplaneOptions options;
    options.connection = Reference<IRedis>(redis_);
    options.channel = options_.channel;
    options.beat_interval = options_.beat_interval;
    RedisBackplane other(std::move(options));
    BackplaneListener unused;
    const auto watch = other.watch(unused, proof);
    std::vector<Clock::duration> times;
    for (int number = 0; number < tried_changes; ++number) {
      const auto key = "__cachesite_doctor__:" + std::to_string(number);
      const BackplaneChange change{ChangeAction::remove, key};
      listener_.awaited.await(key);
      const auto told = Clock::now();
      watch->publish({&change, 1});
      if (!listener_.awaited.heard_within(echo_patience)) break;
      times.push_back(Clock::now() - told);
    }
    const auto seen = std::to_string(times.size()) + " of " + std::to_string(tried_changes);
    if (times.size() < tried_changes)
      return tell(Verdict::failure, "only " + seen + " changes by another process were heard");
    tell(Verdict::ok, "a change by another process was heard in " + times_text(times) + " (" + seen + ")");
  }

  void tell_others(const BackplaneStatistics& statistics, milliseconds time) {
    tell(Verdict::ok, std::to_string(statistics.sources) +
                          (statistics.sources == 1 ? " other process was" : " other processes were") +
                          " heard within " + format_duration(time));
    if (statistics.bad_messages > 0)
      tell(Verdict::warning,
           std::to_string(statistics.bad_messages) +
               " messages cannot be read, or come from the future: does another program use the channel, "
               "and are the clocks of all machines right?");
    const auto lag = statistics.lag_milliseconds / std::max<std::uint64_t>(statistics.received, 1);
    if (lag > most_lag)
      tell(Verdict::warning, "messages are " + std::to_string(lag) +
                                 " ms old when they come: are the clocks of all machines right?");
  }

  void examine_right(const std::string& user, const std::string& what, const RedisCommand& question) {
    const auto tried = redis_->text(question);
    if (!tried.ok() || !tried.value() || *tried.value() == "OK") return;
    const bool of_channel = tried.value()->find("channel") != std::string::npos;
    tell(Verdict::failure, "user \"" + user + "\" may not " + what + " to " + channel_ + ": ACL SETUSER " +
                               user + (of_channel ? " &" + channel_ : " +" + what));
  }
  void tell(Verdict verdict, const std::string& text) { findings_.add(name_, verdict, text); }

  const std::string name_;
  const std::string channel_;
  const RedisBackplaneOptions& options_;
  const std::shared_ptr<IRedis> redis_;
  Findings& findings_;
  BackplaneListener listener_;
};

std::shared_ptr<IRedis> connection_of_backplane(const ComponentSite& site,
                                                const RedisBackplaneOptions& options) {
  if (options.connection.is_set()) return referenced<IRedis>(site, options.connection.name());
  return std::make_shared<RedisConnection>(RedisConnectionComponentOptions(options));
}

}  // namespace

void examine_backplane(const ComponentSite& site, const std::string& name, const DeclaredComponent& declared,
                       Findings& findings) {
  const auto& options = *options_in<RedisBackplaneOptions>(declared);
  const auto backplane = declared.component ? std::dynamic_pointer_cast<IBackplane>(declared.component)
                                            : site.query_component<IBackplane>(declared.names.at(0).name);
  const auto redis = connection_of_backplane(site, options);
  if (!backplane || !redis) return findings.add(name, Verdict::failure, "it has no connection");
  BackplaneExamination examination(name, options, redis, findings);
  examination.run(*backplane);
  examination.examine_rights();
}

}  // namespace cachesite::tool
