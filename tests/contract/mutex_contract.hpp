#pragma once

#include <cachesite/mutex.hpp>

#include <functional>
#include <memory>
#include <string>

namespace cachesite::test {

/// Mutexes that the contract is checked against.
struct MutexSubject {
  std::shared_ptr<IMutexSite> site;
  /// Another way to the same mutexes: as another process would have it, where there are such; else the same.
  std::shared_ptr<IMutexSite> other;
  /// What has to live as long as the sites.
  std::shared_ptr<void> environment;
};

/// Adds one test for each clause of the contract, in a suite called `name`.
bool register_mutex_contract(const std::string& name, std::function<MutexSubject()> make_subject);

}  // namespace cachesite::test
