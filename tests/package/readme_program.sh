#!/bin/sh
# Writes the first program of the README, its component file and its CMake project into a folder: readme_program.sh FOLDER
set -eu
readme=$(dirname "$0")/../../README.md

# The first block of a kind.
block() {
  awk -v fence="\`\`\`$1" '/^```/ { if (inside) exit; inside = $0 == fence; next } inside' "$readme" > "$2"
  [ -s "$2" ] || { echo "the README has no block of $1" >&2; exit 1; }
}
block cpp "$1/main.cpp"
block yaml "$1/caches.yml"
block cmake "$1/cachesite.cmake"
{
  echo "cmake_minimum_required(VERSION 3.22)"
  echo "project(shop LANGUAGES CXX)"
  echo "add_executable(shop main.cpp)"
  cat "$1/cachesite.cmake"
} > "$1/CMakeLists.txt"
