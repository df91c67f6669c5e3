// The calls of a RedisCache that do many keys in one go.

#include "redis/cache/redis_cache_inner.hpp"

#include <cachesite/detail/ttl_jitter.hpp>
#include <cachesite/redis_cache.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace cachesite {

using redis::Argument;
using redis::Reply;
using redis::ReplyKind;
using redis::ReplyKinds;
using redis::Request;

namespace {

using Places = std::span<const std::size_t>;

}  // namespace

/// Reads the keys of one batch.
class RedisCache::BatchRead {
 public:
  /// `lives` is empty when nobody asks for them.
  BatchRead(Inner& inner, std::span<const std::string_view> keys, std::span<Lookup> results,
            std::span<EntryLife> lives, const ReadLimits& limits)
      : inner_(inner), keys_(keys), results_(results), lives_(lives), time_(inner.call_time(limits)) {}

  void read_all() {
    std::vector<std::size_t> places(keys_.size());
    std::iota(places.begin(), places.end(), std::size_t{0});
    for (Places left = places; !left.empty();) {
      const auto round = left.first(std::min(left.size(), Inner::most_keys_in_a_round));
      read(round);
      left = left.subspan(round.size());
    }
  }

 private:
  /// The questions for the lives of some keys, in the same round trip; none when nobody asks for them.
  class LifeQuestions {
   public:
    LifeQuestions(const BatchRead& batch, Places places)
        : batch_(batch), places_(batch.lives_.empty() ? Places() : places), words_(places_.size()) {}

    [[nodiscard]] std::size_t count() const noexcept { return places_.size(); }
    void put_into(std::span<Request> requests) {
      for (std::size_t index = 0; index < places_.size(); ++index) {
        words_[index] = {{{"PTTL"}, {batch_.inner_.prefix, batch_.keys_[places_[index]]}}};
        requests[index].command = {words_[index], Inner::number_reply, true};
        requests[index].routing.only_reads = true;
      }
    }
    void take_from(std::span<const Request> requests) const noexcept {
      for (std::size_t index = 0; index < places_.size(); ++index) {
        EntryLife& life = batch_.lives_[places_[index]];
        life.server = Inner::one_server(life.server, requests[index]);
        if (requests[index].status.ok()) life.left = Inner::remaining(requests[index].reply.integer);
      }
    }

   private:
    const BatchRead& batch_;
    const Places places_;
    std::vector<std::array<Argument, 2>> words_;
  };

  void read(Places places) {
    std::vector<std::size_t> again;
    if (inner_.on_cluster)
      read_each(places, again);
    else
      read_together(places, again);
    // A value over the limit ends the connection, and with it the answers of all. So it is looked for.
    const Places all(again);
    if (all.size() > 1) read(all.first(all.size() / 2));
    if (!all.empty()) read(all.subspan(all.size() / 2));
  }

  void read_together(Places places, std::vector<std::size_t>& again) {
    const std::size_t count =
        (places.size() + Inner::most_keys_in_a_command - 1) / Inner::most_keys_in_a_command;
    std::vector<std::vector<Argument>> words(count);
    LifeQuestions lives(*this, places);
    std::vector<Request> requests(count + lives.count());
    lives.put_into(std::span(requests).subspan(count));
    for (std::size_t index = 0; index < count; ++index) {
      const auto part = part_of(places, index);
      bool large = false;
      words[index].reserve(part.size() + 1);
      words[index].push_back({"MGET"});
      for (const auto place : part) {
        words[index].push_back({inner_.prefix, keys_[place]});
        large = large || inner_.large_keys.contains(keys_[place]);
      }
      requests[index].command = {words[index], static_cast<ReplyKinds>(ReplyKind::array), true, large};
      requests[index].routing.only_reads = true;
    }
    inner_.ask_all(requests, time_.rest());
    for (std::size_t index = 0; index < count; ++index) {
      const auto part = part_of(places, index);
      auto& [command, routing, reply, status, server] = requests[index];
      if (status.ok() && reply.elements.size() != part.size())
        status = Error(ErrorCode::protocol, "the server answered for a different number of keys");
      for (std::size_t element = 0; element < part.size(); ++element)
        if (status.ok())
          take(part[element], reply.elements[element], server);
        else
          fail(part[element], status.error(), places, again);
    }
    lives.take_from(std::span<const Request>(requests).subspan(count));
  }

  static Places part_of(Places places, std::size_t index) {
    const std::size_t from = index * Inner::most_keys_in_a_command;
    return places.subspan(from, std::min(Inner::most_keys_in_a_command, places.size() - from));
  }

  void read_each(Places places, std::vector<std::size_t>& again) {
    std::vector<std::array<Argument, 2>> words(places.size());
    LifeQuestions lives(*this, places);
    std::vector<Request> requests(places.size() + lives.count());
    lives.put_into(std::span(requests).subspan(places.size()));
    for (std::size_t index = 0; index < places.size(); ++index) {
      const auto key = keys_[places[index]];
      words[index] = {{{"GET"}, {inner_.prefix, key}}};
      requests[index].command = {words[index], ReplyKind::bulk | ReplyKind::nil, true,
                                 inner_.large_keys.contains(key)};
      requests[index].routing.only_reads = true;
    }
    inner_.ask_all(requests, time_.rest());
    for (std::size_t index = 0; index < places.size(); ++index)
      if (requests[index].status.ok())
        take(places[index], requests[index].reply, requests[index].server);
      else
        fail(places[index], requests[index].status.error(), places, again);
    lives.take_from(std::span<const Request>(requests).subspan(places.size()));
  }

