#include "testing/expectation.hpp"

#include <algorithm>

namespace cachesite::testing {

namespace {

thread_local BrokenExpectations* present = nullptr;

std::string quoted(std::string_view text) {
  return '`' + std::string(text) + '`';
}

}  // namespace

BrokenExpectations::BrokenExpectations() {
  present = this;
}

BrokenExpectations::~BrokenExpectations() {
  present = nullptr;
}

void BrokenExpectations::add(const std::string& what, std::string_view file, int line) {
  file.remove_prefix(file.rfind('/') + 1);
  const auto place = " (" + std::string(file) + ":" + std::to_string(line) + ")";
  if (std::find(places_.begin(), places_.end(), place) != places_.end()) return;
  places_.push_back(place);
  sentences_.push_back(what + place);
}

void expect(bool holds, std::string_view expression, std::string_view file, int line) {
  if (!holds) present->add(quoted(expression) + " does not hold", file, line);
}

void require(bool holds, std::string_view expression, std::string_view file, int line) {
  expect(holds, expression, file, line);
  if (!holds) throw ClauseEnds();
}

void end_with(const Error& error, std::string_view file, int line) {
  present->add("a call fails: " + std::string(error.message()), file, line);
  throw ClauseEnds();
}

void check_hit(const Caller& cache, std::string_view key, std::string_view expected, std::string_view file,
               int line) {
  const auto lookup = cache.get(key);
  if (lookup.failed()) end_with(lookup.error(), file, line);
  if (!lookup.hit()) {
    present->add("the entry is missing", file, line);
    throw ClauseEnds();
  }
  if (lookup.value().text() != expected) present->add("the value differs from the one written", file, line);
}

}  // namespace cachesite::testing
