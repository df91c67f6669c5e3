// Components in place of references, as files of each language declare them.

#include "vault.hpp"

#include <cachesite/detail/problem_text.hpp>
#include <cachesite/dump.hpp>
#include <cachesite/load.hpp>
#include <cachesite/tiered_cache.hpp>

#include <chrono>
#include <string>
#include <utility>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

namespace {

constexpr std::pair<Format, const char*> forms[] = {
    {Format::yaml,
     "- class: TieredCache\n"
     "  name: sessions\n"
     "  near: {class: MemoryCache, max_size: 7}\n"
     "  over:\n"
     "    class: PrefixCache\n"
     "    prefix: 'a:'\n"
     "    over: {class: MemoryCache}\n"},
    {Format::json,
     R"([{"class": "TieredCache", "name": "sessions", "near": {"class": "MemoryCache", "max_size": 7},
          "over": {"class": "PrefixCache", "prefix": "a:", "over": {"class": "MemoryCache"}}}])"},
    {Format::toml,
     "[[components]]\nclass = 'TieredCache'\nname = 'sessions'\nnear = {class = 'MemoryCache', max_size = "
     "7}\n"
     "[components.over]\nclass = 'PrefixCache'\nprefix = 'a:'\nover = {class = 'MemoryCache'}\n"}};

}  // namespace

BOOST_AUTO_TEST_SUITE(in_place_files)

BOOST_AUTO_TEST_CASE(a_cache_of_caches_is_one_component_in_each_language) {
  for (const auto& [format, text] : forms) {
    const auto site = load_component_site_from_text(text, format);
    BOOST_TEST(site->entries().size() == 2U);
    const auto cache = site->get_component<ICache>("sessions");
    BOOST_TEST(cache->set_value("k", "v", 1min));
    BOOST_TEST(cache->get_value("k")->text() == "v");
    BOOST_TEST(site->get_component<ITieredCache>("sessions").get() != nullptr);
  }
}

BOOST_AUTO_TEST_CASE(a_dump_in_each_language_loads_to_an_equal_site) {
  const auto site = load_component_site_from_text(forms[0].second, Format::yaml);
  const auto dumped = dump_component_site(*site, Format::yaml);
  BOOST_TEST(dumped.find('#') == std::string::npos, dumped);
  for (const Format format : {Format::yaml, Format::json, Format::toml}) {
    const auto again = load_component_site_from_text(dump_component_site(*site, format), format);
    BOOST_TEST(dump_component_site(*again, Format::yaml) == dumped);
  }
}

BOOST_AUTO_TEST_CASE(secrets_in_it_show_nowhere) {
  LoadOptions options;
  options.catalog = test::catalog_with_vault();
  const std::string vault = "- class: Vault\n  next: {class: Vault, pin: s3same, title: open, ";
  const auto site = load_component_site_from_text(vault + "level: 2}\n", Format::yaml, options);
  BOOST_TEST(dump_component_site(*site, Format::yaml).find("s3same") == std::string::npos);
  for (const std::string end :
       {"fail_at: make}\n", "level: 9}\n", "level: 99}\n", "titel: x}\n", "doors: s3same}\n"})
    try {
      (void)load_component_site_from_text(vault + end, Format::yaml, options);
      BOOST_ERROR("loaded: " << end);
    } catch (const LoadError& error) {
      const std::string said = error.what();
      BOOST_TEST(said.find("s3same") == std::string::npos, said);
      BOOST_TEST(said.find("next") != std::string::npos, said);
    }
}

BOOST_AUTO_TEST_SUITE_END()
