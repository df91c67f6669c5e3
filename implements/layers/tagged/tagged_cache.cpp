#include "basics/checked_options.hpp"
#include "layers/base/call_counters.hpp"
#include "layers/tagged/marked_entries.hpp"
#include "layers/tagged/spakky_tags.hpp"

#include <cachesite/async_request.hpp>
#include <cachesite/cache_base.hpp>
#include <cachesite/detail/key_range.hpp>
#include <cachesite/tagged_cache.hpp>

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <unordered_set>
#include <utility>

namespace cachesite {

namespace {

TaggedCacheOptions checked(TaggedCacheOptions options) {
  if (!options.over.component()) throw std::invalid_argument("a TaggedCache needs a cache: over is not set");
  return checked_options("TaggedCache", std::move(options));
}

std::vector<std::string_view> distinct(std::span<const std::string_view> tags) {
  std::vector<std::string_view> sorted(tags.begin(), tags.end());
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  return sorted;
}

Error reserved_key() {
  return Error(ErrorCode::bad_argument, "keys that begin like this are reserved for the tags of the cache");
}

// False for a pattern none of whose matches begins with `prefix`.
bool may_match(std::string_view pattern, std::string_view prefix) {
  const auto literal = pattern.substr(0, pattern.find_first_of("*?[\\"));
  const auto common = std::min(literal.size(), prefix.size());
  return literal.substr(0, common) == prefix.substr(0, common) &&
         (literal.size() >= prefix.size() || literal.size() < pattern.size());
}

}  // namespace

class TaggedCache::Inner {
 public:
  explicit Inner(const TaggedCacheOptions& options) : below(options.over.component()) {
    if (options.form == TagForm::spakky) {
      tags = std::make_shared<layers::SpakkyTags>(options.connection.component(), options.prefix);
    } else {
      auto marked = std::make_shared<layers::MarkedEntries>(below);
      tags = marked;
      below = std::move(marked);
    }
  }

  std::shared_ptr<ICache> below;
  std::shared_ptr<const layers::TagStore> tags;
  layers::CallCounters calls;
  layers::CallCounters::Counter tag_evictions{0};
};

TaggedCache::TaggedCache(TaggedCacheOptions options, const ComponentContext&)
    : TaggedCache(std::make_unique<Inner>(checked(std::move(options)))) {}

TaggedCache::TaggedCache(std::unique_ptr<Inner> inner) : CacheLayer(inner->below), inner_(std::move(inner)) {}

TaggedCache::~TaggedCache() = default;

CacheStatistics TaggedCache::statistics() const {
  auto statistics = CacheLayer::statistics();
  inner_->calls.fill(statistics);
  statistics.tag_evictions = layers::CallCounters::value_of(inner_->tag_evictions);
  return statistics;
}

bool TaggedCache::is_reserved(std::string_view key) const noexcept {
  return key.starts_with(inner_->tags->reserved());
}

Status TaggedCache::do_write_tagged(std::string_view key, std::optional<ByteView> value,
                                    TimeToLive time_to_live, std::span<const std::string_view> tags) {
  time_to_live = effective_time_to_live(key, time_to_live);  // the markers have to live as long
  auto refused = detail::refusal_of_entry(key, value, time_to_live);
  if (!refused) refused = check_entry_tags(tags);
  if (refused) return refuse(*std::move(refused));
  if (tags.empty()) return do_write(key, value, time_to_live);
  if (is_reserved(key)) return refuse(reserved_key());
  if (stopped()) return closed();
  auto written = inner_->tags->store(key, value, time_to_live, distinct(tags));
  if (written.ok()) layers::CallCounters::add(inner_->calls.writes);
  return written;
}

Result<std::uint64_t> TaggedCache::do_evict_tags(std::span<const std::string_view> tags) {
  if (auto refused = check_tags(tags)) return refuse(*std::move(refused));
  if (tags.empty()) return std::uint64_t{0};
  if (stopped()) return closed();
  const auto evicted = inner_->tags->evict(distinct(tags));
  if (evicted.ok()) layers::CallCounters::add(inner_->tag_evictions);
  return evicted;
}

Result<Found> TaggedCache::do_read(std::string_view key, Value& destination) {
  if (is_reserved(key)) return refuse(reserved_key());
  const auto found = forward_read(key, destination);
  if (found.ok()) inner_->calls.add(found.value());
  return found;
}

Status TaggedCache::do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) {
  if (is_reserved(key)) return refuse(reserved_key());
  auto written = forward_write(key, value, time_to_live);
  if (written.ok()) layers::CallCounters::add(inner_->calls.writes);
  return written;
}

void TaggedCache::do_begin(CacheRequest& request) {
  switch (request.subject()) {
    case CacheSubject::key:
      return is_reserved(request.key) ? request.fail(refuse(reserved_key())) : pass(request);
    case CacheSubject::batch:
      return pass_accepted(
          request,
          [&](std::size_t item) {
            return is_reserved(request.key_of(item)) ? std::optional(reserved_key()) : std::nullopt;
          },
          [this](CacheRequest& accepted) { pass(accepted); });
    case CacheSubject::pattern:
      return request.effect() == CacheEffect::list ? scan_own(request) : remove_own(request);
    case CacheSubject::everything:
      return request.effect() == CacheEffect::list ? request.end(count_own()) : pass(request);
  }
}

class TaggedCache::AsyncEnd final : public AsyncStep {
 public:
  explicit AsyncEnd(Inner& inner) noexcept : inner_(inner) {}
  bool after(AsyncRequest& call) override {
    if (call.request().stale == nullptr) inner_.calls.add(call.request(), layers::end_of(call.request()));
    return true;
  }

 private:
  Inner& inner_;
};

bool TaggedCache::do_begin_async(AsyncRequest& call) {
  CacheRequest& request = call.request();
  if (request.subject() != CacheSubject::key) return CacheLayer::do_begin_async(call);
  if (is_reserved(request.key)) {
    request.fail(refuse(reserved_key()));
    return true;
  }
  call.add_step<AsyncEnd>(*inner_);
  return forward_async(call);
}

void TaggedCache::pass(CacheRequest& request) {
  forward(request);
  if (request.stale == nullptr) inner_->calls.add(request, layers::end_of(request));
}

void TaggedCache::remove_own(CacheRequest& request) {
  if (!may_match(request.key, inner_->tags->reserved())) return pass(request);
  request.end(remove_by_scan(*this, request.key));
}

void TaggedCache::scan_own(CacheRequest& request) {
  auto& keys = *request.found;
  const auto before = static_cast<std::ptrdiff_t>(keys.size());
  forward(request);
  keys.erase(std::remove_if(keys.begin() + before, keys.end(),
                            [this](const std::string& key) { return is_reserved(key); }),
             keys.end());
}

Result<std::uint64_t> TaggedCache::count_own() {
  const auto all = ask_below<std::uint64_t>(CacheRequest(CacheOperation::size));
  if (!all.ok()) return all;
  std::unordered_set<std::string> markers;
  ScanPosition position;
  std::vector<std::string> batch;
  const auto pattern = escape_key_pattern(inner_->tags->reserved()) + "*";
  CacheRequest step(CacheOperation::scan, pattern);
  step.position = &position;
  step.found = &batch;
  while (!position.finished) {
    batch.clear();
    if (const auto scanned = ask_below<Done>(step); !scanned.ok()) return scanned.error();
    markers.insert(std::make_move_iterator(batch.begin()), std::make_move_iterator(batch.end()));
  }
  return all.value() - std::min<std::uint64_t>(all.value(), markers.size());
}

}  // namespace cachesite
