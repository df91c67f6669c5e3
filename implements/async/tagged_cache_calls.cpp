// The asynchronous calls of ITaggedCache.

#include "async/cache_access.hpp"
#include "async/cache_call.hpp"

#include <cachesite/cache.hpp>
#include <cachesite/detail/result_at_hand.hpp>
#include <cachesite/i_tagged_cache.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cachesite {

namespace {

using Number = Result<std::uint64_t>;

// Tags of the call's own.
class OwnTags {
 public:
  explicit OwnTags(std::span<const std::string_view> tags) : tags_(tags.begin(), tags.end()) {}
  [[nodiscard]] std::vector<std::string_view> views() const { return {tags_.begin(), tags_.end()}; }

 private:
  std::vector<std::string> tags_;
};

// What a call does that is no operation of caches, as one: workers make it as they make all others.
class TaggedCall final : public ICache {
 public:
  TaggedCall(ICache* cache, std::function<Number()> make)
      : cache_(cache),
        owner_(cache_ != nullptr ? cache_->weak_from_this().lock() : nullptr),
        make_(std::move(make)) {}
  [[nodiscard]] CacheStatistics statistics() const override { return {}; }

 protected:
  Result<Found> do_read(std::string_view, Value&) override { return Error(ErrorCode::unsupported); }
  Status do_write(std::string_view, std::optional<ByteView>, TimeToLive) override {
    return Error(ErrorCode::unsupported);
  }
  void do_begin(CacheRequest& request) override { request.end(make_()); }
  [[nodiscard]] bool may_wait() const noexcept override {
    return cache_ == nullptr || async::CacheAccess::may_wait(*cache_);
  }

 private:
  ICache* const cache_;
  const std::shared_ptr<ICache> owner_;
  const std::function<Number()> make_;
};

class TaggedOperation final : public detail::AsyncOperationOf<Number> {
 public:
  TaggedOperation(std::shared_ptr<TaggedCall> call, async::Patience patience)
      : call_(std::move(call)), patience_(patience) {}

  // It is made where it stays.
  detail::AsyncOperation* move_to(void*) noexcept override { return nullptr; }
  bool begin(detail::OperationCaller& caller) noexcept override {
    return started_.begin(*call_, CacheRequest(CacheOperation::size), patience_, caller);
  }
  void cancel() noexcept override { started_.cancel(); }
  void abandon() noexcept override { started_.abandon(); }
  [[nodiscard]] IEventLoop* loop() const noexcept override { return started_.loop(); }
  Number take_result() noexcept override { return started_.get().answer<std::uint64_t>(); }

 private:
  const std::shared_ptr<TaggedCall> call_;
  const async::Patience patience_;
  async::StartedRequest started_;
};

std::unique_ptr<detail::AsyncOperationOf<Number>> operation(ICache* owner, async::Patience patience,
                                                            std::function<Number()> make) {
  return std::make_unique<TaggedOperation>(std::make_shared<TaggedCall>(owner, std::move(make)), patience);
}

Status status_of(const Number& ended) {
  if (!ended.ok()) return ended.error();
  return Done{};
}

}  // namespace

ICache* ITaggedCache::async_owner() noexcept {
  return dynamic_cast<ICache*>(this);
}

AsyncCall<Status> ITaggedCache::async_write_tagged(std::string_view key, std::optional<ByteView> value,
                                                   TimeToLive time_to_live,
                                                   std::span<const std::string_view> tags,
                                                   const CallOptions& options) {
  return detail::late_call<Number>(
             options,
             [this, key, value, time_to_live, tags, patience = options.patience] {
               return operation(
                   async_owner(), patience,
                   [this, key = std::string(key), value = value ? std::optional<Value>(*value) : std::nullopt,
                    time_to_live, tags = OwnTags(tags)]() -> Number {
                     const auto bytes = value ? std::optional(ByteView(value->text())) : std::nullopt;
                     const auto written = write_tagged(key, bytes, time_to_live, tags.views());
                     if (!written.ok()) return written.error();
                     return std::uint64_t{0};
                   });
             })
      .map(status_of);
}

AsyncCall<Status> ITaggedCache::async_write_tagged(std::string_view key, std::optional<ByteView> value,
                                                   TimeToLive time_to_live,
                                                   std::initializer_list<std::string_view> tags,
                                                   const CallOptions& options) {
  return async_write_tagged(key, value, time_to_live,
                            std::span<const std::string_view>(tags.begin(), tags.size()), options);
}

AsyncCall<Number> ITaggedCache::async_evict_tags(std::span<const std::string_view> tags,
                                                 const CallOptions& options) {
  return detail::late_call<Number>(options, [this, tags, patience = options.patience] {
    return operation(async_owner(), patience,
                     [this, tags = OwnTags(tags)]() -> Number { return evict_tags(tags.views()); });
  });
}

AsyncCall<Number> ITaggedCache::async_evict_tags(std::initializer_list<std::string_view> tags,
                                                 const CallOptions& options) {
  return async_evict_tags(std::span<const std::string_view>(tags.begin(), tags.size()), options);
}

}  // namespace cachesite
