// A program that loads a component file, has everything in it in use, and forks children that end in every
// way.
//
// fork_worker FILE ROUNDS [down]     `down`: the servers of the file do not answer, so only the children
// count
//
// Prints one line for each child that does not end with 0 within 3 s and for each thing that the parent has
// lost; exits with 1 after any.

#include <cachesite/cachesite.hpp>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

// What a child leaves alone looks like a leak to AddressSanitizer.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() {
  return "detect_leaks=0";
}

namespace {

using namespace cachesite;
using namespace std::chrono_literals;

// What a program keeps of its components for long.
struct Held {
  std::vector<std::shared_ptr<void>> components;
  std::vector<std::shared_ptr<IMutex>> mutexes;
  std::vector<std::shared_ptr<IMutexLease>> leases;
  std::vector<std::shared_ptr<IMutexLease>> reader_leases;
  std::vector<std::shared_ptr<IQueueConsumer>> consumers;
  std::vector<QueueMessage> messages;
  std::vector<std::unique_ptr<IRedisSession>> sessions;
  std::vector<std::unique_ptr<IRedisSubscription>> subscriptions;

  std::vector<ICache*> caches;
  std::vector<IComputingCache*> computing;
  std::vector<ITaggedCache*> tagged;
  std::vector<IWritePolicyCache*> write_policies;
  std::vector<IMutexSite*> mutex_sites;
  std::vector<IQueueSite*> queue_sites;
  std::vector<IRateLimiter*> limiters;
  std::vector<IRedis*> redises;
  std::vector<IRedisStatistics*> statistics;
  std::vector<ILogger*> loggers;
  std::vector<ILoggerSite*> logger_sites;
  std::vector<IConfig*> configs;
  std::vector<ITelemetry*> telemetry;
};

// Globals, so that `exit` destroys them.
std::shared_ptr<ComponentSite> site;
std::unique_ptr<Held> held;

void complain(std::string_view what, const Error& error) {
  std::cout << what << ": " << to_string(error.code()) << " " << error.message() << std::endl;
}

// Collects what calls answer that should not.
class Verdict {
 public:
  explicit Verdict(std::function<bool(const Error&)> accepts) : accepts_(std::move(accepts)) {}

