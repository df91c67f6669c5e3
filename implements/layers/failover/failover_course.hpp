#pragma once

#include "layers/failover/failover_cache_inner.hpp"

#include <cachesite/cache_request.hpp>
#include <cachesite/error.hpp>

#include <coroutine>
#include <cstddef>
#include <exception>
#include <string_view>
#include <utility>

namespace cachesite {

// One call on its way through both caches: what is asked of which of them, one question after the other, and what
// follows from the answers. Whoever has it asks the questions, on a thread that waits or without one.
class FailoverCache::Course {
 public:
  using Items = Inner::Items;

  struct Question {
    bool second;
    CacheRequest* request;  // takes the answer
  };

  // `failed` is what the first cache could not answer, if it has been asked; else `uses_first` says whether it is
  // to be. Throws std::bad_alloc.
  Course(Inner& inner, CacheRequest& request, Items failed, bool uses_first)
      : inner_(inner),
        request_(request),
        failed_(std::move(failed)),
        questions_(is_walk(request) ? walk_on() : ask(uses_first)) {}
  Course(const Course&) = delete;
  Course& operator=(const Course&) = delete;
  ~Course() = default;

  // Whether it goes on in the cache that it began in.
  [[nodiscard]] static bool is_walk(const CacheRequest& request) noexcept;

  // Null when the request has its answer. `caller_left`: its caller has asked for the end, or has no time left, which
  // may be why the last question failed. Throws what a cache has thrown, and std::bad_alloc.
  [[nodiscard]] const Question* next(bool caller_left = false);

 private:
  class Questions {
   public:
    struct promise_type {
      [[nodiscard]] Questions get_return_object() noexcept {
        return Questions(std::coroutine_handle<promise_type>::from_promise(*this));
      }
      [[nodiscard]] std::suspend_always initial_suspend() noexcept { return {}; }
      [[nodiscard]] std::suspend_always final_suspend() noexcept { return {}; }
      [[nodiscard]] std::suspend_always yield_value(Question asked) noexcept {
        question = asked;
        return {};
      }
      void return_void() noexcept {}
      void unhandled_exception() noexcept { thrown = std::current_exception(); }

      Question question{};
      std::exception_ptr thrown;
    };

    explicit Questions(std::coroutine_handle<promise_type> coroutine) noexcept : coroutine_(coroutine) {}
    Questions(Questions&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
    Questions& operator=(Questions&&) = delete;
    ~Questions() {
      if (coroutine_) coroutine_.destroy();
    }
    [[nodiscard]] const Question* next();

   private:
    std::coroutine_handle<promise_type> coroutine_;
  };
  class Walk;
  class Unconfirmed;

  [[nodiscard]] Questions ask(bool uses_first);
  [[nodiscard]] Questions walk_on();
  [[nodiscard]] std::string_view key(std::size_t item) const noexcept;
  [[nodiscard]] layers::OwedRemovals::Part owed() const;
  [[nodiscard]] bool owe(bool insist);
  [[nodiscard]] bool changes_keys() const noexcept;
  void fail(const Error& error);
  [[nodiscard]] bool may_be_done() const noexcept;
  void say_that_it_may_be_done() noexcept;
  void keep_outages();
  void tell() const noexcept;
  void degrade() noexcept;

  Inner& inner_;
  CacheRequest& request_;
  Items failed_;  // of the items of a batch; of another request, 0
  bool caller_left_ = false;
  Questions questions_;
};

}  // namespace cachesite
