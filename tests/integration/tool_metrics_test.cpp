// The text format of Prometheus as the JSON of `cachesite metrics --json`.

#include "exposition_json.hpp"

#include <cachesite/document_writer.hpp>

#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;

BOOST_AUTO_TEST_SUITE(tool_metrics)

namespace {

// Without blanks and ends of lines.
std::string json_of(const std::string& exposition) {
  std::string dense;
  for (const char character : write_document(tool::json_of_exposition(exposition), Format::json))
    if (character != ' ' && character != '\n') dense.push_back(character);
  return dense;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_counter_has_a_sample_for_each_set_of_labels) {
  BOOST_TEST(
      json_of("# HELP hits Reads.\n# TYPE hits counter\nhits{cache=\"a\",class=\"C\"} 5\nhits{} "
              "18446744073709551615\n"
              "hits 7\n") ==
      R"({"hits":{"type":"counter","help":"Reads.","samples":[{"labels":{"cache":"a","class":"C"},"value":5},)"
      R"({"labels":{},"value":18446744073709551615},{"labels":{},"value":7}]}})");
}

BOOST_AUTO_TEST_CASE(a_histogram_has_its_buckets_in_one_sample) {
  BOOST_TEST(json_of("# HELP t Times.\n# TYPE t histogram\n"
                     "t_bucket{op=\"get\",le=\"2.55e-07\"} 1\nt_bucket{op=\"get\",le=\"+Inf\"} 3\n"
                     "t_sum{op=\"get\"} 0.5\nt_count{op=\"get\"} 3\n"
                     "t_bucket{op=\"set\",le=\"+Inf\"} 0\nt_sum{op=\"set\"} 0\nt_count{op=\"set\"} 0\n") ==
             R"({"t":{"type":"histogram","help":"Times.","samples":[)"
             R"({"labels":{"op":"get"},"buckets":{"2.55e-07":1,"+Inf":3},"sum":0.5,"count":3},)"
             R"({"labels":{"op":"set"},"buckets":{"+Inf":0},"sum":0,"count":0}]}})");
}

BOOST_AUTO_TEST_CASE(escapes_are_taken_away_and_what_is_no_number_of_json_is_text) {
  const auto metrics = tool::json_of_exposition(
      "# HELP g Line\\nand \\\\.\n# TYPE g gauge\ng{name=\"a\\\"b\\\\c\\n, d=}\"} NaN\ng 1e-3\n");
  const auto& family = *metrics.find("g");
  BOOST_TEST(family.find("help")->scalar == "Line\nand \\.");
  const auto& samples = family.find("samples")->elements;
  BOOST_REQUIRE(samples.size() == 2U);
  BOOST_TEST(samples[0].find("labels")->find("name")->scalar == "a\"b\\c\n, d=}");
  BOOST_TEST((samples[0].find("value")->kind == Node::Kind::text));
  BOOST_TEST((samples[1].find("value")->kind == Node::Kind::real));
}

BOOST_AUTO_TEST_CASE(what_is_cut_off_or_no_exposition_does_no_harm) {
  for (const std::string text :
       {"", "\n\n", "hits 1", "# TYPE", "# TYPE h histogram\nh_bucket{le=\"", "# TYPE c counter\nc{a",
        "# TYPE c counter\nc{a=\"\\", "# TYPE h histogram\nh", "# HELP x"})
    BOOST_CHECK_NO_THROW(tool::json_of_exposition(text));
}

BOOST_AUTO_TEST_SUITE_END()
