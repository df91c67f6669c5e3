#pragma once

#include <cachesite/cache_layer.hpp>
#include <cachesite/computing_cache.hpp>
#include <cachesite/i_tagged_cache.hpp>

#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace cachesite::layers {

// The interfaces of the cache below that a layer passes on. What is asked through them goes through the layer
// as a read or a write of the key, which is ended by the other interface.
class PassedInterfaces {
 public:
  PassedInterfaces(CacheLayer& layer, ICache& below);
  [[nodiscard]] void* find(const InterfaceId& interface_id) noexcept;

 private:
  class Computing final : public IComputingCache {
   public:
    Computing(CacheLayer& layer, IComputingCache& below) : layer_(layer), below_(below) {}
    [[nodiscard]] Health health() const override { return layer_.health(); }
    [[nodiscard]] TimeToLive effective_time_to_live(std::string_view key,
                                                    TimeToLive time_to_live) const noexcept override {
      return layer_.effective_time_to_live(key, time_to_live);
    }

   protected:
    Lookup do_remember(std::string_view key, TimeToLive time_to_live,
                       const Computation& computation) override;
    void do_remember_many(std::span<const std::string_view> keys, std::span<const TimeToLive> times_to_live,
                          const ManyComputation& computation, std::span<Lookup> results) override;
    Lookup do_get_or_load(std::string_view key, TimeToLive time_to_live) override;
    void do_get_or_load_many(std::span<const std::string_view> keys,
                             std::span<const TimeToLive> times_to_live, std::span<Lookup> results) override;
    [[nodiscard]] ICache* async_owner() noexcept override { return &layer_; }
    void on_refused() noexcept override { layer_.on_refused(); }

   private:
    class Batch;
    template <class Ask>
    Lookup read_through(std::string_view key, const bool& missed, Ask ask);
    [[nodiscard]] std::vector<TimeToLive> effective_lives(std::span<const std::string_view> keys,
                                                          std::span<const TimeToLive> times_to_live) const;
    [[nodiscard]] Computed limited(std::string_view key, Computed computed) const;

    CacheLayer& layer_;
    IComputingCache& below_;
  };

  class Tagged final : public ITaggedCache {
   public:
    Tagged(CacheLayer& layer, ITaggedCache& below) : layer_(layer), below_(below) {}
    [[nodiscard]] Health health() const override { return layer_.health(); }

   protected:
    Status do_write_tagged(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live,
                           std::span<const std::string_view> tags) override;
    Result<std::uint64_t> do_evict_tags(std::span<const std::string_view> tags) override;
    [[nodiscard]] ICache* async_owner() noexcept override { return &layer_; }

   private:
    CacheLayer& layer_;
    ITaggedCache& below_;
  };

  std::optional<Computing> computing_;
  std::optional<Tagged> tagged_;
};

}  // namespace cachesite::layers
