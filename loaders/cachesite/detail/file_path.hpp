#pragma once

#include <concepts>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite {

/// The path of a file, as text: made of text, or of a `std::filesystem::path`, whose header is large and not
/// needed here.
class FilePath {
 public:
  FilePath(const char* text) : text_(text) {}
  FilePath(std::string text) noexcept : text_(std::move(text)) {}
  FilePath(std::string_view text) : text_(text) {}
  template <class Path>
  requires requires(const Path& path) {
    { path.native() } -> std::convertible_to<const std::string&>;
  }
  FilePath(const Path& path) : text_(path.native()) {}

  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

/// Several of them, made of a list, a container or a range of what a FilePath is made of.
class FilePaths {
 public:
  FilePaths(std::initializer_list<FilePath> paths) : paths_(paths) {}
  template <class Container>
  requires(!std::convertible_to<const Container&, FilePath> && !std::same_as<Container, FilePaths> &&
           requires(const Container& paths) {
             { *paths.begin() } -> std::convertible_to<FilePath>;
             paths.end();
           }) FilePaths(const Container& paths)
      : paths_(paths.begin(), paths.end()) {}
  template <std::input_iterator Iterator>
  requires std::convertible_to<decltype(*std::declval<Iterator&>()), FilePath> FilePaths(Iterator first,
                                                                                         Iterator last)
      : paths_(first, last) {}

  [[nodiscard]] auto begin() const noexcept { return paths_.begin(); }
  [[nodiscard]] auto end() const noexcept { return paths_.end(); }

 private:
  std::vector<FilePath> paths_;
};

}  // namespace cachesite
