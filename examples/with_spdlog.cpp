// The library writes its messages to a spdlog logger of the program.

#include <cachesite/cachesite.hpp>
#include <cachesite/spdlog_logger.hpp>

#include <iostream>
#include <memory>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

int main() {
  const auto logger = spdlog::stdout_logger_mt("shop");
  logger->set_pattern("%n: %v");

  cachesite::LoadOptions options;
  options.logger = std::make_shared<cachesite::SpdlogLogger>(logger);
  // No server listens on this port.
  const auto site = cachesite::load_component_site_from_text(
      "- {class: RedisCache, entries: [{interface: ICache}], host: 127.0.0.1, port: 1}",
      cachesite::Format::yaml, options);

  const auto lookup = site->get_component<cachesite::ICache>()->get("user:42");
  std::cout << to_string(lookup.error().code()) << ", and spdlog knows why\n";
}
