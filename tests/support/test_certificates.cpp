#include "support/test_certificates.hpp"

#include "support/process.hpp"

#include <filesystem>
#include <stdexcept>

namespace cachesite::test {
namespace {

constexpr const char* own_names = "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\n";
constexpr const char* server_use = "basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n";
constexpr const char* client_use = "basicConstraints=CA:FALSE\nextendedKeyUsage=clientAuth\n";

}  // namespace

TestCertificates::TestCertificates() {
  make_authority("authority");
  make_authority("unknown-authority");
  make("server", "authority", "/CN=localhost", std::string(own_names) + server_use, 30);
  make("other-host", "authority", "/CN=other.example",
       std::string("subjectAltName=DNS:other.example\n") + server_use, 30);
  make("name-only", "authority", "/CN=localhost", server_use, 30);
  make("expired", "authority", "/CN=localhost", std::string(own_names) + server_use, -1);
  make("unknown", "unknown-authority", "/CN=localhost", std::string(own_names) + server_use, 30);
  make("self-signed", "", "/CN=localhost", std::string(own_names) + server_use, 30);
  make("client", "authority", "/CN=client", client_use, 30);
  make("stranger", "unknown-authority", "/CN=client", client_use, 30);
  const std::filesystem::path hashed = authority_directory();
  std::filesystem::create_directory(hashed);
  std::filesystem::copy_file(authority_file(), hashed / "authority.pem");
  run_checked({"openssl", "rehash", hashed.string()});
}

std::string TestCertificates::certificate(std::string_view name) const {
  return directory_.file(std::string(name) + ".pem");
}

std::string TestCertificates::key(std::string_view name) const {
  return directory_.file(std::string(name) + ".key");
}

std::string TestCertificates::authority_file() const {
  return certificate("authority");
}

std::string TestCertificates::authority_directory() const {
  return directory_.file("authorities");
}

std::string TestCertificates::unknown_authority_file() const {
  return certificate("unknown-authority");
}

RedisServerTls TestCertificates::server_tls(std::string_view name, bool require_client_certificate) const {
  return {.certificate_file = certificate(name),
          .key_file = key(name),
          .authority_file = authority_file(),
          .require_client_certificate = require_client_certificate};
}

void TestCertificates::make_authority(const std::string& name) {
  run_checked({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
               "-nodes", "-keyout", key(name), "-out", certificate(name), "-days", "30", "-subj",
               "/CN=cachesite test " + name, "-addext", "keyUsage=critical,keyCertSign,cRLSign"});
}

void TestCertificates::make(const std::string& name, const std::string& authority, const std::string& subject,
                            const std::string& extensions, int days) {
  const std::string request = directory_.file(name + ".csr");
  run_checked({"openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
               "-nodes", "-keyout", key(name), "-out", request, "-subj", subject});
  std::vector<std::string> sign = {"openssl",
                                   "x509",
                                   "-req",
                                   "-in",
                                   request,
                                   "-out",
                                   certificate(name),
                                   "-extfile",
                                   directory_.write(name + ".ext", extensions)};
  if (authority.empty()) {
    sign.insert(sign.end(), {"-signkey", key(name)});
  } else {
    sign.insert(sign.end(), {"-CA", certificate(authority), "-CAkey", key(authority), "-CAcreateserial"});
  }
  auto by_days = sign;
  by_days.insert(by_days.end(), {"-days", std::to_string(days)});
  try {
    run_checked(std::move(by_days));
  } catch (const std::runtime_error&) {
    if (days > 0) throw;
    // From 3.4 on openssl takes no days below 0, and dates instead.
    sign.insert(sign.end(), {"-not_before", "20200101000000Z", "-not_after", "20200102000000Z"});
    run_checked(std::move(sign));
  }
}

}  // namespace cachesite::test
