#pragma once

#include "redis/topology/topology.hpp"

#include <memory>
#include <string>
#include <vector>

namespace cachesite::redis {

/// One server for everything.
class SingleTopology final : public Topology {
 public:
  SingleTopology(EndpointOptions options, std::string label, std::shared_ptr<ILogger> logger);

  [[nodiscard]] Endpoint* only_endpoint() noexcept override { return &endpoint_; }
  [[nodiscard]] ServerChanges& changes() noexcept override { return *changes_; }

 private:
  void do_start() override;
  void do_await_started() override;
  void do_stop() noexcept override;
  [[nodiscard]] Health do_health() const override;
  [[nodiscard]] std::vector<RedisEndpointStatistics> do_statistics() const override;
  Status do_execute(const Command& command, const Routing& routing, Reply& reply, CallTime time) override;
  void do_execute_all(std::span<Request> requests, CallTime time) override;
  Status do_execute_together(std::span<const Command> commands, std::span<Reply> replies, CallTime time,
                             std::uint16_t& server) override;
  Status do_for_each_master(const Visit& visit, CallTime time) override;
  ServerNow do_server_now(const Command&, const Routing&) override { return {&endpoint_}; }
  Masters do_masters_now() override { return {0, {{&endpoint_}}}; }
  void heed(Reply& error);

  const std::shared_ptr<ServerChanges> changes_;
  Endpoint endpoint_;
};

}  // namespace cachesite::redis
