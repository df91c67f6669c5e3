#pragma once

#include "answer.hpp"

#include <cachesite/cachesite.hpp>

#include <optional>
#include <string>
#include <vector>

namespace cachesite::tool {

/// What the commands on one cache are asked to do.
struct CacheArguments {
  std::string name;
  std::string key;
  std::optional<std::string> value;  // of a command that stores one
  std::string time_to_live;
  std::string pattern = "*";
  std::vector<std::string> tags;
  bool null = false;
  bool json = false;
};

/// The end of a command that has ended with `exit`: a failure, which is said, when a stand-in answered in place of the store.
Exit answered_by_store(const ComponentSite& site, const CacheArguments& request, Exit exit);

Exit get(const ComponentSite& site, const CacheArguments& request);
Exit set(const ComponentSite& site, const CacheArguments& request);
Exit remove(const ComponentSite& site, const CacheArguments& request);
Exit has(const ComponentSite& site, const CacheArguments& request);
Exit time_to_live(const ComponentSite& site, const CacheArguments& request);
Exit expire(const ComponentSite& site, const CacheArguments& request);
Exit persist(const ComponentSite& site, const CacheArguments& request);
Exit keys(const ComponentSite& site, const CacheArguments& request);
Exit evict(const ComponentSite& site, const CacheArguments& request);
Exit clear(const ComponentSite& site, const CacheArguments& request);
Exit size(const ComponentSite& site, const CacheArguments& request);
Exit statistics(const ComponentSite& site, const CacheArguments& request);

}  // namespace cachesite::tool
