#include <cachesite/async_request.hpp>
#include <cachesite/detail/batch_part.hpp>
#include <cachesite/prefix_cache.hpp>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

namespace cachesite {

namespace {

std::string_view joined(AsyncRequest& call, std::string_view first, std::string_view second) {
  const auto size = first.size() + second.size();
  auto* const place = static_cast<char*>(call.memory().allocate(size));
  std::copy(second.begin(), second.end(), std::copy(first.begin(), first.end(), place));
  return {place, size};
}

}  // namespace

// The key, or pattern, as it was.
class PrefixCache::OwnKey final : public AsyncStep {
 public:
  explicit OwnKey(std::string_view key) noexcept : key_(key) {}
  bool after(AsyncRequest& call) override {
    call.request().key = key_;
    return true;
  }

 private:
  std::string_view key_;
};

// The items as they were.
class PrefixCache::OwnItems final : public AsyncStep {
 public:
  // `refused` are the items whose keys are too long.
  OwnItems(const CacheRequest& whole, std::vector<std::size_t> accepted, std::vector<std::size_t> refused)
      : whole_(whole), refused_(std::move(refused)) {
    if (!refused_.empty()) part_.emplace(whole_, std::move(accepted));
  }
  [[nodiscard]] const CacheRequest& passed_on() noexcept { return part_ ? part_->request() : whole_; }

  bool after(AsyncRequest& call) override {
    CacheRequest& request = call.request();
    request.keys = whole_.keys;
    request.entries = whole_.entries;
    request.results = whole_.results;
    request.lives = whole_.lives;
    if (part_) part_->hand_back();
    for (const auto item : refused_)
      request.fail(item, too_long_error());
    return true;
  }

 private:
  const CacheRequest whole_;
  const std::vector<std::size_t> refused_;
  std::optional<detail::BatchPart> part_;
};

// The keys of a scan without the prefix.
class PrefixCache::OwnKeys final : public AsyncStep {
 public:
  OwnKeys(const PrefixCache& cache, const CacheRequest& request) noexcept
      : cache_(cache), pattern_(request.key), before_(request.found->size()) {}
  bool after(AsyncRequest& call) override {
    call.request().key = pattern_;
    cache_.keep_own(*call.request().found, before_);
    return true;
  }

 private:
  const PrefixCache& cache_;
  std::string_view pattern_;
  std::size_t before_;
};

class PrefixCache::Clearing final : public AsyncStep {
 public:
  explicit Clearing(PrefixCache& cache) noexcept : cache_(cache) {}
  bool after(AsyncRequest& call) override {
    CacheRequest& request = call.request();
    request.operation = CacheOperation::clear;
    request.key = {};
    if (request.error() != nullptr) return true;
    cache_.clears_.fetch_add(1, std::memory_order_relaxed);
    request.end(Status(Done{}));
    return true;
  }

 private:
  PrefixCache& cache_;
};

class PrefixCache::Counting final : public AsyncStep {
 public:
  explicit Counting(PrefixCache& cache) noexcept : cache_(cache) {}

  // Asks for the keys that are left.
  bool go_on(AsyncRequest& call) {
    CacheRequest& request = call.request();
    found_.clear();
    request.operation = CacheOperation::scan;
    request.position = &position_;
    request.found = &found_;
    call.repeat(*this);
    return cache_.forward_async(call);
  }
  bool after(AsyncRequest& call) override {
    CacheRequest& request = call.request();
    const bool failed = request.error() != nullptr;
    if (!failed) {
      cache_.keep_own(found_, 0);
      size_ += found_.size();
      if (!position_.finished) return go_on(call);
    }
    request.operation = CacheOperation::size;
    request.key = {};
    request.position = nullptr;
    request.found = nullptr;
    if (!failed) request.end(Result<std::uint64_t>(size_));
    return true;
  }

 private:
  PrefixCache& cache_;
  ScanPosition position_;
  std::vector<std::string> found_;
  std::uint64_t size_ = 0;
};

bool PrefixCache::do_begin_async(AsyncRequest& call) {
  CacheRequest& request = call.request();
  if (prefix_.empty()) return forward_async(call);
  const bool removes = request.effect() == CacheEffect::remove;
  switch (request.subject()) {
    case CacheSubject::key:
      return add_prefix(call);
    case CacheSubject::batch:
      return add_prefixes(call);
    case CacheSubject::pattern:
      if (removes)
        call.add_step<OwnKey>(request.key);
      else
        call.add_step<OwnKeys>(*this, request);
      request.key = call.memory().copy(below_pattern(request.key));
      return forward_async(call);
    case CacheSubject::everything:
      request.key = call.memory().copy(below_pattern("?*"));
      if (!removes) return call.memory().make<Counting>(*this).go_on(call);
      call.add_step<Clearing>(*this);
      request.operation = CacheOperation::remove_matching;
      return forward_async(call);
  }
  return forward_async(call);
}

bool PrefixCache::add_prefix(AsyncRequest& call) {
  CacheRequest& request = call.request();
  if (auto refused = refusal(request.key)) {
    request.fail(refuse(*std::move(refused)));
    return true;
  }
  call.add_step<OwnKey>(request.key);
  request.key = joined(call, prefix_, request.key);
  return forward_async(call);
}

bool PrefixCache::add_prefixes(AsyncRequest& call) {
  CacheRequest& request = call.request();
  std::vector<std::size_t> accepted;
  std::vector<std::size_t> refused;
  for (std::size_t item = 0; item < request.items(); ++item)
    (too_long(request.key_of(item)) ? refused : accepted).push_back(item);
  for (const auto item : refused)
    request.fail(item, refuse(too_long_error()));
  if (accepted.empty()) return true;
  auto& own = call.add_step<OwnItems>(request, std::move(accepted), std::move(refused));
  const CacheRequest& passed_on = own.passed_on();
  auto& keys = call.memory().make<std::vector<std::string_view>>();
  for (const auto key : passed_on.keys)
    keys.push_back(joined(call, prefix_, key));
  auto& entries =
      call.memory().make<std::vector<CacheEntry>>(passed_on.entries.begin(), passed_on.entries.end());
  for (auto& entry : entries)
    entry.key = joined(call, prefix_, entry.key);
  request.keys = keys;
  request.entries = entries;
  request.results = passed_on.results;
  request.lives = passed_on.lives;
  return forward_async(call);
}

}  // namespace cachesite
