#include <cachesite/detail/batch_part.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

namespace cachesite::detail {

/// The answers of the part.
struct BatchPart::Room {
  template <class R>
  std::vector<R>& of(std::span<R>) noexcept {
    return std::get<std::vector<R>>(results);
  }

  std::tuple<std::vector<Lookup>, std::vector<Status>, std::vector<Result<bool>>,
             std::vector<Result<Remaining>>>
      results;
  std::vector<EntryLife> lives;
};

BatchPart::BatchPart(const CacheRequest& whole, std::vector<std::size_t> places)
    : whole_(whole), places_(std::move(places)), request_(whole), room_(std::make_unique<Room>()) {
  for (const auto place : places_) {
    if (whole.operation == CacheOperation::set_many)
      entries_.push_back(whole.entries[place]);
    else
      keys_.push_back(whole.keys[place]);
  }
  request_.keys = keys_;
  request_.entries = entries_;
  if (!whole.lives.empty()) {
    room_->lives.resize(places_.size());
    request_.lives = room_->lives;
  }
  const Error unanswered(ErrorCode::no_memory);
  whole.visit_results([&](auto all) {
    auto& some = room_->of(all);
    some.assign(places_.size(), typename decltype(all)::element_type(unanswered));
    request_.results = decltype(all)(some);
  });
}

BatchPart::~BatchPart() = default;

void BatchPart::hand_back() noexcept {
  for (std::size_t item = 0; item < room_->lives.size(); ++item)
    whole_.lives[places_[item]] = room_->lives[item];
  whole_.visit_results([&](auto all) {
    auto some = request_.results_as<typename decltype(all)::element_type>();
    for (std::size_t item = 0; item < places_.size(); ++item)
      all[places_[item]] = std::move(some[item]);
  });
}

}  // namespace cachesite::detail
