#pragma once

#include <cachesite/component_site.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cachesite::test {

/// One way to have a class in a site, for tests of what becomes of it when threads, memory or descriptors are
/// short. The component under test is the unnamed one of its interface.
struct ShortageRow {
  /// As the catalog calls it.
  std::string component_class;
  /// What tells rows of one class apart, such as "sentinels".
  std::string variant;
  std::string file;
  /// The first call and those after it. Gives what did not work.
  std::function<std::optional<std::string>(ComponentSite&)> use;
  /// The loss of connections or of the master; empty where there is none to lose.
  std::function<void()> disturb;
  /// Rows whose world is slow are gone through in larger steps.
  bool slow = false;
};

/// Every class of the catalog, those on Redis with real servers: one alone, with sentinels, and a cluster.
/// The servers live until the end of the process.
std::vector<ShortageRow> shortage_rows();

}  // namespace cachesite::test
