#pragma once

#include "binding/problem_list.hpp"
#include "site/composition.hpp"
#include "site/item.hpp"

#include <cachesite/component_site.hpp>
#include <cachesite/site_builder.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace cachesite::site {

// Makes the components of a sound composition inside a site, and starts them. What goes wrong becomes a
// problem; the site is then to be stopped.
class Construction {
 public:
  Construction(const std::vector<Document>& documents, const std::vector<Item>& items,
               const Composition& composition, const BuildOptions& options, binding::ProblemList& problems);

  void make_all();
  void start_all();
  [[nodiscard]] const std::shared_ptr<ComponentSite>& site() const noexcept { return site_; }
  [[nodiscard]] ILogger& logger() const noexcept { return *logger_; }

 private:
  [[nodiscard]] bool is_ready(const Item& item) const;
  void make(std::size_t index);
  std::shared_ptr<void> referred(const InterfaceId& interface_id, const std::string& name) const;
  // Runs one step of a component's life; false, with a problem, when it throws.
  template <class Action>
  bool attempt(const Item& item, std::string_view id, std::string_view failure, const Action& action);

  const std::vector<Document>& documents_;
  const std::vector<Item>& items_;
  const Composition& composition_;
  binding::ProblemList& problems_;
  bool logger_is_given_;
  std::shared_ptr<ILogger> logger_;
  std::shared_ptr<const IClock> clock_;
  std::shared_ptr<ComponentSite> site_;
  std::vector<MadeComponent> made_;  // by item
};

}  // namespace cachesite::site
