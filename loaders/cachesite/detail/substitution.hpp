#pragma once

#include <cachesite/document.hpp>
#include <cachesite/problem.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace cachesite {

/// Values that a component file takes from elsewhere. In any scalar, quoted or not, whole or in part:
///
/// - `${env:NAME}` is the environment variable NAME
/// - `${env:NAME:-text}` is the same, and `text` when the variable is not set or empty
/// - `${file:/run/secrets/password}` is what that file holds, without a byte order mark before and one line
///   end after it, at most 64 KiB
/// - `$${env:...}` and `$${file:...}` are the characters `${env:...}` and `${file:...}`
///
/// A default may hold braces when each that is opened is closed, but no expression. Other uses of `$` stand
/// for themselves; `${NAME}` with a name in capital letters does so with a warning. The values are put in
/// after the file has been parsed, so they cannot change its structure, and they are not searched for
/// expressions again. A scalar that is one expression without quotes becomes a number, a boolean or null by
/// the rules for scalars; every other one is text, and so is nothing. A parameter takes what was put in by
/// its characters, so in JSON, where an expression always stands in quotes, `"port": "${env:PORT}"` is a
/// number all the same. What was put in never appears in messages (`Node::substituted`).
struct SubstitutionOptions {
  /// Without permission, an expression is a problem: it is neither taken literally nor evaluated.
  bool allowed = false;
  /// Looks up environment variables; by default those of the process.
  std::function<std::optional<std::string>(const std::string& name)> environment;
  /// The language of the document, which tells how far a line that sounds like a secret goes on.
  Format format = Format::yaml;
  /// Bytes of all scalars that have expressions, together, after they are replaced.
  std::size_t text_bytes = std::size_t{4} * 1024 * 1024;
  /// Problems that are told one by one; those beyond are counted.
  std::size_t problems = 100;
};

/// Replaces the expressions in all scalars of the document. Returns what is wrong with them, and warnings.
[[nodiscard]] std::vector<Problem> substitute(Document& document, const SubstitutionOptions& options);

}  // namespace cachesite
