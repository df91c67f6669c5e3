#pragma once

#include <cachesite/data_traits.hpp>

#include <tuple>

/// Lists, inside a struct, the fields that are serialised, under their own names:
///
///     struct Product {
///       std::int64_t id = 0;
///       std::string name;
///
///       CACHESITE_FIELDS(Product, id, name)
///     };
///
/// Up to 255 fields, those of bases among them. <cachesite/cachesite.hpp> does not include this header: a
/// program that wants the macro includes it itself.
#define CACHESITE_FIELDS(Struct, ...)                                                  \
  static auto fields() {                                                               \
    using CachesiteStruct = Struct;                                                    \
    return std::tuple(CACHESITE_DETAIL_REPEAT(CACHESITE_DETAIL_FIELD(__VA_ARGS__, ))); \
  }

// A macro does not expand in itself, but does when it is scanned again, which CACHESITE_DETAIL_REPEAT does 256
// times.
#define CACHESITE_DETAIL_FIELD(name, ...)              \
  cachesite::data_field(#name, &CachesiteStruct::name) \
      __VA_OPT__(, CACHESITE_DETAIL_FIELD_AGAIN CACHESITE_DETAIL_PARENTHESES(__VA_ARGS__))
#define CACHESITE_DETAIL_FIELD_AGAIN() CACHESITE_DETAIL_FIELD
#define CACHESITE_DETAIL_PARENTHESES ()
#define CACHESITE_DETAIL_REPEAT(...) \
  CACHESITE_DETAIL_REPEAT_64(        \
      CACHESITE_DETAIL_REPEAT_64(CACHESITE_DETAIL_REPEAT_64(CACHESITE_DETAIL_REPEAT_64(__VA_ARGS__))))
#define CACHESITE_DETAIL_REPEAT_64(...) \
  CACHESITE_DETAIL_REPEAT_16(           \
      CACHESITE_DETAIL_REPEAT_16(CACHESITE_DETAIL_REPEAT_16(CACHESITE_DETAIL_REPEAT_16(__VA_ARGS__))))
#define CACHESITE_DETAIL_REPEAT_16(...) \
  CACHESITE_DETAIL_REPEAT_4(            \
      CACHESITE_DETAIL_REPEAT_4(CACHESITE_DETAIL_REPEAT_4(CACHESITE_DETAIL_REPEAT_4(__VA_ARGS__))))
#define CACHESITE_DETAIL_REPEAT_4(...) \
  CACHESITE_DETAIL_AS_IS(CACHESITE_DETAIL_AS_IS(CACHESITE_DETAIL_AS_IS(CACHESITE_DETAIL_AS_IS(__VA_ARGS__))))
#define CACHESITE_DETAIL_AS_IS(...) __VA_ARGS__
