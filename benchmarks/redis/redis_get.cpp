// What a GET and a SETEX cost the client, against raw hiredis in the same run.
//
//   bench_redis_get                             everything; exits with 1 when a target is missed
//   bench_redis_get run CLIENT WORK COUNT PORT  one client, for an instruction counter
//
// Instructions come from callgrind: the difference of two run lengths, so that start-up does not count.

#include "private_redis.hpp"
#include "redis/topology/single_topology.hpp"

#include <cachesite/redis_cache.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hiredis/hiredis.h>

extern "C" void* __libc_malloc(std::size_t size);
extern "C" void* __libc_realloc(void* memory, std::size_t size);
extern "C" void* __libc_calloc(std::size_t count, std::size_t size);

namespace {

std::atomic<std::size_t> allocations{0};

}  // namespace

extern "C" void* malloc(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_malloc(size);
}
extern "C" void* realloc(void* memory, std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_realloc(memory, size);
}
extern "C" void* calloc(std::size_t count, std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_calloc(count, size);
}

namespace {

using namespace std::chrono_literals;

constexpr std::size_t keys_at_once = 100;

struct Work {
  enum class Kind { get, set, many } kind;  // many: keys_at_once GETs sent together
  std::size_t size;
};

Work parse_work(const std::string& text) {
  const auto digits = text.find_first_of("0123456789");
  const auto kind = text[0] == 's' ? Work::Kind::set : text[0] == 'm' ? Work::Kind::many : Work::Kind::get;
  return {kind, static_cast<std::size_t>(std::stoul(text.substr(digits)))};
}

class Client {
 public:
  virtual ~Client() = default;
  virtual void get() = 0;
  virtual void set(const std::string& value) = 0;
  /// Reads the key `keys_at_once` times at once.
  virtual void get_many() = 0;
};

class Hiredis final : public Client {
 public:
  explicit Hiredis(std::uint16_t port) : context_(::redisConnect("127.0.0.1", port)) {}
  ~Hiredis() override { ::redisFree(context_); }
  void get() override {
    const char* words[] = {"GET", "bench:key"};
    const std::size_t sizes[] = {3, 9};
    finish(::redisCommandArgv(context_, 2, words, sizes), REDIS_REPLY_STRING);
  }
  void set(const std::string& value) override {
    const char* words[] = {"SETEX", "bench:key", "60", value.data()};
    const std::size_t sizes[] = {5, 9, 2, value.size()};
    finish(::redisCommandArgv(context_, 4, words, sizes), REDIS_REPLY_STATUS);
  }
  void get_many() override {
    const char* words[] = {"GET", "bench:key"};
    const std::size_t sizes[] = {3, 9};
    for (std::size_t index = 0; index < keys_at_once; ++index)
      ::redisAppendCommandArgv(context_, 2, words, sizes);
    for (std::size_t index = 0; index < keys_at_once; ++index) {
      void* reply = nullptr;
      ::redisGetReply(context_, &reply);
      finish(reply, REDIS_REPLY_STRING);
    }
  }

 private:
  static void finish(void* raw, int type) {
    auto* const reply = static_cast<redisReply*>(raw);
    if (reply == nullptr || reply->type != type) std::abort();
    ::freeReplyObject(reply);
  }
  redisContext* context_;
};

/// What lies under RedisCache: a command in, a reply out.
class Backend final : public Client {
 public:
  explicit Backend(std::uint16_t port)
      : topology_(options(port), "bench", std::make_shared<cachesite::SilentLogger>()), many_(keys_at_once) {
    topology_.start();
    topology_.await_started();
    for (auto& request : many_)
      request.command = {question_, cachesite::redis::ReplyKind::bulk | cachesite::redis::ReplyKind::nil,
                         true};
  }
  void get() override {
    finish({question_, cachesite::redis::ReplyKind::bulk | cachesite::redis::ReplyKind::nil, true});
  }
  void set(const std::string& value) override {
    const std::array<cachesite::redis::Argument, 4> arguments{{{"SETEX"}, {"bench:key"}, {"60"}, {value}}};
    finish(
        {arguments, static_cast<cachesite::redis::ReplyKinds>(cachesite::redis::ReplyKind::status), false});
  }
  void get_many() override {
    topology_.execute_all(many_, cachesite::redis::CallTime::from_now(5s));
    for (const auto& request : many_)
      if (!request.status.ok() || request.reply.kind != cachesite::redis::ReplyKind::bulk) std::abort();
  }

