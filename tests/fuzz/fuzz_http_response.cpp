// Responses of a collector: the way the bytes are cut makes no difference, and nothing grows beyond its
// bound.

#include "telemetry/http_response.hpp"
#include "telemetry/retry_schedule.hpp"
#include "telemetry/trace_parent.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace cachesite::telemetry;

namespace {

void expect(bool condition) {
  if (!condition) std::abort();
}

HttpResponse read(std::string_view bytes, std::size_t piece) {
  HttpResponse response;
  for (std::size_t begin = 0; begin < bytes.size(); begin += piece)
    response.feed(bytes.substr(begin, piece));
  response.end();
  return response;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = read(bytes, std::max<std::size_t>(size, 1));
  for (const std::size_t piece : {1u, 3u, 64u}) {
    const auto cut = read(bytes, piece);
    expect(cut.state() == whole.state() && cut.status() == whole.status() && cut.body() == whole.body() &&
           cut.retry_after() == whole.retry_after() && cut.keeps_alive() == whole.keeps_alive());
  }
  expect(whole.finished());
  expect(whole.body().size() <= HttpResponse::most_body);
  const auto wish = parse_retry_after(bytes, std::chrono::system_clock::from_time_t(784111777));
  expect(!wish || wish->count() >= 0);
  if (const auto parent = parse_trace_parent(bytes)) expect(to_text(*parent).size() == 55);
  return 0;
}
