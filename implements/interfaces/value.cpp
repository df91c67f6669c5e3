#include <cachesite/value.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace cachesite {

void Value::make_block(std::size_t size) {
  size_ = capacity_ = 0;
  block_.reset();
  const std::size_t whole = (size + 7) / 8 * 8;
  auto fresh = std::shared_ptr<std::byte[]>(new std::byte[whole]);
  auto* const start = fresh.get();
  block_ = std::shared_ptr<const std::byte>(std::move(fresh), start);
  capacity_ = whole;
}

}  // namespace cachesite
