#include "contract/mutex_contract.hpp"

#include "support/wait_until.hpp"

#include <cachesite/mutex.hpp>
#include <cachesite/mutex_guard.hpp>

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace cachesite::test {

namespace {

using namespace std::chrono_literals;
using Clause = void (*)(const MutexSubject&);

// What is to come at once, on a busy machine; and a wait that takes longer when only its end ends it.
constexpr auto soon = 10s;
constexpr auto very_long_wait = 30s;

std::chrono::steady_clock::duration time_of(const std::function<void()>& act) {
  const auto begin = std::chrono::steady_clock::now();
  act();
  return std::chrono::steady_clock::now() - begin;
}

MutexRequest once(MutexMode mode = MutexMode::exclusive) {
  MutexRequest request;
  request.mode = mode;
  request.wait = 0ms;
  return request;
}

MutexRequest unrenewed(std::chrono::milliseconds expire) {
  MutexRequest request;
  request.expire = expire;
  request.renew = false;
  return request;
}

std::shared_ptr<IMutexLease> must_take(IMutex& mutex, const MutexRequest& request = {}) {
  auto taken = mutex.take(request);
  BOOST_REQUIRE_MESSAGE(taken.ok(), (taken.ok() ? "" : std::string(taken.error().message())));
  BOOST_REQUIRE(taken.value());
  return std::move(taken).value();
}

bool free_for_others(IMutex& mutex, MutexMode mode = MutexMode::exclusive) {
  const auto taken = mutex.take(once(mode));
  BOOST_REQUIRE(taken.ok());
  return taken.value() != nullptr;
}

void a_free_mutex_is_taken_and_given_back(const MutexSubject& subject) {
  const auto mutex = subject.site->get_mutex("stock");
  BOOST_TEST(mutex->name() == "stock");
  for (int round = 0; round < 3; ++round) {
    const auto lease = must_take(*mutex);
    BOOST_TEST(lease->held());
    BOOST_TEST(!lease->lost().stop_requested());
    BOOST_TEST(lease->release().value_or(false));
    BOOST_TEST(!lease->held());
    BOOST_TEST(!lease->lost().stop_requested());
    BOOST_TEST(!lease->release().value_or(true));
  }
}

void a_mutex_that_is_held_is_not_had_by_a_second(const MutexSubject& subject) {
  const auto mutex = subject.site->get_mutex("stock");
  const auto lease = must_take(*mutex);
  for (const auto& site : {subject.site, subject.other}) {
    BOOST_TEST(!free_for_others(*site->get_mutex("stock")));
    BOOST_TEST(free_for_others(*site->get_mutex("another")));
  }
  BOOST_TEST(!free_for_others(*mutex));
  BOOST_TEST(lease->release().value_or(false));
  BOOST_TEST(free_for_others(*subject.other->get_mutex("stock")));
}

void a_lease_that_goes_out_of_scope_is_given_back(const MutexSubject& subject) {
  const auto mutex = subject.site->get_mutex("scope");
  { const auto lease = must_take(*mutex); }
  BOOST_TEST(free_for_others(*subject.other->get_mutex("scope")));
  {
    MutexGuard guard(*mutex);
    BOOST_TEST(guard.held());
    MutexGuard moved(std::move(guard));
    BOOST_TEST(moved.held());
    BOOST_TEST(!free_for_others(*subject.other->get_mutex("scope")));
  }
  BOOST_TEST(free_for_others(*subject.other->get_mutex("scope")));
}

void who_waits_gets_it_when_it_is_given_back(const MutexSubject& subject) {
  for (const auto& waiting_site : {subject.site, subject.other}) {
    MutexGuard guard(*subject.site->get_mutex("handed on"));
    std::atomic<bool> asked{false};
    std::atomic<bool> got{false};
    std::thread waiter([&] {
      asked = true;
      const MutexGuard late(*waiting_site->get_mutex("handed on"));
      got = late.held();
    });
    wait_until([&] { return asked.load(); });
    BOOST_TEST(!got.load());
    BOOST_TEST(guard.release().value_or(false));
    BOOST_TEST((time_of([&] { waiter.join(); }) < soon));
    BOOST_TEST(got.load());
  }
}

void waiting_ends_at_its_limit(const MutexSubject& subject) {
  const MutexGuard guard(*subject.site->get_mutex("busy"));
  for (const auto& site : {subject.site, subject.other}) {
    const auto begin = std::chrono::steady_clock::now();
    const MutexGuard late(*site->get_mutex("busy"), 30ms);
    const auto took = std::chrono::steady_clock::now() - begin;
    BOOST_TEST(!late.held());
    BOOST_TEST(!late.error().has_value());
    BOOST_TEST((took >= 30ms && took < soon));
  }
}

void waiting_ends_when_it_is_told_to(const MutexSubject& subject) {
  const MutexGuard guard(*subject.site->get_mutex("busy"));
  for (const auto& site : {subject.site, subject.other}) {
    std::stop_source stop;
    std::optional<Error> error;
    std::thread waiter([&] {
      const MutexGuard late(*site->get_mutex("busy"), stop.get_token());
      error = late.error();
    });
    stop.request_stop();
    BOOST_TEST((time_of([&] { waiter.join(); }) < soon));
    BOOST_REQUIRE(error.has_value());
    BOOST_TEST(to_string(error->code()) == "closed");
  }
}

void the_locks_of_the_standard_library_take_it(const MutexSubject& subject) {
  const auto mutex = subject.site->get_mutex("standard");
  const auto other = subject.other->get_mutex("standard");
  {
    const std::scoped_lock lock(*mutex);
    BOOST_TEST(!free_for_others(*other));
  }
  {
    std::unique_lock lock(*mutex, std::try_to_lock);
    BOOST_TEST(lock.owns_lock());
    BOOST_TEST(!other->try_lock());
    BOOST_TEST(!other->try_lock_for(10ms));
    lock.unlock();
    BOOST_TEST(other->try_lock_until(std::chrono::steady_clock::now() + 5s));
    other->unlock();
  }
  {
    std::shared_lock lock(*mutex);
    BOOST_TEST(other->try_lock_shared());
    BOOST_TEST(!other->try_lock());
    other->unlock_shared();
  }
  BOOST_TEST(free_for_others(*other));
}

void acquire_and_release_tell_by_true_and_false(const MutexSubject& subject) {
  const auto mutex = subject.site->get_mutex("fivc");
  const auto other = subject.other->get_mutex("fivc");
  BOOST_TEST(!mutex->release());
  BOOST_TEST(mutex->acquire(10s));
  BOOST_TEST(!other->acquire(10s, MutexMethod::non_blocking));
  BOOST_TEST(!other->release());
  bool released_by_another_thread = true;
  std::thread([&] { released_by_another_thread = mutex->release(); }).join();
  BOOST_TEST(!released_by_another_thread);
  BOOST_TEST(mutex->release());
  BOOST_TEST(!mutex->release());
  BOOST_TEST(other->acquire(1500ms, MutexMethod::non_blocking));
  BOOST_TEST(other->release());
  BOOST_TEST(!mutex->acquire(0s));
  BOOST_TEST(!mutex->acquire(-1s));
}

void a_lease_without_renewal_ends_and_its_holder_learns_it(const MutexSubject& subject) {
  const auto mutex = subject.site->get_mutex("short");
  const auto begin = std::chrono::steady_clock::now();
  const auto lease = must_take(*mutex, unrenewed(40ms));
  const auto next = must_take(*subject.other->get_mutex("short"));
  const auto took = std::chrono::steady_clock::now() - begin;
  BOOST_TEST((took >= 39ms && took < soon));
  BOOST_TEST(!lease->held());
  BOOST_TEST(wait_until([&] { return lease->lost().stop_requested(); }));
  BOOST_TEST(!lease->release().value_or(true));
  BOOST_TEST(next->held());
  BOOST_TEST(next->release().value_or(false));
}

void the_loss_of_a_lease_calls_back(const MutexSubject& subject) {
  const auto lease = must_take(*subject.site->get_mutex("called"), unrenewed(5ms));
  std::atomic<bool> called{false};
  const std::stop_callback callback(lease->lost(), [&] { called = true; });
  BOOST_TEST(wait_until([&] { return called.load(); }));
}

void a_renewed_lease_outlives_its_length(const MutexSubject& subject) {
  MutexRequest request;
  request.expire = 1500ms;
  const auto lease = must_take(*subject.site->get_mutex("renewed"), request);
  const auto end = std::chrono::steady_clock::now() + 1600ms;
  wait_until([&] { return std::chrono::steady_clock::now() > end; });
  BOOST_TEST(lease->held());
  BOOST_TEST(!free_for_others(*subject.other->get_mutex("renewed")));
  BOOST_TEST(lease->release().value_or(false));
}

void a_lease_can_be_renewed_by_hand(const MutexSubject& subject) {
  const auto lease = must_take(*subject.site->get_mutex("by hand"), unrenewed(2s));
  const auto before = lease->valid_until();
  BOOST_TEST(lease->renew().value_or(false));
  BOOST_TEST((lease->valid_until() > before));
  BOOST_TEST(lease->release().value_or(false));
  BOOST_TEST(!lease->renew().value_or(true));
}

void fencing_tokens_grow_with_every_exclusive_holder(const MutexSubject& subject) {
  std::uint64_t last = 0;
  for (int round = 0; round < 20; ++round) {
    const auto& site = round % 2 == 0 ? subject.site : subject.other;
    const MutexGuard guard(*site->get_mutex("fenced"));
    BOOST_TEST(guard.fencing_token() > last);
    last = guard.fencing_token();
  }
  MutexFence fence;
  const auto paused = must_take(*subject.site->get_mutex("fenced"), unrenewed(5ms));
  BOOST_TEST(fence.admit(paused->fencing_token()));
  const auto next = must_take(*subject.other->get_mutex("fenced"));
  BOOST_TEST(fence.admit(next->fencing_token()));
  BOOST_TEST(!fence.admit(paused->fencing_token()));
  BOOST_TEST(fence.admit(next->fencing_token()));
  const auto reader_site = subject.site->get_mutex("fenced");
  (void)next->release();
  const auto reader = must_take(*reader_site, once(MutexMode::shared));
  BOOST_TEST(reader->fencing_token() == next->fencing_token());
}

void readers_have_it_together_and_writers_alone(const MutexSubject& subject) {
  const auto mutex = subject.site->get_mutex("read");
  const auto other = subject.other->get_mutex("read");
  const auto first = must_take(*mutex, once(MutexMode::shared));
  const auto second = must_take(*other, once(MutexMode::shared));
  const auto third = must_take(*other, once(MutexMode::shared));
  BOOST_TEST(!free_for_others(*mutex));
  BOOST_TEST(!free_for_others(*other));
  BOOST_TEST(first->release().value_or(false));
  BOOST_TEST(second->release().value_or(false));
  BOOST_TEST(!free_for_others(*mutex));
  BOOST_TEST(third->release().value_or(false));
  const auto writer = must_take(*other, once());
  BOOST_TEST(!free_for_others(*mutex, MutexMode::shared));
  BOOST_TEST(!free_for_others(*other, MutexMode::shared));
}

void a_writer_who_waits_comes_before_later_readers(const MutexSubject& subject) {
  for (const auto& writers_site : {subject.site, subject.other}) {
    const auto mutex = subject.site->get_mutex("starved");
    const auto reader = must_take(*mutex, once(MutexMode::shared));
    std::atomic<bool> wrote{false};
    std::thread writer([&] {
      const MutexGuard guard(*writers_site->get_mutex("starved"));
      wrote = guard.held();
    });
    BOOST_TEST(wait_until([&] { return !free_for_others(*mutex, MutexMode::shared); }));
    BOOST_TEST(!wrote.load());
    BOOST_TEST(reader->release().value_or(false));
    BOOST_TEST((time_of([&] { writer.join(); }) < soon));
    BOOST_TEST(wrote.load());
    BOOST_TEST(wait_until([&] { return free_for_others(*mutex, MutexMode::shared); }));
  }
}

void a_writer_who_gives_up_lets_waiting_readers_in(const MutexSubject& subject) {
  const std::pair<std::shared_ptr<IMutexSite>, std::shared_ptr<IMutexSite>> places[] = {
      {subject.site, subject.site}, {subject.other, subject.other}, {subject.site, subject.other}};
  for (const auto& [writers_site, readers_site] : places) {
    const auto mutex = subject.site->get_mutex("given up");
    const auto first = must_take(*mutex, once(MutexMode::shared));
    std::atomic<bool> gave_up{false};
    bool wrote = true;
    std::thread writer([&, site = writers_site] {
      const MutexGuard guard(*site->get_mutex("given up"), 500ms);
      wrote = guard.held();
      gave_up = true;
    });
    const auto readers_mutex = readers_site->get_mutex("given up");
    wait_until([&] { return !free_for_others(*readers_mutex, MutexMode::shared) || gave_up.load(); });
    MutexRequest later;
    later.mode = MutexMode::shared;
    later.wait = very_long_wait;
    BOOST_TEST((time_of([&] { (void)must_take(*readers_mutex, later); }) < soon));
    writer.join();
    BOOST_TEST(!wrote);
    BOOST_TEST(free_for_others(*mutex, MutexMode::shared));
  }
}

void readers_who_wait_all_get_it_after_the_writer(const MutexSubject& subject) {
  auto writer = must_take(*subject.site->get_mutex("crowd"));
  std::atomic<int> reading{0};
  std::atomic<bool> all{false};
  std::vector<std::thread> readers;
  for (int index = 0; index < 6; ++index)
    readers.emplace_back([&, site = index % 2 == 0 ? subject.site : subject.other] {
      MutexRequest request;
      request.mode = MutexMode::shared;
      const MutexGuard guard(*site->get_mutex("crowd"), request);
      if (guard.held() && ++reading == 6) all = true;
      wait_until([&] { return all.load(); });
    });
  BOOST_TEST(writer->release().value_or(false));
  BOOST_TEST((time_of([&] {
                for (auto& reader : readers)
                  reader.join();
              }) < soon));
  BOOST_TEST(all.load());
}

void a_reentrant_mutex_is_had_until_given_back_as_often(const MutexSubject& subject) {
  const auto mutex = subject.site->get_reentrant_mutex("deep");
  const auto plain = subject.other->get_mutex("deep");
  mutex->lock();
  const auto inner = must_take(*subject.site->get_reentrant_mutex("deep"), once());
  BOOST_TEST(mutex->try_lock());
  bool had_by_another_thread = true;
  std::thread([&] { had_by_another_thread = mutex->try_lock(); }).join();
  BOOST_TEST(!had_by_another_thread);
  mutex->unlock();
  BOOST_TEST(!free_for_others(*plain));
  mutex->unlock();
  BOOST_TEST(!free_for_others(*plain));
  BOOST_TEST(inner->held());
  BOOST_TEST(inner->release().value_or(false));
  BOOST_TEST(free_for_others(*plain));
}

void holders_are_known_by_name(const MutexSubject& subject) {
  const auto mutex = subject.site->get_mutex("known");
  const auto holders = [&] {
    auto found = subject.other->get_mutex("known")->holders();
    BOOST_REQUIRE(found.ok());
    return std::move(found).value();
  };
  BOOST_TEST(holders().empty());
  {
    const auto lease = must_take(*mutex, unrenewed(1min));
    BOOST_REQUIRE(holders().size() == 1u);
    const auto holder = holders().front();
    BOOST_TEST(holder.owner == lease->owner());
    BOOST_TEST((holder.mode == MutexMode::exclusive));
    BOOST_REQUIRE(holder.remaining.has_value());
    BOOST_TEST((*holder.remaining > 50s && *holder.remaining <= 1min));
  }
  const auto first = must_take(*mutex, once(MutexMode::shared));
  const auto second = must_take(*subject.other->get_mutex("known"), once(MutexMode::shared));
  BOOST_TEST(holders().size() == 2u);
  BOOST_TEST(first->owner() != second->owner());
}

void no_increment_is_lost(const MutexSubject& subject) {
  constexpr int threads = 8;
  constexpr int rounds = 100;
  // Read and written apart, so that it loses counts unless the mutex excludes. Two sites share no memory
  // that could order their accesses, as two processes would not: hence atomic.
  std::atomic<int> counter{0};
  std::vector<std::thread> workers;
  for (int index = 0; index < threads; ++index)
    workers.emplace_back([&, site = index % 2 == 0 ? subject.site : subject.other] {
      const auto mutex = site->get_mutex("counter");
      for (int round = 0; round < rounds; ++round) {
        const MutexGuard guard(*mutex);
        const int before = counter;
        std::this_thread::yield();
        counter = before + 1;
      }
    });
  for (auto& worker : workers)
    worker.join();
  BOOST_TEST(counter.load() == threads * rounds);
}

void a_name_may_be_any_bytes(const MutexSubject& subject) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte)
    bytes.push_back(static_cast<char>(byte));
  for (const auto& name : {bytes, std::string(IMutexSite::longest_name, 'n'), std::string("a:b {c}*")}) {
    const MutexGuard guard(*subject.site->get_mutex(name));
    BOOST_TEST(guard.held());
    BOOST_TEST(!free_for_others(*subject.other->get_mutex(name)));
  }
}

