// Threads, memory and descriptors run out at every place of the life of every class: while it starts, at its
// first calls, when its connections or its master are lost, and when it stops. What was half done is undone,
// the failure has the name of the component, and afterwards the component works.

#include "shortage_rows.hpp"
#include "support/failing_allocations.hpp"
#include "support/failing_threads.hpp"
#include "support/resource_balance.hpp"
#include "support/sanitized.hpp"
#include "support/wait_until.hpp"

#include <cachesite/cachesite.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <set>
#include <string>

#include <boost/test/unit_test.hpp>
#include <sys/resource.h>

using namespace cachesite;
using namespace std::chrono_literals;
using test::FailingAllocations;
using test::FailingThreads;
using test::ShortageRow;

namespace {

using Clock = std::chrono::steady_clock;

// No step hangs: the longest are bounded by timeouts of a few seconds.
constexpr auto longest_step = 30s;

template <class Step>
void in_time(const char* what, Step&& step) {
  const auto begin = Clock::now();
  step();
  BOOST_TEST((Clock::now() - begin < longest_step), what);
}

std::string title(const ShortageRow& row) {
  return row.component_class + (row.variant.empty() ? "" : " with " + row.variant);
}

bool names_a_class_of(const std::string& file, const std::string& text) {
  const std::string mark = "class: ";
  for (auto at = file.find(mark); at != std::string::npos; at = file.find(mark, at)) {
    at += mark.size();
    if (text.find(file.substr(at, file.find('\n', at) - at)) != std::string::npos) return true;
  }
  return false;
}

// Null when the site cannot be made for want of something: then the problem names a component of the file.
std::shared_ptr<ComponentSite> try_to_load(const ShortageRow& row) {
  try {
    return load_component_site_from_text(row.file, Format::yaml);
  } catch (const LoadError& error) {
    const std::string text = error.what();
    BOOST_TEST(names_a_class_of(row.file, text), text);
  } catch (const std::bad_alloc&) {
    // Nothing has a name without memory.
  }
  return nullptr;
}

// May fail, but neither throws what it does not say nor hangs.
std::optional<std::string> use(const ShortageRow& row, ComponentSite& site) {
  std::optional<std::string> problem;
  in_time("use", [&] {
    try {
      problem = row.use(site);
    } catch (const std::exception& failure) {
      problem = failure.what();
    }
  });
  return problem;
}

void must_work(const ShortageRow& row, ComponentSite& site) {
  std::optional<std::string> problem;
  const bool works = test::wait_until(
      [&] {
        problem = use(row, site);
        return !problem;
      },
      longest_step, 10ms);
  BOOST_TEST(works, problem.value_or(""));
}

void stop(ComponentSite& site) {
  in_time("stop", [&] { BOOST_TEST(site.stop_within(longest_step).empty()); });
}

// The whole life; `afterwards` is called when the shortage has to be over.
void live(const ShortageRow& row, const std::function<void()>& afterwards) {
  std::shared_ptr<ComponentSite> site;
  in_time("load", [&] { site = try_to_load(row); });
  if (site) {
    (void)use(row, *site);
    if (row.disturb) row.disturb();
    (void)use(row, *site);
  }
  afterwards();
  if (!site) site = load_component_site_from_text(row.file, Format::yaml);
  must_work(row, *site);
  stop(*site);
}

// What nobody has may be had at once by another site.
void nothing_is_left_behind(const ShortageRow& row) {
  const auto site = load_component_site_from_text(row.file, Format::yaml);
  must_work(row, *site);
  stop(*site);
}

const std::vector<ShortageRow>& rows() {
  static const auto all = test::shortage_rows();
  return all;
}

// Sets the limit of descriptors to so many more than are open.
class FewDescriptors {
 public:
  explicit FewDescriptors(std::size_t more) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit few = before_;
    few.rlim_cur = test::open_descriptors() + more;
    ::setrlimit(RLIMIT_NOFILE, &few);
  }
  ~FewDescriptors() { end(); }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;
  void end() const { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(shortage)

BOOST_AUTO_TEST_CASE(every_class_of_the_catalog_has_its_row) {
  std::set<std::string> present;
  for (const auto& row : rows())
    present.insert(row.component_class);
  for (const auto& component_class : Catalog().classes())
    BOOST_TEST(present.count(component_class->name) == 1U, component_class->name);
}

BOOST_AUTO_TEST_CASE(each_thread_start_may_fail) {
  for (const auto& row : rows()) {
    BOOST_TEST_CONTEXT(title(row)) {
      nothing_is_left_behind(row);
      const test::ResourceBalance balance;
      const long step = row.slow && test::sanitized ? 3 : 1;
      long failing = 0;
      for (bool reached = true; reached; failing += step) {
        BOOST_REQUIRE(failing < 100);
        BOOST_TEST_CONTEXT("thread " << failing) {
          FailingThreads failures(failing, 1);
          live(row, [] {});
          reached = failures.failed() != 0;
        }
      }
      nothing_is_left_behind(row);
      BOOST_TEST(balance.excess() == "");
      BOOST_TEST_MESSAGE(title(row) << ": " << failing - step << " thread starts");
    }
  }
}

BOOST_AUTO_TEST_CASE(all_thread_starts_may_fail_for_a_while) {
  for (const auto& row : rows()) {
    BOOST_TEST_CONTEXT(title(row)) {
      {
        // From the beginning, and once it is loaded.
        FailingThreads failures;
        live(row, [&] { failures.end(); });
      }
      const auto site = load_component_site_from_text(row.file, Format::yaml);
      {
        const FailingThreads failures;
        (void)use(row, *site);
        if (row.disturb) row.disturb();
        (void)use(row, *site);
      }
      must_work(row, *site);
      {
        const FailingThreads failures;
        stop(*site);
      }
      nothing_is_left_behind(row);
    }
  }
}

BOOST_AUTO_TEST_CASE(each_allocation_of_a_background_thread_may_fail) {
  for (const auto& row : rows()) {
    BOOST_TEST_CONTEXT(title(row)) {
      nothing_is_left_behind(row);
      const test::ResourceBalance balance;
      // The number differs from life to life a little, as threads meet in other ways. Rows of many servers
      // take minutes one by one, which CACHESITE_EACH_ALLOCATION asks for.
      const long step = std::getenv("CACHESITE_EACH_ALLOCATION") ? 1
                        : row.slow                               ? (test::sanitized ? 193 : 23)
                        : test::sanitized                        ? 29
                                                                 : 1;
      long failing = 0;
      for (bool reached = true; reached; failing += step) {
        BOOST_REQUIRE(failing < 5000);
        BOOST_TEST_CONTEXT("allocation " << failing) {
          FailingAllocations failures(FailingAllocations::On::other_threads, failing);
          live(row, [] {});
          reached = failures.reached();
        }
      }
      nothing_is_left_behind(row);
      BOOST_TEST(balance.excess() == "");
      BOOST_TEST_MESSAGE(title(row) << ": " << failing - step << " allocations");
    }
  }
}

BOOST_AUTO_TEST_CASE(all_allocations_of_background_threads_may_fail_for_a_while) {
  for (const auto& row : rows()) {
    BOOST_TEST_CONTEXT(title(row)) {
      FailingAllocations failures(FailingAllocations::On::other_threads, 0, FailingAllocations::all);
      live(row, [&] { failures.end(); });
      nothing_is_left_behind(row);
    }
  }
}

BOOST_AUTO_TEST_CASE(descriptors_may_run_out) {
  for (const auto& row : rows()) {
    if (!row.disturb) continue;
    BOOST_TEST_CONTEXT(title(row)) {
      nothing_is_left_behind(row);
      const std::size_t step = row.slow ? (test::sanitized ? 10 : 5) : test::sanitized ? 3 : 1;
      for (std::size_t more = 0; more < (row.slow ? 24U : 12U); more += step) {
        BOOST_TEST_CONTEXT(more << " descriptors") {
          const FewDescriptors few(more);
          std::shared_ptr<ComponentSite> site;
          in_time("load", [&] { site = try_to_load(row); });
          if (site) (void)use(row, *site);
          few.end();
          if (!site) site = load_component_site_from_text(row.file, Format::yaml);
          must_work(row, *site);
          stop(*site);
        }
      }
      nothing_is_left_behind(row);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
