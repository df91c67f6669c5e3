#pragma once

#include <cachesite/site.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace cachesite {

/// A value that is made at its first use: once for all threads, and again at the next use if making it
/// throws. Copies share the value. All calls are safe from any thread; the value itself is as safe as its
/// type.
///
///     cachesite::LazyValue<Table> table([] { return Table::read("large.csv"); });
///     table->find("Ada");
template <class T>
class LazyValue {
 public:
  explicit LazyValue(std::function<T()> make) : state_(std::make_shared<State>(std::move(make))) {}

  /// The value. Throws what making it throws, and std::logic_error when making it asks for it.
  [[nodiscard]] T& get() const {
    State& state = *state_;
    if (!state.ready.load(std::memory_order_acquire)) state.prepare();
    return *state.value;
  }
  [[nodiscard]] T& operator*() const { return get(); }
  /// The value; if it is a pointer, the object that it points to.
  [[nodiscard]] auto* operator->() const {
    if constexpr (requires(T & value) { value.operator->(); })
      return get().operator->();
    else
      return &get();
  }

  /// Whether the value is made.
  [[nodiscard]] bool is_ready() const noexcept { return state_->ready.load(std::memory_order_acquire); }

 private:
  struct State {
    explicit State(std::function<T()> make_value) : make(std::move(make_value)) {}

    void prepare() {
      const std::lock_guard lock(mutex);
      if (value) return;
      if (being_made) throw std::logic_error("a lazy value asks for itself while it is made");
      struct Mark {
        bool& mark;
        explicit Mark(bool& flag) : mark(flag) { mark = true; }
        ~Mark() { mark = false; }
      } const mark(being_made);
      value.emplace(make());
      ready.store(true, std::memory_order_release);
    }

    std::function<T()> make;
    std::recursive_mutex mutex;
    bool being_made = false;
    std::optional<T> value;
    std::atomic<bool> ready{false};
  };
  std::shared_ptr<State> state_;
};

/// A component that is looked up at its first use, for code that names a component before it needs it. The
/// site has to outlive the first use. `get()` throws ComponentNotFound when the component is missing.
template <ComponentInterface I>
[[nodiscard]] LazyValue<std::shared_ptr<I>> lazy_component(const IComponentSite& site,
                                                           std::string name = {}) {
  return LazyValue<std::shared_ptr<I>>(
      [&site, name = std::move(name)] { return site.get_component<I>(name); });
}

}  // namespace cachesite
