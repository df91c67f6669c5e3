#pragma once

#include <cachesite/async_call.hpp>
#include <cachesite/detail/async_call_access.hpp>
#include <cachesite/executor.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/asio/version.hpp>
#if BOOST_ASIO_VERSION >= 101900
#include <boost/asio/associated_cancellation_slot.hpp>
#endif

namespace cachesite {

namespace detail {

/// How a call ends in a program on Boost.Asio: its handler is posted to the executor that goes with it. Belongs
/// to the call that is under way, and then to what is posted.
template <class R, class Handler>
class AsioCompletion final : public IExecutor {
  using Executor = boost::asio::associated_executor_t<Handler, boost::asio::system_executor>;

 public:
  explicit AsioCompletion(Handler handler)
      : handler_(std::move(handler)), work_guard_(boost::asio::get_associated_executor(handler_)) {}

  void execute(Work& work) noexcept override { post(&work); }
  // Null when the result is there already.
  void post(Work* work) {
    const auto executor = work_guard_.get_executor();
    boost::asio::post(executor, Posted(*this, work));
  }
  template <class Take>
  void take(Take&& take) {
    result_.emplace(take());
  }
  /// Has the handler's cancellation slot, and the stop that the call has so far, request the stop that it has
  /// from now on.
  void connect([[maybe_unused]] std::stop_token& stop) {
#if BOOST_ASIO_VERSION >= 101900
    auto slot = boost::asio::get_associated_cancellation_slot(handler_);
    if (!slot.is_connected()) return;
    std::stop_source source;
    given_.emplace(stop, RequestStop{source});
    stop = source.get_token();
    slot.assign([source](boost::asio::cancellation_type) mutable { source.request_stop(); });
#endif
  }

 private:
  // The room for what is posted, so that posting does not fail for want of memory.
  template <class T>
  struct Allocator {
    using value_type = T;
    AsioCompletion* completion;

    explicit Allocator(AsioCompletion* of) noexcept : completion(of) {}
    template <class Other>
    Allocator(const Allocator<Other>& other) noexcept : completion(other.completion) {}
    T* allocate(std::size_t count) {
      if (count * sizeof(T) > sizeof completion->room_ || std::exchange(completion->room_taken_, true))
        return std::allocator<T>().allocate(count);
      return reinterpret_cast<T*>(completion->room_);
    }
    void deallocate(T* place, std::size_t count) noexcept {
      if (static_cast<void*>(place) == completion->room_)
        completion->room_taken_ = false;
      else
        std::allocator<T>().deallocate(place, count);
    }
    template <class Other>
    bool operator==(const Allocator<Other>& other) const noexcept {
      return completion == other.completion;
    }
  };

  // Owns the completion. Where it is destroyed without being called, as by an io_context that goes, so is the
  // handler.
  class Posted {
   public:
    using allocator_type = Allocator<void>;

    Posted(AsioCompletion& completion, Work* work) noexcept : completion_(&completion), work_(work) {}
    Posted(Posted&& other) noexcept
        : completion_(std::exchange(other.completion_, nullptr)), work_(other.work_) {}
    Posted& operator=(Posted&&) = delete;
    ~Posted() {
      if (completion_ == nullptr) return;
      if (work_ != nullptr) work_->run();
      delete completion_;
    }
    [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type(completion_); }

    void operator()() {
      if (work_ != nullptr) work_->run();
      const std::unique_ptr<AsioCompletion> completion(std::exchange(completion_, nullptr));
      Handler handler = std::move(completion->handler_);
      R result = std::move(*completion->result_);
      const auto work_guard = std::move(completion->work_guard_);
      std::move(handler)(std::move(result));
    }

   private:
    AsioCompletion* completion_;
    Work* work_;
  };

  struct RequestStop {
    std::stop_source source;
    void operator()() noexcept { source.request_stop(); }
  };

  Handler handler_;
  boost::asio::executor_work_guard<Executor> work_guard_;
  std::optional<std::stop_callback<RequestStop>> given_;
  std::optional<R> result_;
  bool room_taken_ = false;
  alignas(std::max_align_t) std::byte room_[256];
};

}  // namespace detail

/// Makes a call with any completion token of Boost.Asio for the signature `void(R)`. With a function `find` that
/// returns an AsyncCall:
///
///     auto found = co_await cachesite::perform(find("user:42"), boost::asio::use_awaitable);
///     cachesite::perform(find("user:42"), [](auto found) { ... });
///
/// The handler runs on its associated executor (`boost::asio::bind_executor`), and without one on threads of
/// Boost.Asio; the executor in CallOptions is not used. The call counts as outstanding work of an io_context,
/// which has to outlive it: instead of stopping the io_context, stop the component, which soon ends its calls, and
/// let `run` return.
/// With Boost 1.77 and later, every cancellation signal ends the call like a requested stop. The call begins in
/// the expression that makes it, so consume a token such as `boost::asio::deferred` there. Throws
/// std::bad_alloc.
template <class R, class Token>
auto perform(AsyncCall<R>&& call, Token&& token) {
  return boost::asio::async_initiate<Token, void(R)>(
      [begun = &call](auto&& handler) {
        using Completion = detail::AsioCompletion<R, std::decay_t<decltype(handler)>>;
        auto completion = std::make_unique<Completion>(std::forward<decltype(handler)>(handler));
        completion->connect(detail::AsyncCallAccess::stop_of(*begun));
        auto* const end = completion.release();
        if (!detail::AsyncCallAccess::begin(std::move(*begun), *end, [end](auto&& take) { end->take(take); }))
          end->post(nullptr);
      },
      token);
}

}  // namespace cachesite
