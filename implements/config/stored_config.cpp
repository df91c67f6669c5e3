#include <cachesite/detail/stored_config.hpp>

#include <optional>
#include <utility>

namespace cachesite {

namespace {

class StoredSession final : public IConfigSession, public IListSession {
 public:
  explicit StoredSession(SessionValues values) : values_(std::move(values)) {}

  [[nodiscard]] std::vector<std::string> list_keys() const override {
    std::vector<std::string> keys;
    keys.reserve(values_.size());
    for (const auto& [key, value] : values_)
      keys.push_back(key);
    return keys;
  }

  [[nodiscard]] std::optional<std::string> get_value(std::string_view key) const override {
    const auto found = values_.find(key);
    if (found == values_.end()) return std::nullopt;
    return found->second.text;
  }

  [[nodiscard]] bool is_list(std::string_view key) const override {
    const auto found = values_.find(key);
    return found != values_.end() && found->second.list;
  }

  [[nodiscard]] bool is_default(std::string_view key) const override {
    const auto found = values_.find(key);
    return found != values_.end() && found->second.usual;
  }

  bool set_value(std::string_view key, std::string_view value) override {
    values_.insert_or_assign(std::string(key), ConfigValue{std::string(value), "set by the program"});
    return true;
  }

  bool delete_value(std::string_view key) override {
    const auto found = values_.find(key);
    if (found == values_.end()) return false;
    values_.erase(found);
    return true;
  }

  [[nodiscard]] std::string origin(std::string_view key) const override {
    const auto found = values_.find(key);
    return found == values_.end() ? std::string() : found->second.origin;
  }

 private:
  SessionValues values_;
};

}  // namespace

bool is_list(const IConfigSession& session, std::string_view key) {
  const auto* const lists = dynamic_cast<const IListSession*>(&session);
  return lists != nullptr && lists->is_list(key);
}

bool is_default(const IConfigSession& session, std::string_view key) {
  const auto* const lists = dynamic_cast<const IListSession*>(&session);
  return lists != nullptr && lists->is_default(key);
}

std::shared_ptr<IConfigSession> make_config_session(SessionValues values) {
  return std::make_shared<StoredSession>(std::move(values));
}

StoredConfig::StoredConfig(ConfigValues values) : values_(std::move(values)) {}

std::vector<std::string> StoredConfig::list_sessions() const {
  std::vector<std::string> names;
  names.reserve(values_.size());
  for (const auto& [name, session] : values_)
    names.push_back(name);
  return names;
}

bool StoredConfig::has_session(std::string_view name) const {
  return values_.find(name) != values_.end();
}

std::shared_ptr<IConfigSession> StoredConfig::get_session(std::string_view name) const {
  const auto found = values_.find(name);
  return make_config_session(found == values_.end() ? SessionValues() : found->second);
}

}  // namespace cachesite