 private:
  static cachesite::redis::EndpointOptions options(std::uint16_t port) {
    cachesite::redis::EndpointOptions options;
    options.connector.address = {"127.0.0.1", port, ""};
    return options;
  }
  void finish(const cachesite::redis::Command& command) {
    const auto time = cachesite::redis::CallTime::from_now(5s);
    if (!topology_.execute(command, {}, reply_, time).ok()) std::abort();
  }
  const std::array<cachesite::redis::Argument, 2> question_{{{"GET"}, {"bench:key"}}};
  cachesite::redis::SingleTopology topology_;
  std::vector<cachesite::redis::Request> many_;
  cachesite::redis::Reply reply_;
};

/// A whole call of the public interface, with a key prefix.
class Cache final : public Client {
 public:
  explicit Cache(std::uint16_t port) : cache_(options(port)) {
    cache_.start();
    cache_.await_started();
  }
  void get() override {
    const auto found = cache_.read("key", value_);
    if (!found.ok() || found.value() != cachesite::Found::hit) std::abort();
  }
  void set(const std::string& value) override {
    if (!cache_.set_value("key", value, 60s)) std::abort();
  }
  void get_many() override {
    cache_.get_many(keys_, results_);
    for (const auto& result : results_)
      if (!result.hit()) std::abort();
  }

