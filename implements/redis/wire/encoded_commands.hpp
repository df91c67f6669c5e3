#pragma once

#include "redis/wire/byte_buffer.hpp"
#include "redis/wire/command_encoder.hpp"

#include <cachesite/value.hpp>

#include <cstddef>
#include <span>
#include <vector>

#include <sys/uio.h>

namespace cachesite::redis {

/// Collects pieces of memory for one system call, leaving out what has been written already.
class PieceCollector {
 public:
  PieceCollector(std::span<iovec> pieces, std::size_t written) noexcept : pieces_(pieces), skip_(written) {}

  /// False when there is no room for a further piece.
  bool add(const char* bytes, std::size_t size) noexcept {
    if (skip_ >= size) {
      skip_ -= size;
      return true;
    }
    if (count_ == pieces_.size()) return false;
    pieces_[count_++] = {const_cast<char*>(bytes + skip_), size - skip_};
    skip_ = 0;
    return true;
  }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

 private:
  std::span<iovec> pieces_;
  std::size_t skip_;
  std::size_t count_ = 0;
};

/// Commands in wire form, one after the other. Large arguments stay where the caller has them.
class EncodedCommands {
 public:
  void add(const Command& command) {
    encode_command(command, bytes_, insertions_);
    if (!insertions_.empty()) [[unlikely]]
      count_insertions();
  }
  /// Keeps the memory, unless that is more than `most_kept`.
  void clear(std::size_t most_kept) noexcept {
    bytes_.clear();
    if (bytes_.capacity() > most_kept) bytes_.release();
    if (!is_plain()) [[unlikely]]
      forget_insertions();
  }
  /// Copies the arguments that are still the caller's.
  void own_all();
  /// The same, but that it shares `value` instead of a copy when all of them are its bytes.
  void own_all(const Value& value);

  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size() + inserted_; }
  /// False while something of it is in the caller's memory.
  [[nodiscard]] bool owns_all() const noexcept { return is_plain() || !shared_.empty(); }
  /// True when all of it is in `bytes`.
  [[nodiscard]] bool is_plain() const noexcept { return insertions_.empty(); }
  /// What is sent, when it is plain.
  [[nodiscard]] const ByteBuffer& bytes() const noexcept { return bytes_; }
  /// False when there is no room for all pieces.
  bool collect(PieceCollector& pieces) const noexcept;

 private:
  void count_insertions() noexcept;
  void forget_insertions() noexcept;

  ByteBuffer bytes_;
  std::vector<Insertion> insertions_;
  std::size_t counted_ = 0;   // insertions
  std::size_t inserted_ = 0;  // and their bytes
  Value shared_;              // which they are in
};

}  // namespace cachesite::redis
