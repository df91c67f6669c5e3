#include <cachesite/cache_request.hpp>
#include <cachesite/detail/guarded_call.hpp>

#include <cstddef>
#include <type_traits>
#include <variant>

namespace cachesite {

void CacheRequest::end_as(const CacheRequest& other) noexcept {
  answer_ = other.answer_;
  error_ = other.error_;
  failed_ = other.failed_;
}

void CacheRequest::end_failed(const Error& error) noexcept {
  answer_.emplace<std::monostate>();
  error_ = error;
  failed_ = true;
}

void CacheRequest::fail(const Error& error) noexcept {
  if (!is_batch()) return end_failed(error);
  for_each_result(
      [&](std::size_t, auto& result) { result = std::remove_reference_t<decltype(result)>(error); });
}

void CacheRequest::fail(std::size_t item, const Error& error) noexcept {
  visit_results([&](auto all) { all[item] = typename decltype(all)::element_type(error); });
}

void CacheRequest::fail_thrown() noexcept {
  const auto does = effect();
  const bool changes = does != CacheEffect::read && does != CacheEffect::look && does != CacheEffect::list;
  fail(thrown_failure(changes ? Outcome::unknown : Outcome::not_done));
}

Error CacheRequest::failure() const noexcept {
  return failed_ ? error_ : Error(ErrorCode::unsupported, "this cache does not offer the call");
}

const Error* CacheRequest::error(std::size_t item) const noexcept {
  const Error* error = nullptr;
  visit_results([&](auto all) {
    if (!all[item].ok()) error = &all[item].error();
  });
  return error;
}

}  // namespace cachesite
