#include "probe.hpp"

#include <cachesite/cachesite.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(load)

namespace {

const std::filesystem::path configs = CACHESITE_CONFIGS;

const std::string two_caches =
    "- class: MemoryCache\n"
    "  entries:\n"
    "    - {interface: ICache, name: a}\n"
    "    - {interface: ICache}\n"
    "- class: NullCache\n"
    "  entries: [{interface: ICache, name: b}]\n";

std::string names(const ComponentSite& site) {
  std::string result;
  for (const auto& entry : site.entries())
    result +=
        (result.empty() ? "" : ", ") + entry.interface_name + " '" + entry.name + "' " + entry.class_name;
  return result;
}

struct Files {
  std::filesystem::path folder;
  Files() {
    std::string name = (std::filesystem::temp_directory_path() / "cachesite-load-XXXXXX").string();
    BOOST_REQUIRE(mkdtemp(name.data()) != nullptr);
    folder = name;
  }
  ~Files() { std::filesystem::remove_all(folder); }
  std::filesystem::path write(const std::string& name, const std::string& text) const {
    std::ofstream(folder / name, std::ios::binary) << text;
    return folder / name;
  }
};

LoadOptions with_probe() {
  LoadOptions options;
  options.catalog = test::catalog_with_probe();
  return options;
}

std::string ids(const std::vector<Problem>& problems) {
  std::string result;
  for (const auto& problem : problems)
    result += (result.empty() ? "" : " ") + problem.id;
  return result;
}

/// Counts how many of it there are, alive and ever.
struct Counted : test::IProbe {
  using Options = NoOptions;
  static inline int alive = 0;
  static inline int made = 0;
  static inline int stopped = 0;
  Counted() { ++alive, ++made; }
  ~Counted() override { --alive; }
  void stop() noexcept override { ++stopped; }
};

struct Refusing : test::IProbe {
  Refusing() { throw std::runtime_error("no cache today"); }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_file_becomes_a_site_whose_caches_work) {
  const auto site = load_component_site(configs / "caches.yml");
  BOOST_TEST(names(*site) ==
             "ICache '' MemoryCache, ICache 'hot' MemoryCache, ICache 'nothing' NullCache, ICache 'sessions' "
             "MemoryCache");
  const auto cache = site->get_component<ICache>("hot");
  BOOST_TEST(cache->set_value("user:42", "Ada", 30min));
  BOOST_TEST(site->get_component<ICache>()->get_value("user:42")->text() == "Ada");
  BOOST_TEST(!site->get_component<ICache>("sessions")->get_value("user:42"));
}

BOOST_AUTO_TEST_CASE(twins_in_yaml_and_json_give_equal_documents_and_sites) {
  for (const std::string name : {"caches", "fivcglue"}) {
    const Document yaml = read_document(configs / (name + ".yml"));
    const Document json = read_document(configs / (name + ".json"));
    BOOST_TEST((yaml.root == json.root), name);
    BOOST_TEST(names(*load_component_site(configs / (name + ".yml"))) ==
               names(*load_component_site(configs / (name + ".json"))));
  }
}

BOOST_AUTO_TEST_CASE(a_file_written_for_fivcglue_loads_unchanged) {
  const auto site = load_component_site(configs / "fivcglue.yml");
  BOOST_TEST(names(*site) == "ICache 'Redis' RedisCache");
  BOOST_TEST(site->query_component<ICache>("Redis") != nullptr);
}

BOOST_AUTO_TEST_CASE(fivcglues_names_keep_its_timeouts_unless_somebody_says_otherwise) {
  const auto timeouts_of = [](const std::string& class_name, const std::string& more,
                              const std::string& others = {}) {
    const auto site = load_component_site_from_text(
        others + "- {class: " + class_name + ", name: tested, lazy: true" + more + "}\n", Format::yaml);
    const auto tested = site->declared_components().back();
    const auto options = static_cast<const RedisCacheOptions*>(tested.effective_options.get())->resolved();
    return std::to_string(options.socket_timeout.count()) + " " +
           std::to_string(options.socket_connect_timeout.count());
  };
  const std::string fivcglue = "fivcglue.implements.caches_redis.CacheImpl";
  const std::string connection = "- {class: RedisConnection, name: main, lazy: true}\n";
  BOOST_TEST(timeouts_of("RedisCache", "") == "250 500");
  BOOST_TEST(timeouts_of(fivcglue, "") == "5000 5000");
  BOOST_TEST(timeouts_of(fivcglue, ", socket_timeout: 1s") == "1000 5000");
  BOOST_TEST(timeouts_of(fivcglue, ", url: 'redis://localhost?socket_timeout=2'") == "2000 5000");
  BOOST_TEST(timeouts_of(fivcglue, ", connection: main", connection) == "250 500");
}

BOOST_AUTO_TEST_CASE(a_session_comes_before_what_fivcglues_names_set) {
  for (const auto& [given, expected] : std::vector<std::pair<std::string, std::string>>{
           {"redis.port=1", "5000 5000"},
           {"redis.socket_timeout=2", "2000 5000"},
           {"'redis.url=redis://localhost?socket_connect_timeout=3'", "5000 3000"}}) {
    const auto site = load_component_site_from_text(
        "- {class: FixedConfig, entries: [{interface: IConfig}], values: [" + given +
            "]}\n- {class: fivcglue.implements.caches_redis.CacheImpl, name: tested}\n",
        Format::yaml);
    const auto options =
        static_cast<const RedisCacheOptions*>(site->declared_components().back().effective_options.get())
            ->resolved();
    BOOST_TEST(std::to_string(options.socket_timeout.count()) + " " +
                   std::to_string(options.socket_connect_timeout.count()) ==
               expected);
  }
}

BOOST_AUTO_TEST_CASE(every_sample_file_loads) {
  unsigned count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(configs)) {
    const auto& path = entry.path();
    if (!format_from_path(path) || path.filename().string().find("schema") != std::string::npos) continue;
    if (path.filename().string().starts_with("own-") || path.filename() == "hooks.yml")
      continue;  // need classes that examples add
    LoadOptions options;
    options.allow_substitution = true;
    BOOST_TEST_CONTEXT(path) {
      const auto problems = check_component_files({path}, options);
      BOOST_TEST(problems.empty(), to_text(problems));
      BOOST_TEST(!load_component_site(path, options)->entries().empty());
      ++count;
    }
  }
  BOOST_TEST(count >= 7U);
}

