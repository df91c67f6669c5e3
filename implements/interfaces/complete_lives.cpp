#include <cachesite/detail/complete_lives.hpp>

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace cachesite::detail {

namespace {

bool is_told(const EntryLife& life) noexcept {
  return life.left.state != Remaining::State::absent;
}

void complete_one(const CacheRequest& read, const std::function<void(CacheRequest&)>& ask) {
  EntryLife& life = read.lives.front();
  const auto* const found = read.answered<Found>();
  if (found == nullptr || *found == Found::miss) {
    life.left = Remaining();
  } else if (!is_told(life) && !life.stale) {
    CacheRequest question(CacheOperation::time_to_live, read.key);
    ask(question);
    if (const auto* const left = question.answered<Remaining>()) life.left = *left;
  }
}

}  // namespace

UnknownLives::UnknownLives(const CacheRequest& read) : read_(read) {
  const auto results = read.results_as<Lookup>();
  for (std::size_t item = 0; item < results.size(); ++item) {
    if (results[item].failed() || results[item].miss()) {
      read.lives[item].left = Remaining();
    } else if (!is_told(read.lives[item]) && !read.lives[item].stale) {
      places_.push_back(item);
      keys_.push_back(read.keys[item]);
    }
  }
  left_.assign(keys_.size(), Result<Remaining>(Remaining()));
}

void UnknownLives::put_question(CacheRequest& request) noexcept {
  request.operation = CacheOperation::time_to_live_many;
  request.lives = {};
  request.keys = keys_;
  request.results = std::span(left_);
}

void UnknownLives::take_answers() noexcept {
  for (std::size_t index = 0; index < places_.size(); ++index)
    if (left_[index].ok()) read_.lives[places_[index]].left = left_[index].value();
}

void complete_lives(const CacheRequest& read, const std::function<void(CacheRequest&)>& ask) noexcept {
  try {
    if (!read.is_batch()) return complete_one(read, ask);
    UnknownLives unknown(read);
    if (unknown.empty()) return;
    CacheRequest question(CacheOperation::time_to_live_many);
    unknown.put_question(question);
    ask(question);
    unknown.take_answers();
  } catch (...) {
    // Without memory a life stays unknown.
  }
}

}  // namespace cachesite::detail
