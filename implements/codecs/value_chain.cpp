#include "codecs/value_chain.hpp"

#include "codecs/envelope.hpp"
#include "codecs/fernet_token.hpp"
#include "codecs/key_text.hpp"

#include <algorithm>
#include <utility>

namespace cachesite::codecs {

namespace {

constexpr std::size_t usual_minimum = 128;
constexpr std::uint8_t number_of(Compression compression) noexcept {
  return static_cast<std::uint8_t>(compression);
}
constexpr std::uint8_t number_of(Encryption encryption) noexcept {
  return static_cast<std::uint8_t>(encryption);
}
// The numbers are stored, so they may never change.
static_assert(number_of(Compression::zlib) == 1 && number_of(Compression::zstd) == 2 &&
              number_of(Compression::lz4) == 3 && number_of(Encryption::aes_256_gcm) == 2);
constexpr std::uint8_t last_compression = 3;

std::chrono::seconds system_time() {
  return std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::system_clock::now().time_since_epoch());
}

Undecodable reason_of(const Error& error, Undecodable otherwise) noexcept {
  return error.code() == ErrorCode::too_large ? Undecodable::too_large : otherwise;
}

}  // namespace

ValueChain::ValueChain(CodecCacheOptions options, WallClock wall_clock)
    : options_(std::move(options)),
      wall_clock_(wall_clock ? std::move(wall_clock) : WallClock(system_time)),
      most_content_(options_.max_value_bytes.bytes) {
  for (std::uint8_t number = 0; number <= last_compression; ++number) {
    CompressionOptions settings{static_cast<Compression>(number), std::nullopt, options_.max_ratio};
    if (settings.compression == options_.compression) settings.level = options_.level;
    compressors_.emplace_back(settings);
  }
  std::vector<Secret> aead_keys;
  for (const auto& text : options_.keys) {
    if (auto key = fernet_key(text))
      token_keys_.push_back(std::move(*key));
    else
      aead_keys.push_back(text);
  }
  if (!aead_keys.empty()) aead_.emplace(aead_keys);
  options_.keys.clear();
  // A codec may make values longer; what it makes is held to twice the limit, when writing too.
  constexpr std::size_t slack = std::size_t{64} * 1024;
  if (options_.codec.component()) most_content_ = most_content_ * 2 + slack;
}

const CompressionCodec& ValueChain::compressor(Compression compression) const noexcept {
  return compressors_[number_of(compression)];
}

bool ValueChain::reads_other_bare_form() const noexcept {
  return options_.also_read.compression != Compression::none || options_.also_read.fernet256;
}

Status ValueChain::encode(ByteView plain, std::string_view key, std::string& stored) const {
  if (plain.size() > options_.max_value_bytes.bytes)
    return Error(ErrorCode::too_large, "the value is longer than max_value_bytes");
  const CodecScope scope{options_.cache_name, key};
  std::string content;
  if (options_.codec.component()) {
    if (auto status = options_.codec->encode(plain, scope, content); !status.ok()) return status;
    if (content.size() > most_content_)
      return Error(ErrorCode::too_large, "the codec made the value longer than can be read");
    plain = content;
  }
  return options_.format == StoredFormat::envelope ? encode_envelope(plain, scope, stored)
                                                   : encode_bare(plain, scope, stored);
}

Status ValueChain::encode_envelope(ByteView content, const CodecScope& scope, std::string& stored) const {
  Envelope envelope;
  envelope.encryption = number_of(options_.encryption);
  envelope.flags = options_.codec.component() ? Envelope::codec_applied : std::uint8_t{0};
  envelope.content_size = static_cast<std::uint32_t>(content.size());
  const auto minimum = options_.minimum_size ? options_.minimum_size->bytes : usual_minimum;
  std::string compressed;
  if (options_.compression != Compression::none && content.size() >= minimum) {
    // What does not get shorter, or shorter than readers allow, is stored as it is.
    const auto status = compressor(options_.compression).encode(content, scope, compressed);
    if (!status.ok() && status.error().code() == ErrorCode::no_memory) return status;
    if (status.ok() && compressed.size() < content.size()) {
      envelope.compression = number_of(options_.compression);
      content = compressed;
    }
  }
  begin_envelope(envelope, scope, stored);
  if (options_.encryption == Encryption::none) {
    stored.append(content.text());
  } else {
    std::string sealed;
    const auto header = std::string_view(stored).substr(0, Envelope::checksum_at);
    if (auto status = aead_->seal(content, scope, header, sealed); !status.ok()) return status;
    stored.append(sealed);
  }
  seal_envelope(stored);
  return Done{};
}

Status ValueChain::encode_bare(ByteView content, const CodecScope& scope, std::string& stored) const {
  if (auto status = compressor(options_.compression).encode(content, scope, stored); !status.ok())
    return status;
  if (options_.encryption == Encryption::none) return Done{};
  FernetInitialVector initial_vector{};
  if (!fill_random(initial_vector.data(), initial_vector.size()))
    return Error(ErrorCode::refused, "the system has no random numbers");
  auto token = seal_fernet(token_keys_.front(), stored, wall_clock_(), initial_vector);
  if (!token.ok()) return token.error();
  stored = std::move(token).value();
  return Done{};
}

