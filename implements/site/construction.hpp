#pragma once

#include "basics/per_process_mutex.hpp"
#include "binding/problem_list.hpp"
#include "site/blueprint.hpp"
#include "site/making_turns.hpp"
#include "site/start_run.hpp"

#include <cachesite/component_site.hpp>
#include <cachesite/config.hpp>
#include <cachesite/detail/site_builder.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::site {

// Makes the components of a sound blueprint inside a site, and starts them. What goes wrong becomes a
// problem; the site is then to be stopped. Lazy components are made later, and keep the construction: each by
// the thread that asks first, one after the other as they refer to each other, while those that have nothing
// to do with each other are made at the same time.
class Construction : public std::enable_shared_from_this<Construction> {
 public:
  Construction(std::shared_ptr<const Blueprint> blueprint, const BuildOptions& options);

  // The site with everything in it. Throws LoadError, and then nothing is left running.
  std::shared_ptr<ComponentSite> build();
  // What the components refuse when they are constructed; none is started, and none is left.
  std::vector<Problem> try_all();
  [[nodiscard]] ILogger& logger() const { return *present_logger(); }

 private:
  void make_all();
  void start_all();
  void stop_all();
  void release_all();
  [[noreturn]] void give_up();
  // Makes, starts and hands in a lazy component and what it needs. Throws LoadError.
  void make_late(std::size_t index);
  [[noreturn]] void refuse_circle(std::size_t index);
  void make_and_start(std::size_t index);
  bool start_late(std::size_t index, const DeclaredComponent& declared, binding::ProblemList& problems);
  void forget_what_no_lazy_one_needs();

  [[nodiscard]] std::vector<bool> made_at_once() const;
  [[nodiscard]] std::vector<bool> needed_by_lazy_ones() const;
  // The items and everything that they refer to, directly or not.
  [[nodiscard]] std::vector<bool> closure_of(std::vector<std::size_t> items) const;
  [[nodiscard]] bool is_ready(std::size_t index) const;
  [[nodiscard]] DeclaredComponent declaration_of(std::size_t index) const;
  // False, with a problem, when a configuration does not fit.
  bool complete(std::size_t index, DeclaredComponent& declared, binding::ProblemList& problems);
  bool make(std::size_t index, DeclaredComponent& declared, binding::ProblemList& problems);
  void take_logger(std::size_t index);
  [[nodiscard]] std::chrono::milliseconds start_limit(std::size_t index) const;
  std::shared_ptr<void> referred(const InterfaceId& interface_id, const std::string& name) const;
  // Runs one step of a component's life; false, with a problem, when it throws.
  template <class Action>
  bool attempt(std::size_t index, std::string_view id, std::string_view failure,
               binding::ProblemList& problems, const Action& action);
  void report(std::size_t index, std::string_view id, std::string_view failure, std::string reason,
              binding::ProblemList& problems);
  void report_start(std::size_t index, const StartFailure& failure, binding::ProblemList& problems);
  [[nodiscard]] std::shared_ptr<ILogger> present_logger() const;
  const Item& item(std::size_t index) const { return blueprint_->items()[index]; }

  std::shared_ptr<const Blueprint> blueprint_;
  bool logger_is_given_;
  mutable basics::PerProcessMutex logger_mutex_;
  std::shared_ptr<ILogger> logger_;
  std::shared_ptr<const IClock> clock_;
  std::shared_ptr<const IDocumentSource> documents_;
  std::chrono::milliseconds start_timeout_;
  binding::ProblemList problems_;            // of the build
  std::shared_ptr<ComponentSite> own_site_;  // until it is built
  ComponentSite* site_;
  const std::vector<bool> at_once_;  // by item: made by the build, the others by their first lookups
  MakingTurns turns_;
  std::vector<MadeComponent> made_;  // by item; written by the build, or by the thread whose turn it is
  std::vector<std::shared_ptr<void>> completed_;  // by item: the options, where a session completed them
};

}  // namespace cachesite::site
