#pragma once

#include "layers/remember/entry_reading.hpp"
#include "layers/remember/remember_inner.hpp"

#include <cachesite/detail/batch_part.hpp>
#include <cachesite/detail/guarded_call.hpp>

#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace cachesite {

/// What a request asks for, as questions.
class RememberCache::StoredEntries::Answer : public Questions {
 public:
  /// After the last question, to the request: batches have their answers already.
  virtual void end(CacheRequest& request, const CacheRequest& last_question) = 0;

  /// What is a miss for callers has no life.
  [[nodiscard]] static EntryLife life_for_callers(const Details& details, bool missed) noexcept {
    EntryLife life = details.life;
    life.stale = details.stale && !missed;
    if (missed) life.left = Remaining();
    return life;
  }

 protected:
  ~Answer() = default;
};

class RememberCache::StoredEntries::ReadAnswer final : public Answer {
 public:
  /// Whether more than the first question needs the arguments.
  static constexpr bool keeps_arguments = true;

  ReadAnswer(StoredEntries& entries, const CacheRequest& read)
      : limits_(read.read_limits()), reading_(entries, read.key, *read.destination, details_, &limits_) {}

  bool go_on(CacheRequest& question) override { return reading_.go_on(question); }
  void end(CacheRequest& request, const CacheRequest&) override {
    auto found = reading_.found();
    const bool takes_stale = !request.lives.empty() && limits_.accept_stale;
    if (found.ok() && details_.stale && !takes_stale) found = Found::miss;
    const bool missed = found.ok() && found.value() == Found::miss;
    if (missed) request.destination->clear();
    if (!request.lives.empty()) request.lives.front() = life_for_callers(details_, missed);
    request.end(std::move(found));
  }

 private:
  const ReadLimits limits_;
  Details details_;
  Reading reading_;
};

class RememberCache::StoredEntries::BatchReadAnswer final : public Answer {
 public:
  static constexpr bool keeps_arguments = true;

  BatchReadAnswer(StoredEntries& entries, const CacheRequest& batch)
      : limits_(batch.read_limits()),
        details_(batch.items()),
        reading_(entries, batch.keys, batch.results_as<Lookup>(), details_, &limits_) {}

  bool go_on(CacheRequest& question) override { return reading_.go_on(question); }
  void end(CacheRequest& batch, const CacheRequest&) override {
    const auto results = batch.results_as<Lookup>();
    const bool takes_stale = !batch.lives.empty() && limits_.accept_stale;
    for (std::size_t item = 0; item < batch.items(); ++item) {
      if (results[item].ok() && results[item].stale() && !takes_stale) results[item] = Lookup();
      if (batch.lives.empty()) continue;
      batch.lives[item] = life_for_callers(details_[item], results[item].miss());
    }
  }

 private:
  const ReadLimits limits_;
  std::vector<Details> details_;
  BatchReading reading_;
};

/// Looks at an entry, and asks one more question if it is there. A value keeps the time that it is of use after its
/// end.
class RememberCache::StoredEntries::LookAnswer final : public Answer {
 public:
  static constexpr bool keeps_arguments = true;

  LookAnswer(StoredEntries& entries, const CacheRequest& request)
      : entries_(entries), asked_(request), reading_(entries, request.key, unused_, details_, nullptr) {}

  bool go_on(CacheRequest& question) override {
    if (asks_further_ || reading_.go_on(question)) return !asks_further_;
    const auto& found = reading_.found();
    if (!found.ok()) return false;
    is_there_ = found.value() != Found::miss && !details_.stale;
    entries_.cache_.inner_->note_further(is_there_);
    asks_further_ = is_there_ && needs_further_question();
    if (asks_further_) question = further_question();
    return asks_further_;
  }
  void end(CacheRequest& request, const CacheRequest& last_question) override {
    if (asks_further_) return request.end_as(last_question);
    if (!reading_.found().ok()) return request.fail(reading_.found().error());
    if (asked_.operation == CacheOperation::time_to_live)
      return request.end(Result<Remaining>(is_there_ ? details_.life.left : Remaining()));
    request.end(Result<bool>(is_there_));
  }

