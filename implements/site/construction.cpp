#include "site/construction.hpp"

#include "basics/inherited.hpp"
#include "binding/secret_scrubber.hpp"
#include "site/complaints.hpp"
#include "site/origin.hpp"
#include "site/session_values.hpp"

#include <cachesite/detail/problem_ids.hpp>
#include <cachesite/detail/problem_text.hpp>
#include <cachesite/detail/units.hpp>
#include <cachesite/logger.hpp>

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

namespace cachesite::site {

namespace {

constexpr std::chrono::seconds stop_limit{10};  // of a site that is not finished

std::string reason_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& exception) {
    return exception.what();
  } catch (...) {
    return "it threw something that is no std::exception";
  }
}

}  // namespace

Construction::Construction(std::shared_ptr<const Blueprint> blueprint, const BuildOptions& options)
    : blueprint_(std::move(blueprint)),
      logger_is_given_(options.logger != nullptr),
      logger_(options.logger ? options.logger : std::make_shared<SilentLogger>()),
      clock_(options.clock ? options.clock : std::make_shared<SteadyClock>()),
      documents_(options.documents ? options.documents : std::make_shared<NoDocuments>()),
      start_timeout_(options.start_timeout.milliseconds()),
      problems_(blueprint_->no_problems()),
      own_site_(std::make_shared<ComponentSite>()),
      site_(own_site_.get()),
      at_once_(made_at_once()),
      turns_(blueprint_->items().size()),
      made_(blueprint_->items().size()),
      completed_(made_.size()) {}

std::shared_ptr<ComponentSite> Construction::build() {
  make_all();
  if (problems_.has_errors()) give_up();
  start_all();
  forget_what_no_lazy_one_needs();
  return std::move(own_site_);
}

std::vector<Problem> Construction::try_all() {
  make_all();
  release_all();
  return problems_.sorted();
}

void Construction::stop_all() {
  for (const auto& left : own_site_->stop_within(stop_limit))
    logger().log(LogLevel::error, "site", left + " does not stop");
}

// The site lets go of its components in the right order.
void Construction::release_all() {
  stop_all();
  made_.clear();
  own_site_.reset();
}

void Construction::give_up() {
  release_all();
  throw make_load_error(problems_.sorted());
}

void Construction::make_all() {
  const auto kept = needed_by_lazy_ones();
  for (const auto index : blueprint_->composition().order()) {
    auto declared = declaration_of(index);
    declared.kept = kept[index];
    if (!at_once_[index])
      site_->register_lazy(declared, [self = shared_from_this(), index] { self->make_late(index); });
    else if (is_ready(index) && make(index, declared, problems_))
      attempt(index, problem_ids::cannot_make, " cannot be made: ", problems_,
              [&] { site_->register_declared(declared, made_[index]); });
  }
}

void Construction::start_all() {
  std::vector<std::size_t> started;
  std::vector<StartTask> tasks;
  for (const auto index : blueprint_->composition().order()) {
    if (!at_once_[index]) continue;
    started.push_back(index);
    tasks.push_back({made_[index].component, start_limit(index)});
  }
  std::optional<StartRun> run(std::move(tasks));
  const auto failures = run->run();
  if (!failures.empty()) stop_all();
  run.reset();
  for (const auto& failure : failures)
    report_start(started[failure.task], failure, problems_);
  if (problems_.has_errors()) give_up();
}

void Construction::make_late(std::size_t index) {
  const auto wanted = closure_of({index});
  for (const auto each : blueprint_->composition().order())
    if (wanted[each] && !at_once_[each] && !turns_.make_once(each, [&] { make_and_start(each); }))
      refuse_circle(each);
}

void Construction::refuse_circle(std::size_t index) {
  auto problems = blueprint_->no_problems();
  report(index, problem_ids::cannot_make, " cannot be made: ", "it looks itself up while it is created",
         problems);
  throw make_load_error(problems.sorted());
}

