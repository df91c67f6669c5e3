#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/detail/i_noted_store.hpp>
#include <cachesite/lookup.hpp>
#include <cachesite/value.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace cachesite::memory {

using Note = detail::INotedStore::Note;

// In the first word of a note: the entry is a cached null.
constexpr std::uint64_t null_in_note = std::uint64_t{1} << 63U;

// A value with its note before it, as it is stored: a read finds both at whole words.
class NotedValue {
 public:
  NotedValue(const std::optional<ByteView>& value, Note note) {
    if (!value) note[0] |= null_in_note;
    const std::size_t size = value ? value->size() : 0;
    char* place = room_.data();
    if (size > most_here) {
      long_.resize(size + sizeof(Note));
      place = long_.data();
    }
    std::memcpy(place, note.data(), sizeof(Note));
    if (size != 0) std::memcpy(place + sizeof(Note), value->data(), size);
    bytes_ = ByteView(std::string_view(place, size + sizeof(Note)));
  }
  NotedValue(const NotedValue&) = delete;
  NotedValue& operator=(const NotedValue&) = delete;

  [[nodiscard]] ByteView bytes() const noexcept { return bytes_; }

 private:
  static constexpr std::size_t most_here = 496;

  std::array<char, most_here + sizeof(Note)> room_;
  std::string long_;
  ByteView bytes_;
};

// What the note says that its entry is; it is of its user alone then.
[[gnu::always_inline]] inline Found kind_noted(Note& note) noexcept {
  if ((note[0] & null_in_note) == 0) [[likely]]
    return Found::hit;
  note[0] &= ~null_in_note;
  return Found::null;
}

// Takes the note off a value that was stored with one.
inline Found take_note(Value& stored, Note& note) noexcept {
  if (stored.size() < sizeof(Note)) return Found::miss;
  std::memcpy(note.data(), stored.text().data(), sizeof(Note));
  stored.drop_front(sizeof(Note));
  return kind_noted(note);
}

}  // namespace cachesite::memory
