#include "random_tree.hpp"
#include "support/sanitized.hpp"

#include <cachesite/detail/problem_text.hpp>
#include <cachesite/detail/site_builder.hpp>
#include <cachesite/detail/substitution.hpp>
#include <cachesite/document_reader.hpp>
#include <cachesite/document_writer.hpp>

#include <stdexcept>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;

BOOST_AUTO_TEST_SUITE(damage)

namespace {

/// Component files in many styles; the random trees beside them have shapes that nobody would write.
std::vector<std::string> yaml_files() {
  std::vector<std::string> files{
      "- class: MemoryCache\n  entries:\n    - interface: ICache\n      name: hot\n  max_size: 100000\n"
      "  max_bytes: 256MiB\n",
      "- class: RedisCache\n  entries:\n    - {interface: ICache, name: sessions}\n    - {interface: "
      "ICache}\n"
      "  host: localhost\n  port: 6379\n  password: ${env:P:-}\n  socket_timeout: 250ms\n",
      "- class: fivcglue.implements.caches_redis.CacheImpl\n  entries:\n"
      "  - interface: fivcglue.interfaces.caches.ICache\n    name: Redis\n  host: localhost\n  port: 6379\n  "
      "db: 0\n",
      "components:\n- class: NullCache\n  entries: [{interface: ICache, name: \"a\"}]\ndefaults:\n  "
      "NullCache: {}\n",
      "# comment\n- &a\n  class: 'NullCache'\n  entries: &e [{interface: ICache, name: x}]\n- class: "
      "NullCache\n"
      "  entries: *e\n",
      "- class: >-\n    NullCache\n  entries:\n  -\n    interface: |-\n      ICache\n    name: "
      "\"\\x61\\u00e9\"\n",
      "---\n[{class: NullCache, entries: []}, {class: ConsoleLogger, entries: [{interface: "
      "ILogger}]}]\n...\n",
      "[]\n",
      "%YAML 1.2\n---\n- class: NullCache # é日本😀\n",
      "- !!map {class: !!str NullCache, entries: !!seq []}\r\n",
  };
  test::RandomTree random(7);
  while (files.size() < 60) {
    files.push_back(write_document(random.tree(), Format::yaml));
    if (files.back().size() <= 30) files.pop_back();
  }
  return files;
}

std::vector<std::string> json_files() {
  std::vector<std::string> files;
  for (const std::string& yaml : yaml_files())
    files.push_back(write_document(read_document(yaml, Format::yaml).root, Format::json));
  return files;
}

std::vector<std::string> toml_files() {
  std::vector<std::string> files{
      "[[components]]\nclass = \"MemoryCache\"\nentries = [{interface = \"ICache\", name = 'hot'}]\n"
      "max_size = 100_000\nmax_bytes = \"256MiB\" # comment\n",
      "defaults.NullCache = {}\n[[components]]\nclass = '''NullCache'''\n[[components.entries]]\n"
      "interface = \"\"\"\nICache\"\"\"\nname = \"\\u00e9\"\n",
      "a = [\n  1, 0xFF, -2.5e3, true,\n  2026-01-31 23:59:59Z, inf, [], {}\n]\n[ a1 . \"b\" ]\r\nc.d = "
      "1\r\n",
  };
  for (const std::string& yaml : yaml_files()) {
    NodeMember components;
    components.key = "components";
    components.value = read_document(yaml, Format::yaml).root;
    Node root;
    root.kind = Node::Kind::map;
    root.members.push_back(std::move(components));
    try {
      files.push_back(write_document(root, Format::toml));
    } catch (const std::invalid_argument&) {
      continue;  // it has a null
    }
  }
  return files;
}

const Catalog& catalog() {
  static const Catalog built_in;
  return built_in;
}

/// Takes the text as far as it goes. Whatever is wrong has to come out as a LoadError or as problems.
void take(const std::string& text, Format format, unsigned& accepted) {
  SubstitutionOptions substitution;
  substitution.allowed = true;
  substitution.environment = [](const std::string&) { return std::optional<std::string>("value"); };
  try {
    std::vector<Document> documents{read_document(text, format)};
    auto problems = substitute(documents.front(), substitution);
    for (auto& problem : check_component_site(documents, catalog()))
      problems.push_back(std::move(problem));
    BOOST_REQUIRE(problems.empty() || !to_text(problems).empty());
    ++accepted;
  } catch (const LoadError& error) {
    BOOST_REQUIRE(!error.problems().empty());
    BOOST_REQUIRE(error.problems().front().id.starts_with('E'));
  }
}

void damage_all(const std::vector<std::string>& files, Format format) {
  unsigned variants = 0;
  unsigned accepted = 0;
  for (const std::string& file : files) {
    BOOST_TEST(file.size() > 0U);
    for (std::size_t index = 0; index < std::min<std::size_t>(file.size(), 400); index += test::sampling) {
      for (unsigned bit = 0; bit < 8; ++bit) {
        std::string flipped = file;
        flipped[index] = static_cast<char>(static_cast<unsigned char>(flipped[index]) ^ (1U << bit));
        take(flipped, format, accepted);
      }
      std::string shorter = file;
      take(shorter.erase(index, 1), format, accepted);
      std::string doubled = file;
      take(doubled.insert(index, 1, file[index]), format, accepted);
      take(file.substr(0, index), format, accepted);
      variants += 11;
    }
  }
  BOOST_TEST_MESSAGE(variants << " variants, " << accepted << " accepted by the reader");
  BOOST_TEST(variants > 40000U / test::sampling);
  BOOST_TEST(accepted > 0U);
  BOOST_TEST(accepted < variants);
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_damaged_yaml_file_is_read_or_reported) {
  damage_all(yaml_files(), Format::yaml);
}
BOOST_AUTO_TEST_CASE(every_damaged_json_file_is_read_or_reported) {
  damage_all(json_files(), Format::json);
}

BOOST_AUTO_TEST_CASE(every_damaged_toml_file_is_read_or_reported) {
  damage_all(toml_files(), Format::toml);
}

BOOST_AUTO_TEST_SUITE_END()