void Construction::make_and_start(std::size_t index) {
  auto problems = blueprint_->no_problems();
  auto declared = declaration_of(index);
  // In a forked child: a thread of the parent was just making it.
  if (made_[index].component) basics::leave_alone(new MadeComponent(std::exchange(made_[index], {})));
  if (is_ready(index) && make(index, declared, problems) && start_late(index, declared, problems)) return;
  made_[index] = {};
  throw make_load_error(problems.sorted());
}

bool Construction::start_late(std::size_t index, const DeclaredComponent& declared,
                              binding::ProblemList& problems) {
  const auto component = made_[index].component;
  std::optional<StartRun> run;
  bool sound = attempt(index, problem_ids::cannot_start, " cannot be started: ", problems, [&] {
    run.emplace(std::vector<StartTask>{{component, start_limit(index)}},
                [this, index] { turns_.take_over(index); });
    const auto failures = run->run();
    turns_.give_back(index);
    for (const auto& failure : failures)
      report_start(index, failure, problems);
    if (failures.empty()) site_->register_made(declared, made_[index]);
  });
  sound = sound && !problems.has_errors();
  if (!sound) component->stop();
  return sound;
}

std::vector<bool> Construction::made_at_once() const {
  const auto& composition = blueprint_->composition();
  std::vector<bool> at_once(blueprint_->items().size());
  if (const auto logger = composition.logger()) at_once[*logger] = true;
  const auto& order = composition.order();
  for (auto index = order.rbegin(); index != order.rend(); ++index) {
    if (!item(*index).lazy) at_once[*index] = true;
    if (!at_once[*index]) continue;
    for (const auto& reference : item(*index).references)
      if (const auto needed = composition.needed(*index, reference)) at_once[*needed] = true;
  }
  return at_once;
}

std::vector<bool> Construction::closure_of(std::vector<std::size_t> items) const {
  std::vector<bool> reached(made_.size());
  while (!items.empty()) {
    const auto each = items.back();
    items.pop_back();
    if (reached[each]) continue;
    reached[each] = true;
    for (const auto& reference : item(each).references)
      if (const auto needed = blueprint_->composition().needed(each, reference)) items.push_back(*needed);
  }
  return reached;
}

std::vector<bool> Construction::needed_by_lazy_ones() const {
  std::vector<std::size_t> lazy;
  for (std::size_t index = 0; index < made_.size(); ++index)
    if (item(index).lazy) lazy.push_back(index);
  return closure_of(std::move(lazy));
}

void Construction::forget_what_no_lazy_one_needs() {
  const auto kept = needed_by_lazy_ones();
  for (std::size_t index = 0; index < made_.size(); ++index)
    if (!kept[index]) made_[index] = {};
}

// Not ready when something that it refers to could not be made.
bool Construction::is_ready(std::size_t index) const {
  const auto& references = item(index).references;
  return std::all_of(references.begin(), references.end(), [&](const auto& reference) {
    const auto needed = blueprint_->composition().needed(index, reference);
    return needed ? made_[*needed].component != nullptr : reference.optional;
  });
}

DeclaredComponent Construction::declaration_of(std::size_t index) const {
  const Item& from = item(index);
  DeclaredComponent declared;
  declared.component_class = from.component_class;
  declared.options = from.options;
  declared.effective_options = from.options;
  declared.lazy = from.lazy;
  declared.optional = from.optional;
  declared.place = place_text(blueprint_->documents()[from.document], from.place.position);
  declared.origins = from.origins;
  if (from.in_place) declared.in_place = from.in_place->name;
  for (const auto& entry : from.entries)
    if (!entry.overridden) declared.names.push_back({entry.interface_name, entry.name});
  for (const auto& reference : from.references)
    if (blueprint_->composition().needed(index, reference))
      declared.dependencies.push_back({reference.path, reference.interface_name, reference.name});
  return declared;
}