Decoded ValueChain::decode(ByteView stored, std::string_view key, std::string& plain) const {
  const CodecScope scope{options_.cache_name, key};
  const auto& also = options_.also_read;
  Decoded decoded;
  if (options_.format == StoredFormat::envelope) {
    if (has_envelope(stored)) {
      decoded.failure = decode_envelope(stored, scope, plain);
      return decoded;
    }
    decoded.failure = Undecodable::foreign;
  } else {
    if (also.envelope && has_envelope(stored)) {
      decoded.old_form = true;
      decoded.failure = decode_envelope(stored, scope, plain);
      return decoded;
    }
    decoded.failure =
        decode_bare(stored, scope, options_.compression, options_.encryption == Encryption::fernet256, plain);
    if (!decoded.failure) return decoded;
  }
  decoded.old_form = true;
  if (reads_other_bare_form()) {
    const auto failure = decode_bare(stored, scope, also.compression, also.fernet256, plain);
    if (!failure) decoded.failure.reset();
    if (!failure || !also.plain) {
      // The more telling of two reasons.
      if (decoded.failure == Undecodable::foreign) decoded.failure = failure;
      return decoded;
    }
  }
  if (also.plain) {
    decoded.failure.reset();
    if (stored.size() > options_.max_value_bytes.bytes)
      decoded.failure = Undecodable::too_large;
    else
      plain.assign(stored.text());
  }
  return decoded;
}

ValueChain::Failure ValueChain::decode_envelope(ByteView stored, const CodecScope& scope,
                                                std::string& plain) const {
  Envelope envelope;
  switch (read_envelope(stored, scope, envelope)) {
    case EnvelopeVerdict::good:
      break;
    case EnvelopeVerdict::version:
      return Undecodable::version;
    case EnvelopeVerdict::damaged:
      return Undecodable::damaged;
    case EnvelopeVerdict::misplaced:
      return Undecodable::misplaced;
  }
  if (envelope.compression > last_compression || (envelope.flags & ~Envelope::codec_applied) != 0)
    return Undecodable::version;
  if ((envelope.flags != 0) != (options_.codec.component() != nullptr)) return Undecodable::foreign;
  if (envelope.content_size > most_content_) return Undecodable::too_large;
  const ByteView payload(stored.text().substr(Envelope::size));
  if (envelope.encryption == number_of(Encryption::none)) {
    if (options_.encryption != Encryption::none && !options_.also_read.unencrypted)
      return Undecodable::foreign;
    return decompress_content(payload, envelope, scope, plain);
  }
  if (envelope.encryption != number_of(Encryption::aes_256_gcm)) return Undecodable::version;
  if (!aead_ || !aead_->knows_key_of(payload)) return Undecodable::unknown_key;
  std::string opened;
  const auto header = stored.text().substr(0, Envelope::checksum_at);
  const auto status = aead_->open(payload, scope, header, stored.size(), opened);
  if (!status.ok()) return reason_of(status.error(), Undecodable::not_authentic);
  return decompress_content(opened, envelope, scope, plain);
}

ValueChain::Failure ValueChain::decompress_content(ByteView payload, const Envelope& envelope,
                                                   const CodecScope& scope, std::string& plain) const {
  const std::size_t size = envelope.content_size;
  const auto& codec = compressor(static_cast<Compression>(envelope.compression));
  if (envelope.compression == number_of(Compression::none)) {
    if (payload.size() != size) return Undecodable::damaged;
    plain.assign(payload.text());
  } else {
    if (codec.bound(payload.size(), size) < size) return Undecodable::too_large;
    if (!codec.decode(payload, scope, size, plain).ok() || plain.size() != size) return Undecodable::damaged;
  }
  return finish(scope, plain);
}

ValueChain::Failure ValueChain::decode_bare(ByteView stored, const CodecScope& scope, Compression compression,
                                            bool token, std::string& plain) const {
  std::string opened;
  if (token) {
    if (const auto failure = open_token(stored, opened)) return failure;
    stored = opened;
  }
  const auto status = compressor(compression).decode(stored, scope, most_content_, plain);
  if (!status.ok()) return reason_of(status.error(), Undecodable::damaged);
  return finish(scope, plain);
}

ValueChain::Failure ValueChain::open_token(ByteView token, std::string& plain) const {
  // Compression may make a value longer by a little.
  constexpr std::size_t slack = 4096;
  if (fernet_plain_bound(token.size()) > most_content_ + most_content_ / 64 + slack)
    return Undecodable::too_large;
  std::optional<FernetAge> age;
  if (options_.token_ttl) age = FernetAge{*options_.token_ttl, wall_clock_()};
  auto opened = open_fernet(token_keys_, token, age);
  switch (opened.verdict) {
    case FernetVerdict::open:
      plain = std::move(opened.plain);
      return std::nullopt;
    case FernetVerdict::malformed:
      return Undecodable::foreign;
    case FernetVerdict::expired:
      return Undecodable::expired;
    case FernetVerdict::not_authentic:
      break;
  }
  return Undecodable::not_authentic;
}

ValueChain::Failure ValueChain::finish(const CodecScope& scope, std::string& plain) const {
  if (!options_.codec.component()) return std::nullopt;
  std::string content = std::move(plain);
  plain.clear();
  const auto status = options_.codec->decode(content, scope, options_.max_value_bytes.bytes, plain);
  if (!status.ok()) return reason_of(status.error(), Undecodable::codec);
  return std::nullopt;
}

std::string_view ValueChain::sentence(Undecodable reason) noexcept {
  switch (reason) {
    case Undecodable::foreign:
      return "the stored value has an unknown form";
    case Undecodable::version:
      return "the stored value was written by a later version";
    case Undecodable::damaged:
      return "the stored value is damaged";
    case Undecodable::misplaced:
      return "the stored value was written for another key or another cache";
    case Undecodable::unknown_key:
      return "the stored value is encrypted with an unknown key";
    case Undecodable::not_authentic:
      return "the stored value was changed, or encrypted with another key";
    case Undecodable::expired:
      return "the stored token is too old, or from the future";
    case Undecodable::too_large:
      return "the stored value is longer than allowed when decoded";
    case Undecodable::codec:
      return "the codec refused the stored value";
  }
  return "the stored value cannot be decoded";
}

}  // namespace cachesite::codecs
