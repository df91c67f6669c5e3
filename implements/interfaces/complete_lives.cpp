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

void complete_batch(const CacheRequest& read, const std::function<void(CacheRequest&)>& ask) {
  const auto results = read.results_as<Lookup>();
  std::vector<std::size_t> places;
  std::vector<std::string_view> keys;
  for (std::size_t item = 0; item < results.size(); ++item) {
    if (results[item].failed() || results[item].miss()) {
      read.lives[item].left = Remaining();
    } else if (!is_told(read.lives[item]) && !read.lives[item].stale) {
      places.push_back(item);
      keys.push_back(read.keys[item]);
    }
  }
  if (keys.empty()) return;
  std::vector<Result<Remaining>> left(keys.size(), Result<Remaining>(Remaining()));
  CacheRequest question(CacheOperation::time_to_live_many);
  question.keys = keys;
  question.results = std::span(left);
  ask(question);
  for (std::size_t index = 0; index < places.size(); ++index)
    if (left[index].ok()) read.lives[places[index]].left = left[index].value();
}

}  // namespace

void complete_lives(const CacheRequest& read, const std::function<void(CacheRequest&)>& ask) noexcept {
  try {
    read.is_batch() ? complete_batch(read, ask) : complete_one(read, ask);
  } catch (...) {
    // Without memory a life stays unknown.
  }
}

}  // namespace cachesite::detail
