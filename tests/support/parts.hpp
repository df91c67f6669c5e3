#pragma once

#include <cachesite/catalog.hpp>
#include <cachesite/component.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/reference.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// Small components for tests of the site.
namespace parts {

using cachesite::ComponentContext;
using cachesite::Interface;
using cachesite::parameter;
using cachesite::ParameterTable;
using cachesite::Reference;

class IPart : public Interface<IPart, "IPart"> {
 public:
  virtual std::string describe() const = 0;
};

class ITool : public Interface<ITool, "ITool"> {
 public:
  virtual int weight() const = 0;
};

// What happened, in order.
using Journal = std::vector<std::string>;
inline Journal& journal() {
  static Journal entries;
  return entries;
}

// Writes its life into the journal, and throws where it is told to.
class Part : public IPart {
 public:
  struct Options {
    std::string label = "part";
    std::string fail_at;
    cachesite::Secret token;
    Reference<IPart> next;
    std::vector<Reference<IPart>> others;

    static ParameterTable parameters() {
      using O = Options;
      return {parameter("label", &O::label, "What it is called in the journal.").alias("title"),
              parameter("fail_at", &O::fail_at, "Where it throws.").one_of({"", "make", "start", "wait"}),
              parameter("token", &O::token, "Nobody may see it."),
              parameter("next", &O::next, "Another part."), parameter("others", &O::others, "More parts.")};
    }
  };

  explicit Part(Options options) : options_(std::move(options)) {
    fail_at("make");
    note("made");
  }
  ~Part() override { note("destroyed"); }
  void start() override {
    fail_at("start");
    note("started");
  }
  void await_started() override {
    fail_at("wait");
    note("awaited");
  }
  void stop() noexcept override { note("stopped"); }
  std::string describe() const override {
    std::string text = options_.label;
    if (options_.next.component()) text.append(">").append(options_.next->describe());
    for (const auto& other : options_.others)
      text.append("+").append(other->describe());
    return text;
  }

 private:
  void note(const char* event) const { journal().push_back(options_.label + " " + event); }
  void fail_at(const char* place) const {
    if (options_.fail_at == place)
      throw std::runtime_error("refused by " + std::string(options_.token.reveal()));
  }
  Options options_;
};

// Implements two interfaces.
class Hammer : public IPart, public ITool {
 public:
  using provides = cachesite::Provides<IPart, ITool>;
  std::string describe() const override { return "hammer"; }
  int weight() const override { return 3; }
};

inline cachesite::Catalog catalog() {
  auto made = cachesite::Catalog::empty();
  made.add<Part>("Part").alias("old.Part", {{"label", "old"}, {"no_such_parameter", "1"}});
  made.add<Hammer>("Hammer");
  made.add_interface_alias("old.IPart", "IPart");
  return made;
}

}  // namespace parts