BOOST_AUTO_TEST_CASE(text_and_streams_load_like_files) {
  const auto from_text = load_component_site_from_text(two_caches, Format::yaml);
  std::istringstream stream(two_caches);
  const auto from_stream = load_component_site_from_stream(stream, Format::yaml);
  BOOST_TEST(names(*from_text) == "ICache '' MemoryCache, ICache 'a' MemoryCache, ICache 'b' NullCache");
  BOOST_TEST(names(*from_stream) == names(*from_text));
  BOOST_TEST(from_text->get_component<ICache>("a").get() == from_text->get_component<ICache>().get());
}

BOOST_AUTO_TEST_CASE(a_catalog_brings_the_programs_own_classes) {
  const Files files;
  const auto path = files.write("a.yml", "- class: Probe\n  title: x\n  entries: [{interface: IProbe}]\n");
  BOOST_TEST(names(*load_component_site(path, test::catalog_with_probe())) == "IProbe '' Probe");
  BOOST_CHECK_THROW((void)load_component_site(path), LoadError);
}

BOOST_AUTO_TEST_CASE(every_kind_of_parameter_arrives) {
  const auto site = load_component_site_from_text(
      "- class: Probe\n  title: 2026\n  entries: [{interface: IProbe, name: last}]\n"
      "- class: Probe\n  title: first\n  on: true\n  count: 3\n  ratio: 0.25\n  wait: 1.5s\n  room: 1.5KiB\n"
      "  mode: safe\n  token: hunter2\n  ports: [1, 2, 3]\n  limits: {low: 4}\n  next: last\n  all: [last, "
      "last]\n"
      "  entries: [{interface: IProbe}]\n",
      Format::yaml, with_probe());
  const auto probe = std::dynamic_pointer_cast<test::Probe>(site->get_component<test::IProbe>());
  BOOST_REQUIRE(probe);
  const auto& options = probe->options();
  BOOST_TEST(options.title == "first");
  BOOST_TEST(options.on);
  BOOST_TEST(options.count == 3);
  BOOST_TEST(options.ratio == 0.25);
  BOOST_TEST((options.wait == 1500ms));
  BOOST_TEST(options.room.bytes == 1536U);
  BOOST_TEST((options.mode == test::ProbeMode::safe));
  BOOST_TEST(options.token.reveal() == "hunter2");
  BOOST_TEST((options.ports == std::vector<int>{1, 2, 3}));
  BOOST_TEST(options.limits.low == 4);
  BOOST_TEST(options.limits.high == 10);
  BOOST_REQUIRE(options.next.component());
  BOOST_TEST(options.all.size() == 2U);
  BOOST_TEST(std::dynamic_pointer_cast<test::Probe>(options.next.component())->options().title == "2026");
}

