#include "layers/base/stored_batch.hpp"

#include <cachesite/value_layer.hpp>

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace cachesite {

void ValueLayer::on_stored(ByteView, ByteView) noexcept {}

void ValueLayer::do_begin(CacheRequest& request) {
  switch (request.effect()) {
    case CacheEffect::read:
      return request.is_batch() ? read_values(request) : read_value(request);
    case CacheEffect::store:
      return request.is_batch() ? store_values(request) : store_value(request);
    case CacheEffect::count:
      return request.fail(stopped()
                              ? closed()
                              : Error(ErrorCode::unsupported,
                                      "a cache of encoded values cannot increment: use the cache below it"));
    case CacheEffect::look:
    case CacheEffect::prolong:
    case CacheEffect::remove:
    case CacheEffect::list:
      return forward(request);
  }
}

void ValueLayer::read_value(CacheRequest& request) {
  Value stored;
  auto found = forward_read_as(request, stored);
  request.destination->clear();
  if (found.ok() && found.value() == Found::hit)
    found = from_stored(request.key, stored, *request.destination);
  request.end(std::move(found));
}

void ValueLayer::read_values(CacheRequest& batch) {
  forward(batch);
  take_values(batch.keys, batch.results_as<Lookup>());
}

void ValueLayer::take_values(std::span<const std::string_view> keys, std::span<Lookup> results) noexcept {
  for (std::size_t item = 0; item < results.size(); ++item) {
    auto& result = results[item];
    if (!result.hit()) continue;
    Value value;
    const auto found = guarded_call<Found>([&] { return from_stored(keys[item], result.value(), value); });
    result = found.ok() ? Lookup(found.value(), std::move(value)) : Lookup(found.error());
  }
}

// What is stored may be longer than a value may be, so the cache below looks at the rules.
void ValueLayer::store_value(CacheRequest& request) {
  if (stopped()) return request.fail(closed());
  std::string memory;
  CacheRequest stored = request;
  if (request.value) {
    const auto bytes = to_stored(request.key, *request.value, memory);
    if (!bytes.ok()) return request.fail(bytes.error());
    stored.value = bytes.value();
  }
  below()->perform(stored);
  request.end_as(stored);
  const auto* const done = request.answered<bool>();
  if (request.value && request.error() == nullptr && (done == nullptr || *done))
    on_stored(*request.value, *stored.value);
}

void ValueLayer::store_values(CacheRequest& batch) {
  if (stopped()) return batch.fail(closed());
  StoredBatch stored(*this, batch);
  below()->perform(stored.request());
  stored.hand_back();
}

ValueLayer::StoredBatch::StoredBatch(ValueLayer& layer, CacheRequest& batch)
    : layer_(layer), batch_(batch), memory_(batch.items()) {
  std::vector<std::size_t> places;
  std::vector<std::optional<ByteView>> values;
  for (std::size_t item = 0; item < batch.items(); ++item) {
    const auto bytes = stored(batch.entries[item], memory_[item]);
    if (bytes.ok()) {
      places.push_back(item);
      plain_.push_back(batch.entries[item].value);
      values.push_back(bytes.value());
    } else {
      batch.fail(item, bytes.error());
    }
  }
  part_.emplace(batch_, std::move(places));
  for (std::size_t index = 0; index < values.size(); ++index)
    part_->entries()[index].value = values[index];
}

Result<std::optional<ByteView>> ValueLayer::StoredBatch::stored(const CacheEntry& entry,
                                                                std::string& memory) noexcept {
  return guarded_call<std::optional<ByteView>>([&]() -> Result<std::optional<ByteView>> {
    if (!entry.value) return std::optional<ByteView>();
    const auto bytes = layer_.to_stored(entry.key, *entry.value, memory);
    if (!bytes.ok()) return bytes.error();
    return std::optional(bytes.value());
  });
}

void ValueLayer::StoredBatch::hand_back() noexcept {
  part_->hand_back();
  for (std::size_t index = 0; index < plain_.size(); ++index)
    if (plain_[index] && batch_.error(part_->places()[index]) == nullptr)
      layer_.on_stored(*plain_[index], *part_->entries()[index].value);
}

}  // namespace cachesite
