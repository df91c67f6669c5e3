// Pages that are locked into memory keep their content when they are given back.

#include "memory/log/bucket_table.hpp"
#include "support/sanitized.hpp"
#include "unit/memory/test_engine.hpp"

#include <exception>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace cachesite;
using cachesite::test::all_policies;
using cachesite::test::engine_options;
using cachesite::test::LockedPages;
using cachesite::test::TestEngine;

namespace {

constexpr int not_permitted = 77;

std::string key_of(int round, int number) {
  return "key" + std::to_string(round) + ':' + std::to_string(number);
}

// What is wrong after `count` entries have been written; nothing when all is well.
std::string fill(memory::Engine& engine, int round, int count) {
  for (int i = 0; i < count; ++i) {
    const auto key = key_of(round, i);
    if (engine.write(key, ByteView(key), 60'000) != memory::WriteOutcome::stored) return "a write failed";
  }
  Value value;
  for (int i = 0; i < count; ++i) {
    const auto key = key_of(round, i);
    if (engine.read(key, value) != Found::hit || value.text() != key) return "an entry is lost: " + key;
    if (round > 0 && engine.read(key_of(round - 1, i), value) != Found::miss) return "an entry came back";
  }
  if (engine.statistics().entries != static_cast<std::uint64_t>(count)) return "there are other entries";
  return engine.check();
}

std::string fill_and_clear(memory::Engine& engine, int count) {
  for (int round = 0; round < 4; ++round) {
    if (auto problem = fill(engine, round, count); !problem.empty()) return problem;
    engine.clear();
    if (engine.statistics().entries != 0) return "clear left entries";
    if (auto problem = engine.check(); !problem.empty()) return problem;
  }
  return {};
}

// In a child whose pages are all locked: 0 when all is well.
int use_locked_memory(int count) {
  ::alarm(120);
  // What is mapped from here on is locked as soon as it is touched.
  if (::mlockall(MCL_FUTURE | MCL_ONFAULT) != 0) return not_permitted;
  try {
    // Pages that cannot be had cannot be tested either.
    void* const probe = ::mmap(nullptr, std::size_t{256} << 20U, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (probe == MAP_FAILED) return not_permitted;
    if (::madvise(probe, std::size_t{1} << 20U, MADV_DONTNEED) == 0) return 3;
    ::munmap(probe, std::size_t{256} << 20U);
    memory::Engine engine(engine_options(EvictionPolicy::tinylfu, static_cast<std::uint64_t>(2 * count)));
    return fill_and_clear(engine, count).empty() ? 0 : 1;
  } catch (const std::exception&) {
    return 2;
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(locked_pages)

BOOST_AUTO_TEST_CASE(a_cache_that_is_cleared_and_filled_again_keeps_every_entry) {
  for (const auto policy : all_policies) {
    for (const unsigned shards : {1U, 8U}) {
      auto options = engine_options(policy, 100'000);
      options.pages = std::make_shared<LockedPages>();
      options.most_shards = shards;
      TestEngine engine(std::move(options));
      BOOST_TEST(fill_and_clear(*engine, 20'000) == "");
    }
  }
}

BOOST_AUTO_TEST_CASE(a_cache_that_shrinks_and_grows_keeps_every_entry) {
  auto options = engine_options(EvictionPolicy::tinylfu, 100'000);
  options.pages = std::make_shared<LockedPages>();
  options.most_shards = 1;
  TestEngine engine(std::move(options));
  for (int round = 0; round < 4; ++round) {
    BOOST_TEST(fill(*engine, round, 20'000) == "");
    // All but a few end by removal, so that the index goes down level by level; the rest goes last.
    for (int i = 0; i < 20'000; ++i)
      BOOST_REQUIRE(engine->remove(key_of(round, i)) == true);
    engine->upkeep(20'000);
    BOOST_TEST(engine->statistics().entries == 0U);
    BOOST_TEST(engine->check() == "");
  }
}

BOOST_AUTO_TEST_CASE(what_ended_does_not_come_back_while_its_index_is_used_again) {
  auto options = engine_options(EvictionPolicy::tinylfu, 100'000);
  options.pages = std::make_shared<LockedPages>();
  options.most_shards = 1;
  TestEngine engine(std::move(options));
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 20'000; ++i)
      engine.set(key_of(round, i), "value", 1000);
    engine.let_pass(std::chrono::seconds(1));
    engine->upkeep(20'000);
    BOOST_TEST(engine->statistics().entries == 0U);
    for (int i = 0; i < 20'000; ++i)
      BOOST_REQUIRE(engine.get(key_of(round, i)) == "(miss)");
  }
}

// Each entry by its reference, which is its place in a list of hashes.
BOOST_AUTO_TEST_CASE(an_index_that_is_reset_or_abandoned_at_any_moment_starts_empty) {
  LockedPages pages;
  memory::Budget budget(memory::Budget::unlimited, memory::Budget::unlimited);
  memory::RetiredPages retired(pages, budget);
  memory::BucketTable table(pages, budget, retired, 4);
  std::vector<std::uint64_t> hashes;
  for (std::uint64_t i = 1; i <= 3000; ++i)
    hashes.push_back(i * 0x9E3779B97F4A7C15U);
  const auto hash_of = [&hashes](std::uint32_t reference) { return hashes[reference]; };
  const auto found = [&](std::uint32_t reference) {
    int count = 0;
    auto* const home = table.home(hashes[reference], hash_of);
    for (auto* bucket = home; bucket != nullptr; bucket = table.next(home, bucket))
      for (unsigned slot = 0; slot < memory::Bucket::slots; ++slot)
        if (bucket->tag(slot) != 0 && bucket->reference(slot) == reference) ++count;
    return count;
  };
  for (std::uint32_t entries = 1; entries < 3000; entries += entries / 8 + 1) {
    BOOST_REQUIRE(table.ensure());
    for (std::uint32_t reference = 0; reference < entries; ++reference) {
      const auto hash = hashes[reference];
      BOOST_REQUIRE(table.insert(table.home(hash, hash_of), memory::BucketTable::tag(hash), reference));
      table.maintain(reference + 1, 2, hash_of);
      retired.give_slice();
    }
    for (std::uint32_t reference = 0; reference < entries; ++reference)
      BOOST_REQUIRE(found(reference) == 1);
    BOOST_REQUIRE(entries == 2999 || found(entries) == 0);
    if (entries % 2 == 0) {
      table.reset();
    } else {
      table.abandon();
      retired.abandon();
    }
  }
}

BOOST_AUTO_TEST_CASE(a_process_that_locks_all_its_memory_fills_and_clears_a_large_cache) {
  if (test::sanitized) return;  // there is no locking the address space of a sanitizer
  const pid_t child = ::fork();
  if (child == 0) ::_exit(use_locked_memory(300'000));
  BOOST_REQUIRE(child > 0);
  int status = 0;
  BOOST_TEST(::waitpid(child, &status, 0) == child);
  BOOST_REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) == not_permitted)
    BOOST_TEST_MESSAGE("this process may not lock its memory");
  else
    BOOST_TEST(WEXITSTATUS(status) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
