// Settings and loggers: a program reads its configuration, in layers, and logs by topic. Both are declared in
// files.

#include <cachesite/cachesite.hpp>

#include <exception>
#include <iostream>
#include <stdexcept>

int main(int count, char** arguments) {
  cachesite::LoadOptions options;
  options.allow_substitution = true;
  const auto site = cachesite::load_component_site_from_files({arguments + 1, arguments + count}, options);

  const auto redis = site->get_component<cachesite::IConfig>()->get_session("redis");
  const auto port = redis->get_integer("port").value_or(6379);
  std::cout << redis->get_value("host").value_or("localhost") << ":" << port << ", the host from "
            << redis->origin("host") << "\n";

  const auto logger = site->get_component<cachesite::ILoggerSite>()->get_logger("shop.orders");
  logger->info("an order is in", {{"customer", "Ada"}, {"items", "3"}});
  try {
    throw std::runtime_error("no tea left");
  } catch (...) {
    logger->error("the order is lost", {{"customer", "Ada"}}, std::current_exception());
  }
}
