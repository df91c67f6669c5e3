#pragma once

#include "support/file_descriptor.hpp"

#include <cstddef>
#include <string>

namespace cachesite::test {

/// Closes with RST: the peer sees "connection reset", and bytes it has not read yet stay readable before
/// that.
void reset_connection(FileDescriptor& socket);

/// Small writes leave at once.
void send_without_delay(int socket);

/// The next connection of a non-blocking listener, non-blocking; empty when there is none.
FileDescriptor accept_next(int listener);

enum class ReadOutcome { bytes, nothing, ended, failed };

/// Appends what is there (at most `limit` bytes) to `target`.
ReadOutcome read_available(int socket, std::string& target, std::size_t limit = 65536);

}  // namespace cachesite::test
