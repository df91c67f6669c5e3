#pragma once

#include <cachesite/logger.hpp>
#include <cachesite/reference.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite::layers {

// What is said when components of a program that are told something throw, and when they cease to.
class GuardedListeners {
 public:
  // In logs a listener is called `kind`. It has to be a literal.
  GuardedListeners(std::string_view topic, std::string_view kind, std::string label,
                   std::shared_ptr<ILogger> logger)
      : topic_(topic), kind_(kind), label_(std::move(label)), logger_(std::move(logger)) {}

  [[nodiscard]] const std::string& label() const noexcept { return label_; }
  [[nodiscard]] ILogger& logger() const noexcept { return *logger_; }

 protected:
  // Events in a row without an exception after which a listener is said to work again.
  static constexpr std::uint32_t quiet_events = 100;

  struct State {
    std::string name;
    std::atomic<std::uint32_t> quiet_events_left{0};  // 0 while it works
  };

  void threw(State& state, const std::exception_ptr& thrown) const noexcept;
  void worked(State& state) const noexcept {
    if (state.quiet_events_left.load(std::memory_order_relaxed) != 0) [[unlikely]]
      worked_again(state);
  }

 private:
  void worked_again(State& state) const noexcept;

  const std::string_view topic_;
  const std::string_view kind_;
  const std::string label_;
  const std::shared_ptr<ILogger> logger_;
};

// Components that are told something in their order, none of which can harm another one or the caller.
template <class Listener>
class ListenerList : public GuardedListeners {
 public:
  using Named = std::vector<std::pair<std::string, std::shared_ptr<Listener>>>;

  // Throws std::invalid_argument for a null pointer.
  ListenerList(std::string_view topic, std::string_view kind, Named listeners, std::string label,
               std::shared_ptr<ILogger> logger)
      : GuardedListeners(topic, kind, std::move(label), std::move(logger)) {
    for (auto& [name, listener] : listeners) {
      if (!listener)
        throw std::invalid_argument(std::string(kind) + "s: " + std::string(kind) + " " + name +
                                    " is not set");
      auto entry = std::make_unique<Entry>();
      entry->name = std::move(name);
      entry->listener = std::move(listener);
      entries_.push_back(std::move(entry));
    }
  }

  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

  // Whether that is true of one of them. It must not throw, and is no event for them.
  template <class Question>
  [[nodiscard]] bool any(const Question& question) const noexcept {
    return std::any_of(entries_.begin(), entries_.end(),
                       [&](const auto& entry) { return question(*entry->listener); });
  }
  template <class Event>
  void each(Event&& event) const noexcept {
    for (const auto& entry : entries_) {
      try {
        event(*entry->listener);
        worked(*entry);
      } catch (...) {
        threw(*entry, std::current_exception());
      }
    }
  }

 private:
  struct Entry : State {
    std::shared_ptr<Listener> listener;
  };

  std::vector<std::unique_ptr<Entry>> entries_;
};

// Those that a component refers to, by their names as `shown`, or else by their places.
template <class Listener, class Shown>
typename ListenerList<Listener>::Named named_listeners(const std::vector<Reference<Listener>>& references,
                                                       Shown shown) {
  typename ListenerList<Listener>::Named named;
  for (const auto& reference : references) {
    std::string name(shown(reference.name()));
    if (name.empty()) name = std::to_string(named.size() + 1);
    named.emplace_back(std::move(name), reference.component());
  }
  return named;
}

}  // namespace cachesite::layers
