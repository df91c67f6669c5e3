#include <cachesite/codec_cache.hpp>
#include <cachesite/dump.hpp>
#include <cachesite/load.hpp>

#include <chrono>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

namespace {

const std::string memory_item = "- {class: MemoryCache, entries: [{interface: ICache, name: store}]}\n";

std::string layer(const std::string& parameters) {
  return memory_item +
         "- class: CodecCache\n  entries: [{interface: ICache, name: coded}, {interface: "
         "ICodecStatistics}]\n" +
         parameters;
}

std::string problems_of(const std::string& parameters) {
  try {
    (void)load_component_site_from_text(layer(parameters), Format::yaml);
  } catch (const LoadError& error) {
    return error.what();
  }
  return "none";
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

const std::string first_key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
const std::string second_key(64, 'k');
const std::string sealed =
    "  over: store\n  encryption: aes_256_gcm\n  cache_name: shop\n  compression: zstd\n  keys: [\"" +
    first_key + "\", " + second_key + "]\n";

}  // namespace

BOOST_AUTO_TEST_SUITE(codec_file)

BOOST_AUTO_TEST_CASE(a_layer_that_a_file_declares_works) {
  const auto site = load_component_site_from_text(layer(sealed), Format::yaml);
  const auto cache = site->get_component<ICache>("coded");
  BOOST_TEST(cache->set_value("key", "value", 1h));
  BOOST_TEST(cache->get_value("key")->text() == "value");
  BOOST_TEST(
      site->get_component<ICache>("store")->get_value("key")->text().starts_with("\xC1"
                                                                                 "CS"));
  BOOST_TEST(site->get_component<ICodecStatistics>()->codec_statistics().values_written == 1u);
}

BOOST_AUTO_TEST_CASE(keys_show_neither_in_a_dump_nor_in_a_problem) {
  const auto site = load_component_site_from_text(layer(sealed), Format::yaml);
  const auto dumped = dump_component_site(*site, Format::yaml);
  BOOST_TEST(!has(dumped, first_key));
  BOOST_TEST(!has(dumped, second_key));
  BOOST_TEST(has(dumped, "******"));
  const auto again =
      load_component_site_from_text(dump_component_site(*site, Format::yaml, true), Format::yaml);
  BOOST_TEST(again->get_component<ICache>("coded")->set_value("key", "value", 1h));

  const auto problems = problems_of(
      "  over: store\n  encryption: aes_256_gcm\n  keys: [hush-hush-not-a-key]\n  max_ratio: 0\n");
  BOOST_TEST(!has(problems, "hush-hush"));
  BOOST_TEST(has(problems, "max_ratio"));
}

BOOST_AUTO_TEST_CASE(mistakes_are_told_with_their_place) {
  BOOST_TEST(has(problems_of("  compression: zstd\n"), "over"));
  BOOST_TEST(has(problems_of("  over: nobody\n"), "nobody"));
  BOOST_TEST(has(problems_of("  over: coded\n"), "coded"));
  BOOST_TEST(has(problems_of("  over: store\n  compression: gzip\n"), "zlib"));
  BOOST_TEST(has(problems_of("  over: store\n  encryption: fernet256\n  keys: [" + second_key + "]\n"),
                 "format: bare"));
  const auto unused = problems_of("  over: store\n  keys: [" + second_key + "]\n");
  BOOST_TEST(has(unused, "keys are given, but encryption is none: write `encryption: aes_256_gcm`"));
  BOOST_TEST(has(problems_of("  over: store\n  also_read: {plane: true}\n"), "plain"));
  BOOST_TEST(problems_of("  over: store\n  also_read: {plain: true}\n") == "none");
}

BOOST_AUTO_TEST_SUITE_END()
