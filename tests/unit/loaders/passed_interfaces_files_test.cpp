// What a layer in a file passes on is found by the name of the layer.

#include "support/collecting_logger.hpp"
#include "support/temporary_directory.hpp"

#include <cachesite/cache_layer.hpp>
#include <cachesite/computing_cache.hpp>
#include <cachesite/i_tagged_cache.hpp>
#include <cachesite/load.hpp>
#include <cachesite/reference.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

namespace {

const std::string stack =
    "- {class: MemoryCache, name: store}\n"
    "- {class: TaggedCache, name: tagged, over: store}\n"
    "- {class: RememberCache, name: computing, over: tagged}\n";

std::shared_ptr<ComponentSite> site_of(const std::string& components, const LoadOptions& options = {}) {
  return load_component_site_from_text(stack + components, Format::yaml, options);
}

std::string refusal(const std::string& components, const LoadOptions& options = {}) {
  try {
    (void)site_of(components, options);
    return "loaded";
  } catch (const LoadError& error) {
    return error.what();
  }
}

struct OneBelow {
  Reference<ICache> over;
  static ParameterTable parameters() { return {parameter("over", &OneBelow::over, "The cache below.")}; }
};

// A layer of a program. It says that it passes on, and does so when `interfaces` says it too.
template <BelowInterfaces interfaces>
class Own final : public CacheLayer {
 public:
  using provides = Provides<ICache>;
  using passes_on = PassedOn;
  using Options = OneBelow;
  explicit Own(const OneBelow& options) : CacheLayer(options.over.component(), interfaces) {}
};

}  // namespace

BOOST_AUTO_TEST_SUITE(passed_interfaces_files)

BOOST_AUTO_TEST_CASE(a_layer_is_found_by_what_it_passes_on_and_is_what_is_used) {
  const auto site = site_of(
      "- class: MetricsCache\n  name: products\n"
      "  over:\n    class: HookedCache\n    hooks: [{class: CompositeHook, hooks: []}]\n"
      "    over:\n      class: ExpiryCache\n      max_ttl: 5min\n"
      "      over: {class: PrefixCache, prefix: 'p:', over: computing}\n");
  const auto cache = site->get_component<ICache>("products");
  const auto computing = site->get_component<IComputingCache>("products");
  const auto tagged = site->get_component<ITaggedCache>("products");
  BOOST_TEST(computing.get() == find_interface<IComputingCache>(cache).get());
  BOOST_TEST(tagged.get() == find_interface<ITaggedCache>(cache).get());

  BOOST_TEST(computing->remember("key", 1h, [] { return std::string("value"); }).hit());
  BOOST_TEST(cache->statistics().misses == 1U);
  const auto store = site->get_component<ICache>("computing");
  BOOST_TEST(store->get("p:key").hit());
  BOOST_TEST((store->time_to_live("p:key").value().left <= 5min));
  BOOST_TEST(tagged->write_tagged("other", "value", 1h, {"tag"}).ok());
  BOOST_TEST(cache->statistics().writes == 1U);
  BOOST_TEST(store->get("p:other").hit());
  BOOST_TEST(site->get_component<ITaggedCache>("tagged")->evict_tags({"tag"}).ok());
  BOOST_TEST(cache->get("other").miss());
}

BOOST_AUTO_TEST_CASE(a_name_stands_for_what_the_cache_below_offers) {
  const auto site = site_of(
      "- {class: MetricsCache, name: counted, over: store}\n"
      "- {class: MetricsCache, name: counted_tags, over: tagged}\n"
      "- {class: MetricsCache, name: hidden, over: {class: CodecCache, compression: zlib, over: computing}}\n"
      "- {class: MetricsCache, name: one, over: {class: Cache, store: store, remember: {}}}\n");
  BOOST_TEST(!site->query_component<ITaggedCache>("counted"));
  BOOST_TEST(!site->query_component<IComputingCache>("counted"));
  BOOST_TEST(site->query_component<ITaggedCache>("counted_tags") != nullptr);
  BOOST_TEST(!site->query_component<IComputingCache>("counted_tags"));
  BOOST_TEST(!site->query_component<ITaggedCache>("hidden"));
  BOOST_TEST(!site->query_component<IComputingCache>("hidden"));
  BOOST_TEST(site->query_component<IComputingCache>("one") != nullptr);
  BOOST_TEST(!site->query_component<ITaggedCache>("one"));
}

BOOST_AUTO_TEST_CASE(an_entry_asks_for_what_the_cache_below_has) {
  const std::string entry =
      "- {class: MetricsCache, over: OVER, entries: [{interface: IComputingCache, name: c}]}\n";
  const auto over = [&](const std::string& name) {
    return std::string(entry).replace(entry.find("OVER"), 4, name);
  };
  BOOST_TEST(site_of(over("computing"))->query_component<IComputingCache>("c") != nullptr);
  BOOST_TEST(
      refusal(over("tagged"))
          .find("error[E312]: MetricsCache offers IComputingCache only if the cache of \"over\" does") !=
      std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_entry_of_another_component_goes_first) {
  for (const bool later : {false, true}) {
    const std::string other =
        "- {class: TaggedCache, over: store, entries: [{interface: ITaggedCache, name: products}, "
        "{interface: "
        "ICache, name: t}]}\n";
    const std::string layer = "- {class: MetricsCache, name: products, over: t}\n";
    LoadOptions options;
    const auto logger = std::make_shared<test::CollectingLogger>(LogLevel::warning);
    options.logger = logger;
    const auto site = site_of(later ? layer + other : other + layer, options);
    BOOST_TEST(site->get_component<ITaggedCache>("products").get() ==
               dynamic_cast<ITaggedCache*>(site->get_component<ICache>("t").get()));
    BOOST_TEST(logger->records().empty());
  }
}

BOOST_AUTO_TEST_CASE(a_layer_that_a_later_file_replaces_keeps_none_of_its_names) {
  const test::TemporaryDirectory folder;
  const auto first =
      folder.write("first.yml", stack + "- {class: MetricsCache, name: products, over: computing}\n");
  for (const std::string later : {"name: products", "entries: [{interface: ICache, name: products}]"}) {
    const auto second = folder.write("second.yml", "- {class: MemoryCache, " + later + "}\n");
    const auto site = load_component_site_from_files({first, second});
    BOOST_TEST(site->query_component<ICache>("products") != nullptr);
    BOOST_TEST(!site->query_component<IComputingCache>("products"));
    BOOST_TEST(!site->query_component<ITaggedCache>("products"));
  }
}

BOOST_AUTO_TEST_CASE(a_layer_of_a_program_passes_on_what_it_says) {
  LoadOptions options;
  options.catalog.add<Own<BelowInterfaces::passed_on>>("Honest");
  options.catalog.add<Own<BelowInterfaces::hidden>>("Hiding");
  const auto site = site_of("- {class: Honest, name: o, over: computing}\n", options);
  BOOST_TEST(site->get_component<IComputingCache>("o").get() ==
             find_interface<IComputingCache>(site->get_component<ICache>("o")).get());
  BOOST_TEST(refusal("- {class: Hiding, name: o, over: computing}\n", options)
                 .find("Hiding does not pass on IComputingCache") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
