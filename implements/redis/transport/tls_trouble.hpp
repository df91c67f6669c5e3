#pragma once

#include <cachesite/error.hpp>

#include <string>

#include <openssl/ssl.h>

namespace cachesite::redis {

/// Why TLS failed, for people to read.
struct TlsTrouble {
  ErrorCode code;
  std::string text;
};

/// What is known about a connection when it is to be explained why it failed.
struct TlsSituation {
  std::string peer_name;
  std::string certificate_names;  // when the server's certificate is for others
  bool has_client_certificate;
  long verdict;  // on the server's certificate
};

/// Makes words of an error of OpenSSL's queue.
[[nodiscard]] TlsTrouble explain_tls_error(unsigned long error, const TlsSituation& situation);

/// The hosts that a certificate is for, as a message shows them.
[[nodiscard]] std::string certificate_names(const X509* certificate);

}  // namespace cachesite::redis
