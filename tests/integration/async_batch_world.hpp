#pragma once

#include "integration/routed_call_world.hpp"
#include "redis/topology/async_batch.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace cachesite::test::routed_call {

/// GETs or SETs of so many keys, key0 and so on.
class Batch final : private cachesite::detail::OperationCaller {
 public:
  Batch(std::string name, std::size_t count)
      : requests(count), name_(std::move(name)), keys_(count), words_(count) {
    const bool reads = name_ == "GET";
    constexpr auto all_kinds = static_cast<ReplyKinds>(0xFF);
    for (std::size_t number = 0; number < count; ++number) {
      keys_[number] = "key" + std::to_string(number);
      words_[number] = {{name_}, {keys_[number]}};
      if (!reads) words_[number].push_back({"value"});
      requests[number].command = {words_[number], all_kinds, reads};
      requests[number].routing.only_reads = reads;
    }
  }
  /// Stores one after the other under the first of the keys.
  void use_one_key() {
    for (std::size_t number = 0; number < requests.size(); ++number) {
      words_[number][1] = {keys_[0]};
      words_[number][2] = {keys_[number]};
    }
  }
  void begin(Topology& topology, std::chrono::milliseconds patience = 20s) {
    begin(topology, CallTime::from_now(patience));
  }
  void begin(Topology& topology, CallTime time) {
    if (batch.begin(topology, requests, time, *this)) ++ends;
  }
  [[nodiscard]] std::vector<std::string> texts() const {
    std::vector<std::string> texts;
    for (const auto& request : requests)
      texts.push_back(request.status.ok() ? std::string(request.reply.text())
                                          : "failed: " + std::string(request.status.error().message()));
    return texts;
  }
  [[nodiscard]] std::size_t with(Outcome outcome) const {
    std::size_t count = 0;
    for (const auto& request : requests)
      if (!request.status.ok() && request.status.error().outcome() == outcome) ++count;
    return count;
  }
  [[nodiscard]] std::size_t with(ErrorCode code) const {
    std::size_t count = 0;
    for (const auto& request : requests)
      if (!request.status.ok() && request.status.error().code() == code) ++count;
    return count;
  }

  std::vector<Request> requests;
  AsyncBatch batch;
  std::atomic<int> ends{0};

 private:
  void ended() noexcept override { ++ends; }

  std::string name_;
  std::vector<std::string> keys_;
  std::vector<std::vector<Argument>> words_;
};

struct BatchWorld : World {
  [[nodiscard]] bool is_over(Batch& batch) {
    return run_until([&] { return batch.ends != 0; });
  }
  static Texts of(const std::string& name, std::size_t count) {
    Texts texts;
    for (std::size_t number = 0; number < count; ++number)
      texts.push_back(name + " key" + std::to_string(number) + (name == "GET" ? "" : " value"));
    return texts;
  }
  static Texts asked_since(const Place& place, std::size_t before) {
    auto asked = place.asked();
    asked.erase(asked.begin(), asked.begin() + static_cast<std::ptrdiff_t>(before));
    return asked;
  }
};

}  // namespace cachesite::test::routed_call
