#pragma once

#include "answer.hpp"

#include <cachesite/cachesite.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace cachesite::tool {

struct DoctorArguments {
  std::optional<std::string> name;
  std::uint64_t seconds = 0;  // that keys are read again and again; 0: not at all
};

/// Whether the servers of a cache, or of all, say what changes: asks for news, waits until they are proven, and writes
/// and removes a key of its own. Also looks at settings of the servers and rights of their users.
Exit doctor(const ComponentSite& site, const DoctorArguments& arguments, bool json);

}  // namespace cachesite::tool
