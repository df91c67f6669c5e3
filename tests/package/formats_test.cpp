// Values and component files of every version in formats/ are read. With --log_level=message the program shows
// the lines of values.txt, and of meaning.txt behind "meaning: ", that this version writes.

#include <cachesite/cachesite.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

struct Customer {
  std::int64_t id = 42;
  std::string name = "Ada";
  std::optional<std::string> mail;
  std::vector<double> prices{0.5, 3.25};

  static auto fields() {
    return std::tuple(data_field("id", &Customer::id), data_field("name", &Customer::name),
                      data_field("mail", &Customer::mail), data_field("prices", &Customer::prices));
  }
  friend bool operator==(const Customer&, const Customer&) = default;
};

const std::vector<std::string> chained{"envelope",     "envelope-zlib",     "envelope-zstd", "envelope-lz4",
                                       "envelope-aes", "envelope-zstd-aes", "bare-zlib",     "bare-zstd",
                                       "bare-lz4",     "bare-fernet256"};

// Long enough to be compressed.
std::string text() {
  std::string text;
  for (int line = 0; line < 12; ++line)
    text += "line " + std::to_string(line) + " of a value\n";
  return text;
}

std::vector<fs::path> versions() {
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(CACHESITE_FORMATS))
    folders.push_back(entry.path());
  return folders;
}

std::shared_ptr<ComponentSite> site_of(const fs::path& version) {
  return load_component_site(version / "caches.yml");
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (const char byte : bytes) {
    const auto number = static_cast<unsigned char>(byte);
    hex += digits[number / 16];
    hex += digits[number % 16];
  }
  return hex;
}

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16));
  return bytes;
}

// Puts the stored values of a version where its caches look for them: lines of a key and the bytes in hexadecimal.
std::size_t fill(const fs::path& version, ICache& store) {
  std::ifstream lines(version / "values.txt");
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string key, hex;
    if (!(words >> key >> hex) || key == "#") continue;
    BOOST_TEST_REQUIRE(store.write(key, from_hex(hex), 1h).ok());
    ++count;
  }
  return count;
}

template <class S>
void check_customer(const std::shared_ptr<ICache>& store, const std::string& key) {
  BOOST_TEST_CONTEXT(key) {
    TypedCache<Customer, S> customers(store);
    const auto found = customers.get(key);
    BOOST_TEST_REQUIRE(found.hit());
    BOOST_TEST((found.value() == Customer{}));
  }
}

void check_values(const ComponentSite& site) {
  const auto store = site.get_component<ICache>("store");
  for (const auto& name : chained)
    BOOST_TEST_CONTEXT(name) {
      const auto found = site.get_component<ICache>(name)->get(name);
      BOOST_TEST_REQUIRE(found.hit());
      BOOST_TEST(found.value().text() == text());
    }
  const auto tagged = site.get_component<ITaggedCache>("tagged");
  const auto cache = site.get_component<ICache>("tagged");
  BOOST_TEST(cache->get("tagged").value().text() == "a page");
  BOOST_TEST(cache->get("tagged-null").null());
  BOOST_TEST(tagged->evict_tags({"product:7"}).ok());
  BOOST_TEST(cache->get("tagged").miss());
  check_customer<JsonSerializer>(store, "json");
  check_customer<MessagePackSerializer>(store, "message-pack");
  check_customer<PickleSerializer>(store, "pickle");
}

using Lines = std::set<std::string>;

// One line for a scalar or a list of scalars, one for each member of a group.
void add_lines(const std::string& begin, const Node& node, Lines& lines) {
  std::string text = node.is_null() ? "null" : node.scalar;
  for (const auto& element : node.elements) {
    text += "[" + element.scalar + "]";
    for (const auto& member : element.members)
      add_lines(begin + "[]." + member.key, member.value, lines);
  }
  for (const auto& member : node.members)
    add_lines(begin + "." + member.key, member.value, lines);
  if (!node.is_map()) lines.insert(begin + " = " + text);
}

