#include "trace.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <unordered_map>

namespace cachesite::bench {

namespace {

enum class Format {
  lines,
  address,
  big_endian_32,
  big_endian_64,
  time_id_size,
  oracle,
  block_ranges,
  unknown
};

Format format_of(const std::filesystem::path& path) {
  const std::string text = path.string();
  const auto has = [&text](std::string_view part) { return text.find(part) != std::string::npos; };
  if (has("/lirs/")) return Format::lines;
  if (has("/address/")) return Format::address;
  if (has("/cache2k/") && has(".trace.")) return Format::big_endian_32;
  if (has("/cloud_physics/")) return Format::big_endian_32;
  if (has("/corda/")) return Format::big_endian_64;
  if (has("/adapt_size/") || has("/webcachesim/")) return Format::time_id_size;
  if (has(".oracleGeneral.")) return Format::oracle;
  if (has(".lis2.")) return Format::block_ranges;
  return Format::unknown;
}

std::string decompressed(const std::filesystem::path& path) {
  const std::string program = path.extension() == ".xz" ? "xz" : "gzip";
  const std::string command = program + " -dc '" + path.string() + "'";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  if (!pipe) throw std::runtime_error("cannot read " + path.string());
  std::string content;
  char buffer[1U << 16U];
  while (const std::size_t count = std::fread(buffer, 1, sizeof buffer, pipe.get()))
    content.append(buffer, count);
  if (content.empty()) throw std::runtime_error("nothing in " + path.string());
  return content;
}

class Numbering {
 public:
  explicit Numbering(Trace& trace) : trace_(trace) {}
  void add(std::uint64_t key) {
    const auto [place, fresh] = numbers_.try_emplace(key, trace_.keys);
    if (fresh) ++trace_.keys;
    trace_.requests.push_back(place->second);
  }

 private:
  Trace& trace_;
  std::unordered_map<std::uint64_t, std::uint32_t> numbers_;
};

template <class Visit>
void each_line(std::string_view content, const Visit& visit) {
  while (!content.empty()) {
    const std::size_t end = std::min(content.find('\n'), content.size());
    visit(std::string(content.substr(0, end)));
    content.remove_prefix(std::min(content.size(), end + 1));
  }
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes)
    value = value << 8U | static_cast<unsigned char>(byte);
  return value;
}

void parse(Format format, std::string_view content, Numbering& numbers) {
  switch (format) {
    case Format::lines:
      each_line(content, [&](const std::string& line) {
        if (!line.empty() && line[0] >= '0' && line[0] <= '9') numbers.add(std::stoull(line));
      });
      return;
    case Format::address:
      each_line(content, [&](const std::string& line) {
        const std::size_t place = line.find("0x");
        if (place != std::string::npos) numbers.add(std::stoull(line.substr(place + 2), nullptr, 16));
      });
      return;
    case Format::big_endian_32:
    case Format::big_endian_64: {
      const std::size_t width = format == Format::big_endian_32 ? 4 : 8;
      for (std::size_t i = 0; i + width <= content.size(); i += width)
        numbers.add(big_endian(content.substr(i, width)));
      return;
    }
    case Format::time_id_size:
      each_line(content, [&](const std::string& line) {
        unsigned long long time = 0;
        unsigned long long id = 0;
        unsigned long long size = 0;
        if (std::sscanf(line.c_str(), "%llu %llu %llu", &time, &id, &size) == 3)
          numbers.add(id << 24U ^ size);
      });
      return;
    case Format::oracle:
      for (std::size_t i = 0; i + 24 <= content.size(); i += 24) {
        std::uint64_t id = 0;
        std::memcpy(&id, content.data() + i + 4, sizeof id);
        numbers.add(id);
      }
      return;
    case Format::block_ranges:
      each_line(content, [&](const std::string& line) {
        unsigned long long start = 0;
        unsigned long long count = 0;
        if (std::sscanf(line.c_str(), "%llu %llu", &start, &count) != 2) return;
        for (unsigned long long block = start; block < start + count; ++block)
          numbers.add(block);
      });
      return;
    case Format::unknown:
      return;
  }
}

}  // namespace

std::vector<std::filesystem::path> find_traces(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    const auto extension = entry.path().extension();
    if (entry.is_regular_file() && (extension == ".gz" || extension == ".xz") &&
        format_of(entry.path()) != Format::unknown) {
      paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end(), [](const auto& left, const auto& right) {
    return std::filesystem::file_size(left) < std::filesystem::file_size(right);
  });
  return paths;
}

Trace read_trace(const std::filesystem::path& path) {
  Trace trace;
  trace.name = path.parent_path().filename().string() + "/" + path.filename().string();
  trace.name = trace.name.substr(0, trace.name.find('.'));
  Numbering numbers(trace);
  parse(format_of(path), decompressed(path), numbers);
  return trace;
}

}  // namespace cachesite::bench
