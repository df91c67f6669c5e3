#pragma once

#include <cachesite/cache_request.hpp>

#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

namespace cachesite::detail {

/// The lives that an answered batch of reads with `lives` has not told, since a layer below knows nothing of them.
class UnknownLives {
 public:
  /// Throws std::bad_alloc. `read` has to live as long.
  explicit UnknownLives(const CacheRequest& read);

  [[nodiscard]] bool empty() const noexcept { return keys_.empty(); }
  /// Makes a request the question for them.
  void put_question(CacheRequest& request) noexcept;
  /// Puts the answers to the read.
  void take_answers() noexcept;

 private:
  const CacheRequest& read_;
  std::vector<std::size_t> places_;
  std::vector<std::string_view> keys_;
  std::vector<Result<Remaining>> left_;
};

/// Called after a read with `lives`: asks for the lives that it has not told, since a layer below knows nothing of
/// them, with a request that `ask` ends. The life of a key without an entry is `absent`.
void complete_lives(const CacheRequest& read, const std::function<void(CacheRequest&)>& ask) noexcept;

}  // namespace cachesite::detail
