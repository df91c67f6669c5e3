#include "problem_of.hpp"

#include <cachesite/document_reader.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <boost/test/unit_test.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

using namespace cachesite;
using test::problems_of;
using test::text_of;

BOOST_AUTO_TEST_SUITE(document_reader)

namespace {

/// A directory that goes away again.
struct Directory {
  std::filesystem::path path;
  Directory() {
    std::string name = (std::filesystem::temp_directory_path() / "cachesite-reader-XXXXXX").string();
    BOOST_REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Directory() { std::filesystem::remove_all(path); }

  std::filesystem::path write(const std::string& name, const std::string& text) const {
    std::ofstream(path / name, std::ios::binary) << text;
    return path / name;
  }
};

std::string refusal(const std::filesystem::path& path, const DocumentLimits& limits = {}) {
  try {
    (void)read_document(path, std::nullopt, limits);
    return "";
  } catch (const LoadError& error) {
    BOOST_TEST(error.problems().size() == 1U);
    return error.problems().front().id + ' ' + error.problems().front().message;
  }
}

Node yaml(std::string_view text) {
  return read_document(text, Format::yaml).root;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_format_follows_from_the_extension_in_letters_of_any_case) {
  BOOST_TEST((format_from_path("a/caches.yml") == Format::yaml));
  BOOST_TEST((format_from_path("caches.YAML") == Format::yaml));
  BOOST_TEST((format_from_path("caches.Json") == Format::json));
  BOOST_TEST(!format_from_path("caches"));
  BOOST_TEST((format_from_path("caches.toml") == Format::toml));
  BOOST_TEST((format_from_path("caches.TML") == Format::toml));
  BOOST_TEST(!format_from_path("caches.ini"));
  BOOST_TEST(!format_from_path("yml"));
  BOOST_TEST(!format_from_path(".json"));
  BOOST_TEST((format_from_name("YML") == Format::yaml));
  for (const Format format : {Format::yaml, Format::json, Format::toml})
    BOOST_TEST((format_from_name(to_string(format)) == format));
  BOOST_TEST(!format_from_name(""));
  BOOST_TEST(!format_from_name("xml"));
}

BOOST_AUTO_TEST_CASE(a_file_is_read_under_its_name) {
  const Directory directory;
  const auto path = directory.write("a.json", "{\"a\": 1}");
  const Document document = read_document(path);
  BOOST_TEST(document.name == path.string());
  BOOST_TEST(*document.source == "{\"a\": 1}");
  BOOST_TEST(document.root.find("a")->scalar == "1");
}

BOOST_AUTO_TEST_CASE(a_given_format_wins_over_the_extension) {
  const Directory directory;
  BOOST_TEST(read_document(directory.write("a.conf", "a: 1"), Format::yaml).root.is_map());
  BOOST_CHECK_THROW((void)read_document(directory.write("a.yml", "a: 1"), Format::json), LoadError);
}

BOOST_AUTO_TEST_CASE(files_that_cannot_be_read_say_why) {
  const Directory directory;
  BOOST_TEST(refusal(directory.path / "no.yml") == "E101 the file does not exist");
  BOOST_TEST(refusal(directory.write("a.ini", "")) == "E102 the format is not clear from the name");
  std::filesystem::create_directory(directory.path / "dir.yml");
  BOOST_TEST(refusal(directory.path / "dir.yml") == "E101 the file is a directory");
  std::filesystem::create_symlink(directory.path / "loop.yml", directory.path / "loop.yml");
  BOOST_TEST(refusal(directory.path / "loop.yml") ==
             "E101 the file cannot be reached: too many symbolic links");
  BOOST_TEST(refusal(directory.write("file.yml", "") / "x.yml") ==
             "E101 the file does not exist: a part of the path is not a directory");
  BOOST_TEST(refusal(std::filesystem::path(std::string(5000, 'x') + ".yml")) ==
             "E101 the file cannot be opened: the name is too long");
  BOOST_TEST(refusal(std::string("a\0b.yml", 7)) == "E101 the file has a NUL character in its name");
  if (geteuid() != 0) {
    const auto secret = directory.write("secret.yml", "a: 1");
    std::filesystem::permissions(secret, std::filesystem::perms::none);
    BOOST_TEST(refusal(secret) == "E101 the file may not be read by this user");
  }
}

BOOST_AUTO_TEST_CASE(pipes_devices_and_sockets_are_refused_without_waiting) {
  const Directory directory;
  const auto pipe = directory.path / "pipe.yml";
  BOOST_REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  BOOST_TEST(refusal(pipe) == "E101 the file is not a regular file");
  std::filesystem::create_symlink("/dev/zero", directory.path / "zero.yml");
  BOOST_TEST(refusal(directory.path / "zero.yml") == "E101 the file is not a regular file");
  const auto path = directory.path / "socket.yml";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.string().copy(address.sun_path, sizeof address.sun_path - 1);
  const int socket_number = socket(AF_UNIX, SOCK_STREAM, 0);
  BOOST_REQUIRE(bind(socket_number, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  BOOST_TEST(refusal(path) == "E101 the file is not a regular file");
  close(socket_number);
}

BOOST_AUTO_TEST_CASE(a_link_to_a_file_and_a_file_without_a_size_are_read) {
  const Directory directory;
  std::filesystem::create_symlink(directory.write("a.yml", "a: 1"), directory.path / "link.yml");
  BOOST_TEST(read_document(directory.path / "link.yml").root.is_map());
  BOOST_TEST(read_document("/proc/self/comm", Format::yaml).root.is_text());
}

BOOST_AUTO_TEST_CASE(a_file_is_as_large_as_its_limit_and_no_larger) {
  const Directory directory;
  DocumentLimits limits;
  limits.file_bytes = 6;
  BOOST_TEST(refusal(directory.write("a.yml", "a: 123"), limits) == "");
  BOOST_TEST(refusal(directory.write("a.yml", "a: 1234"), limits) == "E103 the file has more than 6 bytes");
  BOOST_TEST(problems_of("a: 1234", Format::yaml, limits) == "E103 0:0");
  std::istringstream stream("a: 1234");
  BOOST_CHECK_THROW((void)read_document(stream, Format::yaml, "s", limits), LoadError);
}

BOOST_AUTO_TEST_CASE(a_file_without_a_size_has_the_same_limit) {
  const Directory directory;
  const auto path = directory.path / "name.yml";
  std::filesystem::create_symlink("/proc/self/comm", path);
  DocumentLimits limits;
  limits.file_bytes = read_document(path).source->size();
  BOOST_TEST(refusal(path, limits) == "");
  --limits.file_bytes;
  BOOST_TEST(refusal(path, limits) ==
             "E103 the file has more than " + std::to_string(limits.file_bytes) + " bytes");
  const auto longer = directory.path / "longer.yml";
  std::filesystem::create_symlink("/proc/self/smaps", longer);
  limits.file_bytes = 10'000;
  BOOST_TEST(refusal(longer, limits) == "E103 the file has more than 10000 bytes");
}

BOOST_AUTO_TEST_CASE(a_stream_is_read_to_its_end) {
  std::istringstream stream("a:\n" + std::string(10000, ' ') + "b\n");
  BOOST_TEST(read_document(stream, Format::yaml).root.find("a")->scalar == "b");
}

BOOST_AUTO_TEST_CASE(an_empty_file_is_null_in_yaml_and_a_mistake_in_json) {
  BOOST_TEST(yaml("").is_null());
  BOOST_TEST(yaml("# only a comment\n").is_null());
  BOOST_TEST((yaml("").position == Position{1, 1}));
  BOOST_TEST(problems_of("", Format::json) == "E105 1:1");
}

BOOST_AUTO_TEST_CASE(columns_count_characters_not_bytes) {
  const Node root = yaml("é: ü\nb: [日本, 'ü', x]\n");
  BOOST_TEST((root.find("é")->position == Position{1, 4}));
  BOOST_TEST(root.find("é")->length == 1U);
  const Node& list = *root.find("b");
  BOOST_TEST((list.elements[1].position == Position{2, 9}));
  BOOST_TEST(list.elements[1].length == 3U);
  BOOST_TEST((list.elements[2].position == Position{2, 14}));
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark_at_the_start_is_no_part_of_the_text) {
  for (const std::string_view text : {"\xef\xbb\xbf[a]", "\xef\xbb\xbf[\"a\"]"})
    BOOST_TEST((yaml(text).elements[0].position == Position{1, 2}));
  BOOST_TEST(problems_of("\xef\xbb\xbf\xef\xbb\xbf[]", Format::yaml) == "E104 1:1");
}

BOOST_AUTO_TEST_CASE(quoted_scalars_are_text_and_say_so) {
  const Node root = yaml("[5, '5', \"5\", null, 'null', '']");
  BOOST_TEST((root.elements[0].kind == Node::Kind::integer));
  BOOST_TEST(!root.elements[0].quoted);
  for (const std::size_t index : {1U, 2U, 4U, 5U}) {
    BOOST_TEST(root.elements[index].is_text());
    BOOST_TEST(root.elements[index].quoted);
  }
  BOOST_TEST(root.elements[3].is_null());
}

BOOST_AUTO_TEST_CASE(a_question_mark_may_announce_a_key) {
  const Node plain = yaml("a: 1\nb: {c: 2}\nd: [{e: 3}, {f: 4}]\n");
  BOOST_TEST((yaml("? a\n: 1\n? 'b'\n:\n  ? c\n  : 2\nd:\n  - ? e\n    : 3\n  - {? f : 4}\n") == plain));
  BOOST_TEST(problems_of("? a\nb: 1\n", Format::yaml) == "E105 1:3");
  BOOST_TEST(problems_of("? [a]\n: 1\n", Format::yaml) == "E108 1:3");
  BOOST_TEST(problems_of("a: 1\n? a\n: 2\n", Format::yaml) == "E107 2:3");
}

BOOST_AUTO_TEST_CASE(a_missing_value_is_placed_at_its_key_or_dash) {
  const Node root = yaml("a:\n  - x\n  -   # nothing\n  - y\nb:\n\n\nc: 1\n");
  BOOST_TEST((root.find("b")->position == Position{5, 1}));
  BOOST_TEST((root.find("a")->elements[1].position.line >= 3));
}

BOOST_AUTO_TEST_CASE(all_repeated_keys_are_reported_with_both_places) {
  BOOST_TEST(problems_of("a: 1\nb: {x: 1, x: 2}\na: 3\na: 4\n", Format::yaml) ==
             "E107 2:11, E107 3:1, E107 4:1");
  BOOST_TEST(problems_of("{\"a\":1,\n\"b\":{\"x\":1,\"x\":2},\n\"a\":3}", Format::json) ==
             "E107 2:12, E107 3:1");
  BOOST_TEST(problems_of("'a': 1\n\"a\": 2\na: 3\n", Format::yaml) == "E107 2:1, E107 3:1");
  std::string many;
  for (int index = 0; index < 100; ++index)
    many += "k" + std::to_string(index) + ": 1\n";
  BOOST_TEST(problems_of(many + "k99: 2\nk0: 2\n", Format::yaml) == "E107 101:1, E107 102:1");
}

BOOST_AUTO_TEST_CASE(the_value_of_a_repeated_key_is_dropped_but_still_checked) {
  BOOST_TEST(problems_of("a: 1\na: {b: 1, b: 2}\n", Format::yaml) == "E107 2:1, E107 2:11");
}

BOOST_AUTO_TEST_CASE(content_after_the_document_is_refused_where_it_starts) {
  BOOST_TEST(problems_of("  a: 1\n b: 2", Format::yaml) == "E106 2:2");
  BOOST_TEST(problems_of("- a\nb: 1", Format::yaml) == "E106 2:1");
  BOOST_TEST(problems_of("a: 1\n---\nb: 1", Format::yaml) == "E106 2:1");
  BOOST_TEST(problems_of("\"foo\",\"bar\"", Format::yaml).substr(0, 4) == "E106");
  BOOST_TEST(problems_of("[1] [2]", Format::json) == "E106 1:5");
  BOOST_TEST(problems_of("[1]]", Format::json) == "E106 1:4");
  BOOST_TEST(problems_of("a: 1\n...\n# comment\n", Format::yaml) == "");
}

BOOST_AUTO_TEST_CASE(aliases_are_bounded_and_never_cyclic) {
  BOOST_TEST(problems_of("&a [*a]", Format::yaml) == "E109 1:5");
  BOOST_TEST(problems_of("&a {k: *a, l: [*a]}", Format::yaml) == "E109 1:8, E109 1:16");
  BOOST_TEST(problems_of("[*a]", Format::yaml) == "E109 1:2");
  BOOST_TEST(problems_of("{*a : 1}", Format::yaml) == "E109 1:2");
  BOOST_TEST(problems_of("- &k x\n- {*k : 1}", Format::yaml) == "E108 2:4");
  BOOST_TEST(problems_of("&k x: 1\ny: 2", Format::yaml) == "E109 1:4");
  DocumentLimits limits;
  limits.nodes = 13;
  BOOST_TEST(problems_of("- &a [1, 2]\n- *a\n- *a\n", Format::yaml, limits) == "");
  limits.nodes = 12;
  BOOST_TEST(problems_of("- &a [1, 2]\n- *a\n- *a\n", Format::yaml, limits) == "E112 3:3");
  limits = {};
  limits.depth = 3;
  BOOST_TEST(problems_of("- &a [[1]]\n- *a\n", Format::yaml, limits) == "");
  BOOST_TEST(problems_of("- &a [[1]]\n- [*a]\n", Format::yaml, limits) == "E112 2:4");
  limits = {};
  limits.text_bytes = 30;
  BOOST_TEST(problems_of("- &a 0123456789\n- *a\n", Format::yaml, limits) == "");
  BOOST_TEST(problems_of("- &a 0123456789\n- *a\n- *a\n", Format::yaml, limits) == "E112 3:3");
}

BOOST_AUTO_TEST_CASE(a_number_that_no_double_can_hold_keeps_its_characters) {
  for (const std::string number : {"9e99999", "-83e2010", "1e309", "12E+4567", "1.5e999"})
    for (const Format format : {Format::yaml, Format::json}) {
      const Document document = read_document("{\"a\": [" + number + "], \"b\": " + number + "}", format);
      for (const Node* node : {&document.root.find("a")->elements.at(0), document.root.find("b")}) {
        BOOST_TEST(node->scalar == number);
        BOOST_TEST((node->kind == Node::Kind::real));
        BOOST_TEST(node->length == number.size());
      }
    }
  const std::string digits(400, '7');
  for (const std::string sign : {"", "-"})
    for (const Format format : {Format::yaml, Format::json}) {
      const Document document = read_document("[" + sign + digits + ", \"1e999\"]", format);
      BOOST_TEST(document.root.elements.at(0).scalar == sign + digits);
      BOOST_TEST((document.root.elements.at(0).kind == Node::Kind::integer));
      BOOST_TEST(document.root.elements.at(1).is_text());
    }
  BOOST_TEST(problems_of("[1e999, 01e999]", Format::json) == "E105 1:9");
  BOOST_TEST(problems_of("{\"a\": 1e999 \"b\": 1}", Format::json) == "E105 1:13");
}

BOOST_AUTO_TEST_CASE(each_limit_is_exact) {
  DocumentLimits limits;
  limits.depth = 2;
  BOOST_TEST(problems_of("[[1]]", Format::json, limits) == "");
  BOOST_TEST(problems_of("[[[]]]", Format::json, limits) == "E112 1:3");
  BOOST_TEST(problems_of("[[[]]]", Format::yaml, limits) == "E112 1:3");
  for (const std::string text : {"a = [1]", "a.b = 1", "[a]\nb = 1", "a = {b = 1}"})
    BOOST_TEST(problems_of(text, Format::toml, limits) == "");
  BOOST_TEST(problems_of("a = [[]]", Format::toml, limits) == "E112 1:6");
  BOOST_TEST(problems_of("a.b.c = 1", Format::toml, limits) == "E112 1:5");
  BOOST_TEST(problems_of("[a.b]", Format::toml, limits) == "E112 1:1");
  BOOST_TEST(problems_of("[[a]]", Format::toml, limits) == "E112 1:1");
  limits = {};
  limits.nodes = 4;
  BOOST_TEST(problems_of("[1,2,3]", Format::json, limits) == "");
  BOOST_TEST(problems_of("[1,2,3,4]", Format::json, limits) == "E112 1:8");
  BOOST_TEST(problems_of("a=[1,2]", Format::toml, limits) == "");
  BOOST_TEST(problems_of("a=[1,2,3]", Format::toml, limits) == "E112 1:8");
  limits = {};
  limits.toml_values = 4;
  BOOST_TEST(problems_of("a=[1,2]", Format::toml, limits) == "");
  BOOST_TEST(problems_of("a=[1,2,3]", Format::toml, limits) == "E112 1:8");
  BOOST_TEST(problems_of("[1,2,3,4]", Format::json, limits) == "");
  limits = {};
  limits.toml_tables = 2;
  BOOST_TEST(problems_of("[a]\nb.c=1", Format::toml, limits) == "");
  BOOST_TEST(problems_of("[a]\nb.c=1\n[d]", Format::toml, limits) == "E112 3:1");
  BOOST_TEST(problems_of("[a]\nb.c=1\nd.e=1", Format::toml, limits) == "E112 3:5");
  BOOST_TEST(problems_of("[[a]]\n[[a]]\n[[a]]", Format::toml, limits) == "E112 3:1");
  limits = {};
  limits.scalar_bytes = 5;
  BOOST_TEST(problems_of("[abcde]", Format::yaml, limits) == "");
  BOOST_TEST(problems_of("[abcdef]", Format::yaml, limits) == "E112 1:2");
  BOOST_TEST(problems_of("{\"abcdef\": 1}", Format::json, limits) == "E112 1:2");
  BOOST_TEST(problems_of("a = 'abcde'", Format::toml, limits) == "");
  BOOST_TEST(problems_of("a = 'abcdef'", Format::toml, limits) == "E112 1:5");
  BOOST_TEST(problems_of("b = 1\nabcdef = 1", Format::toml, limits) == "E112 2:1");
  limits = {};
  limits.keys_per_map = 2;
  BOOST_TEST(problems_of("{a: 1, b: 2}", Format::yaml, limits) == "");
  BOOST_TEST(problems_of("{a: 1, b: 2, c: 3}", Format::yaml, limits) == "E112 1:14");
  BOOST_TEST(problems_of("a = 1\nb = {c = 1, d = 2}", Format::toml, limits) == "");
  BOOST_TEST(problems_of("a = 1\nb = 2\nc = 3", Format::toml, limits) == "E112 3:1");
  BOOST_TEST(problems_of("a = {b = 1, c = 2, d = 3}", Format::toml, limits) == "E112 1:20");
  limits = {};
  limits.yaml_value_bytes = 8192;
  BOOST_TEST(problems_of('[' + std::string(4000, ' ') + ']', Format::yaml, limits) == "");
  BOOST_TEST(problems_of('[' + std::string(20000, ' ') + ']', Format::yaml, limits) == "E112 1:1");
}

BOOST_AUTO_TEST_CASE(as_many_problems_are_reported_as_the_limit_says_and_the_others_are_counted) {
  DocumentLimits limits;
  limits.problems = 5;
  const std::vector<std::pair<std::string, std::size_t>> wrong{
      {"a: 1\n", 19},     // a key twice
      {"k: !t 1\n", 39},  // and a tag
      {"- !t 1\n", 20},   // a tag
      {"- ? [a]\n", 20},  // a list as a key
      {"- [,]\n", 20},    // no element
  };
  for (const auto& [line, problems] : wrong) {
    std::string text;
    for (int index = 0; index < 20; ++index)
      text += line;
    try {
      (void)read_document(text, Format::yaml, "f", limits);
      BOOST_FAIL("the text was read");
    } catch (const LoadError& error) {
      BOOST_TEST(error.problems().size() == 6U);
      BOOST_TEST(error.problems().back().id == "E100");
      BOOST_TEST(error.problems().back().message == "and " + std::to_string(problems - 5) + " more problems",
                 line);
    }
  }
}

BOOST_AUTO_TEST_CASE(messages_never_quote_what_the_libraries_say) {
  const std::string yaml_text = text_of("password: \"hunter2\n", Format::yaml);
  const std::string json_text = text_of("[{\"password\": \"hunter2\n\"}]", Format::json);
  for (const std::string& text : {yaml_text, json_text}) {
    BOOST_TEST(!text.empty());
    for (const char* word : {"hunter2", "yaml-cpp", "json.exception", "parse error", "last read"})
      BOOST_TEST(text.find(word) == std::string::npos);
  }
}

BOOST_AUTO_TEST_SUITE_END()
