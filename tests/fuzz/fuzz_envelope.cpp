// Stored bytes of a value in an envelope: what is read at all is written again byte for byte, and nothing that is read
// lies outside of the bytes. A cache over any such bytes has a value, a null or a miss, and never fails.

#include "layers/remember/value_envelope.hpp"

#include <cachesite/memory_cache.hpp>
#include <cachesite/remember_cache.hpp>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

using namespace cachesite;

namespace {

void expect(bool condition) {
  if (!condition) std::abort();
}

void check_bytes(std::string_view stored) {
  remembering::ValueEnvelope envelope;
  if (remembering::read_envelope(stored, envelope) != nullptr) return;
  expect(remembering::looks_enveloped(stored));
  for (const auto part : {envelope.etag, envelope.value})
    expect(part.empty() ||
           (part.data() >= stored.data() && part.data() + part.size() <= stored.data() + stored.size()));
  std::string again;
  remembering::write_envelope(envelope, again);
  expect(again == stored);
}

const std::shared_ptr<MemoryCache>& store() {
  static const auto made = std::make_shared<MemoryCache>(MemoryCacheOptions{});
  return made;
}

RememberCacheOptions options_of(ValueForm form) {
  RememberCacheOptions options;
  options.over = Reference<ICache>(store());
  options.form = form;
  if (form == ValueForm::envelope) options.stale.keep = std::chrono::hours(1);
  return options;
}

void check_cache(RememberCache& cache, std::string_view stored) {
  expect(store()->write("k", ByteView(stored), std::chrono::hours(2)).ok());
  expect(!cache.get("k").failed());
  expect(cache.time_to_live("k").ok());
  const auto found = cache.remember("k", std::chrono::minutes(1), [] { return "computed"; });
  expect(found.hit() || found.null());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view stored(reinterpret_cast<const char*>(data), size);
  static RememberCache plain(options_of(ValueForm::plain));
  static RememberCache enveloped(options_of(ValueForm::envelope));
  check_bytes(stored);
  check_cache(plain, stored);
  check_cache(enveloped, stored);
  return 0;
}
