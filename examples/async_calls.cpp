// Calls that do not hold their thread: the ways to wait for one, what limits it, and where its caller goes on.

#include <cachesite/async_consume.hpp>
#include <cachesite/cachesite.hpp>

#include <array>
#include <chrono>
#include <coroutine>
#include <exception>
#include <future>
#include <iostream>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

namespace {

using namespace std::chrono_literals;
using Cache = std::shared_ptr<cachesite::ICache>;

// A coroutine of the program's own. It begins at once and belongs to itself.
struct Task {
  struct promise_type {
    Task get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};

Task greet(Cache cache, std::string user, std::promise<std::string> greeting) {
  const auto found = co_await cache->async_get("user:" + user);
  if (found.hit())
    greeting.set_value("hello, " + std::string(found.value().text()));
  else
    greeting.set_value("who are you?");
}

// What takes long goes on on a pool of the program's own.
Task report(Cache cache, cachesite::IExecutor& pool, std::promise<std::size_t> bytes) {
  const auto page = co_await cache->async_get("page", {.executor = &pool});
  bytes.set_value(page.value().size());
}

// Waits for a mutex without a thread, and gives it back in the same way.
Task restock(std::shared_ptr<cachesite::IMutex> stock, std::promise<std::string> done) {
  const auto taken = co_await stock->async_take({.wait = 2s});
  if (!taken.ok() || !taken.value()) {
    done.set_value("somebody else restocks");
    co_return;
  }
  const auto lease = taken.value();
  const auto in_time = co_await lease->async_release();
  done.set_value(in_time.value_or(false) ? "restocked" : "too late");
}

Task pack(std::shared_ptr<cachesite::IQueueConsumer> orders, std::promise<std::string> packed) {
  auto received = co_await orders->async_receive(10s);
  if (!received.ok() || !received.value()) {
    packed.set_value("nothing to pack");
    co_return;
  }
  auto order = *std::move(received).value();
  const auto settled = co_await order.async_acknowledge();
  packed.set_value((settled.ok() ? "packed " : "to be packed again: ") + std::string(order.text()));
}

Task work_off(std::shared_ptr<cachesite::IQueueConsumer> orders, Cache cache, std::stop_source stop,
              std::promise<bool> ended) {
  const auto handle = [cache, stop](cachesite::QueueMessage& order) {
    if (order.text() == "the last one") stop.request_stop();
    return cache->async_write("last order", order.text(), 30min);
  };
  const auto done = co_await orders->async_consume(stop.get_token(), handle);
  ended.set_value(done.ok());
}

void wait_for_it(const Cache& cache) {
  const auto now = cache->async_get("user:42").wait();
  if (now.hit()) std::cout << "waited for: " << now.value().text() << "\n";
}

void get_a_future(const Cache& cache) {
  auto first = cache->async_get("user:42").future();
  auto second = cache->async_get("user:43").future();
  const auto ada = first.get();
  const auto grace = second.get();
  std::cout << "both at once: " << ada.value().text() << ", " << grace.value().text() << "\n";
}

void call_back(const Cache& cache) {
  std::promise<bool> stored;
  cache->async_set_value("user:44", "Edsger", 30min).start([&](bool done) { stored.set_value(done); });
  std::cout << "stored: " << (stored.get_future().get() ? "yes" : "no") << "\n";
}

void limit(const Cache& cache) {
  std::stop_source stop;
  const auto found = cache->async_get("user:42", {.patience = 50ms, .stop = stop.get_token()}).wait();
  if (found.failed() && found.error().code() == cachesite::ErrorCode::timeout) std::cout << "too slow\n";
  stop.request_stop();
  const auto stopped = cache->async_set_value("user:42", "nobody", 30min, {.stop = stop.get_token()}).wait();
  std::cout << "after the stop: " << (stopped ? "stored" : "not stored") << "\n";
}

void ask_for_many(const Cache& cache) {
  const std::array<std::string_view, 2> keys{"user:42", "user:43"};
  std::array<cachesite::Lookup, 2> results;
  const auto asked = cache->async_get_many(keys, results).wait();
  if (asked.ok()) std::cout << "many: " << results[1].value().text() << "\n";
}

void use_mutexes_and_queues(const Cache& cache) {
  cachesite::MemoryMutexSite mutexes;
  std::promise<std::string> done;
  auto restocked = done.get_future();
  restock(mutexes.get_mutex("stock"), std::move(done));
  std::cout << restocked.get() << "\n";

  cachesite::MemoryQueueSite queues;
  std::promise<std::string> packing;
  auto packed = packing.get_future();
  pack(queues.get_consumer("orders"), std::move(packing));
  const auto sent = queues.get_producer("orders")->async_send("order 7").wait();
  if (sent.ok()) std::cout << packed.get() << "\n";

  std::promise<bool> working;
  auto ended = working.get_future();
  work_off(queues.get_consumer("orders"), cache, std::stop_source(), std::move(working));
  for (const auto* order : {"order 8", "the last one"})
    if (!queues.get_producer("orders")->async_send(order).wait().ok()) return;
  const bool succeeded = ended.get();
  std::cout << "worked off: " << cache->get("last order").value().text() << (succeeded ? "" : ", but failed")
            << "\n";
}

}  // namespace

int main() {
  const auto cache = std::make_shared<cachesite::MemoryCache>();
  cache->set_value("user:42", "Ada", 30min);
  cache->set_value("user:43", "Grace", 30min);
  cache->set_value("page", std::string(10'000, 'x'), 30min);

  wait_for_it(cache);
  get_a_future(cache);
  call_back(cache);
  limit(cache);
  ask_for_many(cache);

  std::promise<std::string> greeting;
  auto text = greeting.get_future();
  greet(cache, "42", std::move(greeting));
  std::cout << text.get() << "\n";

  cachesite::EventLoop pool({.threads = 2});
  pool.start();
  std::promise<std::size_t> bytes;
  auto size = bytes.get_future();
  report(cache, pool, std::move(bytes));
  std::cout << size.get() << " bytes\n";
  pool.stop();

  use_mutexes_and_queues(cache);
}
