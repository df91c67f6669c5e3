// How old copies in memory are when another program writes.
//
//   staleness [--seconds 30] [--readers 4] [--writers 1] [--kills] [--output PREFIX]
//
// Readers and writers are processes; the writers are Python programs. With --kills a reader is killed each second and
// replaced, and the server twice; it comes back empty.
//
// With coherence: tracking, and with a near_ttl of 10 s alone, one after the other: stale reads, the stalest, hits of the
// near tier and reads per second; then an audit of each reader after a fence. The table and the picture show which share of the reads
// gave a value that had been replaced for longer than so long.

#include "private_redis.hpp"
#include "report.hpp"
#include "support/stale_readers.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

namespace {

using namespace cachesite;
using namespace cachesite::test;

constexpr int writes_per_second = 2'000;

/// A new file that goes with this.
class SharedFile {
 public:
  SharedFile() {
    const int file = mkstemp(path_);
    if (file < 0) throw std::runtime_error("no file");
    close(file);
  }
  ~SharedFile() { unlink(path_); }
  SharedFile(const SharedFile&) = delete;
  SharedFile& operator=(const SharedFile&) = delete;
  [[nodiscard]] const char* path() const { return path_; }

 private:
  char path_[24] = "/tmp/staleness.XXXXXX";
};

/// In a process of its own.
pid_t start_reader(const Reading& reading, const WrittenValues& written, const char* path,
                   std::size_t number) {
  const auto process = fork();
  if (process < 0) throw std::runtime_error("no process");
  if (process > 0) return process;
  int status = 0;
  try {
    const SharedObject<ReadersMemory> shared(path);
    be_reader(reading, written, *shared, number);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "a reader: %s\n", failure.what());
    status = 1;
  }
  _exit(status);
}

double percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

class Writer {
 public:
  Writer(std::uint16_t port, const char* path, double seconds, int writers, int number)
      : program_(
            popen((std::string(CACHESITE_WRITER) + " " + std::to_string(port) + " " + path + " " +
                   std::to_string(most_written_keys) + " " + std::to_string(writes_per_second) + " " +
                   std::to_string(seconds) + " " + std::to_string(writers) + " " + std::to_string(number))
                      .c_str(),
                  "r")) {
    await_line();
  }
  ~Writer() { (void)pclose(program_); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  // It says when it begins and when it has ended.
  void await_line() {
    char line[64] = {};
    if (program_ == nullptr || std::fgets(line, sizeof line, program_) == nullptr)
      throw std::runtime_error("the writer does not work");
  }

 private:
  std::FILE* program_;
};

void let_pass(double seconds, bool kills, StaleReaders& readers, ::bench::PrivateRedis& server) {
  if (!kills) return std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  lose_processes(seconds, 1, readers, [&] {
    server.kill();
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    server.start();
  });
}

int run(cachesite::bench::Arguments& arguments) {
  const auto number = [&](const char* name, double usual) {
    return arguments.count(name) != 0 ? std::stod(arguments[name]) : usual;
  };
  ::bench::PrivateRedis server;
  const double seconds = number("seconds", 30);
  const bool kills = arguments.count("kills") != 0;
  const int writer_count = static_cast<int>(number("writers", 1));
  const SharedFile file;
  const SharedObject<WrittenValues> written(file.path());
  std::vector<std::unique_ptr<Writer>> writers;
  for (int writer = 0; writer < writer_count; ++writer)
    writers.push_back(
        std::make_unique<Writer>(server.port(), file.path(), 2 * seconds + 4, writer_count, writer));
  std::array<StaleReads, 2> measured;
  std::array<double, 2> near_hits{};
  int different = 0;
  for (const bool tracked : {false, true}) {
    const SharedFile shared;
    const Reading reading{server.port(), tracked, most_written_keys};
    StaleReaders readers(
        shared.path(), static_cast<std::size_t>(number("readers", 4)),
        [&](std::size_t reader) { return start_reader(reading, *written, shared.path(), reader); });
    let_pass(seconds, kills && tracked, readers, server);
    readers.end();
    measured[tracked] = readers.measured();
    near_hits[tracked] = 100 * readers.near_hits();
    if (!tracked) continue;
    for (const auto& writer : writers)
      writer->await_line();
    different = readers.audit();
  }

  cachesite::bench::Report report("Reads of a value that was replaced longer ago, in percent of all reads");
  report.set_columns({"near_ttl 10s", "tracking"});
  const auto share = [&](bool tracked, std::size_t place) {
    return percent(measured[tracked].staler[place], measured[tracked].reads);
  };
  for (std::size_t place = 0; place < stale_ages.size(); ++place)
    report.add_row(stale_ages[place].name, {share(false, place), share(true, place)});
  using Kind = cachesite::bench::Report::Kind;
  const auto milliseconds = [&](bool tracked) {
    return static_cast<double>(measured[tracked].stalest) / 1e6;
  };
  report.at_most("stale reads, percent", 0.5, share(true, 0), Kind::timed);
  report.at_most("stale reads, times those with near_ttl 10s", 0.01, share(true, 0) / share(false, 0),
                 Kind::timed);
  report.at_most("stalest read, ms", 250, milliseconds(true), Kind::timed);
  report.at_most("differences in the audit afterwards", 0, different, Kind::repeatable);
  report.publish(arguments["output"], 4);
  for (const bool tracked : {false, true})
    std::printf("%-14s %12.0f reads/s, %5.1f %% near hits, stalest %.1f ms\n",
                tracked ? "tracking" : "near_ttl 10s", static_cast<double>(measured[tracked].reads) / seconds,
                near_hits[tracked], milliseconds(tracked));
  return report.exit_status();
}

}  // namespace

int main(int count, char** arguments) {
  return cachesite::bench::run_benchmark(count, arguments, run);
}