void add_meaning(const std::string& component_name, const Node& component, Lines& lines) {
  const auto& component_class = component.find("class")->scalar;
  lines.insert(component_name + component_class);
  for (const auto& parameter : component.find("parameters")->elements) {
    const auto& from = parameter.find("from")->scalar;
    // What this machine says is no matter of the file.
    if (from.find("${") != std::string::npos) continue;
    const auto begin = from == "default" ? "by default " : component_name;
    add_lines(begin + component_class + " " + parameter.find("name")->scalar, *parameter.find("value"),
              lines);
  }
}

void add_meaning(const fs::path& file, const ComponentSite& site, Lines& lines) {
  for (const auto& entry : site.entries())
    for (const auto& component : explain_component(site, entry.name).elements) {
      const auto* const in_place = component.find("in_place");
      add_meaning(file.filename().string() + ": '" + (in_place ? in_place->scalar : entry.name) + "' ",
                  component, lines);
    }
}

std::vector<std::string> lines_of(const fs::path& file) {
  std::ifstream stream(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);)
    lines.push_back(line);
  return lines;
}

template <class S>
void store_customer(const std::shared_ptr<ICache>& store, const std::string& key) {
  TypedCache<Customer, S> customers(store);
  BOOST_TEST(customers.write(key, Customer{}, 1h).ok());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(formats)

BOOST_AUTO_TEST_CASE(values_that_each_version_stored_are_read) {
  for (const auto& version : versions())
    BOOST_TEST_CONTEXT(version) {
      const auto site = site_of(version);
      BOOST_TEST(fill(version, *site->get_component<ICache>("store")) >= chained.size() + 7);
      check_values(*site);
    }
}

BOOST_AUTO_TEST_CASE(component_files_of_each_version_are_sound) {
  for (const auto& version : versions()) {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator(version / "components")) {
      LoadOptions options;
      options.allow_substitution = true;
      for (const auto& problem : check_component_files({entry.path()}, options))
        // E331: this machine lacks something, such as certificates.
        BOOST_TEST((problem.severity == Problem::Severity::warning || problem.id == "E331"),
                   to_text({problem}));
      ++count;
    }
    BOOST_TEST(count >= 25U);
  }
}

BOOST_AUTO_TEST_CASE(component_files_of_each_version_mean_the_same) {
  LoadOptions options;
  options.allow_substitution = true;
  for (const auto& version : versions()) {
    Lines found;
    std::vector<std::string> left_out;
    for (const auto& entry : fs::directory_iterator(version / "components")) {
      // As above.
      if (check_component_files({entry.path()}, options).empty())
        add_meaning(entry.path(), *load_component_site(entry.path(), options), found);
      else
        left_out.push_back(entry.path().filename().string() + ": ");
    }
    for (const auto& line : found)
      BOOST_TEST_MESSAGE("meaning: " << line);
    const auto expected = lines_of(version / "meaning.txt");
    BOOST_TEST(expected.size() >= 400U);
    for (const auto& line : expected)
      if (std::none_of(left_out.begin(), left_out.end(),
                       [&](const std::string& file) { return line.starts_with(file); }))
        BOOST_TEST(found.count(line) == 1U, "no longer so: " << line);
  }
}

BOOST_AUTO_TEST_CASE(what_is_stored_now_is_read_and_shown) {
  const auto site = site_of(fs::path(CACHESITE_FORMATS) / "0.1");
  const auto store = site->get_component<ICache>("store");
  for (const auto& name : chained)
    BOOST_TEST(site->get_component<ICache>(name)->write(name, text(), 1h).ok());
  const auto tagged = site->get_component<ITaggedCache>("tagged");
  BOOST_TEST(tagged->write_tagged("tagged", "a page", 1h, {"product:7", "menu"}).ok());
  BOOST_TEST(tagged->write_tagged("tagged-null", std::nullopt, 1h, {"menu"}).ok());
  store_customer<JsonSerializer>(store, "json");
  store_customer<MessagePackSerializer>(store, "message-pack");
  store_customer<PickleSerializer>(store, "pickle");
  for (const auto& key : store->keys()) {
    const auto stored = store->get(key);
    BOOST_TEST_MESSAGE(key << " " << to_hex(stored.value().text()));
  }
  check_values(*site);
}

BOOST_AUTO_TEST_SUITE_END()
