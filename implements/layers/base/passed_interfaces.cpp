#include "layers/base/passed_interfaces.hpp"

#include <utility>

namespace cachesite::layers {

namespace {

template <class End>
class Target final : public CacheRequest::Target {
 public:
  explicit Target(End end) : end_(std::move(end)) {}
  void end(CacheRequest& request) override { end_(request); }

 private:
  End end_;
};

}  // namespace

PassedInterfaces::PassedInterfaces(CacheLayer& layer, ICache& below) {
  if (auto* const computing = find_interface<IComputingCache>(below)) computing_.emplace(layer, *computing);
  if (auto* const tagged = find_interface<ITaggedCache>(below)) tagged_.emplace(layer, *tagged);
}

void* PassedInterfaces::find(const InterfaceId& interface_id) noexcept {
  if (computing_ && interface_id.name == IComputingCache::interface_id.name)
    return static_cast<IComputingCache*>(&*computing_);
  if (tagged_ && interface_id.name == ITaggedCache::interface_id.name)
    return static_cast<ITaggedCache*>(&*tagged_);
  return nullptr;
}

// A value that has to be computed counts as a miss.
Lookup PassedInterfaces::Computing::do_remember(std::string_view key, TimeToLive time_to_live,
                                                const Computation& computation) {
  bool missed = false;
  StaleRead served;
  Computation noticed = computation;
  noticed.may_outlive_call = false;  // the layer need not live as long
  noticed.contextual = [&](const ComputeContext& context) {
    missed = true;
    auto computed = computation.make(context);
    if (computed.ok() && computed.value().time_to_live) {
      Computed limited = std::move(computed).value();
      limited.time_to_live = layer_.effective_time_to_live(key, *limited.time_to_live);
      return Result<Computed>(std::move(limited));
    }
    return computed;
  };
  std::optional<Lookup> answer;
  Target target([&](CacheRequest& request) {
    answer.emplace(below_.remember(request.key, layer_.effective_time_to_live(key, time_to_live), noticed));
    if (answer->failed()) return request.fail(answer->error());
    served.stale = answer->stale();
    const bool was_missed = missed && !served.stale;
    request.end(Result<Found>(was_missed ? Found::miss : answer->hit() ? Found::hit : Found::null));
  });
  Value unused;
  CacheRequest request(CacheOperation::read, key);
  request.destination = &unused;
  request.stale = &served;
  request.target = &target;
  layer_.perform(request);
  return answer ? *std::move(answer) : Lookup(request.answer<Found>().error());
}

Status PassedInterfaces::Tagged::do_write_tagged(std::string_view key, std::optional<ByteView> value,
                                                 TimeToLive time_to_live,
                                                 std::span<const std::string_view> tags) {
  if (const auto refused = check_entry_tags(tags)) return *refused;
  Target target([&](CacheRequest& request) {
    request.end(below_.write_tagged(request.key, request.value, request.time_to_live, tags));
  });
  CacheRequest request(CacheOperation::write, key, value, time_to_live);
  request.target = &target;
  layer_.perform(request);
  return request.answer<Done>();
}

Result<std::uint64_t> PassedInterfaces::Tagged::do_evict_tags(std::span<const std::string_view> tags) {
  if (layer_.stopped()) return CacheLayer::closed();
  return below_.evict_tags(tags);
}

}  // namespace cachesite::layers
