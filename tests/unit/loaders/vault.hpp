#pragma once

#include <cachesite/catalog.hpp>
#include <cachesite/component.hpp>
#include <cachesite/detail/session_options.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/reference.hpp>
#include <cachesite/secret.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace cachesite::test {

class IVault : public Interface<IVault, "IVault"> {};

struct VaultDoor {
  Secret code;
  int width = 1;

  static ParameterTable parameters() {
    using O = VaultDoor;
    return {parameter("code", &O::code, "What opens it."), parameter("width", &O::width, "How wide it is.")};
  }
};

/// Secrets by names that no list of words has, in each form that a parameter can have.
struct VaultOptions {
  Secret pin;
  std::optional<Secret> licence;
  std::vector<Secret> cookie;
  VaultDoor door;
  std::vector<VaultDoor> doors;
  int level = 1;
  std::string title;
  std::string fail_at;
  Reference<IVault> next;

  static ParameterTable parameters() {
    using O = VaultOptions;
    return {parameter("pin", &O::pin, "A number that nobody may see.").alias("number"),
            parameter("licence", &O::licence, "A text that nobody may see."),
            parameter("cookie", &O::cookie, "Texts that nobody may see."),
            parameter("door", &O::door, "The front door."),
            parameter("doors", &O::doors, "Other doors."),
            parameter("level", &O::level, "A number.").between(1, 10),
            parameter("title", &O::title, "A text."),
            parameter("fail_at", &O::fail_at, "Where it throws.").one_of({"", "make", "start"}),
            parameter("next", &O::next, "Another vault.")};
  }
  [[nodiscard]] std::vector<OptionComplaint> complaints() const {
    if (level > 5) return {{"level", "too high for the pin " + std::string(pin.reveal())}};
    return {};
  }
};

/// Says its secrets when it throws.
class Vault : public IVault {
 public:
  using Options = VaultOptions;
  explicit Vault(VaultOptions options) : options_(std::move(options)) { fail("make"); }
  void start() override { fail("start"); }

 private:
  void fail(const std::string& where) const {
    if (options_.fail_at != where) return;
    std::string reason = "pin " + std::string(options_.pin.reveal()) + ", door " +
                         std::string(options_.door.code.reveal()) + ", title " + options_.title;
    if (options_.licence) reason.append(", licence ").append(options_.licence->reveal());
    for (const auto& each : options_.cookie)
      reason.append(", cookie ").append(each.reveal());
    for (const auto& each : options_.doors)
      reason.append(", door ").append(each.code.reveal());
    throw std::runtime_error(reason);
  }

  VaultOptions options_;
};

struct SessionVaultOptions : VaultOptions, SessionOptions {
  SessionVaultOptions() : SessionOptions("vault") {}
  static ParameterTable parameters() {
    return inherited_parameters<SessionVaultOptions, VaultOptions>().add(
        inherited_parameters<SessionVaultOptions, SessionOptions>());
  }
};

/// A vault whose secrets may come from a configuration.
class SessionVault final : public Vault {
 public:
  using Options = SessionVaultOptions;
  explicit SessionVault(SessionVaultOptions options) : Vault(std::move(options)) {}
};

inline Catalog catalog_with_vault() {
  Catalog catalog;
  catalog.add<Vault>("Vault");
  catalog.add<SessionVault>("SessionVault");
  return catalog;
}

}  // namespace cachesite::test
