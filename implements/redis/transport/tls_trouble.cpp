#include "redis/transport/tls_trouble.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

namespace cachesite::redis {

namespace {

std::string explain_verdict(const TlsSituation& situation) {
  switch (situation.verdict) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "the server's certificate is not for \"" + situation.peer_name + "\"" +
             (situation.certificate_names.empty() ? "; it names no host"
                                                  : "; it is for " + situation.certificate_names);
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "the server's certificate has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "the server's certificate is not valid yet";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return "the server's certificate is self-signed and not trusted";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "the server's certificate is signed by an authority that is not trusted";
    default:
      return std::string("the server's certificate is refused: ") +
             X509_verify_cert_error_string(situation.verdict);
  }
}

}  // namespace

TlsTrouble explain_tls_error(unsigned long error, const TlsSituation& situation) {
  const auto refused = [](std::string text) { return TlsTrouble{ErrorCode::refused, std::move(text)}; };
  const auto wrong = [](std::string text) { return TlsTrouble{ErrorCode::protocol, std::move(text)}; };
  if (ERR_GET_LIB(error) != ERR_LIB_SSL)
    return wrong(error == 0 ? "TLS failed" : "TLS failed: the bytes received are damaged or forged");
  switch (ERR_GET_REASON(error)) {
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
      return refused(explain_verdict(situation));
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
      return wrong("the server's answer is not TLS; does it speak TLS on this port?");
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      return refused(
          "the server and this client have no version of TLS in common; this client needs 1.2 or later");
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return refused("the server wants a client certificate: ssl_certfile");
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
      return refused(
          situation.has_client_certificate
              ? "the server refused the TLS handshake"
              : "the server refused the TLS handshake; it may want a client certificate: ssl_certfile");
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
      return refused("the server does not trust the authority of the client certificate");
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
      return refused("the server does not accept the client certificate");
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
      return refused("the server says that the client certificate has expired");
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
      return refused("the server says that the client certificate is revoked");
    default:
      break;
  }
  const char* const reason = ERR_reason_error_string(error);
  return wrong(std::string("TLS failed: ") + (reason == nullptr ? "unknown reason" : reason));
}

std::string certificate_names(const X509* certificate) {
  constexpr std::size_t most_names = 3;
  constexpr std::size_t longest = 100;
  std::string text;
  std::size_t count = 0;
  auto* const names =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int index = 0; index < sk_GENERAL_NAME_num(names); ++index) {
    int type = 0;
    const auto* const value =
        static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, index), &type));
    std::string name;
    const auto* const bytes = ASN1_STRING_get0_data(value);
    const auto size = static_cast<std::size_t>(ASN1_STRING_length(value));
    if (type == GEN_DNS) {
      name.assign(reinterpret_cast<const char*>(bytes), std::min(size, longest));
      std::replace_if(
          name.begin(), name.end(), [](char each) { return each <= ' ' || each > '~'; }, '?');
    } else if (type == GEN_IPADD && (size == 4 || size == 16)) {
      std::array<char, INET6_ADDRSTRLEN> room{};
      ::inet_ntop(size == 4 ? AF_INET : AF_INET6, bytes, room.data(), room.size());
      name = room.data();
    } else {
      continue;
    }
    if (count++ == most_names) {
      text += " and more";
      break;
    }
    text += (text.empty() ? "" : ", ") + name;
  }
  GENERAL_NAMES_free(names);
  return text;
}

}  // namespace cachesite::redis
