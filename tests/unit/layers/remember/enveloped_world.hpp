#pragma once

#include "layers/remember/value_envelope.hpp"
#include "unit/layers/remember/computing_world.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace cachesite::test {

// A cache that keeps its values in envelopes, and stale ones for an hour.
struct EnvelopedWorld : ComputingWorld {
  explicit EnvelopedWorld(const std::function<void(RememberCacheOptions&)>& change = [](auto&) {})
      : ComputingWorld([&](RememberCacheOptions& options) {
          options.form = ValueForm::envelope;
          options.stale.keep = std::chrono::hours(1);
          change(options);
        }) {}

  // As another process on the same store.
  [[nodiscard]] std::shared_ptr<RememberCache> another(
      const std::function<void(RememberCacheOptions&)>& change = [](auto&) {}) const {
    ComponentContext context;
    context.clock = clock;
    RememberCacheOptions options;
    options.form = ValueForm::envelope;
    options.stale.keep = std::chrono::hours(1);
    options.over = Reference<ICache>(below);
    change(options);
    return std::make_shared<RememberCache>(options, context);
  }
  [[nodiscard]] std::string stored(std::string_view key = "k") const {
    return std::string(store->get(key).value().text());
  }
  [[nodiscard]] remembering::ValueEnvelope opened(const std::string& bytes) const {
    remembering::ValueEnvelope envelope;
    if (remembering::read_envelope(bytes, envelope) != nullptr) envelope.etag = "unreadable";
    return envelope;
  }
};

}  // namespace cachesite::test
