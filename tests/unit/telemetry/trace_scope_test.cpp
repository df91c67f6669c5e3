#include "telemetry/trace_parent.hpp"

#include <cachesite/open_telemetry_hook.hpp>

#include <string>
#include <thread>

#include <boost/test/unit_test.hpp>

using namespace cachesite;

BOOST_AUTO_TEST_SUITE(trace_scope)

namespace {

const std::string caller = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const std::string not_sampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

}  // namespace

BOOST_AUTO_TEST_CASE(a_traceparent_is_read_as_the_recommendation_says) {
  using telemetry::parse_trace_parent;
  const auto parent = parse_trace_parent(caller);
  BOOST_REQUIRE(parent);
  BOOST_TEST(parent->trace_high == 0x4bf92f3577b34da6U);
  BOOST_TEST(parent->trace_low == 0xa3ce929d0e0e4736U);
  BOOST_TEST(parent->span == 0x00f067aa0ba902b7U);
  BOOST_TEST(parent->sampled);
  BOOST_TEST(!parse_trace_parent(not_sampled)->sampled);
  BOOST_TEST(telemetry::to_text(*parent) == caller);
  BOOST_TEST(parse_trace_parent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03")->sampled);
  BOOST_TEST(
      parse_trace_parent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what the future brings")
          .has_value());
  for (std::string text : {"", "00", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
                           "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.more",
                           "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"})
    BOOST_TEST(!parse_trace_parent(text), text);
  for (std::size_t size = 0; size < caller.size(); ++size)
    BOOST_TEST(!parse_trace_parent(caller.substr(0, size)), size);
}

BOOST_AUTO_TEST_CASE(a_scope_hands_on_what_it_was_given_until_it_ends) {
  BOOST_TEST(current_traceparent() == "");
  {
    const TraceScope outer(caller);
    BOOST_TEST(current_traceparent() == caller);
    {
      const TraceScope inner(not_sampled);
      BOOST_TEST(current_traceparent() == not_sampled);
      std::thread([] { BOOST_TEST(current_traceparent() == ""); }).join();
    }
    BOOST_TEST(current_traceparent() == caller);
    {
      const TraceScope none("no traceparent");
      BOOST_TEST(current_traceparent() == "");
    }
    BOOST_TEST(current_traceparent() == caller);
  }
  BOOST_TEST(current_traceparent() == "");
}

BOOST_AUTO_TEST_SUITE_END()
