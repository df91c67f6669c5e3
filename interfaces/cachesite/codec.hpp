#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/component.hpp>
#include <cachesite/result.hpp>

#include <cstddef>
#include <new>
#include <string>
#include <string_view>

namespace cachesite {

/// Where an encoded value lies. A codec that protects values binds them to it, so that bytes moved to another
/// key or another cache are refused. Views: valid during the call.
struct CodecScope {
  std::string_view cache;  ///< name of the cache, as far as the codec's owner gives it one
  std::string_view key;    ///< key of the entry
};

/// Turns the bytes of a value into the bytes that are stored, and back.
///
/// Decoding meets bytes that anybody may have written: whatever they are, a codec gives a value or a reason,
/// and its result is never longer than the caller allows. No call throws. All calls are safe from any thread.
///
/// A program may write its own and give it to a CodecCache as its `codec`.
class ICodec : public Interface<ICodec, "ICodec"> {
 public:
  /// Replaces `stored` by the encoded form of `plain`. `plain` may not lie in `stored`.
  Status encode(ByteView plain, const CodecScope& scope, std::string& stored) const noexcept {
    return guarded([&] { return do_encode(plain, scope, stored); });
  }

  /// Replaces `plain` by what `stored` was made from. Fails with `too_large` when that is longer than `most`
  /// bytes, or is announced to be, before memory is taken for it; with `corrupt` when the bytes are damaged,
  /// cut off, not of this codec, or not for this scope. After a failure `plain` has no meaning.
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
