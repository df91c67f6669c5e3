#include "basics/checked_options.hpp"
#include "config/typed_value.hpp"

#include <cachesite/environment_config.hpp>
#include <cachesite/problem_text.hpp>

#include <algorithm>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

#include <unistd.h>

namespace cachesite {

namespace {

std::string small_letters(std::string_view text) {
  std::string result(text);
  for (char& letter : result) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
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

class EnvironmentReader {
 public:
  EnvironmentReader(const EnvironmentConfigOptions& options, const IDocumentSource& documents)
      : options_(options), documents_(documents) {}

  ConfigValues read() {
    for (char** variable = ::environ; variable != nullptr && *variable != nullptr; ++variable)
      read_variable(*variable);
    for (const auto& declared : options_.defaults)
      if (given_.find(&declared) == given_.end()) add_default(declared);
    if (!wrong_.empty()) refuse(wrong_);
    return std::move(sessions_);
  }

 private:
  void read_variable(std::string_view line) {
    const auto equals = line.find('=');
    if (equals == std::string_view::npos || !line.starts_with(options_.prefix)) return;
    const std::string_view name = line.substr(0, equals);
    if (name.size() <= options_.prefix.size()) return;
    const std::string_view rest = name.substr(options_.prefix.size());
    const auto middle = rest.find(options_.separator);
    if (middle == 0 || middle == std::string_view::npos || middle + options_.separator.size() == rest.size())
      return;
    const std::string session = small_letters(rest.substr(0, middle));
    const std::string key = small_letters(rest.substr(middle + options_.separator.size()));
    const std::string_view text = line.substr(equals + 1);
    const std::string origin = "the environment variable " + std::string(name);
    if (const auto* declared = find_default(session, key))
      add_given(*declared, text, origin);
    else
      sessions_[session].insert_or_assign(key, ConfigValue{std::string(text), origin});
  }

  void add_given(const ConfigDefault& declared, std::string_view text, const std::string& origin) {
    if (text.empty() && declared.type != ConfigValueType::text) return;
    given_.insert(&declared);
    add(declared, text, origin, sessions_[small_letters(session_of(declared))]);
  }

  void add_default(const ConfigDefault& declared) {
    SessionValues values;
    add(declared, declared.value.reveal(), "the default of " + name_of(declared), values);
    for (auto& [key, value] : values)
      value.usual = true;
    sessions_[small_letters(session_of(declared))].merge(values);
  }

  void add(const ConfigDefault& declared, std::string_view text, const std::string& origin,
           SessionValues& session) {
    if (!config::add_typed(std::string(key_of(declared)), declared, text, origin, documents_, session))
      wrong_.push_back(origin + ": expected " + config::expectation_of(declared));
  }

  [[nodiscard]] const ConfigDefault* find_default(std::string_view session, std::string_view key) const {
    const auto found =
        std::find_if(options_.defaults.begin(), options_.defaults.end(), [&](const ConfigDefault& declared) {
          return small_letters(session_of(declared)) == session && small_letters(key_of(declared)) == key;
        });
    return found == options_.defaults.end() ? nullptr : &*found;
  }

  [[nodiscard]] std::string name_of(const ConfigDefault& declared) const {
    return options_.prefix + capital_letters(session_of(declared)) + options_.separator +
           capital_letters(key_of(declared));
  }

  const EnvironmentConfigOptions& options_;
  const IDocumentSource& documents_;
  std::set<const ConfigDefault*> given_;
  std::vector<std::string> wrong_;
  ConfigValues sessions_;
};

ConfigValues read_environment(const EnvironmentConfigOptions& given, const ComponentContext& context) {
  const auto options = checked_options("EnvironmentConfig", given);
  return EnvironmentReader(options, *context.documents).read();
}

}  // namespace

ParameterTable EnvironmentConfigOptions::parameters() {
  using O = EnvironmentConfigOptions;
  return {parameter("prefix", &O::prefix, "What the names of the variables begin with."),
          parameter("separator", &O::separator, "What stands between session and key."),
          parameter("defaults", &O::defaults,
                    "The keys that have a type and a value of their own; every other variable is a text.")};
}

std::vector<OptionComplaint> EnvironmentConfigOptions::complaints() const {
  std::vector<OptionComplaint> found;
  if (separator.empty())
    found.push_back({"separator", "without a separator, session and key cannot be told apart"});
  std::set<std::pair<std::string, std::string>> names;
  for (const auto& declared : defaults) {
    const std::string key = printable(declared.key);
    const auto dot = declared.key.find('.');
    if (dot == 0 || dot == std::string::npos || dot + 1 == declared.key.size())
      found.push_back({"defaults", "the key \"" + key + "\" is not written session.key"});
    else if (!names.emplace(small_letters(session_of(declared)), small_letters(key_of(declared))).second)
      found.push_back({"defaults", "the key \"" + key + "\" has a default twice"});
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
