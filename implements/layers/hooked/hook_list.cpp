#include "layers/hooked/hook_list.hpp"

#include "binding/component_name.hpp"

#include <array>
#include <stdexcept>

namespace cachesite::layers {

HookList::HookList(Hooks hooks, std::string label, std::shared_ptr<ILogger> logger)
    : label_(std::move(label)), logger_(std::move(logger)) {
  for (auto& [name, hook] : hooks) {
    if (!hook) throw std::invalid_argument("hooks: hook " + name + " is not set");
    auto entry = std::make_unique<Entry>();
    entry->name = std::move(name);
    entry->hook = std::move(hook);
    entries_.push_back(std::move(entry));
  }
}

HookList::~HookList() = default;

HookList::Hooks HookList::hooks_of(const std::vector<Reference<ICacheHook>>& references) {
  Hooks hooks;
  for (const auto& reference : references) {
    std::string name(binding::shown_name(reference.name()));
    if (name.empty()) name = std::to_string(hooks.size() + 1);
    hooks.emplace_back(std::move(name), reference.component());
  }
  return hooks;
}

HookList::Hooks HookList::hooks_of(std::vector<std::shared_ptr<ICacheHook>> pointers) {
  Hooks hooks;
  for (auto& pointer : pointers)
    hooks.emplace_back(std::to_string(hooks.size() + 1), std::move(pointer));
  return hooks;
}

template <class Event>
void HookList::each(Event&& event) noexcept {
  for (const auto& entry : entries_) {
    try {
      event(*entry->hook);
      worked(*entry);
    } catch (...) {
      threw(*entry, std::current_exception());
    }
  }
}

void HookList::before(const CacheCall& call) noexcept {
  each([&](ICacheHook& hook) { hook.before(call); });
}

void HookList::after(const CacheCall& call, const CacheCallResult& result,
                     std::chrono::nanoseconds duration) noexcept {
  each([&](ICacheHook& hook) { hook.after(call, result, duration); });
}

void HookList::on_error(const CacheCall& call, const Error& error,
                        std::chrono::nanoseconds duration) noexcept {
  each([&](ICacheHook& hook) { hook.on_error(call, error, duration); });
}

void HookList::threw(Entry& entry, const std::exception_ptr& thrown) noexcept {
  if (entry.quiet_events_left.exchange(quiet_events, std::memory_order_relaxed) != 0) return;
  try {
    const std::string reason = describe_exception(thrown);
    const std::array attributes{LogAttribute{"component", label_}, LogAttribute{"hook", entry.name},
                                LogAttribute{"error", reason}};
    logger_->write(LogLevel::warning, "hooks", "a hook throws; calls continue without it", attributes);
  } catch (...) {
    logger_->log(LogLevel::warning, "hooks", "a hook throws; calls continue without it");
  }
}

void HookList::worked(Entry& entry) noexcept {
  auto left = entry.quiet_events_left.load(std::memory_order_relaxed);
  if (left == 0) [[likely]]
    return;
  if (!entry.quiet_events_left.compare_exchange_strong(left, left - 1, std::memory_order_relaxed)) return;
  if (left > 1) return;
  const std::array attributes{LogAttribute{"component", label_}, LogAttribute{"hook", entry.name}};
  logger_->write(LogLevel::info, "hooks", "the hook works again", attributes);
}

}  // namespace cachesite::layers
