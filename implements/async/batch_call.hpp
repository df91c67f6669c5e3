#pragma once

#include "async/cache_call.hpp"

#include <cachesite/detail/batch_part.hpp>

#include <cstddef>
#include <memory>
#include <vector>

namespace cachesite::async {

/// A call about many keys. The caller's results are written when the caller goes on.
class BatchCall final : public CacheCall<Status> {
 public:
  BatchCall(ICache& cache, const CacheRequest& request, Patience patience) noexcept
      : cache_(&cache), request_(request), patience_(patience) {}

  detail::AsyncOperation* move_to(void* place) noexcept override {
    return new (place) BatchCall(*cache_, request_, patience_);
  }
  bool begin(detail::OperationCaller& caller) noexcept override;
  Status take_result() noexcept override;

 private:
  struct Refused {
    std::size_t item;
    Error reason;
  };
  /// What the rules make of the batch.
  struct Checked {
    Checked(ICache& cache, const CacheRequest& given);

    std::vector<CacheEntry> entries;  // with their TTLs
    CacheRequest whole;
    std::vector<Refused> refused;
    std::optional<detail::BatchPart> accepted;
  };

  ICache* cache_;
  CacheRequest request_;
  Patience patience_;
  std::unique_ptr<Checked> checked_;  // of a call that may have to wait
  std::optional<Error> failure_;
};

}  // namespace cachesite::async
