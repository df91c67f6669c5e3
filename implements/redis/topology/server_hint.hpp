#pragma once

#include "redis/base/address.hpp"

#include <cstdint>
#include <string_view>

namespace cachesite::redis {

/// What an error of a server says about where or when the command would succeed.
struct ServerHint {
  enum class Kind : std::uint8_t {
    none,         // nothing: the error is the answer
    moved,        // the slot belongs to `target`; to somebody unnamed when that has no host
    ask,          // the key is with `target` while the slot moves
    try_again,    // some of the keys have moved already
    down,         // the cluster does not serve the slot at present
    loading,      // the server reads its data, or has lost its master
    not_a_master  // a replica was asked to write
  };

  Kind kind = Kind::none;
  std::uint16_t slot = 0;
  ServerAddress target;

  /// `asked` is the server that answered: its host stands for a missing one.
  static ServerHint read(std::string_view error, const ServerAddress& asked);
};

}  // namespace cachesite::redis
