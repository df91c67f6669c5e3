#include <cachesite/i_tagged_cache.hpp>

#include <optional>
#include <span>
#include <string_view>

namespace cachesite {

std::optional<Error> ITaggedCache::check_tags(std::span<const std::string_view> tags) noexcept {
  for (const auto tag : tags) {
    if (tag.empty()) return Error(ErrorCode::bad_argument, "a tag is at least 1 byte long");
    if (tag.size() > longest_tag) return Error(ErrorCode::too_large, "a tag is at most 1 KiB long");
  }
  return std::nullopt;
}

std::optional<Error> ITaggedCache::check_entry_tags(std::span<const std::string_view> tags) noexcept {
  if (tags.size() > most_tags) return Error(ErrorCode::bad_argument, "an entry has at most 64 tags");
  return check_tags(tags);
}

}  // namespace cachesite
