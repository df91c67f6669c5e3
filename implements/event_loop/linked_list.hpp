#pragma once

#include <cstddef>

namespace cachesite::event_loop {

/// What may be in one LinkedList at a time.
class Linked {
 public:
  Linked() noexcept = default;
  Linked(const Linked&) = delete;
  Linked& operator=(const Linked&) = delete;

 protected:
  ~Linked() = default;

 private:
  template <class T>
  friend class LinkedList;
  Linked* next_ = nullptr;
  Linked* previous_ = nullptr;
};

/// A list of things that it does not own.
template <class T>
class LinkedList {
 public:
  LinkedList() noexcept { ends_.next_ = ends_.previous_ = &ends_; }
  LinkedList(const LinkedList&) = delete;
  LinkedList& operator=(const LinkedList&) = delete;

  [[nodiscard]] bool empty() const noexcept { return ends_.next_ == &ends_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  void push_back(T& thing) noexcept {
    Linked& linked = thing;
    linked.next_ = &ends_;
    linked.previous_ = ends_.previous_;
    ends_.previous_->next_ = &linked;
    ends_.previous_ = &linked;
    ++size_;
  }
  void erase(T& thing) noexcept {
    Linked& linked = thing;
    linked.previous_->next_ = linked.next_;
    linked.next_->previous_ = linked.previous_;
    --size_;
  }
  /// The first for which `wanted(thing)` is true, or null. It may erase the thing that it is asked about.
  template <class Wanted>
  [[nodiscard]] T* find(Wanted&& wanted) const noexcept {
    for (Linked *each = ends_.next_, *next; each != &ends_; each = next) {
      next = each->next_;
      if (wanted(static_cast<T&>(*each))) return static_cast<T*>(each);
    }
    return nullptr;
  }

 private:
  struct Ends : Linked {};
  mutable Ends ends_;
  std::size_t size_ = 0;
};

}  // namespace cachesite::event_loop
