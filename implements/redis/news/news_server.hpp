#pragma once

#include "redis/news/data_probe.hpp"
#include "redis/news/feed_hub.hpp"
#include "redis/news/news_link.hpp"
#include "redis/news/news_machine.hpp"
#include "redis/topology/topology.hpp"

#include <cachesite/logger.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::redis {

/// One server of a feed: its machine with all that the machine asks for. Of the thread of the feed.
class NewsServer final : public INewsOwner {
 public:
  struct Options {
    NewsMachineOptions machine;
    std::string label;
    std::shared_ptr<ILogger> logger;
  };

  NewsServer(Topology::ServerNow server, const ProbeName& name, const PrefixSet& prefixes, Options options,
             std::shared_ptr<FeedHub> hub);

  /// Takes what has come, and does what is due. `more` says whether there is still something to take.
  void step() noexcept;
  [[nodiscard]] bool has_more() const noexcept { return has_more_; }
  void add_prefix(std::string_view prefix);
  void heed_options(const FeedOptions& options);
  void distrust() noexcept { machine_.distrust(); }
  /// `slot_tag`: see ProbeName.
  void topology_changed(std::string_view slot_tag);
  std::uint64_t fence() { return machine_.fence(hub_->now()); }
  [[nodiscard]] bool is_refused() const noexcept { return machine_.state() == NewsState::refused; }
  [[nodiscard]] std::uint64_t answered_ping() const noexcept { return answered_; }
  void stop() noexcept;
  /// `stop` for a server that is no master any more: it is not reported any more.
  void leave() noexcept;

  [[nodiscard]] TimePoint wake_at() const noexcept { return machine_.wake_at(); }
  /// -1 when there is nothing to poll.
  [[nodiscard]] int descriptor() const noexcept { return link_.is_open() ? link_.descriptor() : -1; }
  [[nodiscard]] bool wants_to_send() const noexcept { return link_.is_open() && link_.wants_to_send(); }
  [[nodiscard]] const Endpoint* endpoint() const noexcept { return server_.endpoint; }

 private:
  void connect() override;
  void disconnect() noexcept override { closes_ = true; }
  void send(std::span<const std::string_view> words) override { link_.add(words); }
  WrittenProbe begin_proof(std::uint64_t probe, bool write) override;
  void proven() noexcept override;
  void serve(bool vouched) noexcept override;
  void trust_until(TimePoint end) noexcept override { hub_->trust_until(index_, end); }
  void prefixes_confirmed(std::span<const std::string> prefixes) override;
  void changed(std::span<const std::string_view> keys) override { hub_->changed(index_, keys); }
  void everything_changed() noexcept override { hub_->everything_changed(index_); }
  void answered(std::uint64_t ping) noexcept override { answered_ = ping; }
  void log(LogLevel level, const std::string& text) noexcept override;

  void try_step(TimePoint now);
  void take_outcome(TimePoint now);
  void read(TimePoint now);
  void take_frames(TimePoint now);
  void look_at_probe(TimePoint now);
  void flush(TimePoint now);
  void finish_closing() noexcept;
  void report();

  const Topology::ServerNow server_;
  const FeedServer index_;
  const Options options_;
  ProbeName name_;
  const std::shared_ptr<FeedHub> hub_;
  NewsLink link_;
  DataProbe probe_;
  std::vector<std::string> confirmed_;  // prefixes
  std::uint64_t connections_ = 0;       // the count that is known
  std::uint64_t proof_connections_ = 0;
  std::uint64_t answered_ = 0;
  bool has_more_ = false;
  bool closes_ = false;
  std::optional<Error> failed_;  // an attempt that could not even begin
  std::string reported_;
  NewsMachine machine_;
};

}  // namespace cachesite::redis
