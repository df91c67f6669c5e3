#include "memory/log/arena.hpp"

#include <algorithm>
#include <new>

namespace cachesite::memory {

Arena::Arena(PageSource& pages, Budget& budget, unsigned segment_word_bits) noexcept
    : pages_(pages),
      budget_(budget),
      segment_bits_(segment_word_bits),
      ids_bits_(std::clamp(chunk_word_bits - std::min(chunk_word_bits, segment_word_bits), least_ids_bits,
                           most_ids_bits)),
      chunk_bits_(segment_word_bits + ids_bits_),
      chunk_mask_((1U << chunk_bits_) - 1) {}

Arena::~Arena() {
  budget_.give_bytes(bytes());
  for (const Chunk& chunk : chunks_)
    pages_.unmap_dense(chunk.words, chunk_bytes(), guard_bytes);
}

void Arena::abandon() noexcept {
  new (&chunks_) std::vector<Chunk>();
  new (&directories_) std::vector<Directory>();
  // The old chunks keep their numbers: a late reader may follow a reference through the next directory.
  Word* const* const old = directory_.load(std::memory_order_relaxed);
  try {
    for (std::size_t i = 0; i < published_; ++i)
      chunks_.push_back({old[i], nullptr});
  } catch (const std::bad_alloc&) {
  }
  directory_size_ = settled_ = chunks_.size();
  free_backed_ = free_bare_ = none;
  in_use_ = backed_ = 0;
}

bool Arena::add_chunk() noexcept {
  if (chunks_.size() + 1 >= (std::uint64_t{1} << (32U - chunk_bits_))) return false;
  void* memory = nullptr;
  try {
    chunks_.reserve(chunks_.size() + 1);
    auto segments = std::make_unique<Segment[]>(ids());
    if (chunks_.size() == directory_size_) {
      const std::size_t size = std::max<std::size_t>(4, 2 * directory_size_);
      auto directory = std::make_unique<Word*[]>(size);
      for (std::size_t i = 0; i < chunks_.size(); ++i)
        directory[i] = chunks_[i].words;
      directories_.push_back(std::move(directory));
      directory_size_ = size;
    }
    memory = pages_.map_dense(chunk_bytes(), guard_bytes);
    if (memory == nullptr) return false;
    chunks_.push_back({static_cast<Word*>(memory), std::move(segments)});
  } catch (const std::bad_alloc&) {
    return false;
  }
  const std::size_t index = chunks_.size() - 1;
  directories_.back()[index] = chunks_.back().words;
  directory_.store(directories_.back().get(), std::memory_order_release);
  published_ = chunks_.size();
  for (std::uint32_t i = ids(); i-- > 0;) {
    const std::uint32_t id = (static_cast<std::uint32_t>(index) << ids_bits_) + i;
    segment(id).fresh = true;
    segment(id).next = free_bare_;
    free_bare_ = id;
  }
  return true;
}

std::uint32_t Arena::allocate(bool beyond_budget) noexcept {
  std::uint32_t id = free_backed_;
  if (id != none) {
    // Free segments that keep their memory stay charged to the budget.
    if (!beyond_budget && budget_.over()) return none;
    free_backed_ = segment(id).next;
    --backed_;
  } else {
    if (free_bare_ == none && !add_chunk()) return none;
    if (beyond_budget) {
      budget_.take_bytes(segment_bytes());
    } else if (!budget_.try_take_bytes(segment_bytes())) {
      return none;
    }
    id = free_bare_;
    free_bare_ = segment(id).next;
  }
  segment(id) = Segment{};
  ++in_use_;
  return id;
}

void Arena::drop(std::uint32_t id) noexcept {
  // Segments smaller than a page cannot be given back one by one.
  if (segment_bytes() >= page_bytes) {
    pages_.discard(at(reference(id, 0)), segment_bytes());
  }
  segment(id).backed = false;
  segment(id).next = free_bare_;
  free_bare_ = id;
  budget_.give_bytes(segment_bytes());
}

void Arena::release(std::uint32_t id) noexcept {
  --in_use_;
  segment(id).used = segment(id).live = 0;
  if (backed_ >= most_backed() || budget_.over()) {
    drop(id);
    return;
  }
  segment(id).backed = true;
  segment(id).next = free_backed_;
  free_backed_ = id;
  ++backed_;
}

void Arena::trim(std::uint64_t most) noexcept {
  for (; most != 0 && free_backed_ != none; --most) {
    const std::uint32_t id = free_backed_;
    free_backed_ = segment(id).next;
    --backed_;
    drop(id);
  }
}

void Arena::settle() noexcept {
  pages_.settle();
  for (; settled_ < chunks_.size(); ++settled_) {
    for (std::uint32_t i = 0; i < ids(); ++i) {
      const std::uint32_t id = (static_cast<std::uint32_t>(settled_) << ids_bits_) + i;
      if (segment(id).fresh && segment_bytes() >= page_bytes)
        pages_.discard(at(reference(id, 0)), segment_bytes());
    }
  }
}

}  // namespace cachesite::memory
