// Queues by name. With --local the program needs no server; otherwise Redis at REDIS_PORT (6379).

#include <cachesite/cachesite.hpp>

#include <chrono>
#include <iostream>
#include <stdexcept>
#include <stop_token>
#include <string_view>

using namespace std::chrono_literals;

int main(int count, char** arguments) {
  const bool local = count > 1 && std::string_view(arguments[1]) == "--local";
  cachesite::LoadOptions options;
  options.allow_substitution = true;
  const auto site = cachesite::load_component_site(CACHESITE_CONFIGS "/queues.yml", options);
  const auto queues = site->get_component<cachesite::IQueueSite>(local ? "local" : "jobs");

  const auto producer = queues->get_producer("mails");
  producer->produce("to Ada");
  producer->produce("to nobody");
  producer->produce("to Grace", 200ms);  // delivered that much later

  // Handles messages until a stop is requested. After an exception the message is delivered again.
  std::stop_source stop;
  int done = 0;
  const auto consumer = queues->get_consumer("mails");
  consumer->consume(stop.get_token(), [&](const cachesite::QueueMessage& mail) {
    if (mail.text() == "to nobody" && mail.deliveries() == 1) throw std::runtime_error("no address");
    std::cout << mail.text() << " (delivery " << mail.deliveries() << ")\n";
    if (++done == 3) stop.request_stop();
  });

  // One message, acknowledged explicitly.
  producer->produce("by hand");
  auto received = consumer->receive(1s);
  if (received.ok() && received.value()) {
    auto message = *std::move(received).value();
    std::cout << message.text() << "\n";
    if (!message.acknowledge().ok()) std::cout << "it may come again\n";
  }
}
