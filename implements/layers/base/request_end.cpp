#include "layers/base/request_end.hpp"

namespace cachesite::layers {

namespace {

using Kind = CacheCallResult::Kind;

Kind kind_of(bool done) noexcept {
  return done ? Kind::done : Kind::not_done;
}
Kind kind_of(Found found) noexcept {
  return found == Found::hit ? Kind::hit : found == Found::null ? Kind::null : Kind::miss;
}
bool is_there(const Remaining& remaining) noexcept {
  return remaining.state != Remaining::State::absent;
}

// Whether the key of a result that did not fail was found, stored or removed.
bool counts(const Lookup& result) noexcept {
  return !result.miss();
}
bool counts(const Status&) noexcept {
  return true;
}
bool counts(const Result<bool>& result) noexcept {
  return result.value();
}
bool counts(const Result<Remaining>& result) noexcept {
  return is_there(result.value());
}

RequestEnd end_of_batch(const CacheRequest& request) noexcept {
  RequestEnd end;
  const Error* first = nullptr;
  request.for_each_result([&](std::size_t, const auto& result) {
    if (!result.ok()) {
      ++end.result.failed;
      if (first == nullptr) first = &result.error();
    } else if (counts(result)) {
      ++end.result.count;
    }
  });
  if (end.result.failed > 0 && end.result.failed == request.items()) end.failure = first;
  return end;
}

}  // namespace

Counted counted_as(const CacheRequest& request) noexcept {
  switch (request.effect()) {
    case CacheEffect::read:
      return Counted::reads;
    case CacheEffect::store:
    case CacheEffect::count:
      return Counted::writes;
    case CacheEffect::remove:
      return request.subject() == CacheSubject::everything ? Counted::clears : Counted::removals;
    case CacheEffect::look:
    case CacheEffect::prolong:
    case CacheEffect::list:
      return Counted::none;
  }
  return Counted::none;
}

RequestEnd end_of(const CacheRequest& request, std::size_t found_before) noexcept {
  if (request.is_batch()) return end_of_batch(request);
  RequestEnd end;
  end.failure = request.error();
  if (const auto* found = request.answered<Found>()) {
    end.result.kind = kind_of(*found);
    end.result.stale = (request.stale != nullptr && request.stale->stale) ||
                       (!request.lives.empty() && request.lives.front().stale);
  }
  if (const auto* done = request.answered<bool>()) end.result.kind = kind_of(*done);
  if (const auto* left = request.answered<Remaining>()) end.result.kind = kind_of(is_there(*left));
  if (const auto* count = request.answered<std::uint64_t>()) end.result.count = *count;
  if (request.operation == CacheOperation::scan) end.result.count = request.found->size() - found_before;
  return end;
}

std::size_t keys_of(const CacheRequest& request) noexcept {
  if (request.is_batch()) return request.items();
  return request.subject() == CacheSubject::key ? 1 : 0;
}

}  // namespace cachesite::layers
