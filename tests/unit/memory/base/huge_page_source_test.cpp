// Large caches lie in regions of whole huge pages.

#include "memory/base/huge_page_source.hpp"

#include "unit/memory/test_engine.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <utility>

using namespace cachesite;
using cachesite::test::engine_options;
using cachesite::test::TestEngine;
using memory::HugePageSource;

namespace {

// Pages from the system, with or without huge ones, as the test says.
class AdvisedPages final : public memory::PageSource {
 public:
  explicit AdvisedPages(bool has_huge, bool locked = false) : has_huge_(has_huge), locked_(locked) {}

  void* map(std::size_t bytes) noexcept override {
    mapped += bytes;
    return system_.map(bytes);
  }
  void unmap(void* address, std::size_t bytes) noexcept override {
    mapped -= bytes;
    system_.unmap(address, bytes);
  }
  void discard(void* address, std::size_t bytes) noexcept override {
    if (!locked_) system_.discard(address, bytes);
  }
  bool advise_huge(void* address, std::size_t bytes) noexcept override {
    ++asked;
    if (!has_huge_) return false;
    whole = whole && reinterpret_cast<std::uintptr_t>(address) % HugePageSource::huge_page == 0 &&
            bytes % HugePageSource::huge_page == 0;
    static_cast<void>(system_.advise_huge(address, bytes));
    return true;
  }
  void advise_small(void* address, std::size_t bytes) noexcept override {
    system_.advise_small(address, bytes);
  }

  std::uint64_t mapped = 0;
  unsigned asked = 0;
  bool whole = true;  // all that was asked for

 private:
  memory::SystemPages system_;
  const bool has_huge_;
  const bool locked_;
};

constexpr std::size_t margin = HugePageSource::margin;
constexpr int large = 120'000;  // entries

// Without a limit of entries.
memory::Budget budget_of(std::uint64_t most_bytes) {
  return memory::Budget(memory::Budget::unlimited, most_bytes);
}

bool is_zero(const void* piece, std::size_t bytes) {
  const auto* const begin = static_cast<const char*>(piece);
  return std::all_of(begin, begin + bytes, [](char byte) { return byte == 0; });
}

void fill(memory::Engine& engine, int count) {
  for (int i = 0; i < count; ++i)
    engine.write("key:" + std::to_string(i), ByteView(std::string(64, 'v')), 60'000);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(huge_pages)

BOOST_AUTO_TEST_CASE(an_engine_that_holds_little_asks_for_none) {
  AdvisedPages below(true);
  memory::Budget budget = budget_of(memory::Budget::unlimited);
  HugePageSource pages(below, budget);
  budget.take_bytes(HugePageSource::least_held - 1);
  void* const piece = pages.map_dense(65536, margin);
  BOOST_TEST(below.asked == 0U);
  BOOST_TEST(below.mapped == 65536U + margin);
  pages.unmap_dense(piece, 65536, margin);
  BOOST_TEST(below.mapped == 0U);
}

BOOST_AUTO_TEST_CASE(pieces_of_a_region_are_apart_and_empty_and_all_goes_back) {
  for (const bool locked : {false, true}) {
    AdvisedPages below(true, locked);
    memory::Budget budget = budget_of(memory::Budget::unlimited);
    budget.take_bytes(HugePageSource::least_held);
    {
      HugePageSource pages(below, budget);
      std::set<char*> pieces;
      constexpr std::size_t bytes = 100'000;
      for (int i = 0; i < 100; ++i) {
        auto* const piece = static_cast<char*>(pages.map_dense(bytes, i % 2 == 0 ? margin : 0));
        BOOST_REQUIRE(is_zero(piece, bytes));
        std::fill_n(piece, bytes, 'x');
        pieces.insert(piece);
      }
      BOOST_TEST(below.asked > 0U);
      BOOST_TEST(below.whole);
      BOOST_TEST(pieces.size() == 100U);
      for (auto piece = pieces.begin(); std::next(piece) != pieces.end(); ++piece)
        BOOST_REQUIRE(*piece + bytes <= *std::next(piece));
      const auto full = below.mapped;
      for (char* const piece : pieces)
        pages.unmap_dense(piece, bytes, margin);
      BOOST_TEST(below.mapped < full);
      pages.settle();
      BOOST_TEST(below.mapped == 0U);
    }
    BOOST_TEST(below.mapped == 0U);
  }
}

BOOST_AUTO_TEST_CASE(a_piece_may_go_back_in_parts) {
  AdvisedPages below(true);
  memory::Budget budget = budget_of(memory::Budget::unlimited);
  budget.take_bytes(HugePageSource::least_held);
  HugePageSource pages(below, budget);
  auto* const piece = static_cast<char*>(pages.map_dense(10'000, 0));
  pages.settle();
  pages.unmap(piece + 8192, 10'000 - 8192);
  piece[0] = 'x';
  pages.unmap(piece, 8192);
  BOOST_TEST(below.mapped == 0U);
}

BOOST_AUTO_TEST_CASE(near_its_limit_an_engine_opens_no_region) {
  AdvisedPages below(true);
  memory::Budget budget = budget_of(HugePageSource::least_held + HugePageSource::most_unused);
  budget.take_bytes(HugePageSource::least_held);
  HugePageSource pages(below, budget);
  pages.unmap_dense(pages.map_dense(65536, margin), 65536, margin);
  BOOST_TEST(below.asked == 0U);
}

BOOST_AUTO_TEST_CASE(without_huge_pages_a_large_cache_works_as_ever) {
  for (const auto& [has_huge, locked] : {std::pair(false, false), {true, false}, {true, true}}) {
    const auto below = std::make_shared<AdvisedPages>(has_huge, locked);
    auto options = engine_options(EvictionPolicy::tinylfu, large);
    options.pages = below;
    {
      TestEngine engine(std::move(options));
      for (int round = 0; round < 2; ++round) {
        fill(*engine, large + 10'000);
        BOOST_TEST(engine->statistics().entries == static_cast<std::uint64_t>(large));
        BOOST_TEST(engine->check() == "");
        engine->clear();
      }
    }
    BOOST_TEST(below->mapped == 0U);
    BOOST_TEST((has_huge ? below->asked > 1U : below->asked == 1U));
  }
}

BOOST_AUTO_TEST_CASE(who_wants_none_gets_none) {
  const auto below = std::make_shared<AdvisedPages>(true);
  auto options = engine_options(EvictionPolicy::tinylfu, large);
  options.pages = below;
  options.huge_pages = HugePages::never;
  TestEngine engine(std::move(options));
  fill(*engine, large);
  BOOST_TEST(below->asked == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
