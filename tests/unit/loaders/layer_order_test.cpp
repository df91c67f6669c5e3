// Layers that stand in an order that loses a promise: which, and in what words.

#include "support/collecting_logger.hpp"
#include "support/temporary_directory.hpp"

#include <cachesite/detail/problem_text.hpp>
#include <cachesite/load.hpp>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include <boost/test/unit_test.hpp>

using namespace cachesite;

namespace {

const std::map<std::string, std::string> needed_parameters{
    {"PrefixCache", "prefix: p"}, {"CodecCache", "compression: zlib"},
    {"MetricsCache", ""},         {"HookedCache", "hooks: [{class: CompositeHook, hooks: []}]"},
    {"RememberCache", ""},        {"TaggedCache", ""},
    {"WritePolicyCache", ""},     {"TieredCache", "near: {class: MemoryCache}"},
    {"FailoverCache", ""}};

std::string layer(const std::string& class_name, const std::string& name, const std::string& over,
                  const std::string& more = {}) {
  const auto& needed = more.empty() ? needed_parameters.at(class_name) : more;
  return "- {class: " + class_name + ", name: " + name + ", over: " + over + (needed.empty() ? "" : ", ") +
         needed + "}\n";
}

const std::string hidden_computing =
    "callers compute the same value at the same time, since the upper layer hides IComputingCache";

// What the upper layer loses of the lower one's promise.
const std::map<std::pair<std::string, std::string>, std::string> losses{
    {{"CodecCache", "RememberCache"}, hidden_computing},
    {{"TaggedCache", "RememberCache"}, hidden_computing},
    {{"TieredCache", "RememberCache"}, hidden_computing},
    {{"FailoverCache", "RememberCache"}, hidden_computing},
    {{"WritePolicyCache", "RememberCache"}, hidden_computing},
    {{"CodecCache", "TaggedCache"}, "entries with tags are neither compressed nor encrypted"},
    {{"TieredCache", "TaggedCache"}, "copies outlive the eviction of their tags, by near_ttl at most"},
    {{"FailoverCache", "TaggedCache"}, "tags cannot be evicted while the cache below is unreachable"},
    {{"PrefixCache", "WritePolicyCache"},
     "values written with their origin have no prefix, so they are not found"},
    {{"CodecCache", "WritePolicyCache"},
     "values written with their origin are neither compressed nor encrypted"},
    {{"TieredCache", "WritePolicyCache"},
     "copies stay old when a new value is written with its origin, for near_ttl at most"},
    {{"PrefixCache", "HookedCache"}, "hooks see keys with the prefix, not as the program gives them"}};

// What check says, without the name of the file; load has to log the same.
std::string said_of(const std::string& components) {
  const test::TemporaryDirectory folder;
  const auto file = folder.write("f.yml", "- {class: MemoryCache, name: store}\n" + components);
  const auto logger = std::make_shared<test::CollectingLogger>(LogLevel::warning);
  LoadOptions options;
  options.logger = logger;
  std::string said;
  const auto problems = check_component_files({file}, options);
  for (const auto& problem : problems)
    said += (said.empty() ? "" : "\n") + problem.id + " " + std::to_string(problem.position.line) + " " +
            problem.message + " | " + problem.hint;
  logger->clear();
  (void)load_component_site(file, options);
  const auto logged = logger->records();
  BOOST_REQUIRE(logged.size() == problems.size());
  for (std::size_t index = 0; index < logged.size(); ++index)
    BOOST_TEST(logged[index].message == to_text(problems[index]));
  return said;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(layer_order)

BOOST_AUTO_TEST_CASE(each_pair_of_layers_loses_what_the_table_says_and_nothing_else) {
  for (const auto& [upper, unused] : needed_parameters)
    for (const auto& [lower, also_unused] : needed_parameters) {
      const auto said = said_of(layer(lower, "b", "store") + layer(upper, "a", "b"));
      const auto loss = losses.find({upper, lower});
      if (loss == losses.end()) {
        BOOST_TEST(said.empty(), said);
        continue;
      }
      BOOST_TEST(said == "E324 3 over: " + upper + " \"a\" over " + lower + " \"b\": " + loss->second +
                             " | put the " + lower + " above");
      BOOST_TEST(losses.count({lower, upper}) == 0U,
                 "neither order of " << upper << " and " << lower << " is right");
    }
}

BOOST_AUTO_TEST_CASE(a_codec_that_encrypts_stands_under_one_that_compresses) {
  const std::string encrypts =
      "encryption: aes_256_gcm, cache_name: c, keys: [MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=]";
  BOOST_TEST(said_of(layer("CodecCache", "b", "store", encrypts) + layer("CodecCache", "a", "b")).empty());
  BOOST_TEST(
      said_of(layer("CodecCache", "b", "store") + layer("CodecCache", "a", "b", encrypts)) ==
      "E324 3 over: CodecCache \"a\" over CodecCache \"b\": values are compressed after "
      "their encryption, which saves nothing | give both settings to one CodecCache, which compresses first");
}

BOOST_AUTO_TEST_CASE(what_stands_between_and_in_place_makes_no_difference) {
  BOOST_TEST(said_of("- class: TieredCache\n  near: {class: MemoryCache}\n"
                     "  over: {class: FailoverCache, over: {class: PrefixCache, prefix: p, over: {class: "
                     "RememberCache, over: store}}}\n  name: t\n") ==
             "E324 4 over: TieredCache \"t\" over RememberCache \"t.over.over.over\": " + hidden_computing +
                 " | put the RememberCache above\n"
                 "E324 4 over.over: FailoverCache \"t.over\" over RememberCache \"t.over.over.over\": " +
                 hidden_computing + " | put the RememberCache above");
}

BOOST_AUTO_TEST_CASE(a_logical_cache_is_what_its_parts_are) {
  const auto over_store = [](const std::string& parts, const std::string& store) {
    return "- {class: Cache, name: a, " + parts + "store: " + store + "}\n";
  };
  const std::string computing = "{class: RememberCache, over: store}";
  for (const std::string hiding :
       {"near: {}, ", "tags: true, ", "codec: {compression: zlib}, ", "failover: {}, "})
    BOOST_TEST(said_of(over_store(hiding, computing)) ==
               "E324 2 store: Cache \"a\" over RememberCache \"a.store\": " + hidden_computing +
                   " | declare remember in Cache \"a\" instead");
  for (const std::string passing :
       {"", "prefix: p, ", "ttl: 1h, metrics: true, ", "near: {}, remember: true, "})
    BOOST_TEST(said_of(over_store(passing, computing)).empty(), passing);
  BOOST_TEST(
      said_of(over_store("near: {}, ", "b") + "- {class: Cache, name: b, remember: true, store: store}\n") ==
      "E324 2 store: Cache \"a\" over Cache \"b\": " + hidden_computing +
          " | declare remember in Cache \"a\" instead");
  BOOST_TEST(
      said_of(layer("TieredCache", "a", "b") + "- {class: Cache, name: b, tags: true, store: store}\n") ==
      "E324 2 over: TieredCache \"a\" over Cache \"b\": copies outlive the eviction of their tags, by "
      "near_ttl at "
      "most | put the TaggedCache above");
}

BOOST_AUTO_TEST_CASE(the_order_of_the_sample_loses_nothing) {
  BOOST_TEST(check_component_files({std::filesystem::path(CACHESITE_CONFIGS) / "layers.yml"}).empty());
}

BOOST_AUTO_TEST_CASE(tags_are_offered_over_a_cache_that_has_them) {
  const auto refusal = [](const std::string& components) {
    try {
      (void)load_component_site_from_text("- {class: MemoryCache, name: store}\n" + components, Format::yaml);
      return std::string("loaded");
    } catch (const LoadError& error) {
      return std::string(error.what());
    }
  };
  const std::string entry =
      "- {class: RememberCache, over: OVER, entries: [{interface: ITaggedCache, name: r}]}\n";
  const auto over = [&](const std::string& name) {
    return std::string(entry).replace(entry.find("OVER"), 4, name);
  };
  BOOST_TEST(refusal(over("store"))
                 .find("error[E312]: RememberCache offers ITaggedCache only if the cache of \"over\" does") !=
             std::string::npos);
  BOOST_TEST(refusal(layer("TaggedCache", "t", "store") + over("t")) == "loaded");
  BOOST_TEST(refusal(layer("TaggedCache", "t", "store") + layer("RememberCache", "q", "t") + over("q")) ==
             "loaded");
  BOOST_TEST(refusal(layer("RememberCache", "q", "store") + over("q")).find("E312") != std::string::npos);
  // A name stands for what there is.
  const auto site = load_component_site_from_text(
      "- {class: MemoryCache, name: store}\n" + layer("RememberCache", "r", "store"), Format::yaml);
  BOOST_TEST(site->entries().size() == 4U);
}

BOOST_AUTO_TEST_SUITE_END()
