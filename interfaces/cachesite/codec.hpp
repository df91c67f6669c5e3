#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/component.hpp>
#include <cachesite/result.hpp>

#include <cstddef>
#include <new>
#include <string>
#include <string_view>

namespace cachesite {

/// The place of an encoded value. A codec that protects values binds them to it, so that bytes moved to
/// another key or cache are refused. Views: valid during the call.
struct CodecScope {
  std::string_view cache;  ///< name of the cache, if the codec's owner has given one
  std::string_view key;    ///< key of the entry
};

/// Turns the bytes of a value into the bytes that are stored, and back.
///
/// Decoding gets bytes from untrusted sources: a codec always returns a value or a reason, and its result is
/// never longer than the caller allows. No call throws. All calls are safe from any thread.
///
/// A program may implement its own and use it as the `codec` of a CodecCache.
class ICodec : public Interface<ICodec, "ICodec"> {
 public:
  /// Replaces `stored` by the encoded form of `plain`. `plain` may not lie in `stored`.
  Status encode(ByteView plain, const CodecScope& scope, std::string& stored) const noexcept {
    return guarded([&] { return do_encode(plain, scope, stored); });
  }

  /// Replaces `plain` by the decoded form of `stored`. Fails with `too_large` when that is, or claims to be,
  /// longer than `most` bytes, before memory is allocated; with `corrupt` when the bytes are damaged,
  /// truncated, not of this codec, or not for this scope. After a failure the content of `plain` is
  /// meaningless.
  Status decode(ByteView stored, const CodecScope& scope, std::size_t most,
                std::string& plain) const noexcept {
    return guarded([&]() -> Status {
      auto status = do_decode(stored, scope, most, plain);
      if (status.ok() && plain.size() > most)
        return Error(ErrorCode::too_large, "the decoded value is longer than allowed");
      return status;
    });
  }

 protected:
  // What an implementation provides. An exception that escapes becomes a failure: std::bad_alloc becomes
  // no_memory, anything else becomes corrupt without its text, which may quote the value.
  virtual Status do_encode(ByteView plain, const CodecScope& scope, std::string& stored) const = 0;
  virtual Status do_decode(ByteView stored, const CodecScope& scope, std::size_t most,
                           std::string& plain) const = 0;

 private:
  template <class Call>
  static Status guarded(Call&& call) noexcept {
    try {
      return call();
    } catch (const std::bad_alloc&) {
      return Error(ErrorCode::no_memory);
    } catch (...) {
      return Error(ErrorCode::corrupt, "the codec threw an exception");
    }
  }
};

}  // namespace cachesite
