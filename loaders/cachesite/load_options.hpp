#pragma once

#include <cachesite/catalog.hpp>
#include <cachesite/clock.hpp>
#include <cachesite/document_limits.hpp>
#include <cachesite/format.hpp>
#include <cachesite/logger.hpp>
#include <cachesite/time_span.hpp>

#include <chrono>
#include <memory>
#include <optional>

namespace cachesite {

/// How component files are loaded. The defaults are right for a file with an extension that says its format,
/// written in the built-in classes, by somebody who may not read the program's environment and files.
struct LoadOptions {
  /// The language of the files; when not given, each file's extension decides.
  std::optional<Format> format = {};
  /// The classes that files may name.
  Catalog catalog = {};
  DocumentLimits limits = {};
  /// Components of other classes are left out, with those that need them, and a warning (E307) for each; for
  /// programs that look into the files of others. Otherwise such a class is an error.
  bool leave_out_unknown_classes = false;
  /// Allows `${env:NAME}` and `${file:/path}` (see substitution.hpp).
  bool allow_substitution = false;
  /// Where components log, and where loading warns; null: the unnamed ILogger of the
  /// files, else a logger of their unnamed or only ILoggerSite, if there is one.
  std::shared_ptr<ILogger> logger = {};
  /// Where components read the time; null is the machine's steady clock.
  std::shared_ptr<const IClock> clock = {};
  /// How long a component may take to start, unless the file says otherwise.
  TimeSpan start_timeout = std::chrono::milliseconds(60'000);
};

}  // namespace cachesite