void wrong_names_and_lengths_are_refused(const MutexSubject& subject) {
  BOOST_CHECK_THROW((void)subject.site->get_mutex(""), std::invalid_argument);
  BOOST_CHECK_THROW((void)subject.site->get_mutex(std::string(IMutexSite::longest_name + 1, 'n')),
                    std::invalid_argument);
  MutexRequest request;
  request.expire = 0ms;
  const auto taken = subject.site->get_mutex("length")->take(request);
  BOOST_REQUIRE(!taken.ok());
  BOOST_TEST(to_string(taken.error().code()) == "bad_argument");
  BOOST_TEST(must_take(*subject.site->get_mutex("length"), unrenewed(1ms)) != nullptr);
}

void after_stop_nobody_gets_it_and_nobody_waits(const MutexSubject& subject) {
  const auto mutex = subject.site->get_mutex("ended");
  const auto lease = must_take(*mutex);
  std::optional<Error> error;
  std::thread waiter([&] { error = MutexGuard(*mutex, MutexRequest{}).error(); });
  subject.site->stop();
  BOOST_TEST((time_of([&] { waiter.join(); }) < soon));
  BOOST_REQUIRE(error.has_value());
  BOOST_TEST(to_string(error->code()) == "closed");
  BOOST_CHECK_THROW(mutex->lock(), MutexError);
  BOOST_TEST(!mutex->acquire(1s));
  (void)lease->release();
  subject.site->stop();
}

