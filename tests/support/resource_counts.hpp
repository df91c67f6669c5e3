#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace cachesite::test {

/// Open file descriptors of this process. Take the first reading after servers and proxies of the test were
/// made.
std::size_t open_descriptors();

/// What every open descriptor points to, for the message of a failed check: "5 -> socket:[1234]".
std::vector<std::string> describe_descriptors();

/// Threads of this process without those of the support itself.
std::size_t thread_count();

/// Resident memory of this process in bytes.
std::size_t resident_bytes();

}  // namespace cachesite::test
