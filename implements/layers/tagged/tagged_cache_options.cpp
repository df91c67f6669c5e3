#include <cachesite/tagged_cache.hpp>

namespace cachesite {

ParameterTable TaggedCacheOptions::parameters() {
  using O = TaggedCacheOptions;
  return {
      parameter("over", &O::over,
                "The cache that holds the entries. The form spakky needs a RedisCache on the server of "
                "connection, with the same prefix.")
          .required(),
      parameter("form", &O::form, "How the entries of a tag are recorded.")
          .choices({{"markers", TagForm::markers}, {"spakky", TagForm::spakky}}),
      parameter("connection", &O::connection,
                "The IRedis component that holds the sets of the form spakky, which needs it."),
      parameter("prefix", &O::prefix,
                "Prefix of every key at the server, for the form spakky alone. On a Redis Cluster it has to "
                "hold a hash tag, such as {shop}:, so that an entry and its sets are in one slot."),
  };
}

std::vector<OptionComplaint> TaggedCacheOptions::complaints() const {
  std::vector<OptionComplaint> complaints;
  if (form == TagForm::spakky && !connection.is_set())
    complaints.push_back({"connection", "the form spakky needs the server that holds the sets"});
  if (form == TagForm::markers && connection.is_set())
    complaints.push_back({"connection", "markers lie in the cache below; connection is of the form spakky"});
  if (form == TagForm::markers && !prefix.empty())
    complaints.push_back({"prefix", "markers lie in the cache below; prefix is of the form spakky"});
  return complaints;
}

}  // namespace cachesite