struct NamedClause {
  const char* name;
  Clause check;
};

#define CLAUSE(name) \
  NamedClause {      \
#name, name      \
  }

const NamedClause clauses[] = {
    CLAUSE(a_free_mutex_is_taken_and_given_back),
    CLAUSE(a_mutex_that_is_held_is_not_had_by_a_second),
    CLAUSE(a_lease_that_goes_out_of_scope_is_given_back),
    CLAUSE(who_waits_gets_it_when_it_is_given_back),
    CLAUSE(waiting_ends_at_its_limit),
    CLAUSE(waiting_ends_when_it_is_told_to),
    CLAUSE(the_locks_of_the_standard_library_take_it),
    CLAUSE(acquire_and_release_tell_by_true_and_false),
    CLAUSE(a_lease_without_renewal_ends_and_its_holder_learns_it),
    CLAUSE(the_loss_of_a_lease_calls_back),
    CLAUSE(a_renewed_lease_outlives_its_length),
    CLAUSE(a_lease_can_be_renewed_by_hand),
    CLAUSE(fencing_tokens_grow_with_every_exclusive_holder),
    CLAUSE(readers_have_it_together_and_writers_alone),
    CLAUSE(a_writer_who_waits_comes_before_later_readers),
    CLAUSE(a_writer_who_gives_up_lets_waiting_readers_in),
    CLAUSE(readers_who_wait_all_get_it_after_the_writer),
    CLAUSE(a_reentrant_mutex_is_had_until_given_back_as_often),
    CLAUSE(holders_are_known_by_name),
    CLAUSE(no_increment_is_lost),
    CLAUSE(a_name_may_be_any_bytes),
    CLAUSE(wrong_names_and_lengths_are_refused),
    CLAUSE(after_stop_nobody_gets_it_and_nobody_waits),
};

}  // namespace

bool register_mutex_contract(const std::string& name, std::function<MutexSubject()> make_subject) {
  auto* const suite = BOOST_TEST_SUITE(name);
  for (const auto& clause : clauses)
    suite->add(boost::unit_test::make_test_case(
        [make_subject, check = clause.check] { check(make_subject()); }, clause.name, __FILE__, __LINE__));
  boost::unit_test::framework::master_test_suite().add(suite);
  return true;
}

}  // namespace cachesite::test
