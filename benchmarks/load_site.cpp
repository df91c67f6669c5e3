// How much loading a component file costs beside parsing it: 10 000 components, against what yaml-cpp needs
// to emit the events of the same text to somebody who drops them. Prints the target and the figure.

#include <cachesite/detail/site_builder.hpp>
#include <cachesite/document_reader.hpp>
#include <cachesite/load.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/parser.h>

using namespace cachesite;

namespace {

constexpr int components = 10000;
constexpr int rounds = 7;
constexpr double target = 2.5;

std::string component_file(const std::string& name_of_class) {
  std::string text;
  for (int index = 0; index < components; ++index) {
    const std::string number = std::to_string(index);
    text += "- class: " + name_of_class + "\n  entries:\n    - interface: ICache\n      name: cache-" +
            number + "\n    - {interface: ICache, name: alias-" + number + "}\n";
  }
  return text;
}

class Dropping final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override { ++events; }
  void OnDocumentEnd() override { ++events; }
  void OnNull(const YAML::Mark&, YAML::anchor_t) override { ++events; }
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override { ++events; }
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {
    ++events;
  }
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    ++events;
  }
  void OnSequenceEnd() override { ++events; }
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    ++events;
  }
  void OnMapEnd() override { ++events; }

  long events = 0;
};

/// Milliseconds that the work takes, and no more than once in the rounds did take.
template <class Work>
double least_time(Work&& work) {
  double least = 1e9;
  for (int round = 0; round < rounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    [[maybe_unused]] const auto result = work();
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
    least = std::min(least, time.count());
  }
  return least;
}

/// Whether loading stays within the target.
bool measure(const std::string& name_of_class) {
  const std::string text = component_file(name_of_class);
  LoadOptions options;
  options.limits.file_bytes = 64 * 1024 * 1024;
  options.limits.nodes = 10'000'000;
  options.limits.text_bytes = 64 * 1024 * 1024;

  const double events = least_time([&] {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    Dropping handler;
    parser.HandleNextDocument(handler);
    return handler.events;
  });
  const double reading = least_time([&] { return read_document(text, Format::yaml, "f", options.limits); });
  const Document document = read_document(text, Format::yaml, "f", options.limits);
  const double checking = least_time([&] { return check_component_site({document}, options.catalog); });
  const double loading =
      least_time([&] { return load_component_site_from_text(text, Format::yaml, options); });

  std::printf("%d %ss, %zu bytes, best of %d\n", components, name_of_class.c_str(), text.size(), rounds);
  std::printf("  yaml-cpp events          %8.1f ms\n", events);
  std::printf("  read_document            %8.1f ms  %5.2f x\n", reading, reading / events);
  std::printf("  check_component_site     %8.1f ms  %5.2f x\n", checking, checking / events);
  std::printf("  load_component_site      %8.1f ms  %5.2f x  (target: at most %.1f x)\n", loading,
              loading / events, target);
  return loading / events <= target;
}

}  // namespace

int main() {
  const bool null_caches = measure("NullCache");
  const bool memory_caches = measure("MemoryCache");
  return null_caches && memory_caches ? 0 : 1;
}
