#include "probe.hpp"

#include <cachesite/dump.hpp>
#include <cachesite/load.hpp>

#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;

BOOST_AUTO_TEST_SUITE(dump)

namespace {

const std::string file =
    "- class: Probe\n  title: last\n  entries: [{interface: IProbe, name: z}]\n"
    "- class: Probe\n  title: 'yes'\n  on: true\n  ratio: 0.1\n  wait: 2s30ms\n  room: 20kB\n  mode: safe\n"
    "  token: hunter2\n  ports: [7, 8]\n  limits: {low: 4}\n  next: z\n"
    "  entries:\n    - {interface: IProbe, name: a}\n    - {interface: IProbe}\n"
    "- class: MemoryCache\n  max_bytes: 64MiB\n  entries: [{interface: ICache, name: hot}]\n"
    "- class: NullCache\n";

LoadOptions options() {
  LoadOptions options;
  options.catalog = test::catalog_with_probe();
  options.catalog.add<test::Probe>("Other");
  return options;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_dump_loads_to_a_site_that_dumps_the_same) {
  const auto site = load_component_site_from_text(file, Format::yaml, options());
  for (const Format format : {Format::yaml, Format::json}) {
    const std::string dumped = dump_component_site(*site, format, true);
    const auto again = load_component_site_from_text(dumped, format, options());
    BOOST_TEST(dump_component_site(*again, Format::yaml, true) ==
               dump_component_site(*site, Format::yaml, true));
    BOOST_TEST(again->entries().size() == site->entries().size());
    const auto probe = std::dynamic_pointer_cast<test::Probe>(again->get_component<test::IProbe>());
    BOOST_TEST(probe->options().title == "yes");
    BOOST_TEST(probe->options().ratio == 0.1);
    BOOST_TEST(probe->options().room.bytes == 20000U);
    BOOST_TEST(probe->options().token.reveal() == "hunter2");
  }
}

BOOST_AUTO_TEST_CASE(a_dump_shows_no_secret_unless_asked_and_does_not_load_then) {
  const auto site = load_component_site_from_text(file, Format::yaml, options());
  const std::string dumped = dump_component_site(*site, Format::yaml);
  BOOST_TEST(dumped.find("hunter2") == std::string::npos);
  BOOST_TEST(dumped.find("******") != std::string::npos);
  BOOST_CHECK_THROW((void)load_component_site_from_text(dumped, Format::yaml, options()), LoadError);
}

BOOST_AUTO_TEST_CASE(a_dump_is_a_file_as_people_write_it) {
  const auto site = load_component_site_from_text(
      "- {class: MemoryCache, max_size: 5000, entries: [{interface: ICache, name: sessions}]}\n",
      Format::yaml);
  BOOST_TEST(
      dump_component_site(*site, Format::yaml) ==
      "- class: MemoryCache\n  entries:\n    - interface: ICache\n      name: sessions\n  max_size: 5000\n");
  const auto empty = load_component_site_from_text("[]", Format::json);
  BOOST_TEST(dump_component_site(*empty, Format::yaml) == "[]\n");
}

BOOST_AUTO_TEST_SUITE_END()
