#pragma once

#include "redis/cache/redis_cache_inner.hpp"

#include <cachesite/cache_request.hpp>

#include <cstddef>
#include <deque>
#include <span>
#include <string_view>
#include <vector>

namespace cachesite::redis {

/// A batch, done in rounds so that neither side has to hold too much of it at once. A round whose answers are over the
/// limit is done again in halves: such an answer ends the connection, and with it those of others.
///
///     between   begin() -> asked, or over when each item has its answer
///     asked     end() or fail() -> between
///     over
class BatchRounds {
 public:
  using Inner = RedisCache::Inner;

  /// The request stays as long as this. Items that may not be stored have their answers after this.
  BatchRounds(Inner& inner, CacheRequest& request);

  /// What the next round asks; nothing when each item has its answer.
  [[nodiscard]] std::span<Request> begin() noexcept;
  /// Takes the ends of these requests.
  void end() noexcept;
  /// Ends each item of the round.
  void fail(const Error& error) noexcept { fail(items(), error); }

  /// Does all rounds on this thread.
  void do_all(CallTime time);

 private:
  using Items = std::span<const std::size_t>;
  /// A part of `items_`.
  struct Round {
    std::size_t first = 0;
    std::size_t count = 0;
  };

  void plan_to_ask();
  void plan_to_store();
  [[nodiscard]] bool is_refused(std::size_t item);
  [[nodiscard]] Items items() const noexcept { return Items(items_).subspan(round_.first, round_.count); }

  void make_requests();
  void ask_of_each(std::string_view name, ReplyKinds expected, bool only_reads);
  void ask_together();
  void ask_to_store();
  void add(std::size_t first_word, ReplyKinds expected, bool only_reads, bool large = false);

  void take_values();
  void take_values(Items part, const Request& request, std::span<Reply> replies);
  void take_value(std::string_view key, Reply& reply, Lookup& result);
  void take_lives() noexcept;
  void take(std::size_t item, const Request& request) noexcept;
  void fail(Items part, const Error& error) noexcept;
  void fail(std::size_t item, const Error& error) noexcept;
  void do_again() noexcept;

  Inner& inner_;
  CacheRequest& request_;
  std::vector<std::size_t> items_;  // that a server is asked about
  std::vector<Round> rounds_;       // the next one last
  Round round_;
  std::vector<Argument> words_;
  std::deque<StoreWords> to_store_;
  std::vector<Request> requests_;
  std::vector<std::size_t> again_;  // items of the round, with too much in its answers
};

}  // namespace cachesite::redis
