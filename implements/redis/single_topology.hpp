#pragma once

#include "redis/topology.hpp"

#include <memory>
#include <string>
#include <vector>

namespace cachesite::redis {

/// One server for everything.
class SingleTopology final : public Topology {
 public:
  SingleTopology(EndpointOptions options, std::string label, std::shared_ptr<ILogger> logger);

  void start() override;
  void await_started() override;
  void stop() noexcept override;
  [[nodiscard]] Health health() const override;
  [[nodiscard]] std::vector<RedisEndpointStatistics> statistics() const override;
  Status execute(const Command& command, const Routing& routing, Reply& reply, CallTime time) override;
  void execute_all(std::span<Request> requests, CallTime time) override;
  Status for_each_master(const Visit& visit, CallTime time) override;

 private:
  void heed(Reply& error);

  Endpoint endpoint_;
};

}  // namespace cachesite::redis
