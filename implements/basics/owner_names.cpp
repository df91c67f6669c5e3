#include "basics/owner_names.hpp"

#include <array>
#include <random>
#include <string_view>

#include <unistd.h>

namespace cachesite::basics {

namespace {

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

std::string random_digits() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::random_device random;
  std::string text;
  for (int word = 0; word < 4; ++word) {
    auto bits = random();
    for (int digit = 0; digit < 8; ++digit, bits >>= 4U)
      text.push_back(digits[bits & 15U]);
  }
  return text;
}

}  // namespace

OwnerNames::OwnerNames() : host_(host_name()), random_(random_digits()) {}

// The process is asked for each time: a fork has the same random bits.
std::string OwnerNames::next() {
  return owner_prefix + host_ + ":" + std::to_string(::getpid()) + ":" + random_ + "-" +
         std::to_string(count_.fetch_add(1) + 1);
}

}  // namespace cachesite::basics
