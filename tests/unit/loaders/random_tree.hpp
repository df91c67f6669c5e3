#pragma once

#include <cachesite/document.hpp>

#include <cstddef>
#include <random>
#include <string>

namespace cachesite::test {

/// Makes trees with every kind of scalar, and texts of every kind of character.
class RandomTree {
 public:
  explicit RandomTree(unsigned seed) : random_(seed) {}

  Node tree(unsigned depth = 0);
  std::string text();
  std::size_t below(std::size_t bound) { return random_() % bound; }

 private:
  std::string number(bool real);
  std::mt19937 random_;
};

/// As a reader would see it: for messages of a failed test.
std::string outline(const Node& node, std::size_t indent = 0);

}  // namespace cachesite::test
