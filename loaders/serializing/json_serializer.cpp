#include "serializing/json_data_reader.hpp"
#include "serializing/json_data_writer.hpp"

#include <cachesite/json_serializer.hpp>

namespace cachesite {

Status JsonSerializer::write_data(const Data& data, std::string& bytes) const {
  return serializing::write_json_data(data, options_.ascii, options_.names, bytes);
}

Result<Data> JsonSerializer::read_data(ByteView bytes) const {
  return serializing::read_json_data(bytes.text(), options_.limits, options_.names);
}

}  // namespace cachesite
