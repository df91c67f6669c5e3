#include "layers/base/stored_batch.hpp"
#include "layers/codec/codec_cache_inner.hpp"

#include <cachesite/async_request.hpp>
#include <cachesite/codec_cache.hpp>
#include <cachesite/detail/guarded_call.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite {

namespace {

// Workers encode and decode longer values, and more of them, since it takes long.
constexpr std::size_t longest_at_once = std::size_t{64} * 1024;

}  // namespace

// What was read, as a cache that a worker reads the values from.
class CodecCache::LateDecoding final : public ICache {
 public:
  LateDecoding(CodecCache& cache, const Value& stored) noexcept : cache_(cache), stored_(&stored) {}
  LateDecoding(CodecCache& cache, std::vector<Lookup>& batch) noexcept : cache_(cache), batch_(&batch) {}
  bool begin(AsyncRequest& call) { return do_begin_async(call); }
  [[nodiscard]] CacheStatistics statistics() const override { return {}; }

 protected:
  Result<Found> do_read(std::string_view key, Value& destination) override {
    return cache_.from_stored(key, *stored_, destination);
  }
  Status do_write(std::string_view, std::optional<ByteView>, TimeToLive) override {
    return Error(ErrorCode::unsupported);
  }
  void do_begin(CacheRequest& request) override {
    if (!request.is_batch()) return request.end(do_read(request.key, *request.destination));
    const auto results = request.results_as<Lookup>();
    std::move(batch_->begin(), batch_->end(), results.begin());
    cache_.take_values(request.keys, results);
  }

 private:
  CodecCache& cache_;
  const Value* const stored_ = nullptr;
  std::vector<Lookup>* const batch_ = nullptr;
};

class CodecCache::AsyncRead final : public AsyncStep {
 public:
  AsyncRead(CodecCache& cache, AsyncRequest& call)
      : cache_(cache),
        key_(call.memory().copy(call.request().key)),
        destination_(call.request().destination) {
    call.request().destination = &stored_;
  }

  bool after(AsyncRequest& call) override {
    CacheRequest& request = call.request();
    if (!std::exchange(read_, true)) {
      request.destination = destination_;
      destination_->clear();
      const auto* const found = request.answered<Found>();
      if (found != nullptr && *found == Found::hit) {
        if (stored_.size() > longest_at_once) return decode_late(call);
        request.end(guarded_call<Found>([&] { return cache_.from_stored(key_, stored_, *destination_); }));
      }
    }
    cache_.inner_->count(request);
    return true;
  }

 private:
  bool decode_late(AsyncRequest& call) {
    call.request().key = key_;
    call.repeat(*this);
    return call.memory().make<LateDecoding>(cache_, stored_).begin(call);
  }

  CodecCache& cache_;
  const std::string_view key_;
  Value* const destination_;
  Value stored_;
  bool read_ = false;
};

class CodecCache::AsyncReads final : public AsyncStep {
 public:
  AsyncReads(CodecCache& cache, AsyncRequest& call) : cache_(cache) {
    call.keep_arguments();
    keys_ = call.request().keys;
  }

  bool after(AsyncRequest& call) override {
    CacheRequest& request = call.request();
    if (!std::exchange(read_, true)) {
      const auto results = request.results_as<Lookup>();
      if (bytes_of(results) > longest_at_once) return decode_late(call);
      cache_.take_values(keys_, results);
    }
    cache_.inner_->count(request);
    return true;
  }

 private:
  static std::size_t bytes_of(std::span<const Lookup> results) noexcept {
    std::size_t bytes = 0;
    for (const auto& result : results)
      if (result.hit()) bytes += result.value().size();
    return bytes;
  }
  bool decode_late(AsyncRequest& call) {
    CacheRequest& request = call.request();
    const auto results = request.results_as<Lookup>();
    stored_.assign(std::move_iterator(results.begin()), std::move_iterator(results.end()));
    request.key = {};
    request.keys = keys_;
    call.repeat(*this);
    return call.memory().make<LateDecoding>(cache_, stored_).begin(call);
  }