  template <class T>
  void see(std::string_view what, const Result<T>& result) {
    if (result.ok() || accepts_(result.error())) return;
    if (!failed_.exchange(true)) complain(what, result.error());
  }
  void see(std::string_view what, const Lookup& lookup) {
    if (!lookup.failed() || accepts_(lookup.error())) return;
    if (!failed_.exchange(true)) complain(what, lookup.error());
  }
  void see(std::string_view what, bool good) {
    if (!good && !failed_.exchange(true)) std::cout << what << std::endl;
  }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  std::function<bool(const Error&)> accepts_;
  std::atomic<bool> failed_{false};
};

template <class I>
void collect(Held& all, std::vector<I*>& list, const ComponentEntry& entry) {
  if (entry.interface_name != I::interface_id.name) return;
  auto component = site->get_component<I>(entry.name);
  list.push_back(component.get());
  all.components.push_back(std::move(component));
}

std::unique_ptr<Held> collect_components() {
  auto all = std::make_unique<Held>();
  for (const auto& entry : site->entries()) {
    collect(*all, all->caches, entry);
    collect(*all, all->computing, entry);
    collect(*all, all->tagged, entry);
    collect(*all, all->write_policies, entry);
    collect(*all, all->mutex_sites, entry);
    collect(*all, all->queue_sites, entry);
    collect(*all, all->limiters, entry);
    collect(*all, all->redises, entry);
    collect(*all, all->statistics, entry);
    collect(*all, all->loggers, entry);
    collect(*all, all->logger_sites, entry);
    collect(*all, all->configs, entry);
    collect(*all, all->telemetry, entry);
  }
  return all;
}

void use_cache(ICache& cache, const std::string& who, Verdict& verdict) {
  verdict.see("write", cache.write(who, "value", 1min));
  verdict.see("get", cache.get(who));
  verdict.see("contains", cache.contains(who));
  verdict.see("time_to_live", cache.time_to_live(who));
  verdict.see("add", cache.add(who + "2", "value", 1min));
  for (const auto& status : cache.set_many({{who + "3", "1", 1h}, {who + "4", "2", 1h}}))
    verdict.see("set_many", status);
  for (const auto& lookup : cache.get_many({who + "3", who + "4"}))
    verdict.see("get_many", lookup);
  for (const auto& removed : cache.remove_many({who + "2", who + "3"}))
    verdict.see("remove_many", removed);
  verdict.see("remove", cache.remove(who + "4"));
  (void)cache.statistics();
  (void)cache.health();
}

void use_mutexes(IMutexSite& mutexes, const std::string& who, Verdict& verdict) {
  const auto mutex = mutexes.get_mutex("of " + who);
  MutexRequest request;
  request.wait = 2s;
  {
    const auto lease = mutex->take(request);
    verdict.see("take", lease);
    if (lease.ok()) verdict.see("lease", lease.value() != nullptr);
  }
  verdict.see("holders", mutex->holders());
  if (mutex->acquire(30s)) mutex->release();
}

void use_queues(IQueueSite& queues, const std::string& who, Verdict& verdict) {
  verdict.see("send", queues.get_producer("of " + who)->send("message"));
  const auto consumer = queues.get_consumer("of " + who);
  const auto received = consumer->receive(1ms);
  verdict.see("receive", received);
  verdict.see("counts", queues.counts("of " + who));
}

void use_redis(IRedis& redis, const std::string& who, Verdict& verdict) {
  verdict.see("call", redis.call({"SET", who, "1"}));
  const std::vector<RedisCommand> commands{{"GET", who}, {"GET", who}};
  for (const auto& result : redis.pipeline(commands))
    verdict.see("pipeline", result);
  verdict.see("wait", redis.call({"BLPOP", "nothing of " + who, "0.01"}));
  auto session = redis.open_session();
  verdict.see("open_session", session);
  if (session.ok()) verdict.see("session", session.value()->call({"GET", who}));
  RedisSubscriber subscriber;
  subscriber.channels = {"news of " + who};
  (void)redis.subscribe(std::move(subscriber))->wait_until_active(1ms);
}

void use(const Held& all, const std::string& who, Verdict& verdict) {
  for (auto* const cache : all.caches)
    use_cache(*cache, who, verdict);
  for (auto* const cache : all.computing)
    verdict.see("remember", cache->remember(who + "5", 10ms, [] { return std::string("computed"); }));
  for (auto* const cache : all.tagged) {
    verdict.see("write_tagged", cache->write_tagged(who + "6", "value", 1min, {"tag of " + who}));
    verdict.see("evict_tags", cache->evict_tags({"tag of " + who}));
  }
  for (auto* const cache : all.write_policies) {
    const auto slowly = [](std::string_view, std::optional<ByteView>) {
      std::this_thread::sleep_for(1ms);
      return Status(Done{});
    };
    verdict.see("write_behind", cache->write_behind(who + "7", "value", 1min, slowly));
    verdict.see("write_through", cache->write_through(who + "8", "value", 1min, slowly));
    (void)cache->flush(1ms);
    (void)cache->write_policy_statistics();
  }
  for (auto* const mutexes : all.mutex_sites)
    use_mutexes(*mutexes, who, verdict);
  for (auto* const queues : all.queue_sites)
    use_queues(*queues, who, verdict);
  for (auto* const limiter : all.limiters) {
    verdict.see("acquire", limiter->acquire("of " + who));
    verdict.see("reset", limiter->reset("of " + who));
    (void)limiter->statistics();
    (void)limiter->health();
  }
  for (auto* const redis : all.redises)
    use_redis(*redis, who, verdict);
  for (auto* const statistics : all.statistics)
    (void)statistics->endpoint_statistics();
  for (auto* const logger : all.loggers)
    logger->write(LogLevel::warning, "fork", "a message of " + who, {});
  for (auto* const loggers : all.logger_sites) {
    loggers->set_level("shop." + who, LogLevel::debug);
    loggers->get_logger("shop." + who)->write(LogLevel::warning, {}, "a message of " + who, {});
  }
  for (auto* const config : all.configs) {
    (void)config->list_sessions();
    (void)config->get_session("redis");
  }
  for (auto* const telemetry : all.telemetry) {
    (void)telemetry->flush(1ms);
    (void)telemetry->statistics();
    (void)telemetry->health();
  }
  (void)site->entries();
}

// What a fork could take away.
void hold_things(Held& all) {
  for (auto* const mutexes : all.mutex_sites) {
    const auto mutex = mutexes->get_mutex("held");
    MutexRequest request;
    request.expire = 1500ms;  // renewed twice a second
    auto taken = mutex->take(request);
    if (taken.ok() && taken.value()) all.leases.push_back(taken.value());
    const auto reader = mutexes->get_mutex("read");
    request.mode = MutexMode::shared;
    taken = reader->take(request);
    if (taken.ok() && taken.value()) all.reader_leases.push_back(taken.value());
    all.mutexes.push_back(mutex);
  }
  for (auto* const queues : all.queue_sites) {
    const auto consumer = queues->get_consumer("held");
    (void)queues->get_producer("held")->send("in hand");
    auto received = consumer->receive(1s);
    if (received.ok() && received.value()) all.messages.push_back(*std::move(received).value());
    all.consumers.push_back(consumer);
  }
  for (auto* const limiter : all.limiters)
    while (limiter->acquire("held").value_or({}).allowed) {
    }
  for (auto* const redis : all.redises) {
    auto session = redis->open_session();
    if (session.ok()) {
      (void)session.value()->watch(std::vector<std::string_view>{"watched"});
      all.sessions.push_back(std::move(session).value());
    }
    RedisSubscriber subscriber;
    subscriber.channels = {"news"};
    all.subscriptions.push_back(redis->subscribe(std::move(subscriber)));
    (void)all.subscriptions.back()->wait_until_active(5s);
  }
}

// True when everything held is still the parent's, at the servers too.
bool still_holds(Held& all) {
  bool good = true;
  const auto expect = [&](bool right, const char* what) {
    if (!right) std::cout << "the parent has lost " << what << std::endl;
    good = good && right;
  };
  expect(all.leases.size() == all.mutex_sites.size(), "a mutex before it began");
  for (const auto& leases : {all.leases, all.reader_leases})
    for (const auto& lease : leases)
      expect(lease->held() && lease->renew().value_or(false), "a mutex");
  for (const auto& mutex : all.mutexes) {
    const auto holders = mutex->holders();
    expect(holders.ok() && holders.value().size() == 1, "a mutex at the server");
  }
  for (auto& message : all.messages)
    expect(message.id().empty() || message.keep().value_or(false), "a message");
  for (auto* const limiter : all.limiters) {
    const auto decision = limiter->acquire("held");
    expect(decision.ok() && !decision.value().allowed && !decision.value().without_server, "a limit");
  }
  for (const auto& session : all.sessions) {
    const std::vector<RedisCommand> commands{{"PING"}};
    const auto done = session->execute(commands);
    expect(done.ok() && done.value().committed, "a session");
  }
  for (const auto& subscription : all.subscriptions)
    expect(subscription->active(), "a subscription");
  for (auto* const statistics : all.statistics)
    for (const auto& endpoint : statistics->endpoint_statistics())
      expect(endpoint.losses == 0, "a connection");
  return good;
}

bool closed(const Error& error) {
  return error.code() == ErrorCode::closed || error.code() == ErrorCode::not_computed;
}

int verdict_on_new_site(const std::string& file, bool down) {
  held.reset();
  site = load_component_site(file);
  held = collect_components();
  Verdict verdict([&](const Error&) { return down; });
  use(*held, "child " + std::to_string(::getpid()), verdict);
  return verdict.failed() ? 1 : 0;
}

enum class End { call, stop, reset, reload, reset_after_thread, exit, leave };
constexpr std::pair<End, const char*> ends[]{{End::call, "call"},
                                             {End::stop, "stop"},
                                             {End::reset, "reset"},
                                             {End::reload, "reload"},
                                             {End::reset_after_thread, "new thread then reset"},
                                             {End::exit, "exit"},
                                             {End::leave, "return"}};

// What a child does. For `leave` the caller returns from main.
int act(End end, const std::string& file, bool down) {
  switch (end) {
    case End::call: {
      Verdict verdict(closed);
      use(*held, "child", verdict);
      for (const auto& lease : held->leases)
        verdict.see("the child has a mutex of its parent",
                    !lease->held() && !lease->release().value_or(false));
      for (const auto& session : held->sessions)
        verdict.see("the child has a session of its parent", !session->call({"PING"}).ok());
      for (const auto& consumer : held->consumers)
        verdict.see("receive", consumer->receive(1s));
      ::_exit(verdict.failed() ? 1 : 0);
    }
    case End::stop: {
      site->stop();
      (void)site->stop_within(1s);
      Verdict verdict(closed);
      use(*held, "child", verdict);
      ::_exit(verdict.failed() ? 1 : 0);
    }
    case End::reset_after_thread:
      std::thread([] {}).join();
      [[fallthrough]];
    case End::reset:
      held.reset();
      site.reset();
      ::_exit(0);
    case End::reload:
      ::_exit(verdict_on_new_site(file, down));
    case End::exit:
      std::exit(0);
    case End::leave:
      break;
  }
  return 0;
}

// Threads of the parent that use everything, except in quiet rounds.
class Traffic {
 public:
  Traffic(const Held& all, Verdict& verdict) {
    for (int number = 0; number < 2; ++number)
      threads_.emplace_back([this, &all, &verdict, who = "parent " + std::to_string(number)] {
        while (!over_) {
          if (!quiet_) use(all, who, verdict);
          rounds_.fetch_add(1);
          std::this_thread::sleep_for(200us);
        }
      });
  }
  ~Traffic() {
    over_ = true;
    for (auto& thread : threads_)
      thread.join();
  }
  void set_quiet(bool quiet) {
    quiet_ = quiet;
    for (const auto until = rounds_ + 5; rounds_ < until;)
      std::this_thread::sleep_for(200us);
  }

