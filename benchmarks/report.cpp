#include "report.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace cachesite::bench {

namespace {

// What follows the colon of the first line that begins with `name`, or the whole first line for no name.
std::string line_of(const char* path, const std::string& name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(name, 0) != 0) continue;
    const auto colon = name.empty() ? std::string::npos : line.find(": ");
    return colon == std::string::npos ? line : line.substr(line.find_first_not_of(' ', colon + 1));
  }
  return "unknown";
}

}  // namespace

std::string this_machine() {
  return line_of("/proc/cpuinfo", "model name") + ", " + std::to_string(std::thread::hardware_concurrency()) +
         " processors, memory " + line_of("/proc/meminfo", "MemTotal") + ", Linux " +
         line_of("/proc/sys/kernel/osrelease", "") + ", huge pages " +
         line_of("/sys/kernel/mm/transparent_hugepage/enabled", "") + ", compiler " + __VERSION__;
}

void Report::publish(const std::string& prefix, int decimals) const {
  print(decimals);
  if (prefix.empty()) return;
  std::ofstream(prefix + ".json") << json();
  std::ofstream(prefix + ".svg") << svg();
  std::printf("written: %s.json, %s.svg\n", prefix.c_str(), prefix.c_str());
}

int Report::exit_status() const {
  const bool missed = std::any_of(targets_.begin(), targets_.end(), [](const Target& target) {
    return !target.met && target.kind == Kind::repeatable;
  });
  return missed ? 1 : 0;
}

void Report::print(int decimals) const {
  std::printf("\n%s\n%s\n", title_.c_str(), this_machine().c_str());
  std::size_t width = 4;
  for (const auto& [name, figures] : rows_)
    width = std::max(width, name.size());
  std::printf("%-*s", static_cast<int>(width), "");
  for (const auto& column : columns_)
    std::printf("  %12s", column.c_str());
  std::printf("\n");
  for (const auto& [name, figures] : rows_) {
    std::printf("%-*s", static_cast<int>(width), name.c_str());
    for (const double figure : figures)
      std::printf("  %12.*f", decimals, figure);
    std::printf("\n");
  }
  if (targets_.empty()) return;
  std::printf("\n%-60s %12s %12s\n", "target", "wanted", "found");
  for (const Target& target : targets_) {
    std::printf("%-60s %2s %9.4g %12.4g  %s%s\n", target.name.c_str(), target.relation.c_str(), target.target,
                target.figure, target.met ? "met" : "MISSED",
                target.kind == Kind::timed ? " (moves with the machine)" : "");
  }
}

std::string Report::json() const {
  std::ostringstream out;
  out << "{\"title\": \"" << title_ << "\",\n \"machine\": \"" << this_machine() << "\",\n \"columns\": [";
  for (std::size_t i = 0; i < columns_.size(); ++i)
    out << (i ? ", " : "") << '"' << columns_[i] << '"';
  out << "],\n \"rows\": [";
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    out << (i ? ",\n  " : "\n  ") << "{\"name\": \"" << rows_[i].first << "\", \"figures\": [";
    for (std::size_t j = 0; j < rows_[i].second.size(); ++j)
      out << (j ? ", " : "") << rows_[i].second[j];
    out << "]}";
  }
  out << "],\n \"targets\": [";
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    const Target& target = targets_[i];
    out << (i ? ",\n  " : "\n  ") << "{\"name\": \"" << target.name << "\", \"relation\": \""
        << target.relation << "\", \"target\": " << target.target << ", \"figure\": " << target.figure
        << ", \"met\": " << (target.met ? "true" : "false")
        << ", \"repeatable\": " << (target.kind == Kind::repeatable ? "true" : "false") << "}";
  }
  out << "]}\n";
  return out.str();
}

// One group of bars for each row, one bar for each column.
std::string Report::svg() const {
  static const char* const colours[] = {"#1b6ca8", "#e07a1f", "#3d9140", "#b03a48",
                                        "#7d5ba6", "#8c6d4f", "#c75b9b", "#777777"};
  double most = 0;
  for (const auto& [name, figures] : rows_) {
    for (const double figure : figures)
      most = std::max(most, figure);
  }
  if (most <= 0) most = 1;
  const double bar = 14;
  const double group = bar * static_cast<double>(columns_.size()) + 18;
  const double height = 260;
  const double width = 80 + group * static_cast<double>(rows_.size());
  std::ostringstream out;
  out << "<svg xmlns='http://www.w3.org/2000/svg' width='" << width << "' height='" << height + 160
      << "' font-family='sans-serif' font-size='11'>\n<text x='10' y='16' font-size='14'>" << title_
      << "</text>\n";
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    out << "<text x='" << 10 + 110 * i << "' y='34' fill='" << colours[i % 8] << "'>" << columns_[i]
        << "</text>\n";
  }
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    const double left = 60 + group * static_cast<double>(row);
    for (std::size_t i = 0; i < rows_[row].second.size(); ++i) {
      const double tall = std::max(0.0, rows_[row].second[i] / most * (height - 60));
      out << "<rect x='" << left + bar * static_cast<double>(i) << "' y='" << height - tall << "' width='"
          << bar - 2 << "' height='" << tall << "' fill='" << colours[i % 8] << "'><title>"
          << columns_[std::min(i, columns_.size() - 1)] << ": " << rows_[row].second[i]
          << "</title></rect>\n";
    }
    out << "<text transform='translate(" << left + 4 << "," << height + 14 << ") rotate(45)'>"
        << rows_[row].first << "</text>\n";
  }
  out << "<text x='10' y='" << height + 150 << "' font-size='9'>" << this_machine() << "</text>\n";
  out << "<text x='4' y='60'>" << most << "</text><text x='4' y='" << height << "'>0</text>\n</svg>\n";
  return out.str();
}

int run_benchmark(int count, char** arguments, int (*run)(Arguments& options)) {
  try {
    Arguments options{{"", arguments[0]}};
    for (int i = 1; i < count; ++i) {
      const std::string name = arguments[i];
      if (name.rfind("--", 0) != 0) throw std::runtime_error("not an option: " + name);
      const bool has_value = i + 1 < count && std::string(arguments[i + 1]).rfind("--", 0) != 0;
      options[name.substr(2)] = has_value ? arguments[++i] : "1";
    }
    return run(options);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return 2;
  }
}

}  // namespace cachesite::bench
