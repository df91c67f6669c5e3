#pragma once

#include "support/patient.hpp"
#include "support/process.hpp"
#include "support/redis_server.hpp"
#include "support/sanitized.hpp"
#include "support/wait_until.hpp"

#include <cachesite/redis_connection.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace cachesite::test {

using namespace std::chrono_literals;

/// Options of a component that works with Redis, for a server or a proxy on this machine.
template <class Options>
Options options_at(std::uint16_t port) {
  auto options = patient<Options>();
  options.host = "127.0.0.1";
  options.port = port;
  options.reconnect_delay = 5ms;
  options.reconnect_max_delay = 50ms;
  return options;
}

template <class Site>
std::shared_ptr<Site> start_site(typename Site::Options options, const ComponentContext& context = {}) {
  auto site = std::make_shared<Site>(std::move(options), context);
  site->start();
  site->await_started();
  return site;
}

/// A program of cachesite that the tests start and kill (programs/lock_worker.cpp).
inline Process start_worker(const RedisServer& server, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {CACHESITE_LOCK_WORKER, std::to_string(server.port())});
  ProcessOptions options;
  options.keep_input_open = true;
  return Process(std::move(arguments), options);
}

/// A program of another language (programs/foreign_mutex.py). Debian's own Python, which has Debian's
/// modules.
inline Process start_python(const RedisServer& server, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(),
                   {"/usr/bin/python3", CACHESITE_FOREIGN_MUTEX, std::to_string(server.port())});
  ProcessOptions options;
  options.keep_input_open = true;
  return Process(std::move(arguments), options);
}

}  // namespace cachesite::test