 private:
  std::atomic<bool> over_{false}, quiet_{false};
  std::atomic<int> rounds_{0};
  std::vector<std::thread> threads_;
};

}  // namespace

int main(int count, char** arguments) {
  const std::string file = arguments[1];
  const int rounds = std::stoi(arguments[2]);
  const bool down = count > 3;
  site = load_component_site(file);
  held = collect_components();
  if (!down) hold_things(*held);
  Verdict verdict([&](const Error&) { return down; });
  // A child leaves it alone, as it does with its threads.
  auto* const traffic = new Traffic(*held, verdict);
  bool good = true;
  for (int round = 0; round < rounds; ++round) {
    traffic->set_quiet(round % 2 == 1);
    for (const auto& [end, name] : ends) {
      const pid_t child = ::fork();
      if (child == 0) {
        ::alarm(60);
        return act(end, file, down);
      }
      int status = -1;
      ::waitpid(child, &status, 0);
      if (status == 0) continue;
      std::cout << name << ": "
                << (WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                                        : "status " + std::to_string(WEXITSTATUS(status)))
                << std::endl;
      good = false;
    }
  }
  if (!down) good = still_holds(*held) && good;
  delete traffic;
  good = good && !verdict.failed();
  held.reset();
  site->stop();
  site.reset();
  return good ? 0 : 1;
}
