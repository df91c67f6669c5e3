#include "unit/loaders/probe.hpp"

#include <cachesite/document_writer.hpp>
#include <cachesite/site_reports.hpp>

#include <cstdio>

// Prints the schema of the built-in classes and the probe, which the broken files name.
int main() {
  using namespace cachesite;
  std::puts(write_document(json_schema(test::catalog_with_probe()), Format::json).c_str());
}
