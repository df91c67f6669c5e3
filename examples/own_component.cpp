// A component of your own: a class with parameters, named in a file like the built-in ones.

#include <cachesite/cachesite.hpp>

#include <iostream>

// The interface, with the name that files use for it.
class IGreeter : public cachesite::Interface<IGreeter, "IGreeter"> {
 public:
  [[nodiscard]] virtual std::string greet(std::string_view who) = 0;
};

// The parameters, each declared once. The defaults are the initialisers.
struct PoliteGreeterOptions {
  std::string greeting = "Good day";
  cachesite::Reference<cachesite::ICache> memory;

  static cachesite::ParameterTable parameters() {
    using O = PoliteGreeterOptions;
    return {
        cachesite::parameter("greeting", &O::greeting, "First words of every sentence."),
        cachesite::parameter("memory", &O::memory, "Cache that remembers who was greeted before.").required(),
    };
  }
};

// The class. The cache it refers to is there before the greeter is made.
class PoliteGreeter final : public IGreeter {
 public:
  using Options = PoliteGreeterOptions;
  explicit PoliteGreeter(Options options) : options_(std::move(options)) {}

  std::string greet(std::string_view who) override {
    const bool known = options_.memory->get_value(who).has_value();
    options_.memory->set_value(who, "greeted", std::chrono::hours(24));
    return options_.greeting + (known ? " again, " : ", ") + std::string(who);
  }

 private:
  Options options_;
};

int main() {
  cachesite::Catalog catalog;  // knows the built-in classes already
  catalog.add<PoliteGreeter>("PoliteGreeter");

  const auto site = cachesite::load_component_site(CACHESITE_CONFIGS "/own-component.yml", catalog);
  const auto greeter = site->get_component<IGreeter>();
  std::cout << greeter->greet("Ada") << "\n" << greeter->greet("Ada") << "\n";
}
