#pragma once

#include <cachesite/detail/awaitable.hpp>
#include <cachesite/detail/computation.hpp>
#include <cachesite/result.hpp>

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <future>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

/// Factories of asynchronous calls: plain functions, and those that give an awaitable.
namespace cachesite::detail {

/// Takes the result of a factory that gives an awaitable, once, from any thread.
class FactoryEnd {
 public:
  virtual void made(Result<Computed> result) noexcept = 0;

 protected:
  ~FactoryEnd() = default;
};

/// A factory that owns all that it uses, whatever its type.
class AsyncFactory {
 public:
  virtual ~AsyncFactory() = default;

  [[nodiscard]] virtual bool gives_awaitable() const noexcept = 0;
  /// Makes the value on this thread, which waits for an awaitable. What the factory throws escapes.
  virtual Result<Computed> make(const ComputeContext& context) = 0;
  /// Precondition: it gives an awaitable. `end` is told, perhaps within this call; it keeps the factory and what
  /// `context` refers to until then.
  virtual void begin(const ComputeContext& context, std::shared_ptr<FactoryEnd> end) noexcept = 0;
  /// The same factory at another place; this one is destroyed next. Throws std::bad_alloc.
  [[nodiscard]] virtual std::shared_ptr<AsyncFactory> move_out() = 0;
};

template <class F>
auto returned_by() {
  if constexpr (std::invocable<F&, const ComputeContext&>)
    return std::type_identity<std::invoke_result_t<F&, const ComputeContext&>>();
  else
    return std::type_identity<std::invoke_result_t<F&>>();
}

/// What a factory returns.
template <class F>
using Returned = typename decltype(returned_by<F>())::type;

/// A factory that gives an awaitable whose result is what a plain factory returns.
template <class F>
concept AwaitableFactory =
    (std::invocable<F&> || std::invocable<F&, const ComputeContext&>)&&Awaitable<Returned<F>>&& requires(
        Awaited<Returned<F>> made) {
  to_computed(std::move(made));
};

/// A coroutine that belongs to nobody and begins at once.
struct DetachedCoroutine {
  struct promise_type {
    DetachedCoroutine get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};

/// Keeps a result for a thread that waits for it.
class AwaitedResult final : public FactoryEnd {
 public:
  void made(Result<Computed> result) noexcept override { result_.set_value(std::move(result)); }
  Result<Computed> wait() { return result_.get_future().get(); }

 private:
  std::promise<Result<Computed>> result_;
};

template <class F>
class FactoryOf final : public AsyncFactory {
 public:
  explicit FactoryOf(F factory) noexcept(std::is_nothrow_move_constructible_v<F>)
      : factory_(std::move(factory)) {}

  [[nodiscard]] bool gives_awaitable() const noexcept override { return AwaitableFactory<F>; }

  Result<Computed> make(const ComputeContext& context) override {
    if constexpr (AwaitableFactory<F>) {
      const auto end = std::make_shared<AwaitedResult>();
      begin(context, end);
      return end->wait();
    } else {
      try {
        return converted(call(context));
      } catch (...) {
        note(std::current_exception());
        throw;
      }
    }
  }

  void begin([[maybe_unused]] const ComputeContext& context,
             [[maybe_unused]] std::shared_ptr<FactoryEnd> end) noexcept override {
    if constexpr (AwaitableFactory<F>) {
      const auto told = end;
      try {
        run(*this, context, std::move(end));
      } catch (...) {
        told->made(not_computed(std::current_exception()));
      }
    }
  }

  [[nodiscard]] std::shared_ptr<AsyncFactory> move_out() override {
    return std::make_shared<FactoryOf>(std::move(factory_));
  }

 private:
  decltype(auto) call(const ComputeContext& context) {
    if constexpr (std::invocable<F&, const ComputeContext&>)
      return factory_(context);
    else
      return factory_();
  }

  // A factory of typed values converts them itself, and wants to know what is thrown.
  template <class Made>
  Result<Computed> converted(Made&& made) {
    if constexpr (requires { factory_.convert(std::forward<Made>(made)); })
      return factory_.convert(std::forward<Made>(made));
    else
      return to_computed(std::forward<Made>(made));
  }
  void note([[maybe_unused]] const std::exception_ptr& thrown) {
    if constexpr (requires { factory_.note(thrown); }) factory_.note(thrown);
  }

  static DetachedCoroutine run(FactoryOf& self, ComputeContext context, std::shared_ptr<FactoryEnd> end) {
    Result<Computed> result = Error(ErrorCode::not_computed);
    try {
      auto&& awaitable = self.call(context);
      // g++ 12 copies what a function gives by reference when it is awaited.
      if constexpr (std::is_lvalue_reference_v<Returned<F>>) {
        auto made = co_await awaitable;
        result = self.converted(std::move(made));
      } else {
        auto made = co_await std::move(awaitable);
        result = self.converted(std::move(made));
      }
    } catch (...) {
      self.note(std::current_exception());
      result = not_computed(std::current_exception());
    }
    end->made(std::move(result));
  }

  F factory_;
};

/// A factory as its caller has it, until the call begins: a view.
class FactoryView {
 public:
  FactoryView() noexcept = default;
  template <class F>
  requires(!std::same_as<std::remove_cvref_t<F>, FactoryView>) explicit FactoryView(F&& factory) noexcept
      : factory_(const_cast<void*>(static_cast<const void*>(&factory))), place_(&place<F>), own_(&own<F>) {}

  [[nodiscard]] bool is_set() const noexcept { return factory_ != nullptr; }
  /// Moves or copies it to `room`; null when it has no room there. Throws what its copy throws.
  AsyncFactory* place_in(std::byte* room, std::size_t size) const { return place_(factory_, room, size); }
  /// The same to memory of its own.
  [[nodiscard]] std::shared_ptr<AsyncFactory> make() const { return own_(factory_); }

 private:
  template <class F>
  using Owned = FactoryOf<std::decay_t<F>>;
  template <class F>
  static AsyncFactory* place(void* factory, std::byte* room, std::size_t size) {
    if constexpr (alignof(Owned<F>) <= alignof(std::max_align_t))
      if (sizeof(Owned<F>) <= size)
        return new (room) Owned<F>(std::forward<F>(*static_cast<std::remove_reference_t<F>*>(factory)));
    return nullptr;
  }
  template <class F>
  static std::shared_ptr<AsyncFactory> own(void* factory) {
    return std::make_shared<Owned<F>>(std::forward<F>(*static_cast<std::remove_reference_t<F>*>(factory)));
  }

  void* factory_ = nullptr;
  AsyncFactory* (*place_)(void*, std::byte*, std::size_t) = nullptr;
  std::shared_ptr<AsyncFactory> (*own_)(void*) = nullptr;
};

}  // namespace cachesite::detail
