#include "layers/base/passed_interfaces.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

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

// A TTL that a factory gives passes the layer like that of a call.
Computed PassedInterfaces::Computing::limited(std::string_view key, Computed computed) const {
  if (computed.time_to_live)
    computed.time_to_live = layer_.effective_time_to_live(key, *computed.time_to_live);
  return computed;
}

// What `ask(key)` answers below, as a read of the layer. A value that has to be computed counts as a miss.
template <class Ask>
Lookup PassedInterfaces::Computing::read_through(std::string_view key, const bool& missed, Ask ask) {
  StaleRead served;
  std::optional<Lookup> answer;
  Target target([&](CacheRequest& request) {
    answer.emplace(ask(request.key));
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

Lookup PassedInterfaces::Computing::do_remember(std::string_view key, TimeToLive time_to_live,
                                                const Computation& computation) {
  bool missed = false;
  Computation noticed = computation;
  noticed.may_outlive_call = false;  // the layer need not live as long
  noticed.contextual = [&](const ComputeContext& context) -> Result<Computed> {
    missed = true;
    auto computed = computation.make(context);
    if (!computed.ok()) return computed;
    return limited(key, std::move(computed).value());
  };
  return read_through(key, missed, [&](std::string_view whole) {
    return below_.remember(whole, layer_.effective_time_to_live(key, time_to_live), noticed);
  });
}

Lookup PassedInterfaces::Computing::do_get_or_load(std::string_view key, TimeToLive time_to_live) {
  return read_through(key, false, [&](std::string_view whole) {
    return pass_on(below_, whole, layer_.effective_time_to_live(key, time_to_live));
  });
}

/// Many keys as one read of a layer, which may change their names.
class PassedInterfaces::Computing::Batch {
 public:
  using Keys = std::span<const std::string_view>;

  Batch(CacheLayer& layer, Keys keys, std::span<Lookup> results)
      : layer_(layer), keys_(keys), results_(results), computed_(keys.size()) {}

  /// Calls `ask(keys)` with the keys as the layer passes them on. False when it does not pass on all of them.
  template <class Ask>
  bool run(Ask ask) {
    bool whole = true;
    Target target([&](CacheRequest& request) {
      whole = request.keys.size() == keys_.size();
      if (!whole) return request.fail(Error(ErrorCode::unsupported));
      names_ = request.keys;
      ask(names_);
      end(request.results_as<Lookup>());
    });
    std::vector<Lookup> seen(keys_.size());
    CacheRequest request(CacheOperation::get_many);
    request.keys = keys_;
    request.results = std::span<Lookup>(seen);
    request.target = &target;
    layer_.perform(request);
    if (names_.empty() && whole) std::move(seen.begin(), seen.end(), results_.begin());
    return whole;
  }
  /// The place of a key that is passed on, once it has to be computed.
  std::size_t computed(std::string_view name) {
    if (places_.empty())
      for (std::size_t place = 0; place < names_.size(); ++place)
        places_.emplace(names_[place], place);
    const auto place = places_.at(name);
    computed_[place] = true;
    return place;
  }

 private:
  // What the layer sees of the answers.
  void end(std::span<Lookup> seen) const {
    for (std::size_t place = 0; place < seen.size(); ++place) {
      const Lookup& result = results_[place];
      if (result.failed())
        seen[place] = result;
      else if (!computed_[place] || result.stale())
        seen[place] = Lookup(result.hit() ? Found::hit : Found::null, Value());
    }
  }

  CacheLayer& layer_;
  const Keys keys_;
  const std::span<Lookup> results_;
  std::vector<bool> computed_;
  Keys names_;
  std::unordered_map<std::string_view, std::size_t> places_;  // of the names, once one is computed
};

std::vector<TimeToLive> PassedInterfaces::Computing::effective_lives(
    std::span<const std::string_view> keys, std::span<const TimeToLive> times_to_live) const {
  std::vector<TimeToLive> lives;
  for (std::size_t item = 0; item < keys.size(); ++item)
    lives.push_back(layer_.effective_time_to_live(keys[item], times_to_live[item]));
  return lives;
}

void PassedInterfaces::Computing::do_remember_many(std::span<const std::string_view> keys,
                                                   std::span<const TimeToLive> times_to_live,
                                                   const ManyComputation& computation,
                                                   std::span<Lookup> results) {
  Batch batch(layer_, keys, results);
  ManyComputation renamed = computation;
  renamed.factory = [&](std::span<const std::string_view> missing, std::span<Result<Computed>> made) {
    std::vector<std::string_view> names;
    for (const auto name : missing)
      names.push_back(keys[batch.computed(name)]);
    const auto limit_all = [&] {
      for (std::size_t item = 0; item < made.size(); ++item)
        if (made[item].ok()) made[item] = limited(names[item], std::move(made[item]).value());
    };
    try {
      computation.factory(names, made);
    } catch (...) {
      limit_all();  // what was made before is stored
      throw;
    }
    limit_all();
  };
  const auto lives = effective_lives(keys, times_to_live);
  if (!batch.run([&](auto names) { pass_on(below_, names, lives, renamed, results); }))
    IComputingCache::do_remember_many(keys, times_to_live, computation, results);
}

void PassedInterfaces::Computing::do_get_or_load_many(std::span<const std::string_view> keys,
                                                      std::span<const TimeToLive> times_to_live,
                                                      std::span<Lookup> results) {
  const auto lives = effective_lives(keys, times_to_live);
  if (!Batch(layer_, keys, results).run([&](auto names) { pass_on(below_, names, lives, results); }))
    IComputingCache::do_get_or_load_many(keys, times_to_live, results);
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
