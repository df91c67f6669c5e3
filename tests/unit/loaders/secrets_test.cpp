// Whatever is wrong with a file, nobody sees the value of a secret parameter. The parameters come from the
// catalog, so a new one is among them.

#include "secret_watch.hpp"
#include "support/sanitized.hpp"
#include "support/temporary_directory.hpp"
#include "support/tree.hpp"

#include <cachesite/document_reader.hpp>

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::string_literals;

BOOST_AUTO_TEST_SUITE(secrets)

namespace {

NodeMember member(std::string_view key, Node value) {
  return tree::map({{key, std::move(value)}}).members.front();
}

/// A value of the parameter with the text where it is secret; none when nothing in it is.
std::optional<Node> value_with(const ParameterDeclaration& declaration, const std::string& text) {
  if (declaration.kind == ParameterKind::secret) return tree::text(text);
  if (declaration.element) {
    if (auto element = value_with(*declaration.element, text)) return tree::list({*element, *element});
  } else if (declaration.group) {
    for (const auto& inner : declaration.group->declarations())
      if (auto value = value_with(inner, text)) return tree::map({{inner.name, *value}});
  }
  return std::nullopt;
}

struct SecretParameter {
  const ComponentClass* component_class;
  const ParameterDeclaration* declaration;
};

std::vector<SecretParameter> secret_parameters(const Catalog& catalog) {
  std::vector<SecretParameter> found;
  for (const auto& component_class : catalog.classes())
    for (const auto& declaration : component_class->parameters.declarations())
      if (value_with(declaration, "x")) found.push_back({component_class.get(), &declaration});
  return found;
}

Node entries_of(const ComponentClass& component_class) {
  return tree::list({tree::map(
      {{"interface", tree::text(component_class.interfaces.front().id.name)}, {"name", tree::text("x")}})});
}

/// A component that is right but for what it refers to: class, entries, what it needs, and last the secret.
Node item_of(const SecretParameter& secret, const std::string& text) {
  Node item = tree::map({{"class", tree::text(secret.component_class->name)},
                         {"entries", entries_of(*secret.component_class)}});
  for (const auto& declaration : secret.component_class->parameters.declarations())
    if (declaration.required) item.members.push_back(member(declaration.name, tree::text("nowhere")));
  item.members.push_back(member(secret.declaration->name, *value_with(*secret.declaration, text)));
  return item;
}

/// Changes an item whose last member is the secret.
using Mistake = std::function<void(Node& item)>;

Mistake add(std::string_view key, const Node& value) {
  return [key = std::string(key), value](Node& item) { item.members.push_back(member(key, value)); };
}
Mistake rename_secret(const std::function<std::string(std::string)>& change) {
  return [change](Node& item) { item.members.back().key = change(item.members.back().key); };
}
Mistake set_class(std::string_view key, const Node& value) {
  return [key = std::string(key), value](Node& item) { item.members.front() = member(key, value); };
}
Mistake set_entries(const Node& value) {
  return [value](Node& item) { item.members[1].value = value; };
}

std::vector<Mistake> mistakes() {
  using tree::list, tree::map, tree::text, tree::integer;
  return {
      [](Node&) {},
      rename_secret([](const std::string& key) { return key + "z"; }),
      rename_secret([](const std::string& key) { return key.substr(0, key.size() - 1); }),
      rename_secret([](std::string key) { return std::swap(key[0], key[1]), key; }),
      rename_secret([](const std::string&) { return "likenothing"; }),
      [](Node& item) { item.members.push_back(item.members.back()); },  // twice
      [](Node& item) { item.members.back().value = list({item.members.back().value}); },
      [](Node& item) {
        item.members.back().value = map({{"a", item.members.back().value}});
      },
      [](Node& item) { item.members[1].value.elements[0].members.push_back(item.members.back()); },
      [](Node& item) {
        item.members[1].value = map({{item.members.back().key, item.members.back().value}});
      },
      [](Node& item) { std::rotate(item.members.begin(), item.members.end() - 1, item.members.end()); },
      [](Node& item) { item.members.erase(item.members.begin()); },
      set_class("class", text("Valt")),
      set_class("class", text("Nothing")),
      set_class("class", integer("5")),
      set_class("clas", text("Vault")),
      set_entries(text("x")),
      set_entries(list({map({{"interfac", text("IVault")}, {"nam", text("x")}})})),
      set_entries(list({map({{"interface", text("INothing")}, {"name", text("a b")}})})),
      add("colour", text("red")),
      add("levle", text("high")),
      add("level", text("high")),
      add("level", integer("9")),
      add("lazy", text("maybe")),
      add("next", text("nowhere")),
      add("fail_at", text("make")),
      add("fail_at", text("start")),
      add("title", text("${env:NO_HUSH}")),
      add("title", text("${env:")),
      add("title", text("${env:HUSH}")),
  };
}

/// Where components can stand in a file.
// Last, so that nothing is started, whatever is right with the other component.
Node failing() {
  return tree::map({{"class", tree::text("Vault")}, {"fail_at", tree::text("make")}});
}

Node first_place_for(const Node& item) {
  return tree::list({item, failing()});
}

std::vector<Node> places_for(const Node& item) {
  using tree::list, tree::map;
  Node bare = item;
  Node defaults = tree::map({});
  for (auto position = bare.members.begin(); position != bare.members.end();)
    if (position->key == "class" || position->key == "entries") {
      ++position;
    } else {
      defaults.members.push_back(*position);
      position = bare.members.erase(position);
    }
  const Node* name = item.find("class");
  const std::string class_name = name ? name->scalar : "Nothing";
  return {first_place_for(item), map({{"components", list({item, failing()})}}),
          map({{"defaults", map({{class_name, defaults}})}, {"components", list({bare, failing()})}}), item,
          map({{"componets", list({item})}})};
}

std::string in_one_line(const Node& root) {
  std::string text = write_document(root, Format::json);
  for (auto at = text.find('\n'); at != std::string::npos; at = text.find('\n', at))
    text.replace(at,
                 text.find_first_not_of(" \n", at) == std::string::npos
                     ? std::string::npos
                     : text.find_first_not_of(" \n", at) - at,
                 " ");
  return text;
}

bool has_null(const Node& node) {
  return node.is_null() || std::any_of(node.elements.begin(), node.elements.end(), has_null) ||
         std::any_of(node.members.begin(), node.members.end(),
                     [](const NodeMember& each) { return has_null(each.value); });
}

Node top_of(const Node& root) {
  return root.is_map() ? root : tree::map({{"components", root}});
}

std::string toml_with_headers(const Node& root) {
  return write_document(top_of(root), Format::toml);
}

std::string toml_in_lines(const Node& root) {
  std::string lines;
  for (const auto& each : top_of(root).members) {
    std::string line = in_one_line(tree::map({{"x", each.value}}));
    line = '"' + each.key + line.substr(line.find("x\"") + 1, line.rfind('}') - line.find("x\"") - 1) + '\n';
    for (auto at = line.find("\": "); at != std::string::npos; at = line.find("\": ", at))
      line.replace(at, 3, "\" = ");
    lines += line;
  }
  return lines;
}

void load_as(SecretWatch& watch, const Node& root, Format format, bool allow_substitution = true) {
  watch.load_made([&] { return write_document(root, format); }, format, allow_substitution);
}

void load_in_one_line(SecretWatch& watch, const Node& root, Format format, bool allow_substitution = true) {
  watch.load_made([&] { return in_one_line(root); }, format, allow_substitution);
}

void load_in_toml(SecretWatch& watch, const Node& root) {
  if (has_null(root)) return;  // TOML cannot say it
  watch.load_made([&] { return toml_with_headers(root); }, Format::toml);
  watch.load_made([&] { return toml_in_lines(root); }, Format::toml);
}

void load_in_each_form(SecretWatch& watch, const Node& root) {
  load_in_toml(watch, root);
  load_as(watch, root, Format::yaml);
  load_as(watch, root, Format::json);
  load_in_one_line(watch, root, Format::json);
  load_in_one_line(watch, root, Format::yaml);
}

const std::string secret(SecretWatch::secret);

}  // namespace

