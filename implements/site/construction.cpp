#include "site/construction.hpp"

#include "binding/secret_scrubber.hpp"
#include "site/complaints.hpp"
#include "site/origin.hpp"
#include "site/session_values.hpp"
#include "site/start_run.hpp"

#include <cachesite/logger_site.hpp>
#include <cachesite/problem_ids.hpp>
#include <cachesite/problem_text.hpp>
#include <cachesite/units.hpp>

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
      start_timeout_(options.start_timeout),
      own_site_(std::make_shared<ComponentSite>()),
      site_(own_site_.get()),
      made_(blueprint_->items().size()),
      being_made_(made_.size()),
      started_(made_.size()) {}

std::shared_ptr<ComponentSite> Construction::build() {
  make_all();
  if (problems_.has_errors()) give_up();
  start_all();
  forget_what_no_lazy_one_needs();
  return std::move(own_site_);
}

void Construction::stop_all() {
  for (const auto& left : own_site_->stop_within(stop_limit))
    logger_->log(LogLevel::error, "site", left + " does not stop");
}

void Construction::give_up() {
  stop_all();
  // The site lets go of its components in the right order.
  made_.clear();
  own_site_.reset();
  throw make_load_error(problems_.sorted());
}

void Construction::make_all() {
  const std::lock_guard lock(mutex_);
  const auto at_once = made_at_once();
  for (const auto index : blueprint_->composition().order()) {
    auto declared = declaration_of(index);
    if (!at_once[index])
      site_->register_lazy(declared, [self = shared_from_this(), index] { self->make_late(index); });
    else if (is_ready(index) && make(index, declared))
      attempt(index, declared.effective_options.get(), problem_ids::cannot_make,
              " cannot be made: ", [&] { site_->register_declared(declared, made_[index]); });
  }
}

void Construction::start_all() {
  std::vector<std::size_t> started;
  std::vector<StartTask> tasks;
  {
    const std::lock_guard lock(mutex_);
    for (const auto index : blueprint_->composition().order()) {
      if (!made_[index].component || started_[index]) continue;
      started_[index] = true;
      started.push_back(index);
      tasks.push_back({made_[index].component, start_limit(index)});
    }
  }
  std::optional<StartRun> run(std::move(tasks));
  const auto failures = run->run();
  if (!failures.empty()) stop_all();
  run.reset();
  for (const auto& failure : failures) {
    const auto index = started[failure.task];
    const void* options = item(index).options.get();
    if (failure.thrown)
      report(index, options, problem_ids::cannot_start, " cannot be started: ", reason_of(failure.thrown));
    else
      report(index, options, problem_ids::start_too_slow, " has not started within ",
             format_duration(start_limit(index)));
  }
  if (problems_.has_errors()) give_up();
}

void Construction::make_late(std::size_t index) {
  const std::lock_guard lock(mutex_);
  if (made_[index].component) return;
  auto earlier = std::exchange(problems_, {});
  if (being_made_[index]) {
    report(index, item(index).options.get(), problem_ids::cannot_make,
           " cannot be made: ", "it asks for itself while it is made");
  } else {
    const auto wanted = closure_of({index});
    for (const auto each : blueprint_->composition().order())
      if (wanted[each] && !made_[each].component && !problems_.has_errors()) make_and_start(each);
  }
  const auto problems = std::exchange(problems_, std::move(earlier));
  if (problems.has_errors()) throw make_load_error(problems.sorted());
}

void Construction::make_and_start(std::size_t index) {
  auto declared = declaration_of(index);
  being_made_[index] = true;
  bool sound = is_ready(index) && make(index, declared);
  const void* options = declared.effective_options.get();
  if (sound)
    sound = attempt(index, options, problem_ids::cannot_start, " cannot be started: ", [&] {
      made_[index].component->start();
      made_[index].component->await_started();
      site_->register_made(declared, made_[index]);
    });
  being_made_[index] = false;
  started_[index] = sound;
  if (sound || !made_[index].component) return;
  made_[index].component->stop();
  made_[index] = {};
}

std::vector<bool> Construction::made_at_once() const {
  const auto& composition = blueprint_->composition();
  std::vector<bool> at_once(made_.size());
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

void Construction::forget_what_no_lazy_one_needs() {
  const std::lock_guard lock(mutex_);
  std::vector<std::size_t> lazy;
  for (std::size_t index = 0; index < made_.size(); ++index)
    if (item(index).lazy) lazy.push_back(index);
  const auto kept = closure_of(std::move(lazy));
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
  declared.place = place_text(blueprint_->documents()[from.document], from.place.position);
  declared.origins = from.origins;
  for (const auto& entry : from.entries)
    if (!entry.overridden) declared.names.push_back({entry.interface_name, entry.name});
  for (const auto& reference : from.references)
    if (blueprint_->composition().needed(index, reference))
      declared.dependencies.push_back({reference.path, reference.interface_name, reference.name});
  return declared;
}

bool Construction::complete(std::size_t index, DeclaredComponent& declared) {
  const auto* session = item(index).component_class->session(item(index).options.get());
  if (!session) return true;
  const auto config =
      std::static_pointer_cast<IConfig>(referred(IConfig::interface_id, session->config.name()));
  if (!config) return true;
  problems_.enter(blueprint_->documents()[item(index).document], item(index).document);
  const std::size_t errors_before = problems_.errors();
  auto options = options_with_session(item(index), session->config_session,
                                      *config->get_session(session->config_session), declared.origins,
                                      *logger_, problems_);
  if (options) report_complaints(item(index), options.get(), problems_);
  declared.effective_options = std::move(options);
  return problems_.errors() == errors_before;
}

bool Construction::make(std::size_t index, DeclaredComponent& declared) {
  const Item& from = item(index);
  bool sound = false;
  attempt(index, from.options.get(), problem_ids::cannot_make,
          " cannot be made: ", [&] { sound = complete(index, declared); });
  if (!sound) return false;
  const void* options = declared.effective_options.get();
  const bool made = attempt(index, options, problem_ids::cannot_make, " cannot be made: ", [&] {
    const ComponentContext context{from.label(), site_, logger_, clock_, documents_};
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
bool Construction::attempt(std::size_t index, const void* options, std::string_view id,
                           std::string_view failure, const Action& action) {
  try {
    action();
    return true;
  } catch (...) {
    report(index, options, id, failure, reason_of(std::current_exception()));
    return false;
  }
}

void Construction::report(std::size_t index, const void* options, std::string_view id,
                          std::string_view failure, std::string reason) {
  const Item& from = item(index);
  binding::SecretScrubber scrubber;
  scrubber.add_options(from.component_class->parameters, options);
  scrubber.add_substituted(*from.node);
  const auto& documents = blueprint_->documents();
  problems_.enter(documents[from.document], from.document);
  problems_.add(id, from.place, from.label().append(failure).append(scrubber.scrub(std::move(reason))));
}

}  // namespace cachesite::site
