#pragma once

#include <cachesite/detail/latency_histogram.hpp>

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace cachesite::reports {

// Builds text in the exposition format of Prometheus. A family begins with its head; one that nothing is
// added to does not show.
class Exposition {
 public:
  // The name of a family of the library's own, without the prefix that they have.
  void begin(std::string_view name, std::string_view type, std::string_view help);
  void begin_of_program(std::string_view name, std::string_view type, std::string_view help);
  void add(std::string_view labels, std::uint64_t value);
  void add(std::string_view labels, double value);
  void add(const std::string& labels, const LatencyHistogram& histogram, std::chrono::nanoseconds sum);

  // `name="value"`, with a comma in front where `labels` is not empty.
  [[nodiscard]] static std::string with_label(std::string labels, std::string_view name,
                                              std::string_view value);

  [[nodiscard]] std::string take() && { return std::move(text_); }

 private:
  void add_line(std::string_view end, std::string_view labels, std::string_view value);

  std::string text_;
  std::string head_;
  std::string name_;
  std::set<std::string, std::less<>> shown_;  // labels of the present family
};

}  // namespace cachesite::reports
