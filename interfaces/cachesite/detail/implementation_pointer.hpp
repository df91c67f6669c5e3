#pragma once

#include <utility>

namespace cachesite::detail {

/// Owns the private part of a class (the pointer to implementation), whose type the header need not know. It
/// does what a std::unique_ptr does there, which takes compilers thirty times as long for each type.
template <class T>
class ImplementationPointer {
 public:
  ImplementationPointer() noexcept = default;
  /// Takes over what a std::unique_ptr<T> owns.
  template <class Owner>
  requires requires(Owner& owner) { owner.release(); }
  ImplementationPointer(Owner owner) noexcept : owned_(owner.release()) {}
  ImplementationPointer(ImplementationPointer&& other) noexcept
      : owned_(std::exchange(other.owned_, nullptr)) {}
  ImplementationPointer& operator=(ImplementationPointer&& other) noexcept {
    if (this != &other) reset(std::exchange(other.owned_, nullptr));
    return *this;
  }
  ~ImplementationPointer() { reset(); }

  void reset(T* owned = nullptr) noexcept {
    static_assert(sizeof(T) > 0, "the class needs a destructor that is defined where T is");
    delete std::exchange(owned_, owned);
  }

  [[nodiscard]] T* get() const noexcept { return owned_; }
  [[nodiscard]] T& operator*() const noexcept { return *owned_; }
  [[nodiscard]] T* operator->() const noexcept { return owned_; }
  explicit operator bool() const noexcept { return owned_ != nullptr; }

 private:
  T* owned_ = nullptr;
};

}  // namespace cachesite::detail
