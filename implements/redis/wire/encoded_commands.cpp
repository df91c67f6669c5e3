#include "redis/wire/encoded_commands.hpp"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

namespace cachesite::redis {

void EncodedCommands::own_all() {
  ByteBuffer whole;
  char* end = whole.reserve(size());
  std::size_t from = 0;
  const auto append = [&end](std::string_view piece) { end = std::copy(piece.begin(), piece.end(), end); };
  for (const auto& insertion : insertions_) {
    append(bytes_.text().substr(from, insertion.offset - from));
    append(insertion.bytes);
    from = insertion.offset;
  }
  append(bytes_.text().substr(from));
  whole.commit(end);
  bytes_ = std::move(whole);
  forget_insertions();
}

void EncodedCommands::own_all(const Value& value) {
  const std::less_equal<const char*> up_to;
  const auto within = [&](const Insertion& insertion) {
    const auto whole = value.text();
    const auto part = insertion.bytes;
    return up_to(whole.data(), part.data()) && up_to(part.data() + part.size(), whole.data() + whole.size());
  };
  if (std::all_of(insertions_.begin(), insertions_.end(), within))
    shared_ = value;
  else
    own_all();
}

void EncodedCommands::forget_insertions() noexcept {
  insertions_.clear();
  counted_ = inserted_ = 0;
  shared_.clear();
}

void EncodedCommands::count_insertions() noexcept {
  while (counted_ < insertions_.size())
    inserted_ += insertions_[counted_++].bytes.size();
}

bool EncodedCommands::collect(PieceCollector& pieces) const noexcept {
  std::size_t from = 0;
  for (const auto& insertion : insertions_) {
    if (!pieces.add(bytes_.data() + from, insertion.offset - from)) return false;
    if (!pieces.add(insertion.bytes.data(), insertion.bytes.size())) return false;
    from = insertion.offset;
  }
  return pieces.add(bytes_.data() + from, bytes_.size() - from);
}

}  // namespace cachesite::redis
