#include "basics/empty_answer.hpp"

namespace cachesite::basics {

namespace {

void set_empty(Lookup& result) {
  result = Lookup();
}
void set_empty(Status& result) {
  result = Done{};
}
void set_empty(Result<bool>& result) {
  result = false;
}
void set_empty(Result<Remaining>& result) {
  result = Remaining{};
}

}  // namespace

void answer_as_empty(CacheRequest& request) noexcept {
  switch (traits_of(request.operation).answer) {
    case CacheAnswer::found:
      request.destination->clear();
      return request.end<Found>(Found::miss);
    case CacheAnswer::done:
      if (request.position != nullptr) request.position->finished = true;
      return request.end<Done>(Done{});
    case CacheAnswer::yes_no:
      return request.end<bool>(false);
    case CacheAnswer::sum:
      return request.end<std::int64_t>(request.by);
    case CacheAnswer::life:
      return request.end<Remaining>(Remaining{});
    case CacheAnswer::amount:
      return request.end<std::uint64_t>(std::uint64_t{0});
    case CacheAnswer::each:
      return request.for_each_result([](std::size_t, auto& result) { set_empty(result); });
  }
}

void answer_as_empty(const CacheRequest& batch, std::size_t item) noexcept {
  batch.visit_results([&](auto results) { set_empty(results[item]); });
}

}  // namespace cachesite::basics