BOOST_AUTO_TEST_CASE(no_mistake_in_or_beside_a_secret_parameter_shows_its_value) {
  SecretWatch watch(true);
  const auto parameters = secret_parameters(watch.options().catalog);
  for (const auto& parameter : parameters)
    for (const auto& mistake : mistakes()) {
      Node item = item_of(parameter, secret);
      mistake(item);
      for (const auto& root : places_for(item)) {
        load_as(watch, root, Format::yaml);
        load_in_one_line(watch, root, Format::json);
        load_in_toml(watch, root);
      }
    }
  BOOST_TEST(parameters.size() >= 20U);
  BOOST_TEST(watch.problems() > 5000U / sampling);
  BOOST_TEST_MESSAGE(parameters.size()
                     << " parameters, " << watch.seen() << " texts, " << watch.problems() << " problems");
}

BOOST_AUTO_TEST_CASE(secrets_of_a_class_of_the_programs_own_stay_hidden_in_each_form_and_from_each_source) {
  SecretWatch watch(true);
  for (const auto& parameter : secret_parameters(watch.options().catalog)) {
    if (parameter.component_class->name != "Vault") continue;
    for (const auto& text : std::vector<std::string>{
             secret, "redis://user:" + secret + "@localhost:1/0", std::string("${env:HUSH}"), "a${env:HUSH}b",
             "${env:NO_HUSH:-" + secret + "}", secret + "${env:NO_HUSH}", "${env:" + secret,
             "${env:2" + secret + "}", "${file:" + secret + "}", "${" + secret + "}"})
      for (const auto& mistake : mistakes()) {
        Node item = item_of(parameter, text);
        mistake(item);
        for (const auto& root : places_for(item)) {
          if (text == secret) load_in_each_form(watch, root);
          load_as(watch, root, Format::yaml);
          load_in_toml(watch, root);
          if (text.find("${env:HUSH") == std::string::npos)
            load_in_one_line(watch, root, Format::yaml, false);
        }
      }
  }
  BOOST_TEST(watch.problems() > 10'000U / sampling);
}

BOOST_AUTO_TEST_CASE(every_wrong_value_of_every_neighbour_leaves_the_secret_in_its_line_hidden) {
  SecretWatch watch(true);
  for (const auto& parameter : secret_parameters(watch.options().catalog))
    for (const auto& other : parameter.component_class->parameters.declarations()) {
      if (&other == parameter.declaration) continue;
      for (const auto& value : {tree::text("not this"), tree::list({tree::list({})}),
                                tree::map({{"a", tree::text("b")}}), tree::null(), tree::text("${env:HUSH}"),
                                tree::map({{parameter.declaration->name, tree::text(secret)}}),
                                tree::map({{"key", tree::text(secret)}})}) {
        Node item = item_of(parameter, secret);
        std::erase_if(item.members, [&](const NodeMember& each) { return each.key == other.name; });
        item.members.push_back(member(other.name, value));
        const Node root = first_place_for(item);
        load_in_one_line(watch, root, Format::yaml);
        load_in_toml(watch, root);
      }
    }
  BOOST_TEST(watch.problems() > 3000U / sampling);
}

BOOST_AUTO_TEST_CASE(the_query_of_an_address_stays_hidden) {
  SecretWatch watch;
  for (const std::string address : {"https://host/otlp?api-key=", "http://host?"}) {
    const std::string item =
        "- class: OpenTelemetryExporter\n  entries: [{interface: ITelemetry}]\n"
        "  service_name: shop\n  endpoint: \"" +
        address + secret + "\"\n";
    watch.load(item, Format::yaml);
    watch.load(item + "  : broken", Format::yaml);
  }
  BOOST_TEST(watch.problems() >= 4U);
}

BOOST_AUTO_TEST_CASE(values_over_several_lines_and_anchors_stay_hidden) {
  SecretWatch watch(true);
  const std::string failing = "- {class: Vault, fail_at: make}\n";
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{
           {"pin", "|\n    S\n    S"},
           {"pin", ">\n    S\n\n    S"},
           {"pin", "\"S\n    S\n\""},
           {"pin", "'S\n\n    S'"},
           {"pin", "S\n    S\n    S"},
           {"pin", "\n    S"},
           {"pin", "&a S"},
           {"pin", "!!str S"},
           {"licence", "\n    # S\n    S"},
           {"cookie", "\n  - S\n  - S"},
           {"cookie", "\n    - S\n    - 'S\n      S'"},
           {"cookie", "[S,\n    S,\n  \"S\n    S\"]"},
           {"cookie", "[S,\nS]"},
           {"cookie", "S"},
           {"cookie", "{S: S}"},
           {"door", "\n    code: S\n    widht: 1"},
           {"door", "\n    codd: S\n    width: 1"},
           {"door", "{code: S, width: wide}"},
           {"door", "[code, S]"},
           {"door", "S"},
           {"doors", "\n  - code: S\n    width: wide\n  - codes: S"},
           {"doors", "{code: S}"}}) {
    std::string filled = value;
    for (auto at = filled.find('S'); at != std::string::npos; at = filled.find('S', at + secret.size()))
      filled.replace(at, 1, secret);
    for (const auto& other : std::vector<std::string>{
             "level: high", "levle: 1", "colour: red", "level: *a", "title: [*a]", "next: *a",
             "level: 1 # " + secret, "level: x # " + secret, "level: [", "level: \"", "level", "level:1",
             "level: 1: 2", "\tlevel: 1", "level: &a " + secret + "\n  licence: *a"}) {
      // The lines of such a text are parts of it, which stand elsewhere for themselves.
      if (other.find('#') != std::string::npos && "\"'S"s.find(value[0]) != std::string::npos) continue;
      watch.load("- class: Vault\n  " + name + ": " + filled + "\n  " + other + "\n" + failing, Format::yaml);
      watch.load("- class: Vault\n  " + other + "\n  " + name + ": " + filled + "\n" + failing, Format::yaml);
      watch.load("- " + name + ": " + filled + "\n  " + other + "\n  class: Vault\n" + failing, Format::yaml);
    }
    for (const std::string other :
         {"level: high", "levle: 1", "level: *a", "level: [", "level: 1 level: 2", "\""})
      watch.load(
          "[{class: Vault, " + name + ": " + filled + ", " + other + "}, {class: Vault, fail_at: make}]",
          Format::yaml);
  }
  BOOST_TEST(watch.problems() > 500U / sampling);
}