 private:
  static cachesite::RedisCacheOptions options(std::uint16_t port) {
    cachesite::RedisCacheOptions options;
    options.host = "127.0.0.1";
    options.port = port;
    options.prefix = "bench:";
    return options;
  }
  cachesite::RedisCache cache_;
  cachesite::Value value_;
  const std::vector<std::string_view> keys_{keys_at_once, "key"};
  std::vector<cachesite::Lookup> results_{keys_at_once};
};

std::unique_ptr<Client> make_client(const std::string& name, std::uint16_t port) {
  if (name == "hiredis") return std::make_unique<Hiredis>(port);
  if (name == "backend") return std::make_unique<Backend>(port);
  return std::make_unique<Cache>(port);
}

void work_on(Client& client, const Work& work, const std::string& value, std::size_t count) {
  for (std::size_t index = 0; index < count; ++index)
    switch (work.kind) {
      case Work::Kind::get:
        client.get();
        break;
      case Work::Kind::set:
        client.set(value);
        break;
      case Work::Kind::many:
        client.get_many();
        break;
    }
}

int run(const std::string& name, const Work& work, std::size_t count, std::uint16_t port) {
  const std::string value(work.size, 'x');
  const auto client = make_client(name, port);
  client->set(value);
  work_on(*client, work, value, 20);
  const auto before = allocations.load();
  work_on(*client, work, value, count);
  const auto made = allocations.load() - before;
  std::printf("allocations %.2f\n", static_cast<double>(made) / static_cast<double>(count));
  return 0;
}

struct Cost {
  double instructions = 0;
  double allocations = 0;
};

std::pair<double, double> measure_once(const std::string& program, const std::string& arguments) {
  const std::string command =
      "valgrind --tool=callgrind --callgrind-out-file=/dev/null " + program + " run " + arguments + " 2>&1";
  FILE* const pipe = ::popen(command.c_str(), "r");
  double instructions = 0;
  double made = 0;
  char line[512];
  while (std::fgets(line, sizeof line, pipe) != nullptr) {
    if (const char* const at = std::strstr(line, "Collected : ")) instructions = std::atof(at + 12);
    if (std::strncmp(line, "allocations ", 12) == 0) made = std::atof(line + 12);
  }
  ::pclose(pipe);
  return {instructions, made};
}

Cost measure(const std::string& program, const std::string& client, const std::string& work,
             std::uint16_t port) {
  // So many that what happens now and then, such as a reply that is late on a busy machine, counts for what
  // it is.
  const auto [kind, size] = parse_work(work);
  const int base = kind == Work::Kind::many ? 50 : 1000;
  const int more = kind == Work::Kind::many ? 200 : size > 4096 ? 2000 : 10000;
  const auto arguments = [&](int count) {
    return client + " " + work + " " + std::to_string(count) + " " + std::to_string(port);
  };
  const auto [short_run, ignored] = measure_once(program, arguments(base));
  const auto [long_run, made] = measure_once(program, arguments(base + more));
  return {(long_run - short_run) / more, made};
}

double wall_ratio(const std::string& work_name, std::uint16_t port) {
  const Work work = parse_work(work_name);
  const std::string value(work.size, 'x');
  const auto mine = make_client("cache", port);
  const auto theirs = make_client("hiredis", port);
  mine->set(value);
  std::vector<double> ratios;
  for (int round = 0; round < 15; ++round) {
    const auto time = [&](Client& client) {
      const auto begin = std::chrono::steady_clock::now();
      work_on(client, work, value, work.size > 10'000 ? 500 : 3000);
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    double own = 0;
    double other = 0;
    if (round % 2 == 0) {
      own = time(*mine);
      other = time(*theirs);
    } else {
      other = time(*theirs);
      own = time(*mine);
    }
    ratios.push_back(other / own);
  }
  std::sort(ratios.begin(), ratios.end());
  return ratios[ratios.size() / 2];
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string> words(arguments, arguments + count);
  if (words.size() == 6 && words[1] == "run")
    return run(words[2], parse_work(words[3]), std::stoul(words[4]),
               static_cast<std::uint16_t>(std::stoul(words[5])));

  struct Target {
    const char* work;
    double backend;
    double cache;
  };
  const Target targets[] = {
      {"get64", 0.35, 0.75}, {"get1024", 0.40, 0.80}, {"get65536", 0.15, 0.20},
      {"set64", 0.40, 0.75}, {"set1024", 0.40, 0.75}, {"set65536", 0.05, 0.05},
  };
  const bench::PrivateRedis server;
  bool met = true;
  std::printf("%-9s %9s %9s %7s %7s %9s %7s %7s %7s %8s\n", "work", "hiredis", "backend", "ratio", "target",
              "cache", "ratio", "target", "mallocs", "speed");
  for (const auto& target : targets) {
    const auto raw = measure(words[0], "hiredis", target.work, server.port());
    const auto backend = measure(words[0], "backend", target.work, server.port());
    const auto cache = measure(words[0], "cache", target.work, server.port());
    const double backend_ratio = backend.instructions / raw.instructions;
    const double cache_ratio = cache.instructions / raw.instructions;
    const bool good = backend_ratio <= target.backend && cache_ratio <= target.cache &&
                      cache.allocations < 0.01 && backend.allocations < 0.01;
    met = met && good;
    std::printf("%-9s %9.0f %9.0f %6.3fx %6.2fx %9.0f %6.3fx %6.2fx %3.1f/%3.1f %7.2fx%s\n", target.work,
                raw.instructions, backend.instructions, backend_ratio, target.backend, cache.instructions,
                cache_ratio, target.cache, cache.allocations, raw.allocations,
                wall_ratio(target.work, server.port()), good ? "" : "  MISSED");
  }
  const auto raw = measure(words[0], "hiredis", "many64", server.port());
  const auto own = measure(words[0], "backend", "many64", server.port());
  const auto whole = measure(words[0], "cache", "many64", server.port());
  for (const auto& [name, cost] : {std::pair("backend", own), std::pair("get_many of the cache", whole)}) {
    const double ratio = cost.instructions / raw.instructions;
    met = met && ratio <= 0.25;
    std::printf("%zu keys at once, per key: hiredis pipeline %.0f, %s %.0f, ratio %.3fx, target 0.25x%s\n",
                keys_at_once, raw.instructions / keys_at_once, name, cost.instructions / keys_at_once, ratio,
                ratio <= 0.25 ? "" : "  MISSED");
  }
  std::printf(
      "hiredis, backend, cache: client instructions per call; ratio: to raw hiredis; mallocs: "
      "cache/hiredis;\n"
      "speed: calls per second through the cache to raw hiredis (median of 15 pairs, not a target)\n");
  return met ? 0 : 1;
}
