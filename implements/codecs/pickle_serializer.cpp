#include "codecs/pickle_reader.hpp"
#include "codecs/pickle_writer.hpp"

#include <cachesite/pickle_serializer.hpp>

namespace cachesite {

Status PickleSerializer::write_data(const Data& data, std::string& bytes) const {
  if (options_.protocol != 4 && options_.protocol != 5)
    return Error(ErrorCode::bad_argument, "the protocols written are 4 and 5");
  return codecs::write_pickle(data, options_.protocol, bytes);
}

Result<Data> PickleSerializer::read_data(ByteView bytes) const {
  Data data;
  codecs::PickleReader reader(bytes.text(), options_.limits);
  if (auto failure = reader.read(data)) return std::move(*failure);
  return data;
}

}  // namespace cachesite
