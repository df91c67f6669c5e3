#include "layers/remember/foreign_changes.hpp"

#include <cachesite/cache_layer.hpp>
#include <cachesite/detail/i_key_prefix.hpp>
#include <cachesite/detail/i_tag_markers.hpp>

#include <chrono>

namespace cachesite::remembering {

namespace {

constexpr std::chrono::milliseconds longest_wait{100};

}  // namespace

ForeignChanges::ForeignChanges(ICache& below, basics::PerProcess<FlightTable>& flights, ChangeCounts& counts)
    : flights_(flights), counts_(counts) {
  for (auto* next = &below; next != nullptr;) {
    if (const auto* const prefixed = dynamic_cast<const detail::IKeyPrefix*>(next)) {
      prefix_.insert(0, prefixed->key_prefix());
      if (!marker_prefix_.empty()) marker_prefix_.insert(0, prefixed->key_prefix());
    }
    if (const auto* const marked = dynamic_cast<const detail::ITagMarkers*>(next))
      marker_prefix_ = marked->marker_prefix();
    if (auto* const source = dynamic_cast<detail::IForeignChanges*>(next)) {
      if (source->tells_own_changes()) told_ = Flight::Told::of_all;
      if (source->add_listener(*this)) source_ = source;
      return;
    }
    const auto* const layer = dynamic_cast<const CacheLayer*>(next);
    next = layer == nullptr ? nullptr : layer->below().get();
  }
}

ForeignChanges::~ForeignChanges() {
  if (source_ != nullptr) source_->remove_listener(*this);
}

void ForeignChanges::begin(std::span<Flight* const> flights) noexcept {
  if (source_ == nullptr) return;
  source_->await_changes(longest_wait);
  for (auto* const flight : flights)
    flight->heed_changes_elsewhere();
}

void ForeignChanges::changed_elsewhere(std::string_view key) noexcept {
  if (!marker_prefix_.empty() && key.starts_with(marker_prefix_))
    return tag_changed_elsewhere(key.substr(marker_prefix_.size()));
  if (!key.starts_with(prefix_)) return;
  key.remove_prefix(prefix_.size());
  counts_.note(key);
  if (auto* const flights = flights_.find()) flights->outdate_from_elsewhere(key, told_);
}

// The marker of a new tag tells the same as the end of one.
void ForeignChanges::tag_changed_elsewhere(std::string_view tag) noexcept {
  counts_.note_all();
  if (auto* const flights = flights_.find()) flights->outdate_tagged_from_elsewhere(tag, told_);
}

void ForeignChanges::everything_changed_elsewhere() noexcept {
  counts_.note_all();
  if (auto* const flights = flights_.find()) flights->outdate_all_from_elsewhere();
}

}  // namespace cachesite::remembering
