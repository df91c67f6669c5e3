#pragma once

#include "findings.hpp"

#include <cachesite/cachesite.hpp>

#include <chrono>
#include <string>

namespace cachesite::tool {

/// Looks at the settings of a server, and at what its user may do, as far as they matter for news of changes.
class ServerSettings {
 public:
  ServerSettings(std::string name, Findings& findings) : name_(std::move(name)), findings_(findings) {}

  /// The settings of the cache itself.
  void examine(const RedisCacheOptions& options);
  void examine(IRedis& redis, std::chrono::milliseconds max_staleness);

 private:
  void examine_version(IRedis& redis);
  void examine_rights(IRedis& redis);
  void examine_memory(IRedis& redis);
  void examine_buffer(IRedis& redis);
  void examine_timeout(IRedis& redis, std::chrono::milliseconds max_staleness);
  void examine_clients(IRedis& redis);
  void examine_databases(IRedis& redis);
  void warn(const std::string& text) { findings_.add(name_, Verdict::warning, text); }

  const std::string name_;
  Findings& findings_;
};

}  // namespace cachesite::tool
