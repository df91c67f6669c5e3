#include "testing/clause.hpp"
#include "testing/expectation.hpp"

#include <algorithm>
#include <exception>

namespace cachesite::testing {

namespace {

void run(const CacheClause& clause, const CacheUnderTest& subject, BrokenExpectations& broken) {
  try {
    clause.body(Subject(subject));
  } catch (const ClauseEnds&) {
    // What ended it has been said.
  } catch (const std::exception& exception) {
    broken.add(std::string("a call throws: ") + exception.what(), __FILE__, __LINE__);
  } catch (...) {
    broken.add("a call throws something that is no std::exception", __FILE__, __LINE__);
  }
  if (!subject.check_invariants) return;
  if (const auto wrong = subject.check_invariants(); !wrong.empty())
    broken.add("the cache is inconsistent: " + wrong, __FILE__, __LINE__);
}

}  // namespace

bool is_null(const Subject& subject, const Lookup& lookup) {
  return subject.tells_null_from_empty ? lookup.null() : lookup.hit() && lookup.value().empty();
}

std::vector<CacheClause> cache_clauses() {
  std::vector<CacheClause> all;
  for (const auto& part :
       {entry_clauses(), operation_clauses(), life_clauses(), batch_clauses(), key_clauses()})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

std::vector<std::string> check_clause(const CacheClause& clause, const CacheUnderTest& subject) {
  BrokenExpectations broken;
  run(clause, subject, broken);
  std::string promise = clause.name;
  std::replace(promise.begin(), promise.end(), '_', ' ');
  auto sentences = broken.sentences();
  for (auto& sentence : sentences)
    sentence.insert(0, promise + ": ");
  return sentences;
}

std::vector<std::string> check_cache_contract(const std::function<CacheUnderTest()>& make) {
  std::vector<std::string> all;
  for (const auto& clause : cache_clauses()) {
    const auto subject = make();
    if (clause.needs_entries && subject.keeps == Keeps::nothing) continue;
    const auto broken = check_clause(clause, subject);
    all.insert(all.end(), broken.begin(), broken.end());
  }
  return all;
}

}  // namespace cachesite::testing