bool Construction::complete(std::size_t index, DeclaredComponent& declared, binding::ProblemList& problems) {
  const auto* session = item(index).component_class->session(item(index).options.get());
  if (!session) return true;
  const auto config =
      std::static_pointer_cast<IConfig>(referred(IConfig::interface_id, session->config.name()));
  if (!config) return true;
  problems.enter(blueprint_->documents()[item(index).document], item(index).document);
  const std::size_t errors_before = problems.errors();
  auto options = options_with_session(item(index), session->config_session,
                                      *config->get_session(session->config_session), declared.origins,
                                      *present_logger(), problems);
  if (options) report_complaints(item(index), options.get(), problems);
  declared.effective_options = options;
  completed_[index] = std::move(options);
  return problems.errors() == errors_before;
}

bool Construction::make(std::size_t index, DeclaredComponent& declared, binding::ProblemList& problems) {
  const Item& from = item(index);
  bool sound = false;
  attempt(index, problem_ids::cannot_make, " cannot be made: ", problems,
          [&] { sound = complete(index, declared, problems); });
  if (!sound) return false;
  const void* options = declared.effective_options.get();
  const bool made = attempt(index, problem_ids::cannot_make, " cannot be made: ", problems, [&] {
    const ComponentContext context{from.label(), from.name(), site_, present_logger(), clock_, documents_};
    made_[index] =
        from.component_class->make(options, context,
                                   [&](const InterfaceId& id, const std::string& name, ReferenceNeed,
                                       const auto& resolve) { resolve(referred(id, name)); });
  });
  if (made) take_logger(index);
  return made;
}

void Construction::take_logger(std::size_t index) {
  if (logger_is_given_ || blueprint_->composition().logger() != index) return;
  const auto& component_class = *item(index).component_class;
  const std::lock_guard lock(logger_mutex_);
  if (blueprint_->composition().find(ILogger::interface_name, {}) == index) {
    const auto* provided = component_class.find_interface(ILogger::interface_name);
    logger_ = std::static_pointer_cast<ILogger>(provided->from_instance(made_[index].instance));
  } else {
    const auto* provided = component_class.find_interface(ILoggerSite::interface_name);
    const auto loggers =
        std::static_pointer_cast<ILoggerSite>(provided->from_instance(made_[index].instance));
    if (auto logger = loggers->get_logger("cachesite")) logger_ = std::move(logger);
  }
}

std::shared_ptr<ILogger> Construction::present_logger() const {
  const std::lock_guard lock(logger_mutex_);
  return logger_;
}

std::chrono::milliseconds Construction::start_limit(std::size_t index) const {
  return item(index).start_timeout.value_or(start_timeout_);
}

std::shared_ptr<void> Construction::referred(const InterfaceId& interface_id, const std::string& name) const {
  const auto index = blueprint_->composition().find(interface_id.name, name);
  if (!index || !made_[*index].instance) return nullptr;
  return item(*index)
      .component_class->find_interface(interface_id.name)
      ->from_instance(made_[*index].instance);
}

template <class Action>
bool Construction::attempt(std::size_t index, std::string_view id, std::string_view failure,
                           binding::ProblemList& problems, const Action& action) {
  try {
    action();
    return true;
  } catch (...) {
    report(index, id, failure, reason_of(std::current_exception()), problems);
    return false;
  }
}

void Construction::report(std::size_t index, std::string_view id, std::string_view failure,
                          std::string reason, binding::ProblemList& problems) {
  const Item& from = item(index);
  binding::SecretScrubber scrubber;
  const auto& table = from.component_class->parameters;
  scrubber.add_options(table, from.options.get());
  if (completed_[index]) scrubber.add_changes(table, from.options.get(), completed_[index].get());
  scrubber.add_substituted(*from.node);
  if (from.defaults) scrubber.add_substituted(*from.defaults);
  const auto& documents = blueprint_->documents();
  problems.enter(documents[from.document], from.document);
  problems.add(id, from.place, from.label().append(failure).append(scrubber.scrub(std::move(reason))));
}

void Construction::report_start(std::size_t index, const StartFailure& failure,
                                binding::ProblemList& problems) {
  if (failure.thrown)
    report(index, problem_ids::cannot_start, " cannot be started: ", reason_of(failure.thrown), problems);
  else
    report(index, problem_ids::start_too_slow, " has not started within ",
           format_duration(start_limit(index)), problems);
}

}  // namespace cachesite::site
