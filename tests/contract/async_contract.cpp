// The contract once more, with every call in an asynchronous form.

#include "contract/clocked_redis_subject.hpp"
#include "contract/layer_pairs_contract.hpp"
#include "contract/redis_subject.hpp"
#include "support/fake_clock.hpp"
#include "support/patient.hpp"
#include "support/sanitized.hpp"

#include <cachesite/cache_layer.hpp>
#include <cachesite/memory_cache.hpp>

#include <chrono>
#include <memory>
#include <utility>

// OpenSSL keeps memory for each thread that uses it, here for threads of the pool, which end with the program.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libcrypto.so";
}

namespace {

using namespace cachesite;
using testing::CallForm;

// A layer of a program's own, whose calls workers make.
class OwnLayer final : public CacheLayer {
 public:
  using CacheLayer::CacheLayer;
};

test::CacheSubject over_memory(CallForm form, ComponentContext& context) {
  const auto clock = std::make_shared<test::FakeClock>();
  context.clock = clock;
  const auto memory = std::make_shared<MemoryCache>(MemoryCacheOptions{}, context);
  test::CacheSubject subject;
  subject.cache = memory;
  subject.form = form;
  subject.let_pass = [clock](std::chrono::milliseconds time) { clock->advance(time); };
  subject.check_invariants = [memory] { return memory->check_invariants(); };
  return subject;
}

test::CacheSubject by_workers(CallForm form, ComponentContext& context) {
  auto subject = over_memory(form, context);
  subject.cache = std::make_shared<OwnLayer>(std::move(subject.cache));
  return subject;
}

test::CacheSubject over_redis(CallForm form) {
  auto options = test::patient<RedisCacheOptions>();
  options.host = test::contract_server().host();
  options.port = test::contract_server().port();
  auto subject = test::redis_subject(options);
  subject.form = form;
  subject.short_time = std::chrono::milliseconds(100);  // a call by a worker takes its turn on a busy machine
  return subject;
}

// Layers over a server whose time is moved together with theirs, so that nobody waits for entries to expire.
test::CacheSubject over_redis_with_clock(ComponentContext& context) {
  auto subject = test::clocked_redis_subject("", context);
  subject.form = CallForm::coroutine;
  return subject;
}

const bool memory_in_coroutines = test::register_cache_contract("memory_in_coroutines", [] {
  ComponentContext context;
  return over_memory(CallForm::coroutine, context);
});
const bool workers_in_coroutines = test::register_cache_contract("workers_in_coroutines", [] {
  ComponentContext context;
  return by_workers(CallForm::coroutine, context);
});
const bool workers_waited_for = test::register_cache_contract("workers_waited_for", [] {
  ComponentContext context;
  return by_workers(CallForm::asynchronous, context);
});
const bool redis_in_coroutines =
    test::register_cache_contract("redis_in_coroutines", [] { return over_redis(CallForm::coroutine); });
// What behaves alike over workers and over Redis a sanitizer sees once.
const bool redis_waited_for = test::sanitized || test::register_cache_contract("redis_waited_for", [] {
                                return over_redis(CallForm::asynchronous);
                              });
const bool layers_over_redis =
    test::sanitized ||
    test::register_layer_contracts("redis_in_coroutines", over_redis_with_clock, test::Pairs::neighbours);
const bool layers_over_workers = test::register_layer_contracts(
    "workers_in_coroutines",
    [](ComponentContext& context) { return by_workers(CallForm::coroutine, context); },
    test::sanitized ? test::Pairs::none : test::Pairs::neighbours);

}  // namespace