  CodecCache& cache_;
  std::span<const std::string_view> keys_;
  std::vector<Lookup> stored_;  // for a worker
  bool read_ = false;
};

class CodecCache::AsyncStore final : public AsyncStep {
 public:
  AsyncStore(CodecCache& cache, const CacheRequest& request) noexcept
      : cache_(cache), value_(request.value) {}

  // Before it is passed on.
  Status encode(CacheRequest& request) {
    if (!value_) return Done{};
    const auto bytes = cache_.to_stored(request.key, *value_, stored_);
    if (!bytes.ok()) return bytes.error();
    request.value = bytes.value();
    return Done{};
  }
  bool after(AsyncRequest& call) override {
    CacheRequest& request = call.request();
    request.value = value_;
    const auto* const done = request.answered<bool>();
    if (value_ && request.error() == nullptr && (done == nullptr || *done))
      cache_.inner_->count_stored(value_->size(), stored_.size());
    cache_.inner_->count(request);
    return true;
  }

 private:
  CodecCache& cache_;
  const std::optional<ByteView> value_;  // its bytes may have gone when the answer is there
  std::string stored_;
};

class CodecCache::AsyncStores final : public AsyncStep {
 public:
  AsyncStores(CodecCache& cache, const CacheRequest& whole)
      : cache_(cache), whole_(whole), stored_(cache, whole_) {}

  bool go_down(AsyncRequest& call) {
    CacheRequest& request = call.request();
    request.entries = stored_.request().entries;
    request.results = stored_.request().results;
    call.repeat(*this);
    return cache_.forward_async(call);
  }
  bool after(AsyncRequest& call) override {
    CacheRequest& request = call.request();
    request.entries = whole_.entries;
    request.results = whole_.results;
    stored_.hand_back();
    cache_.inner_->count(request);
    return true;
  }

 private:
  CodecCache& cache_;
  CacheRequest whole_;
  StoredBatch stored_;
};

class CodecCache::AsyncEnd final : public AsyncStep {
 public:
  explicit AsyncEnd(CodecCache& cache) noexcept : cache_(cache) {}
  bool after(AsyncRequest& call) override {
    cache_.inner_->count(call.request());
    return true;
  }

 private:
  CodecCache& cache_;
};

bool CodecCache::do_begin_async(AsyncRequest& call) {
  CacheRequest& request = call.request();
  if (request.stale != nullptr) return ValueLayer::do_begin_async(call);
  switch (request.effect()) {
    case CacheEffect::read:
      if (request.is_batch())
        call.add_step<AsyncReads>(*this, call);
      else
        call.add_step<AsyncRead>(*this, call);
      return forward_async(call);
    case CacheEffect::store:
      return request.is_batch() ? store_many_async(call) : store_async(call);
    case CacheEffect::count:
      do_begin(request);
      return true;
    case CacheEffect::look:
    case CacheEffect::prolong:
    case CacheEffect::remove:
    case CacheEffect::list:
      break;
  }
  call.add_step<AsyncEnd>(*this);
  return forward_async(call);
}

bool CodecCache::store_async(AsyncRequest& call) {
  CacheRequest& request = call.request();
  if (request.value && request.value->size() > longest_at_once) return ValueLayer::do_begin_async(call);
  auto& step = call.memory().make<AsyncStore>(*this, request);
  const Status encoded = stopped() ? Status(closed()) : step.encode(request);
  if (!encoded.ok()) {
    request.fail(encoded.error());
    inner_->count(request);
    return true;
  }
  call.repeat(step);
  return forward_async(call);
}

bool CodecCache::store_many_async(AsyncRequest& call) {
  CacheRequest& request = call.request();
  std::size_t bytes = 0;
  for (const auto& entry : request.entries)
    bytes += entry.value ? entry.value->size() : 0;
  if (bytes > longest_at_once) return ValueLayer::do_begin_async(call);
  if (!stopped()) return call.memory().make<AsyncStores>(*this, request).go_down(call);
  request.fail(closed());
  inner_->count(request);
  return true;
}

}  // namespace cachesite