BOOST_AUTO_TEST_CASE(values_of_toml_over_several_lines_stay_hidden) {
  SecretWatch watch(true);
  const std::string three(3, '"');
  const std::string single(3, '\'');
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{
           {"pin", three + "\nS\nS\n" + three},
           {"pin", single + "S\n\nlevel = S\n" + single},
           {"pin", three + "S \\\n   S" + three},
           {"pin", three + "S\n[S]\n\"\"S" + three},
           {"pin", "'S'"},
           {"pin", "S"},
           {"pin", "\"S"},
           {"pin", three + "S"},
           {"cookie", "[\n\"S\", # S\n'S'\n]"},
           {"cookie", "[" + three + "\nS" + three + ",\n\"S\"]"},
           {"cookie", "[\n\"S\",\n{S = 1}]"},
           {"cookie", "S"},
           {"door", "{code = \"S\", width = \"wide\"}"},
           {"door", "{code = " + three + "\nS" + three + ", widht = 1}"},
           {"door", "{codd = \"S\"}"},
           {"doors", "[{code = \"S\"}, {codes = \"S\"}]"},
           {"door.code", "\"S\""},
           {"door.codd", "\"S\""},
           {"'pin'", "\"S\""},
           {"\"p\\u0069n\"", "\"S\""}}) {
    std::string filled = value;
    for (auto at = filled.find('S'); at != std::string::npos; at = filled.find('S', at + secret.size()))
      filled.replace(at, 1, secret);
    for (const auto& other : std::vector<std::string>{
             "level = \"high\"", "levle = 1", "colour = 'red'", "level = 1 # " + secret, "level = x",
             "level = [", "level = \"", "level", "level: 1", "level = 1 = 2", "level = 1 level = 2",
             "level =", "[components.door", "#pin = \"" + secret + "\"\nlevel = 9", "title = \"\\q\"",
             "level = 1\nlevel = 2"})
      for (const std::string& head : {std::string("[[components]]\nclass = \"Vault\"\n"),
                                      std::string("components = [{class = \"Vault\", "),
                                      std::string("[defaults.Vault]\n"), std::string()}) {
        const bool inlined = head.ends_with(", ");
        const std::string between = inlined ? ", " : "\n";
        const std::string end =
            inlined ? "}]\n" : "\n[[components]]\nclass = \"Vault\"\nfail_at = \"make\"\n";
        watch.load(head + name + " = " + filled + between + other + end, Format::toml);
        watch.load(head + other + between + name + " = " + filled + end, Format::toml);
      }
  }
  for (const std::string table : {"[components.door]\n", "[[components.doors]]\n"})
    for (const std::string code : {"code = \"S\"", "codd = \"S\"", "code = S", "code = \"S"})
      watch.load("[[components]]\nclass = \"Vault\"\nlevel = 99\n" + table +
                     std::string(code).replace(code.find('S'), 1, secret) + "\nwidth = \"wide\"\n",
                 Format::toml);
  BOOST_TEST(watch.problems() > 2000U / sampling);
}