  void take(std::size_t place, Reply& reply, std::uint16_t server) {
    if (!lives_.empty()) lives_[place].server = server;
    if (reply.kind == ReplyKind::nil) {
      inner_.count(inner_.counters.misses);
      results_[place] = Lookup();
      return;
    }
    if (reply.kind != ReplyKind::bulk) {
      inner_.count(inner_.counters.failures);
      results_[place] = Lookup(Error(ErrorCode::protocol, "the answer of the server is not a value"));
      return;
    }
    const auto key = keys_[place];
    const auto found = inner_.interpret(key, reply.value, inner_.large_keys.contains(key));
    if (found.ok())
      results_[place].set(found.value(), std::move(reply.value));
    else
      results_[place] = Lookup(found.error());
  }

  void fail(std::size_t place, const Error& error, Places round, std::vector<std::size_t>& again) {
    if (error.code() == ErrorCode::too_large && round.size() > 1) {
      again.push_back(place);
      return;
    }
    inner_.count(inner_.counters.failures);
    results_[place] = Lookup(error);
  }

  Inner& inner_;
  const std::span<const std::string_view> keys_;
  const std::span<Lookup> results_;
  const std::span<EntryLife> lives_;
  const redis::CallTime time_;
};

void RedisCache::do_read_many(std::span<const std::string_view> keys, std::span<Lookup> results) {
  BatchRead(*inner_, keys, results, {}, {}).read_all();
}

void RedisCache::do_read_with_life_many(std::span<const std::string_view> keys, std::span<Lookup> results,
                                        std::span<EntryLife> lives, const ReadLimits& limits) {
  BatchRead(*inner_, keys, results, lives, limits).read_all();
}

void RedisCache::do_write_many(std::span<const CacheEntry> entries, std::span<Status> results) {
  auto& inner = *inner_;
  const auto time = inner.call_time();
  for (std::size_t next = 0; next < entries.size();) {
    std::vector<std::size_t> places;
    std::vector<Argument> payloads;
    for (std::size_t bytes = 0; next < entries.size() && places.size() < Inner::most_keys_in_a_round;
         ++next) {
      const auto& entry = entries[next];
      Argument payload{{}};
      if (auto refused = inner.payload_of(entry.value, payload)) {
        results[next] = *refused;
        continue;
      }
      bytes += entry.key.size() + payload.size();
      if (!places.empty() && bytes > Inner::most_bytes_in_a_round) break;
      places.push_back(next);
      payloads.push_back(payload);
    }
    std::vector<redis::StoreWords> words(places.size());
    std::vector<Request> requests(places.size());
    for (std::size_t index = 0; index < places.size(); ++index) {
      const auto& entry = entries[places[index]];
      const auto time_to_live = jittered(entry.time_to_live, entry.key, inner.ttl_jitter);
      requests[index].command = {words[index].make({inner.prefix, entry.key}, payloads[index], time_to_live),
                                 static_cast<ReplyKinds>(ReplyKind::status), false};
    }
    inner.ask_all(requests, time.rest());
    for (std::size_t index = 0; index < places.size(); ++index) {
      const auto& status = requests[index].status;
      results[places[index]] = status;
      if (status.ok())
        inner.wrote(entries[places[index]].key, payloads[index]);
      else
        inner.count(inner.counters.failures);
    }
  }
}

/// One command of a name and a key for each key of a batch, answered by a number each.
class RedisCache::BatchOfNumbers {
 public:
  BatchOfNumbers(Inner& inner, std::string_view name, bool only_reads)
      : inner_(inner), name_(name), only_reads_(only_reads), time_(inner.call_time()) {}

  template <class R, class Meaning>
  void ask(std::span<const std::string_view> keys, std::span<R> results, const Meaning& meaning) {
    for (std::size_t first = 0; first < keys.size(); first += Inner::most_keys_in_a_round) {
      const auto round = keys.subspan(first, std::min(Inner::most_keys_in_a_round, keys.size() - first));
      std::vector<std::array<Argument, 2>> words(round.size());
      std::vector<Request> requests(round.size());
      for (std::size_t index = 0; index < round.size(); ++index) {
        words[index] = {{{name_}, {inner_.prefix, round[index]}}};
        requests[index].command = {words[index], static_cast<ReplyKinds>(ReplyKind::integer), only_reads_};
        requests[index].routing.only_reads = only_reads_;
      }
      inner_.ask_all(requests, time_.rest());
      for (std::size_t index = 0; index < round.size(); ++index) {
        const auto& [command, routing, reply, status, server] = requests[index];
        if (status.ok()) {
          results[first + index] = meaning(reply.integer);
        } else {
          inner_.count(inner_.counters.failures);
          results[first + index] = status.error();
        }
      }
    }
  }

 private:
  Inner& inner_;
  const std::string_view name_;
  const bool only_reads_;
  const redis::CallTime time_;
};

void RedisCache::do_remove_many(std::span<const std::string_view> keys, std::span<Result<bool>> results) {
  BatchOfNumbers(*inner_, "UNLINK", false).ask(keys, results, [this](std::int64_t removed) {
    if (removed > 0) inner_->count(inner_->counters.removals);
    return removed > 0;
  });
}

void RedisCache::do_time_to_live_many(std::span<const std::string_view> keys,
                                      std::span<Result<Remaining>> results) {
  BatchOfNumbers(*inner_, "PTTL", true).ask(keys, results, Inner::remaining);
}

}  // namespace cachesite
