// A cache and two layers of your own. Files use them like built-in ones (configs/own-cache.yml).

#include <cachesite/cachesite.hpp>

#include <chrono>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

using cachesite::ByteView, cachesite::CacheEffect, cachesite::Found, cachesite::Remaining, cachesite::Result;

// A cache that holds its entries itself: one function for each operation.
class MapCache final : public cachesite::CacheBase {
 public:
  explicit MapCache(const cachesite::ComponentContext& context) : clock_(context.clock) {}

  [[nodiscard]] cachesite::CacheStatistics statistics() const override {
    const std::lock_guard lock(mutex_);
    cachesite::CacheStatistics statistics;
    statistics.entries = entries_.size();
    return statistics;
  }

 protected:
  Result<Found> do_read(std::string_view key, cachesite::Value& destination) override {
    const std::lock_guard lock(mutex_);
    const auto* const entry = find(key);
    if (!entry) return Found::miss;
    if (!entry->value) return Found::null;
    destination.assign(*entry->value);
    return Found::hit;
  }

  cachesite::Status do_write(std::string_view key, std::optional<ByteView> value,
                             cachesite::TimeToLive time_to_live) override {
    Entry entry;
    if (value) entry.value = std::string(value->text());
    if (time_to_live.expires()) entry.end = clock_->now() + time_to_live.milliseconds();
    const std::lock_guard lock(mutex_);
    entries_.insert_or_assign(std::string(key), std::move(entry));
    return cachesite::Done{};
  }

  Result<bool> do_remove(std::string_view key) override {
    const std::lock_guard lock(mutex_);
    const bool was_there = find(key) != nullptr;
    entries_.erase(std::string(key));
    return was_there;
  }

  Result<bool> do_contains(std::string_view key) override {
    const std::lock_guard lock(mutex_);
    return find(key) != nullptr;
  }

  Result<Remaining> do_time_to_live(std::string_view key) override {
    const std::lock_guard lock(mutex_);
    const auto* const entry = find(key);
    if (!entry) return Remaining{};
    if (!entry->end) return Remaining{Remaining::State::no_expiry};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*entry->end - clock_->now());
    return Remaining{Remaining::State::expires, left};
  }

 private:
  struct Entry {
    std::optional<std::string> value;  // none: a cached null
    std::optional<cachesite::IClock::TimePoint> end;
  };

  const Entry* find(std::string_view key) const {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return nullptr;
    const auto& end = found->second.end;
    return end && *end <= clock_->now() ? nullptr : &found->second;
  }

  const std::shared_ptr<const cachesite::IClock> clock_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_;
};

// A layer that decides by the effect of an operation.
struct ReadOnlyCacheOptions {
  cachesite::Reference<cachesite::ICache> over;

  static cachesite::ParameterTable parameters() {
    return {
        cachesite::parameter("over", &ReadOnlyCacheOptions::over, "The cache that may be read.").required()};
  }
};

class ReadOnlyCache final : public cachesite::CacheLayer {
 public:
  using Options = ReadOnlyCacheOptions;
  explicit ReadOnlyCache(const Options& options) : CacheLayer(options.over.component()) {}

 protected:
  void do_begin(cachesite::CacheRequest& request) override {
    switch (request.effect()) {
      case CacheEffect::read:
      case CacheEffect::look:
      case CacheEffect::list:
        return forward(request);
      case CacheEffect::store:
      case CacheEffect::count:
      case CacheEffect::prolong:
      case CacheEffect::remove:
        return request.fail(cachesite::Error(cachesite::ErrorCode::refused, "this cache is only read"));
    }
  }
};

// A layer that stores values in another form: with a version number in front.
struct VersionedCacheOptions {
  cachesite::Reference<cachesite::ICache> over;
  int version = 1;

  static cachesite::ParameterTable parameters() {
    using O = VersionedCacheOptions;
    return {
        cachesite::parameter("over", &O::over, "The cache that holds the entries.").required(),
        cachesite::parameter("version", &O::version, "Values of another version are misses.").between(0, 255),
    };
  }
};

class VersionedCache final : public cachesite::ValueLayer {
 public:
  using Options = VersionedCacheOptions;
  explicit VersionedCache(const Options& options)
      : ValueLayer(options.over.component()), version_(static_cast<char>(options.version)) {}

 protected:
  Result<ByteView> to_stored(std::string_view, ByteView value, std::string& memory) override {
    memory.assign(1, version_).append(value.text());
    return ByteView(memory);
  }
  Result<Found> from_stored(std::string_view, const cachesite::Value& stored,
                            cachesite::Value& destination) override {
    const auto text = stored.text();
    if (text.empty() || text.front() != version_) return Found::miss;
    destination.assign(text.substr(1));
    return Found::hit;
  }

 private:
  const char version_;
};

int main() {
  cachesite::Catalog catalog;
  catalog.add<MapCache>("MapCache").text("Keeps values in a std::map, without a limit.");
  catalog.add<ReadOnlyCache>("ReadOnlyCache").text("Lets another cache be read only.");
  catalog.add<VersionedCache>("VersionedCache").text("Keeps the values of versions of a program apart.");

  const auto site = cachesite::load_component_site(CACHESITE_CONFIGS "/own-cache.yml", catalog);
  const auto pages = site->get_component<cachesite::ICache>("pages");
  pages->set_value("home", "<h1>Welcome</h1>", std::chrono::minutes(10));
  if (const auto page = pages->get_value("home")) std::cout << page->text() << "\n";

  const auto shown = site->get_component<cachesite::ICache>("shown");
  std::cout << shown->get_many({"home"}).front().value().text() << "\n";
  if (const auto removed = shown->remove("home"); !removed.ok())
    std::cout << removed.error().message() << "\n";
  const auto next = site->get_component<cachesite::ICache>("next-pages");
  std::cout << (next->get("home").miss() ? "the next version has no page\n" : "");
}
