#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/result.hpp>

#include <cstddef>
#include <string>

namespace cachesite::codecs {

// One pair for each container. `inflate` never makes `plain` longer than `most`.
Status deflate_zlib(ByteView plain, int level, std::string& stored);
Status inflate_zlib(ByteView stored, std::size_t most, std::string& plain);
Status deflate_zstd(ByteView plain, int level, std::string& stored);
Status inflate_zstd(ByteView stored, std::size_t most, std::string& plain);
Status deflate_lz4(ByteView plain, int level, std::string& stored);
Status inflate_lz4(ByteView stored, std::size_t most, std::string& plain);

Error broken_container();
Error container_too_large();

// Makes an output of unknown length, full so far, longer: doubles it from a guess, and stops at `most`.
void grow(std::string& plain, std::size_t stored_size, std::size_t most);

}  // namespace cachesite::codecs