BOOST_AUTO_TEST_CASE(later_files_take_names_over_from_earlier_ones) {
  const Files files;
  const auto first = files.write("first.yml", two_caches);
  const auto second = files.write(
      "second.json", R"([{"class": "NullCache", "entries": [{"interface": "ICache", "name": "a"}]}])");
  const auto site = load_component_site_from_files({first, second});
  BOOST_TEST(names(*site) == "ICache '' MemoryCache, ICache 'a' NullCache, ICache 'b' NullCache");
}

BOOST_AUTO_TEST_CASE(the_problems_of_all_files_are_reported_at_once) {
  const Files files;
  const auto first = files.write("first.yml", "- class: NulCache\n");
  const auto second = files.write("second.yml", "- class: NullCache\n  colour: red\n- class: ${env:X}\n");
  const auto missing = files.folder / "third.yml";
  BOOST_TEST(ids(check_component_files({first, second})) == "E307 E204 E125");
  // A file that cannot be read may hold what the others refer to, so only reading is reported.
  BOOST_TEST(ids(check_component_files({first, second, missing})) == "E125 E101");
  try {
    (void)load_component_site_from_files({first, second});
    BOOST_FAIL("the files were loaded");
  } catch (const LoadError& error) {
    BOOST_TEST(ids(error.problems()) == "E307 E204 E125");
    BOOST_TEST(error.problems()[0].file == first.string());
    BOOST_TEST(error.problems()[1].file == second.string());
    BOOST_TEST(std::string(error.what()).find("did you mean \"NullCache\"?") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(values_from_the_environment_need_permission) {
  setenv("CACHESITE_TEST_SIZE", "77", 1);
  const std::string yaml = "- class: MemoryCache\n  max_size: ${env:CACHESITE_TEST_SIZE}\n";
  const std::string json = R"([{"class": "MemoryCache", "max_size": "${env:CACHESITE_TEST_SIZE}"}])";
  LoadOptions options;
  BOOST_CHECK_THROW((void)load_component_site_from_text(yaml, Format::yaml, options), LoadError);
  options.allow_substitution = true;
  BOOST_CHECK_NO_THROW((void)load_component_site_from_text(yaml, Format::yaml, options));
  BOOST_CHECK_NO_THROW((void)load_component_site_from_text(json, Format::json, options));
  setenv("CACHESITE_TEST_SIZE", "0", 1);
  BOOST_CHECK_THROW((void)load_component_site_from_text(yaml, Format::yaml, options), LoadError);
  unsetenv("CACHESITE_TEST_SIZE");
}

BOOST_AUTO_TEST_CASE(a_password_that_is_not_set_or_looks_like_something_else_is_taken_as_it_is) {
  LoadOptions options = with_probe();
  options.allow_substitution = true;
  const auto token_for = [&](const char* value, const std::string& expression) {
    if (value == nullptr)
      unsetenv("CACHESITE_TEST_TOKEN");
    else
      setenv("CACHESITE_TEST_TOKEN", value, 1);
    const auto site = load_component_site_from_text(
        "- class: Probe\n  title: x\n  token: " + expression + "\n  entries: [{interface: IProbe}]\n",
        Format::yaml, options);
    return std::string(std::dynamic_pointer_cast<test::Probe>(site->get_component<test::IProbe>())
                           ->options()
                           .token.reveal());
  };
  BOOST_TEST(token_for(nullptr, "${env:CACHESITE_TEST_TOKEN:-}") == "");
  for (const std::string value :
       {"null", "~", "true", "007", "1e5", "- a: b", "\"x\"", "${env:HOME}", "#", "a\nb"})
    BOOST_TEST(token_for(value.c_str(), "${env:CACHESITE_TEST_TOKEN}") == value);
  unsetenv("CACHESITE_TEST_TOKEN");
}

BOOST_AUTO_TEST_CASE(nothing_is_made_when_anything_is_wrong) {
  LoadOptions options;
  options.catalog.add<Counted>("Counted");
  options.catalog.add<Refusing>("Refusing");
  const std::string good = "- class: Counted\n  entries: [{interface: IProbe, name: a}]\n";
  for (const std::string bad :
       {"- class: Nothing\n", "- class: Counted\n  colour: red\n", "- class: Counted\n  - x\n"}) {
    BOOST_CHECK_THROW((void)load_component_site_from_text(good + bad, Format::yaml, options), LoadError);
    BOOST_TEST(Counted::made == 0);
  }
  try {
    (void)load_component_site_from_text(
        good + "- class: Refusing\n  entries: [{interface: IProbe, name: b}]\n", Format::yaml, options);
    BOOST_FAIL("the file was loaded");
  } catch (const LoadError& error) {
    BOOST_TEST(std::string(error.what()).find("no cache today") != std::string::npos);
    BOOST_TEST(error.problems().front().position.line == 3U);
  }
  BOOST_TEST(Counted::made == 1);
  BOOST_TEST(Counted::stopped == 1);
  BOOST_TEST(Counted::alive == 0);
}

BOOST_AUTO_TEST_CASE(a_file_can_be_loaded_again_and_again) {
  for (int round = 0; round < 20; ++round)
    BOOST_TEST(load_component_site_from_text(two_caches, Format::yaml)->entries().size() == 3U);
}

BOOST_AUTO_TEST_CASE(as_many_problems_are_reported_as_the_limit_says) {
  std::string text;
  for (int index = 0; index < 30; ++index)
    text += "- class: Nope" + std::to_string(index) + "\n";
  LoadOptions options;
  options.limits.problems = 4;
  try {
    (void)load_component_site_from_text(text + "- class: ${env:X}\n", Format::yaml, options);
    BOOST_FAIL("the file was loaded");
  } catch (const LoadError& error) {
    BOOST_TEST(error.problems().size() == 5U);
    BOOST_TEST(error.problems().back().message == "and 27 more problems");
  }
}

BOOST_AUTO_TEST_CASE(ten_thousand_components_load_once_the_limits_allow_them) {
  std::string text;
  for (int index = 0; index < 10000; ++index)
    text += "- class: NullCache\n  entries:\n    - interface: ICache\n      name: cache-" +
            std::to_string(index) + "\n";
  LoadOptions options;
  options.limits.file_bytes = 16 * 1024 * 1024;
  options.limits.nodes = 1'000'000;
  const auto site = load_component_site_from_text(text, Format::yaml, options);
  BOOST_TEST(site->entries().size() == 10000U);
  BOOST_TEST(site->query_component<ICache>("cache-9999") != nullptr);
}

BOOST_AUTO_TEST_SUITE_END()
