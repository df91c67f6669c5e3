#include "basics/checked_options.hpp"
#include "layers/base/call_counters.hpp"
#include "layers/tagged/marked_entries.hpp"
#include "layers/tagged/spakky_tags.hpp"

#include <cachesite/async_request.hpp>
#include <cachesite/cache_base.hpp>
#include <cachesite/detail/batch_part.hpp>
#include <cachesite/detail/key_range.hpp>
#include <cachesite/tagged_cache.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <stdexcept>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

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

// The part of a batch whose keys are no markers.
class TaggedCache::AsyncPart final : public AsyncStep {
 public:
  AsyncPart(Inner& inner, const CacheRequest& whole, std::vector<std::size_t> places)
      : inner_(inner), whole_(whole), part_(whole_, std::move(places)) {}
  [[nodiscard]] const CacheRequest& part() noexcept { return part_.request(); }

  bool after(AsyncRequest& call) override {
    CacheRequest& request = call.request();
    inner_.calls.add(request, layers::end_of(request));
    ask_as(request, whole_);
    part_.hand_back();
    return true;
  }
  static void ask_as(CacheRequest& request, const CacheRequest& other) noexcept {
    request.keys = other.keys;
    request.entries = other.entries;
    request.results = other.results;
    request.lives = other.lives;
  }

 private:
  Inner& inner_;
  const CacheRequest whole_;
  detail::BatchPart part_;
};

// The keys of a scan without markers.
class TaggedCache::AsyncScan final : public AsyncStep {
 public:
  AsyncScan(const TaggedCache& cache, std::size_t before) noexcept : cache_(cache), before_(before) {}
  bool after(AsyncRequest& call) override {
    cache_.keep_own(*call.request().found, before_);
    return true;
  }

 private:
  const TaggedCache& cache_;
  const std::size_t before_;
};

// A loop of scans is left to workers.
bool TaggedCache::do_begin_async(AsyncRequest& call) {
  CacheRequest& request = call.request();
  const bool lists = request.effect() == CacheEffect::list;
  switch (request.subject()) {
    case CacheSubject::key:
      if (!is_reserved(request.key)) break;
      request.fail(refuse(reserved_key()));
      return true;
    case CacheSubject::batch:
      return pass_batch_async(call);
    case CacheSubject::pattern:
      if (!lists && may_match(request.key, inner_->tags->reserved())) return CacheLayer::do_begin_async(call);
      if (!lists) break;
      call.add_step<AsyncScan>(*this, request.found->size());
      return forward_async(call);
    case CacheSubject::everything:
      if (lists) return CacheLayer::do_begin_async(call);
      break;
  }
  call.add_step<AsyncEnd>(*inner_);
  return forward_async(call);
}

bool TaggedCache::pass_batch_async(AsyncRequest& call) {
  CacheRequest& request = call.request();
  std::vector<std::size_t> accepted;
  for (std::size_t item = 0; item < request.items(); ++item)
    if (!is_reserved(request.key_of(item))) accepted.push_back(item);
  if (accepted.size() == request.items()) {
    call.add_step<AsyncEnd>(*inner_);
    return forward_async(call);
  }
  for (std::size_t item = 0; item < request.items(); ++item)
    if (is_reserved(request.key_of(item))) request.fail(item, refuse(reserved_key()));
  if (accepted.empty()) return true;
  auto& step = call.add_step<AsyncPart>(*inner_, request, std::move(accepted));
  AsyncPart::ask_as(request, step.part());
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
  const auto before = request.found->size();
  forward(request);
  keep_own(*request.found, before);
}

// Of the keys from there on.
void TaggedCache::keep_own(std::vector<std::string>& keys, std::size_t from) const {
  keys.erase(std::remove_if(keys.begin() + static_cast<std::ptrdiff_t>(from), keys.end(),
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
