#include "basics/checked_options.hpp"
#include "config/typed_value.hpp"

#include <cachesite/detail/problem_text.hpp>
#include <cachesite/environment_config.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <utility>

#include <unistd.h>

namespace cachesite {

namespace {

std::string in_lower_case(std::string_view text) {
  std::string result(text);
  for (char& letter : result)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return result;
}

std::string small_letters(std::string_view text) {
  std::string result = in_lower_case(text);
  for (char& letter : result) {
    const bool plain = (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
    if (!plain) letter = '_';
  }
  return result;
}

std::string capital_letters(std::string_view text) {
  std::string result = small_letters(text);
  for (char& letter : result)
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  return result;
}

std::string_view session_of(const ConfigDefault& declared) {
  return std::string_view(declared.key).substr(0, declared.key.find('.'));
}

std::string_view key_of(const ConfigDefault& declared) {
  return std::string_view(declared.key).substr(declared.key.find('.') + 1);
}

[[noreturn]] void refuse(const std::vector<std::string>& sentences) {
  std::string text = "EnvironmentConfig: ";
  for (const auto& sentence : sentences)
    text.append(&sentence == &sentences.front() ? "" : "; ").append(sentence);
  throw std::invalid_argument(text);
}

bool is_mapping(const ConfigDefault& declared) {
  return declared.type == ConfigValueType::mapping;
}

bool counts_as_given(const ConfigDefault& declared, std::string_view text) {
  return !text.empty() || declared.type == ConfigValueType::text;
}

class EnvironmentReader {
 public:
  EnvironmentReader(const EnvironmentConfigOptions& options, const ComponentContext& context)
      : options_(options), context_(context) {}

  ConfigValues read() {
    for (char** variable = ::environ; variable != nullptr && *variable != nullptr; ++variable)
      read_variable(*variable);
    // What stands first counts: a key's own variable, a member of a mapping, a default.
    for (const bool mapping : {false, true})
      for (const auto& [declared, variable] : given_)
        if (is_mapping(*declared) == mapping) add(*declared, variable.text, variable.origin, false);
    for (const auto& declared : options_.defaults)
      if (is_mapping(declared) || given_.find(&declared) == given_.end())
        add(declared, declared.value.reveal(), "the default of " + name_of(declared), true);
    if (!wrong_.empty()) refuse(wrong_);
    return std::move(sessions_);
  }

 private:
  struct Variable {
    std::string_view text;
    std::string origin;
  };

  void read_variable(std::string_view line) {
    const auto equals = line.find('=');
    if (equals == std::string_view::npos || !line.starts_with(options_.prefix)) return;
    const std::string_view name = line.substr(0, equals);
    if (name.size() <= options_.prefix.size()) return;
    const std::string_view rest = name.substr(options_.prefix.size());
    const Variable variable{line.substr(equals + 1), "the environment variable " + std::string(name)};
    if (const auto* declared = find_default(rest)) {
      if (!counts_as_given(*declared, variable.text)) return;
      warn_of_another(small_letters(session_of(*declared)), small_letters(key_of(*declared)), name);
      given_.insert_or_assign(declared, variable);
    } else {
      add_text(rest, name, variable);
    }
  }

  void add_text(std::string_view rest, std::string_view name, const Variable& variable) {
    const auto middle = rest.find(options_.separator);
    if (middle == 0 || middle == std::string_view::npos || middle + options_.separator.size() == rest.size())
      return;
    const std::string session = small_letters(rest.substr(0, middle));
    const std::string key = small_letters(rest.substr(middle + options_.separator.size()));
    warn_of_another(session, key, name);
    sessions_[session].insert_or_assign(key, ConfigValue{std::string(variable.text), variable.origin});
  }

  void warn_of_another(const std::string& session, const std::string& key, std::string_view name) {
    const auto [earlier, is_first] = names_.try_emplace({session, key}, name);
    if (is_first) return;
    context_.logger->log(LogLevel::warning, "config",
                         context_.label + ": the environment variables " + printable(earlier->second) +
                             " and " + printable(name) + " give the same key; the second one counts");
    earlier->second = name;
  }

  void add(const ConfigDefault& declared, std::string_view text, const std::string& origin, bool usual) {
    SessionValues read;
    if (!config::add_typed(std::string(key_of(declared)), declared, text, origin, *context_.documents, read))
      wrong_.push_back(origin + ": expected " + config::expectation_of(declared));
    SessionValues values;
    for (auto& [key, value] : read)
      values.emplace(in_lower_case(key), std::move(value));
    if (is_mapping(declared)) give_members_their_types(declared, origin, values);
    for (auto& [key, value] : values)
      value.usual = usual;
    sessions_[small_letters(session_of(declared))].merge(values);
  }

  void give_members_their_types(const ConfigDefault& mapping, const std::string& origin,
                                SessionValues& members) {
    for (const auto& declared : options_.defaults) {
      if (&declared == &mapping || small_letters(session_of(declared)) != small_letters(session_of(mapping)))
        continue;
      const std::string key = in_lower_case(key_of(declared));
      const auto found = members.find(key);
      if (found == members.end() || (found->second.list && declared.type == ConfigValueType::list)) continue;
      const ConfigValue value = std::move(found->second);
      members.erase(found);
      if (!value.list && !counts_as_given(declared, value.text)) continue;
      if (value.list || !config::add_typed(key, declared, value.text, origin, *context_.documents, members))
        wrong_.push_back(origin + ", " + printable(declared.key) + ": expected " +
                         config::expectation_of(declared));
    }
  }

  // By the whole name: a session may hold the separator.
  [[nodiscard]] const ConfigDefault* find_default(std::string_view name) const {
    const auto found =
        std::find_if(options_.defaults.begin(), options_.defaults.end(), [&](const ConfigDefault& declared) {
          const std::string session = small_letters(session_of(declared));
          const std::string key = small_letters(key_of(declared));
          const auto key_start = session.size() + options_.separator.size();
          return name.size() == key_start + key.size() &&
                 name.substr(session.size(), options_.separator.size()) == options_.separator &&
                 small_letters(name.substr(0, session.size())) == session &&
                 small_letters(name.substr(key_start)) == key;
        });
    return found == options_.defaults.end() ? nullptr : &*found;
  }

  [[nodiscard]] std::string name_of(const ConfigDefault& declared) const {
    return options_.prefix + capital_letters(session_of(declared)) + options_.separator +
           capital_letters(key_of(declared));
  }

  const EnvironmentConfigOptions& options_;
  const ComponentContext& context_;
  std::map<std::pair<std::string, std::string>, std::string> names_;  // of variables, by session and key
  std::map<const ConfigDefault*, Variable> given_;
  std::vector<std::string> wrong_;
  ConfigValues sessions_;
};

ConfigValues read_environment(const EnvironmentConfigOptions& given, const ComponentContext& context) {
  const auto options = checked_options("EnvironmentConfig", given);
  return EnvironmentReader(options, context).read();
}

}  // namespace

ParameterTable EnvironmentConfigOptions::parameters() {
  using O = EnvironmentConfigOptions;
  return {parameter("prefix", &O::prefix, "Prefix of the names of the variables."),
          parameter("separator", &O::separator, "Separator between session and key."),
          parameter("defaults", &O::defaults,
                    "Keys with a type and a default value; every other variable is text.")};
}

std::vector<OptionComplaint> EnvironmentConfigOptions::complaints() const {
  std::vector<OptionComplaint> found;
  if (separator.empty())
    found.push_back({"separator", "without a separator, session and key cannot be told apart"});
  std::set<std::string> names;
  for (const auto& declared : defaults) {
    const std::string key = printable(declared.key);
    const auto dot = declared.key.find('.');
    if (dot == 0 || dot == std::string::npos || dot + 1 == declared.key.size())
      found.push_back({"defaults", "the key \"" + key + "\" is not written session.key"});
    else if (!names
                  .insert(
                      small_letters(declared.key.substr(0, dot) + separator + declared.key.substr(dot + 1)))
                  .second)
      found.push_back({"defaults", "the variable of \"" + key + "\" is that of another default"});
    if (declared.separator.empty())
      found.push_back({"defaults", "the separator of \"" + key + "\" is empty"});
  }
  return found;
}

EnvironmentConfig::EnvironmentConfig(const EnvironmentConfigOptions& options, const ComponentContext& context)
    : StoredConfig(read_environment(options, context)) {
  std::vector<std::string> sentences;
  for (const auto& validator : options.validators)
    if (auto sentence = validator(*this); !sentence.empty()) sentences.push_back(std::move(sentence));
  if (!sentences.empty()) refuse(sentences);
}

bool EnvironmentConfig::has_session(std::string_view name) const {
  return StoredConfig::has_session(small_letters(name));
}

std::shared_ptr<IConfigSession> EnvironmentConfig::get_session(std::string_view name) const {
  return StoredConfig::get_session(small_letters(name));
}

}  // namespace cachesite
