#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::bench {

constexpr std::size_t key_size = 24;
constexpr std::size_t value_size = 64;

enum class Work { get_hit, get_miss, set_existing, set_evict, mix, aside, half, writes };
constexpr std::array<std::pair<Work, const char*>, 8> works{{{Work::get_hit, "get hit"},
                                                             {Work::get_miss, "get miss"},
                                                             {Work::set_existing, "set existing"},
                                                             {Work::set_evict, "set + evict"},
                                                             {Work::mix, "mix"},
                                                             {Work::aside, "aside"},
                                                             {Work::half, "50/50"},
                                                             {Work::writes, "10/90"}}};

// Keys of 24 bytes, numbered.
class Keys {
 public:
  explicit Keys(std::size_t count) : bytes_(count * key_size, '\0') {
    char buffer[32];
    for (std::size_t i = 0; i < count; ++i) {
      std::snprintf(buffer, sizeof buffer, "user:%019zu", i);
      bytes_.replace(i * key_size, key_size, buffer, key_size);
    }
  }
  std::string_view operator[](std::size_t number) const {
    return {bytes_.data() + number * key_size, key_size};
  }
  std::size_t size() const { return bytes_.size() / key_size; }

 private:
  std::string bytes_;
};

// Numbers below `count`, the n-th most frequent with a weight of 1 / n^skew.
inline std::vector<std::uint32_t> zipf_numbers(std::size_t length, std::size_t count, double skew,
                                               std::uint64_t seed) {
  std::vector<double> sums(count);
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i)
    sums[i] = sum += 1.0 / std::pow(static_cast<double>(i + 1), skew);
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> point(0, sum);
  std::vector<std::uint32_t> numbers(length);
  for (auto& number : numbers) {
    const auto rank =
        static_cast<std::uint64_t>(std::lower_bound(sums.begin(), sums.end(), point(random)) - sums.begin());
    // Neighbours in rank are no neighbours in memory.
    number = static_cast<std::uint32_t>(rank * 2654435761U % count);
  }
  return numbers;
}

inline std::vector<std::uint32_t> uniform_numbers(std::size_t length, std::size_t first, std::size_t count,
                                                  std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::uint32_t> numbers(length);
  for (auto& number : numbers)
    number = static_cast<std::uint32_t>(first + random() % count);
  return numbers;
}

// The key numbers that a thread works through. Keys below `capacity` are in the cache at the start.
inline std::vector<std::uint32_t> numbers_for(Work work, std::size_t length, std::size_t capacity,
                                              std::size_t keys, std::uint64_t seed) {
  switch (work) {
    case Work::get_hit:
    case Work::set_existing:
      return uniform_numbers(length, 0, capacity * 9 / 10, seed);
    case Work::get_miss:
    case Work::set_evict:
      return uniform_numbers(length, capacity, keys - capacity, seed);
    case Work::mix:
    case Work::aside:
    case Work::half:
    case Work::writes:
      return zipf_numbers(length, keys, 0.99, seed);
  }
  return {};
}

template <class Subject>
inline bool get_or_set(Subject& subject, bool gets, std::string_view key, std::string_view value) {
  if (gets) return subject.get(key);
  subject.set(key, value);
  return true;
}

// One operation. `Subject` has get(key) -> bool and set(key, value).
template <class Subject>
inline bool work_once(Subject& subject, Work work, std::string_view key, std::string_view value,
                      std::size_t step) {
  switch (work) {
    case Work::get_hit:
    case Work::get_miss:
      return subject.get(key);
    case Work::set_existing:
    case Work::set_evict:
      subject.set(key, value);
      return true;
    case Work::mix:
      return get_or_set(subject, step % 10 != 0, key, value);
    case Work::half:
      return get_or_set(subject, step % 2 != 0, key, value);
    case Work::writes:
      return get_or_set(subject, step % 10 == 0, key, value);
    case Work::aside:
      if (subject.get(key)) return true;
      subject.set(key, value);
      return false;
  }
  return false;
}

}  // namespace cachesite::bench
