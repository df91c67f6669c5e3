// A program with copies that news keep fresh, for a test that starts it several times and kills it.
//
// stale_reader PORT KEYS WRITTEN SHARED NUMBER   is the reader with that number of tests/support/stale_reads.hpp; WRITTEN and
//     SHARED are the files of WrittenValues and ReadersMemory

#include "support/stale_reads.hpp"

#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

using namespace cachesite::test;

int main(int count, char** values) try {
  const std::vector<std::string> arguments(values, values + count);
  const SharedObject<WrittenValues> written(arguments.at(3));
  const SharedObject<ReadersMemory> shared(arguments.at(4));
  Reading reading;
  reading.port = static_cast<std::uint16_t>(std::stoi(arguments.at(1)));
  reading.keys = std::stoul(arguments.at(2));
  be_reader(reading, *written, *shared, std::stoul(arguments.at(5)));
  return 0;
} catch (const std::exception& failure) {
  (void)std::fprintf(stderr, "a reader: %s\n", failure.what());
  return 1;
}
