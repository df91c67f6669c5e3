#include "async/owned_request.hpp"

#include <cachesite/detail/guarded_call.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <span>
#include <utility>

namespace cachesite::async {

namespace {

std::size_t size_of(const std::optional<ByteView>& value) noexcept {
  return value ? value->size() : 0;
}

std::size_t text_of(const CacheRequest& request) noexcept {
  std::size_t size = request.key.size() + size_of(request.value);
  for (const auto key : request.keys)
    size += key.size();
  for (const auto& entry : request.entries)
    size += entry.key.size() + size_of(entry.value);
  return size;
}

}  // namespace

OwnedRequest::OwnedRequest(const CacheRequest& given)
    : request_(given), lives_(given.lives.begin(), given.lives.end()), limits_(given.read_limits()) {
  request_.lives = lives_;
  request_.limits = &limits_;
  text_.reserve(text_of(given));  // so that it never moves
  request_.key = copy(given.key);
  request_.value = copy(given.value);
  keys_.reserve(given.keys.size());
  for (const auto key : given.keys)
    keys_.push_back(copy(key));
  request_.keys = keys_;
  entries_.reserve(given.entries.size());
  for (const auto& entry : given.entries)
    entries_.push_back({copy(entry.key), copy(entry.value), entry.time_to_live});
  request_.entries = entries_;
  given.visit_results([&](auto all) {
    using R = typename decltype(all)::element_type;
    auto& own = std::get<std::vector<R>>(results_);
    own.assign(all.size(), R(Error(ErrorCode::no_memory)));
    request_.results = std::span<R>(own);
  });
  if (given.destination != nullptr) request_.destination = &value_;
  if (given.position != nullptr) {
    position_ = *given.position;
    request_.position = &position_;
    request_.found = &found_;
  }
}

std::string_view OwnedRequest::copy(std::string_view text) {
  const auto begin = text_.size();
  text_.append(text);
  return std::string_view(text_).substr(begin);
}

std::optional<ByteView> OwnedRequest::copy(const std::optional<ByteView>& value) {
  if (!value) return std::nullopt;
  return ByteView(copy({value->data(), value->size()}));
}

void OwnedRequest::hand_over(CacheRequest& to) noexcept {
  if (!to.is_batch()) to.end_as(request_);
  std::copy(lives_.begin(), lives_.end(), to.lives.begin());
  if (to.destination != nullptr) *to.destination = std::move(value_);
  to.visit_results([&](auto all) {
    auto& own = std::get<std::vector<typename decltype(all)::element_type>>(results_);
    for (std::size_t item = 0; item < all.size(); ++item)
      all[item] = std::move(own[item]);
  });
  if (to.position == nullptr) return;
  try {
    to.found->insert(to.found->end(), std::move_iterator(found_.begin()), std::move_iterator(found_.end()));
    *to.position = std::move(position_);
  } catch (...) {
    to.fail(thrown_failure());
  }
}

}  // namespace cachesite::async
