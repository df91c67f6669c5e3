#include "layers/tagged/tagged_value.hpp"

#include "codecs/byte_reader.hpp"
#include "codecs/byte_writer.hpp"

#include <cachesite/i_tagged_cache.hpp>

#include <algorithm>

namespace cachesite::layers {

namespace {

constexpr std::uint8_t version = 1;
constexpr std::uint8_t null_flag = 1;

}  // namespace

void encode_tagged(std::optional<std::string_view> value, std::span<const TagMark> marks,
                   std::string& stored) {
  std::size_t size = tagged_magic.size() + 3 + (value ? value->size() : 0);
  for (const auto& mark : marks)
    size += 2 + mark.tag.size() + mark.token.size();
  stored.clear();
  stored.reserve(size);
  stored.append(tagged_magic);
  codecs::append_byte(stored, version);
  codecs::append_byte(stored, value ? 0 : null_flag);
  codecs::append_byte(stored, static_cast<unsigned>(marks.size()));
  for (const auto& mark : marks) {
    codecs::append_big_endian(stored, mark.tag.size(), 2);
    stored.append(mark.tag);
    stored.append(mark.token.data(), mark.token.size());
  }
  if (value) stored.append(*value);
}

std::optional<TaggedValue> decode_tagged(std::string_view stored) {
  codecs::ByteReader reader(stored);
  std::string_view magic;
  std::uint8_t found_version = 0;
  std::uint8_t flags = 0;
  std::uint8_t count = 0;
  if (!reader.take(tagged_magic.size(), magic) || magic != tagged_magic || !reader.take_byte(found_version) ||
      found_version != version || !reader.take_byte(flags) || (flags & ~null_flag) != 0 ||
      !reader.take_byte(count) || count > ITaggedCache::most_tags)
    return std::nullopt;
  TaggedValue value;
  value.null = flags == null_flag;
  value.marks.reserve(count);
  for (std::uint8_t index = 0; index < count; ++index) {
    std::uint64_t size = 0;
    std::string_view token;
    TagMark mark;
    if (!reader.take_big_endian(2, size) || size == 0 || size > ITaggedCache::longest_tag ||
        !reader.take(size, mark.tag) || !reader.take(mark.token.size(), token))
      return std::nullopt;
    std::copy(token.begin(), token.end(), mark.token.begin());
    value.marks.push_back(mark);
  }
  (void)reader.take(reader.left(), value.payload);
  if (value.null && (!value.payload.empty() || count == 0)) return std::nullopt;
  return value;
}

}  // namespace cachesite::layers
