#pragma once

#include "binding/problem_list.hpp"
#include "site/composition.hpp"
#include "site/item.hpp"

#include <cachesite/catalog.hpp>
#include <cachesite/document.hpp>

#include <vector>

namespace cachesite::site {

// What documents declare, read and checked, before anything is made. It keeps documents with lazy components,
// which are made when the caller's are gone; otherwise it refers to the caller's.
class Blueprint {
 public:
  Blueprint(const std::vector<Document>& documents, const Catalog& catalog);
  Blueprint(const Blueprint&) = delete;
  Blueprint& operator=(const Blueprint&) = delete;

  [[nodiscard]] const std::vector<Document>& documents() const noexcept { return documents_; }
  [[nodiscard]] const std::vector<Item>& items() const noexcept { return items_; }
  [[nodiscard]] const Composition& composition() const noexcept { return composition_; }
  [[nodiscard]] const binding::ProblemList& problems() const noexcept { return problems_; }
  // For further problems of these documents.
  [[nodiscard]] binding::ProblemList no_problems() const { return binding::ProblemList(hider_); }

 private:
  void check_options();

  const std::vector<Document> kept_;
  const std::vector<Document>& documents_;
  const binding::Hider hider_;
  binding::ProblemList problems_;
  std::vector<Item> items_;
  Composition composition_;
};

}  // namespace cachesite::site
