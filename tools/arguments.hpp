#pragma once

#include "cache_commands.hpp"
#include "doctor_command.hpp"

#include <string>
#include <vector>

namespace cachesite::tool {

/// What the program is asked to do.
struct Arguments {
  std::vector<std::string> files;
  bool json = false;
  bool skip_unknown = false;
  bool connect = false;
  bool summary = false;
  bool in_place = false;
  std::string class_name;
  std::string shell;
  std::string words;
  DoctorArguments doctor;
  CacheArguments cache;
};

}  // namespace cachesite::tool
