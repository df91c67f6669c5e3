#pragma once

#include <string>
#include <vector>

namespace cachesite::test {

struct HostileReply {
  const char* name;
  std::string bytes;
};

/// Replies that must be refused, each with what it is called.
inline std::vector<HostileReply> hostile_replies() {
  std::string nested;
  for (int level = 0; level < 9; ++level)
    nested += "*1\r\n";
  nested += ":1\r\n";
  return {
      {"array_of_two_to_the_31", "*2147483647\r\n"},
      {"nested_arrays_of_two_to_the_31", "*2147483647\r\n*2147483647\r\n"},
      {"array_of_a_hundred_million", "*100000000\r\n"},
      {"array_just_over_the_limit", "*1048577\r\n"},
      {"elements_over_the_limit_in_sum", "*1048570\r\n*100\r\n"},
      {"array_length_over_64_bits", "*99999999999999999999\r\n"},
      {"negative_array", "*-2\r\n"},
      {"array_without_a_length", "*\r\n"},
      {"nine_levels", nested},
      {"bulk_of_two_gib", "$2147483648\r\n"},
      {"bulk_of_half_a_gib", "$536870912\r\n"},
      {"bulk_just_over_the_limit", "$67108865\r\n"},
      {"bulk_length_over_64_bits", "$18446744073709551617\r\n"},
      {"negative_bulk", "$-2\r\n"},
      {"minus_alone", "$-\r\n"},
      {"bulk_without_a_length", "$\r\n"},
      {"bulk_length_with_a_sign", "$+3\r\nabc\r\n"},
      {"bulk_length_with_a_leading_zero", "$03\r\nabc\r\n"},
      {"bulk_length_with_a_blank", "$ 3\r\nabc\r\n"},
      {"bulk_length_in_letters", "$abc\r\n"},
      {"bulk_length_with_a_trailing_letter", "$3x\r\nabc\r\n"},
      {"bulk_longer_than_it_says", "$3\r\nabcXX"},
      {"bulk_with_half_a_trailer", "$3\r\nabc\rX"},
      {"bulk_with_a_swapped_trailer", "$3\r\nabc\n\r"},
      {"bulk_line_without_a_return", "$3\nabc\r\n"},
      {"bulk_line_with_a_return_alone", "$3\rabc"},
      {"empty_bulk_with_a_body", "$0\r\nab"},
      {"status_without_an_end", "+" + std::string(5000, 'x')},
      {"error_of_a_megabyte", "-" + std::string(1 << 20, 'E') + "\r\n"},
      {"status_with_a_line_feed", "+O\nK\r\n"},
      {"status_with_a_return_alone", "+O\rK\r\n"},
      {"integer_without_digits", ":\r\n"},
      {"integer_with_a_sign", ":+1\r\n"},
      {"integer_minus_zero", ":-0\r\n"},
      {"integer_with_a_leading_zero", ":01\r\n"},
      {"integer_over_63_bits", ":9223372036854775808\r\n"},
      {"integer_under_63_bits", ":-9223372036854775809\r\n"},
      {"integer_of_many_digits", ":" + std::string(100, '9') + "\r\n"},
      {"real_number", ":1.5\r\n"},
      {"resp3_null", "_\r\n"},
      {"resp3_double", ",1.5\r\n"},
      {"resp3_boolean", "#t\r\n"},
      {"resp3_map", "%1\r\n+a\r\n+b\r\n"},
      {"resp3_set", "~1\r\n+a\r\n"},
      {"resp3_push", ">2\r\n+message\r\n+a\r\n"},
      {"resp3_verbatim", "=7\r\ntxt:abc\r\n"},
      {"resp3_blob_error", "!3\r\nERR\r\n"},
      {"resp3_big_number", "(123\r\n"},
      {"resp3_attribute", "|1\r\n+a\r\n+b\r\n"},
      {"resp3_streamed_string", "$?\r\n"},
      {"resp3_streamed_array", "*?\r\n"},
      {"http", "HTTP/1.1 400 Bad Request\r\n\r\n"},
      {"tls_alert", std::string("\x15\x03\x01\x00\x02\x02\x46", 7)},
      {"ssh_banner", "SSH-2.0-OpenSSH_9.2\r\n"},
      {"nothing_but_zeros", std::string(64, '\0')},
      {"nothing_but_line_ends", "\r\n\r\n"},
      {"a_blank_first", " +OK\r\n"},
      {"high_bytes", "\xff\xfe\xfd\xfc\r\n"},
      {"array_whose_element_is_bad", "*2\r\n+a\r\n?b\r\n"},
      {"array_with_a_bad_bulk", "*1\r\n$3\r\nabcd\r\n"},
  };
}

}  // namespace cachesite::test