BOOST_AUTO_TEST_CASE(one_wrong_character_anywhere_shows_no_secret) {
  SecretWatch watch(true);
  const Node item = tree::map({{"class", tree::text("Vault")},
                               {"title", tree::text("t")},
                               {"pin", tree::text(secret)},
                               {"level", tree::text("high")},
                               {"cookie", tree::list({tree::text(secret), tree::text(secret)})},
                               {"door", tree::map({{"code", tree::text(secret)}})},
                               {"fail_at", tree::text("make")}});
  const Node root = tree::list({item});
  for (const auto& [text, format] : std::vector<std::pair<std::string, Format>>{
           {write_document(root, Format::yaml), Format::yaml},
           {write_document(root, Format::json), Format::json},
           {in_one_line(root), Format::json},
           {toml_with_headers(root), Format::toml},
           {toml_in_lines(root), Format::toml},
           {"[{class: Vault, title: t, pin: " + secret + ", level: high, cookie: [" + secret +
                "], door: {code: " + secret + "}, fail_at: make}]",
            Format::yaml}})
    for (std::size_t offset = 0; offset < text.size(); ++offset) {
      watch.load(text.substr(0, offset) + text.substr(offset + 1), format);
      for (const char typed : std::string_view("\"':,[]{}#&*!|-@= \n\tx"))
        watch.load(text.substr(0, offset) + typed + text.substr(offset), format);
    }
  BOOST_TEST(watch.problems() > 10'000U / sampling);
}

BOOST_AUTO_TEST_CASE(a_name_that_is_written_with_escapes_hides_its_value) {
  SecretWatch watch;
  for (const std::string& name :
       {std::string("p\\u0069n"), std::string("\\u0070\\u0069\\u006e"), std::string("pi\\u006E")})
    for (const std::string& mistake : {std::string(" ]"), std::string(" x y: ["), std::string("\n\"x")}) {
      watch.load("[{\"class\": \"Vault\", \"" + name + "\": \"" + secret + "\"" + mistake, Format::json);
      watch.load("- {class: Vault, \"" + name + "\": " + secret + mistake, Format::yaml);
      watch.load("[[components]]\n\"" + name + "\" = \"" + secret + "\"" + mistake, Format::toml);
    }
  for (const std::string& name : {std::string("p\\x69n"), std::string("p\\U00000069n")})
    watch.load("- {class: Vault, \"" + name + "\": " + secret + " ]", Format::yaml);
  BOOST_TEST(watch.problems() >= 29U);
}

BOOST_AUTO_TEST_CASE(a_text_that_nobody_understands_hides_what_sounds_like_a_secret) {
  // Read without a catalog, so that the words alone decide.
  for (const std::string text :
       {"password: hunter2 [x: ]", "{\"Password\": \"hunter2\" \"x\": 1}", "- {auth_token: hunter2, x: 1",
        "PASS: hunter2: 1", "credentials: [hunter2", "password: |\n  hunter2\n  a\n x: ]",
        "password:\n  hunter2: ]", "password: \"x\n  hunter2", "password hunter2\nx: 1",
        "pass_word: hunter2\n\tx: 1", "tokens:\n- hunter2 ]: x\n- \"hunter2",
        "tokens: [a,\nhunter2: ]: hunter2"})
    try {
      (void)read_document(text, Format::yaml, "f");
      BOOST_ERROR("can be read: " << text);
    } catch (const LoadError& error) {
      BOOST_TEST(std::string(error.what()).find("hunter2") == std::string::npos, error.what());
    }
  try {
    (void)read_document("password: x\nport: 1: 2\n", Format::yaml, "f");
  } catch (const LoadError& error) {
    BOOST_TEST(std::string(error.what()).find("port: 1: 2") != std::string::npos, error.what());
  }
}

BOOST_AUTO_TEST_CASE(a_toml_text_that_nobody_understands_hides_what_sounds_like_a_secret) {
  const std::string three(3, '"');
  for (const std::string& text :
       {std::string("password = hunter2"), std::string("Password = \"hunter2\" x"),
        std::string("a = {auth_token = \"hunter2\", x}"), std::string("PASS: hunter2"),
        std::string("credentials = [\n\"hunter2\",\nx]"), std::string("password = \"x\nhunter2"),
        "password = " + three + "\na = 1\nhunter2 = 2\n" + three + " x",
        "password = " + three + "\nhunter2 = ", std::string("password =\nhunter2 x"),
        std::string("a = \"redis://u:hunter2@h\" x"), std::string("password = '''\nhunter2\n''' x")})
    try {
      (void)read_document(text, Format::toml, "f");
      BOOST_ERROR("can be read: " << text);
    } catch (const LoadError& error) {
      BOOST_TEST(std::string(error.what()).find("hunter2") == std::string::npos, error.what());
    }
  for (const std::string before :
       {"password = \"x\"\n", "tokens = [\n\"x\"\n]\n", "pwd = '''\nx\n'''\n\n# c\n"})
    for (const std::string line : {"port = x", "[port", "  port = 1 2"})
      try {
        (void)read_document(before + line + '\n', Format::toml, "f");
        BOOST_ERROR("can be read: " << line);
      } catch (const LoadError& error) {
        BOOST_TEST(std::string(error.what()).find(line) != std::string::npos, error.what());
      }
}

BOOST_AUTO_TEST_CASE(what_is_declared_to_be_no_secret_is_shown_whatever_it_is_called) {
  auto options = SecretWatch().options();
  for (const std::string text : {"- class: RedisCache\n  prefix: \"auth:\"\n  port: many # url\n",
                                 "- class: MemoryCache\n  max_szie: 1 # token\n"})
    try {
      (void)load_component_site_from_text(text, Format::yaml, options);
    } catch (const LoadError& error) {
      BOOST_TEST(std::string(error.what()).find("^") != std::string::npos, error.what());
    }
}

BOOST_AUTO_TEST_CASE(included_files_and_overlays_hide_what_theirs_holds) {
  SecretWatch watch;
  const TemporaryDirectory folder;
  for (const auto& parameter : secret_parameters(watch.options().catalog)) {
    for (const std::string neighbour : {"level: high", "colour: red", "include: nowhere.yml"}) {
      const std::string part =
          "{components: [" + in_one_line(item_of(parameter, secret)) + "], " + neighbour + "}";
      const std::string item = in_one_line(places_for(item_of(parameter, secret)).front());
      folder.write("part.yml", part);
      folder.write("broken.json", item.substr(0, item.size() - 3));
      folder.write("main.yml", "{include: [part.yml, broken.json], components: " + item + "}");
      folder.write("over.yml", item);
      watch.check({folder.file("main.yml"), folder.file("over.yml")}, part + "\n" + item);
      watch.check({folder.file("part.yml"), folder.file("over.yml")}, part + "\n" + item);
    }
  }
  BOOST_TEST(watch.problems() > 100U);
}

BOOST_AUTO_TEST_CASE(a_loaded_site_shows_no_secret_either) {
  SecretWatch watch;
  for (const auto& parameter : secret_parameters(watch.options().catalog))
    for (const auto& text :
         std::vector<std::string>{secret, "${env:HUSH}", "${env:NO_HUSH:-" + secret + "}"}) {
      Node item = item_of(parameter, text);
      if (parameter.component_class->name != "Vault")
        item.members.push_back(member("lazy", tree::boolean(true)));
      load_in_each_form(watch, tree::list({item}));
    }
  BOOST_TEST(watch.loaded() > 20U);
}

BOOST_AUTO_TEST_CASE(what_defaults_and_sessions_give_is_not_in_what_a_component_throws) {
  SecretWatch watch;
  for (const std::string where : {"make", "start"}) {
    for (const std::string given :
         {"title: \"${env:HUSH}\"", "pin: \"${env:HUSH}\"", "pin: \"redis://u:hush7Kq9xZwe@h\""})
      watch.load("defaults: {Vault: {" + given + "}}\ncomponents: [{class: Vault, fail_at: " + where + "}]",
                 Format::yaml);
    for (const std::string key : {"pin", "title"})
      watch.load("- {class: FixedConfig, entries: [{interface: IConfig}], values: [\"a." + key + "=" +
                     secret +
                     "\"]}\n- {class: SessionVault, config: \"\", config_session: a, fail_at: " + where + "}",
                 Format::yaml);
  }
  BOOST_TEST(watch.problems() == 10U);
}

BOOST_AUTO_TEST_SUITE_END()