 private:
  [[nodiscard]] bool needs_further_question() const noexcept {
    if (asked_.operation != CacheOperation::time_to_live) return asked_.effect() == CacheEffect::prolong;
    return details_.life.left.state == Remaining::State::absent;
  }
  [[nodiscard]] CacheRequest further_question() {
    CacheRequest further = asked_;
    if (asked_.operation != CacheOperation::expire) return further;
    const auto life = entries_.cache_.below()->effective_time_to_live(asked_.key, asked_.time_to_live);
    further.time_to_live = with_stale(life, details_.stale_for);
    entries_.note_end(asked_.key, details_.mark.version, life);
    return further;
  }

  StoredEntries& entries_;
  const CacheRequest asked_;
  Value unused_;
  Details details_;
  Reading reading_;
  bool is_there_ = false;
  bool asks_further_ = false;
};

class RememberCache::StoredEntries::BatchLookAnswer final : public Answer {
 public:
  static constexpr bool keeps_arguments = true;

  BatchLookAnswer(StoredEntries& entries, const CacheRequest& batch)
      : entries_(entries),
        keys_(batch.keys),
        results_(batch.results_as<Result<Remaining>>()),
        found_(batch.items()),
        details_(batch.items()),
        reading_(entries, keys_, found_, details_, nullptr) {}

  bool go_on(CacheRequest& question) override {
    if (!has_read_ && reading_.go_on(question)) return true;
    if (std::exchange(has_read_, true)) results_[item_++] = question.answer<Remaining>();
    for (; item_ < keys_.size(); ++item_) {
      const auto& entry = found_[item_];
      const auto& left = details_[item_].life.left;
      const bool there = entry.ok() && !entry.miss() && !entry.stale();
      if (entry.ok()) entries_.cache_.inner_->note_further(there);
      if (there && left.state == Remaining::State::absent) {
        question = CacheRequest(CacheOperation::time_to_live, keys_[item_]);
        return true;
      }
      results_[item_] = entry.failed() ? Result<Remaining>(entry.error()) : there ? left : Remaining();
    }
    return false;
  }
  void end(CacheRequest&, const CacheRequest&) override {}

 private:
  StoredEntries& entries_;
  const Keys keys_;
  const std::span<Result<Remaining>> results_;
  std::vector<Lookup> found_;
  std::vector<Details> details_;
  BatchReading reading_;
  bool has_read_ = false;
  std::size_t item_ = 0;
};

class RememberCache::StoredEntries::StoreAnswer final : public Answer {
 public:
  static constexpr bool keeps_arguments = false;

  StoreAnswer(StoredEntries& entries, const CacheRequest& request) : entries_(entries), asked_(request) {}

  bool go_on(CacheRequest& question) override {
    if (sealed_) return false;
    sealed_.emplace(entries_.seal(asked_.key, asked_.value, asked_.time_to_live, {}));
    if (!sealed_->ok()) return false;
    question = asked_;
    question.value = sealed_->value().bytes_to_store();
    question.time_to_live = sealed_->value().time_to_live;
    return true;
  }
  void end(CacheRequest& request, const CacheRequest& last_question) override {
    if (!sealed_->ok()) return request.fail(sealed_->error());
    request.end_as(last_question);
  }

 private:
  StoredEntries& entries_;
  const CacheRequest asked_;
  std::optional<Result<Sealed>> sealed_;
};

class RememberCache::StoredEntries::BatchStoreAnswer final : public Answer {
 public:
  static constexpr bool keeps_arguments = false;

  BatchStoreAnswer(StoredEntries& entries, const CacheRequest& batch) : entries_(entries), asked_(batch) {}

  bool go_on(CacheRequest& question) override {
    if (part_) return false;
    std::vector<std::size_t> places;
    for (std::size_t item = 0; item < asked_.items(); ++item) {
      const auto& entry = asked_.entries[item];
      auto each =
          guarded_call<Sealed>([&] { return entries_.seal(entry.key, entry.value, entry.time_to_live, {}); });
      if (!each.ok()) {
        asked_.fail(item, each.error());
        continue;
      }
      places.push_back(item);
      sealed_.push_back(std::move(each).value());
    }
    part_.emplace(asked_, std::move(places));
    for (std::size_t index = 0; index < sealed_.size(); ++index) {
      part_->entries()[index].value = sealed_[index].bytes_to_store();
      part_->entries()[index].time_to_live = sealed_[index].time_to_live;
    }
    question = part_->request();
    return !sealed_.empty();
  }
  void end(CacheRequest&, const CacheRequest&) override { part_->hand_back(); }

 private:
  StoredEntries& entries_;
  CacheRequest asked_;
  std::deque<Sealed> sealed_;
  std::optional<detail::BatchPart> part_;
};

}  // namespace cachesite
