// Settings and loggers: a program reads its configuration, in layers, and logs by topic. Both are declared in
// files; settings of the environment can have types and defaults that the program declares.

#include <cachesite/cachesite.hpp>

#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>

int main(int count, char** arguments) {
  if (count < 2) {
    std::cerr << "usage: settings FILE...\n";
    return 2;
  }
  cachesite::LoadOptions load_options;
  load_options.allow_substitution = true;
  const auto site =
      cachesite::load_component_site_from_files({arguments + 1, arguments + count}, load_options);

  const auto redis = site->get_component<cachesite::IConfig>()->get_session("redis");
  const auto port = redis->get_integer("port").value_or(6379);
  std::cout << redis->get_value("host").value_or("localhost") << ":" << port << ", the host from "
            << redis->origin("host") << "\n";

  cachesite::EnvironmentConfigOptions options;
  options.prefix = "SHOP_";
  options.defaults = {{"redis.port", 6379}, {"redis.ssl", false}, {"shop.discount", 0.5}};
  options.validators = {[](const cachesite::IConfig& config) -> std::string {
    const auto discount = config.get_session("shop")->get_real("discount");
    return discount.value_or(0) < 1 ? "" : "shop.discount has to be less than 1";
  }};
  const cachesite::EnvironmentConfig environment(options);
  std::cout << "a discount of " << *environment.get_session("shop")->get_value("discount") << ", "
            << environment.get_session("shop")->origin("discount") << "\n";

  const auto logger = site->get_component<cachesite::ILoggerSite>()->get_logger("shop.orders");
  logger->info("an order is in", {{"customer", "Ada"}, {"items", "3"}});
  try {
    throw std::runtime_error("no tea left");
  } catch (...) {
    logger->error("the order is lost", {{"customer", "Ada"}}, std::current_exception());
  }
}
