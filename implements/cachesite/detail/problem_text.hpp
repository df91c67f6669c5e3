#pragma once

#include <cachesite/problem.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// The problem as a person reads it, without a line end after it:
///
///     caches.yml:4:3: error[E204]: MemoryCache has no parameter "max_szie"
///         4 |   max_szie: 100000
///           |   ^~~~~~~~ did you mean "max_size"?
///
/// The line of the file is shown when the problem has its source and is not marked confidential; whoever
/// makes a problem with a source decides that (`mark_confidential` in site_builder.hpp). A long line is cut
/// around the place. Tabs become spaces, characters of two columns count as two, and control characters,
/// characters that nobody sees, blanks that are no space, and bytes that are not UTF-8 are shown as escapes
/// such as `\x1b` and `\u200b`, so that a file cannot play tricks on a terminal or a reader.
[[nodiscard]] std::string to_text(const Problem& problem);

/// All problems, one block each, in the order given, with a line end between blocks.
[[nodiscard]] std::string to_text(const std::vector<Problem>& problems);

/// A problem that stands for `count` further ones of the file that are not told one by one.
[[nodiscard]] Problem further_problems(std::size_t count, std::string file);

/// Sorts by file (in the order in which the files first occur), place and id, and drops repetitions. What
/// stands for further problems becomes one, which is the last.
void sort_problems(std::vector<Problem>& problems);

/// Makes the exception for these problems: sorted, and with their full text. At most `most` of them are kept;
/// the last one then says how many there are beyond, those that `further_problems` stand for included.
/// `problems` must not be empty.
[[nodiscard]] LoadError make_load_error(std::vector<Problem> problems, std::size_t most = 100);

/// `text` with control characters, characters that nobody sees, blanks that are no space, and bytes that are
/// not UTF-8, written as escapes such as `\n`, `\x1b` and `\u200b`, and cut to at most `most` characters, for
/// quoting in a message.
[[nodiscard]] std::string printable(std::string_view text, std::size_t most = 80);

}  // namespace cachesite
