#include "basics/checked_options.hpp"
#include "layers/codec/codec_cache_inner.hpp"

#include <cachesite/codec_cache.hpp>

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace cachesite {

namespace {

std::shared_ptr<ICache> cache_of(const CodecCacheOptions& options) {
  if (!options.over.component()) throw std::invalid_argument("a CodecCache needs a cache: over is not set");
  return options.over.component();
}

}  // namespace

CodecCache::CodecCache(CodecCacheOptions options, const ComponentContext& context)
    : ValueLayer(cache_of(options)),
      inner_(std::make_unique<Inner>(checked_options("CodecCache", std::move(options)), context)) {}

CodecCache::~CodecCache() = default;

CacheStatistics CodecCache::statistics() const {
  auto statistics = below()->statistics();
  const auto& calls = inner_->calls;
  calls.fill(statistics);
  statistics.clears = Inner::Counters::value_of(calls.clears);
  statistics.failures = Inner::Counters::value_of(calls.failures);
  statistics.refusals = Inner::Counters::value_of(calls.refusals);
  return statistics;
}

CodecStatistics CodecCache::codec_statistics() const {
  CodecStatistics statistics;
  const auto read = Inner::Counters::value_of;
  statistics.values_written = read(inner_->values_written);
  statistics.plain_bytes = read(inner_->plain_bytes);
  statistics.stored_bytes = read(inner_->stored_bytes);
  statistics.old_forms_read = read(inner_->old_forms_read);
  for (std::size_t index = 0; index < undecodable_reasons; ++index)
    statistics.undecodable[index] = read(inner_->undecodable[index]);
  return statistics;
}

Result<ByteView> CodecCache::to_stored(std::string_view key, ByteView value, std::string& memory) {
  const auto encoded = inner_->chain.encode(value, key, memory);
  if (!encoded.ok()) return encoded.error();
  return ByteView(memory);
}

Result<Found> CodecCache::from_stored(std::string_view key, const Value& stored, Value& destination) {
  std::string plain;
  const auto decoded = inner_->chain.decode(ByteView(stored.text()), key, plain);
  if (decoded.failure) return inner_->on_failure(*decoded.failure);
  destination.assign(ByteView(plain));
  if (decoded.old_form) Inner::Counters::add(inner_->old_forms_read);
  return Found::hit;
}

void CodecCache::on_stored(ByteView value, ByteView stored) noexcept {
  inner_->count_stored(value.size(), stored.size());
}

void CodecCache::do_begin(CacheRequest& request) {
  ValueLayer::do_begin(request);
  inner_->count(request);
}

void CodecCache::on_refused() noexcept {
  Inner::Counters::add(inner_->calls.refusals);
}

}  // namespace cachesite
