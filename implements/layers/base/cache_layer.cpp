#include "layers/base/passed_interfaces.hpp"

#include <cachesite/async_request.hpp>
#include <cachesite/cache_layer.hpp>
#include <cachesite/detail/complete_lives.hpp>

#include <stdexcept>
#include <utility>

namespace cachesite {

CacheLayer::CacheLayer(std::shared_ptr<ICache> below, BelowInterfaces interfaces) : below_(std::move(below)) {
  if (!below_) throw std::invalid_argument("a layer needs a cache below it: over is not set");
  if (interfaces == BelowInterfaces::passed_on)
    passed_ = std::make_unique<layers::PassedInterfaces>(*this, *below_);
}

CacheLayer::~CacheLayer() = default;

void CacheLayer::stop() noexcept {
  stopped_.store(true, std::memory_order_relaxed);
}

Health CacheLayer::health() const {
  if (stopped()) return {HealthState::down, "stopped"};
  return below_->health();
}

CacheStatistics CacheLayer::statistics() const {
  auto statistics = below_->statistics();
  statistics.refusals += refusals_.load(std::memory_order_relaxed);
  return statistics;
}

void* CacheLayer::interface_of_part(const InterfaceId& wanted) const noexcept {
  return passed_ ? passed_->find(wanted) : nullptr;
}

void CacheLayer::on_refused() noexcept {
  refusals_.fetch_add(1, std::memory_order_relaxed);
}

Error CacheLayer::closed() {
  return Error(ErrorCode::closed, "the cache is stopped");
}

Result<Found> CacheLayer::do_read(std::string_view key, Value& destination) {
  CacheRequest request(CacheOperation::read, key);
  request.destination = &destination;
  do_begin(request);
  return request.answer<Found>();
}

Status CacheLayer::do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) {
  CacheRequest request(CacheOperation::write, key, value, time_to_live);
  do_begin(request);
  return request.answer<Done>();
}

void CacheLayer::forward(CacheRequest& request) {
  if (stopped()) return request.fail(closed());
  if (request.target != nullptr) return request.target->end(request);
  if (request.is_plain_read())
    request.end(below_->do_read(request.key, *request.destination));
  else if (request.operation == CacheOperation::write)
    request.end(below_->do_write(request.key, request.value, request.time_to_live));
  else
    below_->do_begin(request);
}

bool CacheLayer::forward_async(AsyncRequest& request) {
  if (!stopped()) return below_->do_begin_async(request);
  request.request().fail(closed());
  return true;
}

void CacheLayer::forward_guarded(CacheRequest& request) noexcept {
  try {
    forward(request);
  } catch (...) {
    request.fail_thrown();
  }
}

Result<Found> CacheLayer::forward_stale_read(std::string_view key, Value& destination, StaleRead& stale) {
  CacheRequest request(CacheOperation::read, key);
  request.stale = &stale;
  return forward_read_as(request, destination);
}

Result<Found> CacheLayer::forward_read_as(const CacheRequest& read, Value& destination) {
  if (read.is_plain_read()) return forward_read(read.key, destination);
  CacheRequest request = read;
  request.destination = &destination;
  forward(request);
  return request.answer<Found>();
}

void CacheLayer::forward_with_lives(CacheRequest& read) {
  forward(read);
  detail::complete_lives(read, [this](CacheRequest& question) { forward_guarded(question); });
}

Status CacheLayer::forward_write(std::string_view key, std::optional<ByteView> value,
                                 TimeToLive time_to_live) {
  if (stopped()) return closed();
  return below_->do_write(key, value, time_to_live);
}

}  // namespace cachesite
