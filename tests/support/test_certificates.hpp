#pragma once

#include "support/redis_server.hpp"
#include "support/temporary_directory.hpp"

#include <string>
#include <string_view>

namespace cachesite::test {

/// Certificates for TLS tests, made with the openssl command in a temporary directory that goes with the
/// object.
///
/// | name         | signed by         | valid for                       |
/// |--------------|-------------------|---------------------------------|
/// | server       | authority         | localhost, 127.0.0.1, ::1       |
/// | other-host   | authority         | other.example                   |
/// | name-only    | authority         | localhost in the subject only   |
/// | expired      | authority         | localhost, ended yesterday      |
/// | unknown      | unknown-authority | localhost, 127.0.0.1, ::1       |
/// | self-signed  | itself            | localhost, 127.0.0.1, ::1       |
/// | client       | authority         | a client                        |
/// | stranger     | unknown-authority | a client                        |
class TestCertificates {
 public:
  TestCertificates();

  /// Absolute paths of PEM files.
  std::string certificate(std::string_view name) const;
  std::string key(std::string_view name) const;
  /// The authority that tests trust, as a file and as a directory with hashed names.
  std::string authority_file() const;
  std::string authority_directory() const;
  std::string unknown_authority_file() const;

  /// How a server presents the certificate `name`; client certificates are checked against the authority.
  RedisServerTls server_tls(std::string_view name = "server", bool require_client_certificate = false) const;

 private:
  void make_authority(const std::string& name);
  void make(const std::string& name, const std::string& authority, const std::string& subject,
            const std::string& extensions, int days);

  TemporaryDirectory directory_;
};

}  // namespace cachesite::test
