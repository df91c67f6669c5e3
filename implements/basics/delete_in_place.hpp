#pragma once

#include <memory>

namespace cachesite::basics {

/// Deletes an object that others use until its destructor has stopped them: its owner leads to it until then, while
/// `reset` makes it null before.
template <class Object>
void delete_in_place(std::unique_ptr<Object>& owner) noexcept {
  delete owner.get();
  (void)owner.release();
}

}  // namespace cachesite::basics
