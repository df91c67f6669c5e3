#include "contract/clocked_redis_subject.hpp"
#include "contract/logical_cache_contract.hpp"
#include "support/fake_clock.hpp"

#include <cachesite/load.hpp>

#include <memory>
#include <string>
#include <utility>

namespace {

using namespace cachesite;

// The cache of a file, which lives as long as its site.
test::CacheSubject subject_of(const std::string& store, LoadOptions options) {
  const std::string file =
      "- class: Cache\n"
      "  name: products\n"
      "  ttl: 2h\n"
      "  store: " +
      store +
      "\n"
      "  codec: {compression: zstd, encryption: aes_256_gcm, on_undecodable: error,\n"
      "          keys: ['MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=']}\n"
      "  near: {max_bytes: 64MiB, ttl: 10s}\n"
      "  tags: true\n"
      "  remember: {negative_ttl: 2s}\n"
      "  metrics: true\n"
      "  rules:\n"
      "    - {match: 'price:*', ttl: 1m}\n"
      "    - {match: 'soon:*', ttl: " +
      std::to_string(test::soon_ttl.count()) + "ms}\n";
  const auto site = load_component_site_from_text(file, Format::yaml, std::move(options));
  test::CacheSubject subject;
  subject.cache = site->get_component<ICache>("products");
  subject.environment = site;
  subject.counts = false;
  subject.ttl = test::usual_ttl;
  return subject;
}

test::CacheSubject over_memory() {
  const auto clock = std::make_shared<test::FakeClock>();
  LoadOptions options;
  options.clock = clock;
  auto subject = subject_of("{class: MemoryCache}", options);
  subject.let_pass = [clock](std::chrono::milliseconds time) { clock->advance(time); };
  return subject;
}

test::CacheSubject over_redis() {
  auto& server = test::empty_server_with_clock();
  const auto clock = std::make_shared<test::FakeClock>();
  LoadOptions options;
  options.clock = clock;
  auto subject = subject_of("{class: RedisCache, prefix: 'shop:product:', url: 'redis://127.0.0.1:" +
                                std::to_string(server->port()) + "?socket_timeout=5'}",
                            options);
  subject.let_pass = test::let_pass_on(server, clock);
  return subject;
}

const bool registered =
    test::register_logical_cache_contract("declared_cache_over_memory", over_memory,
                                          test::all_optional_parts) &&
    test::register_logical_cache_contract("declared_cache_over_redis", over_redis, test::all_optional_parts);

}  // namespace
