#pragma once

#include <cachesite/cache_request.hpp>

#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace cachesite::async {

/// A request that owns its arguments and the room for its answers.
class OwnedRequest {
 public:
  /// Copies the arguments. Throws std::bad_alloc.
  explicit OwnedRequest(const CacheRequest& given);
  OwnedRequest(const OwnedRequest&) = delete;
  OwnedRequest& operator=(const OwnedRequest&) = delete;

  [[nodiscard]] CacheRequest& request() noexcept { return request_; }
  /// Moves the answers to the request that this is a copy of.
  void hand_over(CacheRequest& to) noexcept;

 private:
  using Results = std::tuple<std::vector<Lookup>, std::vector<Status>, std::vector<Result<bool>>,
                             std::vector<Result<Remaining>>>;

  [[nodiscard]] std::string_view copy(std::string_view text);
  [[nodiscard]] std::optional<ByteView> copy(const std::optional<ByteView>& value);

  CacheRequest request_;
  std::string text_;  // of all keys and values
  std::vector<std::string_view> keys_;
  std::vector<CacheEntry> entries_;
  Results results_;
  std::vector<EntryLife> lives_;
  ReadLimits limits_;
  Value value_;
  ScanPosition position_;
  std::vector<std::string> found_;
};

}  // namespace cachesite::async
