// Memory runs out at each place where a file is read and its components are made: the program that loads is
// told, nothing is left behind, and nothing ends the program.

#include "backplane/source_judge.hpp"
#include "shortage_rows.hpp"
#include "support/failing_allocations.hpp"
#include "support/resource_balance.hpp"
#include "support/sanitized.hpp"

#include <cachesite/load.hpp>

#include <chrono>
#include <memory>
#include <new>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using test::FailingAllocations;

BOOST_AUTO_TEST_SUITE(loading_shortage)

BOOST_AUTO_TEST_CASE(each_allocation_of_a_thread_that_loads_may_fail) {
  const LoadOptions options;
  for (const auto& row : test::shortage_rows()) {
    const test::ResourceBalance balance;
    const bool limiter = row.component_class.ends_with("Limiter");  // tables of parameters make very many
    const long step = (limiter ? 31 : 1) * (test::sanitized ? 7 : 1);
    long failing = 0;
    for (bool reached = true; reached; failing += step) {
      BOOST_TEST_CONTEXT(row.component_class << " " << row.variant << ", allocation " << failing) {
        FailingAllocations failures(FailingAllocations::On::this_thread, failing);
        std::shared_ptr<ComponentSite> site;
        try {
          site = load_component_site_from_text(row.file, Format::yaml, options);
        } catch (const LoadError&) {
        } catch (const std::bad_alloc&) {
        }
        reached = failures.reached();
        failures.end();
        if (site) BOOST_TEST(site->stop_within(30s).empty());
        BOOST_TEST((reached || site));
      }
    }
    BOOST_TEST(balance.excess() == "", row.component_class << " " << row.variant);
  }
}

// By itself, since how many allocations a site makes before it differs from time to time.
BOOST_AUTO_TEST_CASE(each_allocation_of_what_judges_a_backplane_may_fail) {
  for (long failing = 0;; ++failing) {
    FailingAllocations failures(FailingAllocations::On::this_thread, failing);
    bool made = false;
    try {
      const backplane::SourceJudge judge(backplane::SourceId{}, 1);
      made = true;
    } catch (const std::bad_alloc&) {
    }
    const bool reached = failures.reached();
    failures.end();
    BOOST_TEST(made == !reached);
    if (made) break;
  }
}

BOOST_AUTO_TEST_SUITE_END()
