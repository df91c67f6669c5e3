#include "contract/cache_contract.hpp"

#include "support/sanitized.hpp"

#include <boost/test/unit_test.hpp>

namespace cachesite::test {

bool register_cache_contract(const std::string& name, std::function<CacheSubject()> make_subject,
                             Keeps keeps) {
  auto* const suite = BOOST_TEST_SUITE(name);
  for (const auto& clause : testing::cache_clauses()) {
    if (clause.needs_entries && keeps == Keeps::nothing) continue;
    const auto run = [make_subject, clause, keeps] {
      auto subject = make_subject();
      subject.keeps = keeps;
      subject.short_time *= slowness;
      std::string broken;
      for (const auto& sentence : testing::check_clause(clause, subject))
        broken += sentence + "\n";
      BOOST_TEST(broken == "");
    };
    suite->add(boost::unit_test::make_test_case(run, clause.name, __FILE__, __LINE__));
  }
  boost::unit_test::framework::master_test_suite().add(suite);
  return true;
}

}  // namespace cachesite::test
