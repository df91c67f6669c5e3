#include <cachesite/cachesite.hpp>

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

namespace {

const std::string store = "- {class: MemoryCache, entries: [{interface: ICache, name: memory}]}\n";

std::shared_ptr<ComponentSite> load(const std::string& text) {
  return load_component_site_from_text(store + text, Format::yaml);
}

// `3:10 E231 codec.level: ...`, one line each.
std::string problems_of(const std::string& text) {
  std::string lines;
  try {
    (void)load(text);
  } catch (const LoadError& refused) {
    for (const auto& problem : refused.problems())
      lines.append(lines.empty() ? "" : "\n")
          .append(std::to_string(problem.position.line) + ":" + std::to_string(problem.position.column) + " ")
          .append(problem.id + " " + problem.message);
  }
  return lines;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(declared_cache)

BOOST_AUTO_TEST_CASE(a_store_alone_is_enough) {
  const auto site = load("- {class: Cache, entries: [{interface: ICache, name: hot}], store: memory}\n");
  BOOST_TEST(site->get_component<ICache>("hot")->set_value("k", "1", 1min));
  BOOST_TEST(site->get_component<ICache>("memory")->get("k").hit());
}

BOOST_AUTO_TEST_CASE(the_parts_of_a_file_are_those_of_the_cache_whatever_their_order) {
  const auto site = load(
      "- class: Cache\n"
      "  entries:\n"
      "    - {interface: ICache, name: products}\n"
      "    - {interface: ITaggedCache, name: products}\n"
      "    - {interface: IComputingCache, name: products}\n"
      "    - {interface: ITieredCache, name: products}\n"
      "    - {interface: ICacheMetrics, name: products}\n"
      "    - {interface: ICodecStatistics, name: products}\n"
      "  codec: {compression: zstd, encryption: aes_256_gcm,\n"
      "          keys: ['MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=']}\n"
      "  rules: [{match: 'price:*', ttl: 1m}]\n"
      "  metrics: {sample_every: 1}\n"
      "  remember: {negative_ttl: 2s}\n"
      "  tags: true\n"
      "  near: {max_bytes: 1MiB, ttl: 10s}\n"
      "  ttl: 10m\n"
      "  max_ttl: 1h\n"
      "  store: memory\n");
  const auto cache = site->get_component<ICache>("products");
  BOOST_TEST(cache->set_value("price:7", "320"));
  BOOST_TEST((cache->time_to_live("price:7").value().left <= 1min));
  BOOST_TEST(site->get_component<ITaggedCache>("products")->write_tagged("7", "tea", {"products"}).ok());
  BOOST_TEST(cache->get("7").value().text() == "tea");
  BOOST_TEST(site->get_component<IComputingCache>("products")->remember("8", [] { return "cake"; }).hit());
  BOOST_TEST(site->get_component<ITieredCache>("products")->near_size() > 0U);
  BOOST_TEST(site->get_component<ICacheMetrics>("products")->metrics().sample_every == 1U);
  BOOST_TEST(site->get_component<ICodecStatistics>("products")->codec_statistics().values_written > 0U);
  BOOST_TEST(site->get_component<ITaggedCache>("products")->evict_tags({"products"}).ok());
  BOOST_TEST(cache->get("7").miss());
  BOOST_TEST(site->get_component<ICache>("memory")->get("8").value().text() != "cake");
}

BOOST_AUTO_TEST_CASE(a_name_is_that_of_the_interfaces_that_the_parts_offer_and_of_no_others) {
  const auto interfaces_with = [](const std::string& parameters) {
    const auto site = load("- {class: Cache, name: c, store: {class: MemoryCache}, " + parameters + "}\n");
    std::string interfaces;
    for (const auto& entry : site->entries())
      if (entry.name == "c") interfaces.append(interfaces.empty() ? "" : " ").append(entry.interface_name);
    return interfaces;
  };
  BOOST_TEST(interfaces_with("prefix: 'shop:'") == "ICache");
  BOOST_TEST(interfaces_with("tags: true, remember: true") ==
             "ICache IComputingCache IComputingStatistics ITaggedCache");
  BOOST_TEST(interfaces_with("near: true, metrics: true, codec: true, failover: true") ==
             "ICache ICacheMetrics ICodecStatistics IFailoverStatistics ITieredCache");
}

BOOST_AUTO_TEST_CASE(an_interface_without_its_part_is_a_mistake) {
  for (const std::string tags : {"", "  tags: false\n"})
    BOOST_TEST(problems_of("- class: Cache\n"
                           "  entries: [{interface: ICache, name: c}, {interface: ITaggedCache, name: c}]\n"
                           "  store: memory\n" +
                           tags) == "3:75 E312 Cache does not offer ITaggedCache with these parameters");
}

BOOST_AUTO_TEST_CASE(true_is_a_part_with_its_defaults_and_false_is_none) {
  const auto parts_with = [](const std::string& parameters) {
    const auto site = load("- {class: Cache, entries: [{interface: ICache, name: c}], store: memory, " +
                           parameters + "}\n");
    const auto cache = site->get_component<ICache>("c");
    std::string parts;
    for (const auto& part : dynamic_cast<const LogicalCache&>(*cache).parts())
      parts.append(parts.empty() ? "" : " ").append(part.name);
    return parts;
  };
  BOOST_TEST(parts_with("tags: true, near: true, remember: true, metrics: true, failover: true") ==
             "remember tags metrics near near failover");
  BOOST_TEST(parts_with("tags: false, near: null, remember: false, metrics: false, codec: false") == "");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_part_is_told_with_its_path_and_place) {
  BOOST_TEST(problems_of("- class: Cache\n"
                         "  entries: [{interface: ICache, name: c}]\n"
                         "  store: memory\n"
                         "  codec:\n"
                         "    level: 3\n"
                         "  near: yes\n"
                         "  remember: {negative_ttl: soon}\n"
                         "  tags: {over: memory}\n"
                         "  rules: [{match: 'a'}]\n")
                 .find("near: expected true, false, a mapping or null, found") != std::string::npos);
  BOOST_TEST(problems_of("- class: Cache\n"
                         "  entries: [{interface: ICache, name: c}]\n"
                         "  store: memory\n"
                         "  codec:\n"
                         "    level: 3\n") ==
             "6:12 E231 codec.level: there is no level without a compression");
}

BOOST_AUTO_TEST_CASE(a_part_may_refer_to_components_of_the_file) {
  const auto site = load(
      "- {class: MemoryMutexSite, entries: [{interface: IMutexSite, name: locks}]}\n"
      "- {class: MemoryCache, entries: [{interface: ICache, name: spare}]}\n"
      "- class: Cache\n"
      "  entries: [{interface: ICache, name: c}]\n"
      "  store: memory\n"
      "  remember: {locks: locks}\n"
      "  failover: {failover: spare}\n");
  std::string dependencies;
  for (const auto& declared : site->declared_components())
    for (const auto& dependency : declared.dependencies)
      dependencies += dependency.parameter + "=" + dependency.name + " ";
  BOOST_TEST(dependencies == "store=memory remember.locks=locks failover.failover=spare ");
  BOOST_TEST(has(problems_of("- {class: Cache, store: memory, remember: {locks: nobody}}\n"),
                 "E321 remember.locks: there is no IMutexSite named \"nobody\""));
}

BOOST_AUTO_TEST_CASE(reports_show_one_cache) {
  const auto site = load(
      "- class: Cache\n"
      "  name: c\n"
      "  store: {class: MemoryCache}\n"
      "  metrics: true\n"
      "  near: true\n");
  const auto cache = site->get_component<ICache>("c");
  BOOST_TEST(cache->set_value("k", "1", 1min));
  BOOST_TEST(cache->get("k").hit());
  const auto metrics = prometheus_text(*site);
  BOOST_TEST(has(metrics, "cachesite_cache_hits_total{cache=\"c\",class=\"Cache\"} 1\n"));
  BOOST_TEST(
      has(metrics, "cachesite_cache_operations_total{cache=\"c\",class=\"Cache\",operation=\"read\"} 1\n"));
  BOOST_TEST(!has(metrics, "c.near"));
  const auto with_parts = prometheus_text(*site, {.parts = true});
  BOOST_TEST(has(with_parts, "cachesite_cache_entries{cache=\"c.near\",class=\"MemoryCache\"} 1\n"));
  BOOST_TEST(has(with_parts, "cachesite_cache_entries{cache=\"c.store\",class=\"MemoryCache\"} 1\n"));
  const auto explained = write_document(explain_component(*site, "c"), Format::json);
  BOOST_TEST(has(explained, "\"parts\""));
  BOOST_TEST(has(explained, "TieredCache"));
}

BOOST_AUTO_TEST_CASE(a_described_site_declares_the_same_cache_again) {
  const auto site = load(
      "- class: Cache\n"
      "  entries: [{interface: ICache, name: c}]\n"
      "  store: memory\n"
      "  ttl: 10m\n"
      "  rules: [{match: 'price:*', ttl: 1m}]\n"
      "  near: {ttl: 10s}\n"
      "  tags: true\n");
  const auto text = dump_component_site(*site, Format::yaml);
  const auto again = load_component_site_from_text(text, Format::yaml);
  BOOST_TEST(write_document(describe_component_site(*again), Format::yaml) == text, text);
  BOOST_TEST(again->get_component<ICache>("c")->set_value("price:7", "1"));
}

BOOST_AUTO_TEST_SUITE_END()
