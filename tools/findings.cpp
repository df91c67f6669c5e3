#include "findings.hpp"

#include "terminal.hpp"

#include <cachesite/cachesite.hpp>

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace cachesite::tool {

void Findings::add(const std::string& cache, Verdict verdict, const std::string& text) {
  constexpr std::array<std::string_view, 3> words{"ok", "warning", "failure"};
  constexpr std::array colours{Colour::green, Colour::yellow, Colour::red};
  const auto place = static_cast<std::size_t>(verdict);
  failed_ = failed_ || verdict == Verdict::failure;
  const auto readable = printable(text, text.size());
  auto node = map_node();
  tool::add(node, "cache", text_node(cache));
  tool::add(node, "result", text_node(words[place]));
  tool::add(node, "text", text_node(readable));
  all_.elements.push_back(std::move(node));
  if (json_) return;
  const std::string word(words[place]);
  print(painted(word, colours[place], stdout) + std::string(9 - word.size(), ' ') + cache + ": " + readable +
        "\n");
}

Exit Findings::finish() {
  auto answer = map_node();
  tool::add(answer, "findings", std::move(all_));
  if (json_) print_json(answer);
  return failed_ ? Exit::backend_failed : Exit::done;
}

}  // namespace cachesite::tool
