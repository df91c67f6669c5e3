#include "redis/wire/reply_reader.hpp"

#include <algorithm>
#include <new>

#if __has_include(<hiredis/read.h>)
#include <hiredis/read.h>
#else
#include <read.h>
#endif

namespace cachesite::redis {

namespace {

// The callbacks are called from C code and must not throw: a null pointer means "out of memory" to it.

Reply* place(const redisReadTask* task) {
  if (task->parent == nullptr) return static_cast<Reply*>(task->privdata);
  auto& elements = static_cast<Reply*>(task->parent->obj)->elements;
  const auto index = static_cast<std::size_t>(task->idx);
  // Elements are added as they come, not as the header promises.
  if (index >= elements.size()) elements.resize(index + 1);
  return &elements[index];
}

ReplyKind text_kind(int type) noexcept {
  if (type == REDIS_REPLY_STATUS) return ReplyKind::status;
  return type == REDIS_REPLY_ERROR ? ReplyKind::error : ReplyKind::bulk;
}

template <class Fill>
void* fill(const redisReadTask* task, Fill&& apply) noexcept {
  try {
    Reply* const reply = place(task);
    apply(*reply);
    return reply;
  } catch (...) {
    return nullptr;
  }
}

void* create_string(const redisReadTask* task, char* bytes, std::size_t size) {
  return fill(task, [&](Reply& reply) {
    reply.kind = text_kind(task->type);
    reply.value.assign(std::string_view(bytes, size));
  });
}

template <class Count>
void* create_array(const redisReadTask* task, Count count) {
  return fill(task, [&](Reply& reply) {
    reply.kind = ReplyKind::array;
    reply.elements.clear();
    reply.elements.reserve(std::min<std::size_t>(static_cast<std::size_t>(count), 128));
  });
}

void* create_integer(const redisReadTask* task, long long number) {
  return fill(task, [&](Reply& reply) {
    reply.kind = ReplyKind::integer;
    reply.integer = number;
  });
}

void* create_nil(const redisReadTask* task) {
  return fill(task, [](Reply& reply) { reply.kind = ReplyKind::nil; });
}

// Assigned member by member: later versions of hiredis have more members, in another order.
redisReplyObjectFunctions make_functions() noexcept {
  redisReplyObjectFunctions functions{};
  functions.createString = create_string;
  functions.createArray = create_array;
  functions.createInteger = create_integer;
  functions.createNil = create_nil;
  functions.freeObject = [](void*) {};  // replies belong to their callers
  return functions;
}

}  // namespace

void ReplyReader::Free::operator()(redisReader* reader) const noexcept {
  redisReaderFree(reader);
}

ReplyReader::ReplyReader() {
  // The reader only reads them, but takes them as not constant.
  static redisReplyObjectFunctions functions = make_functions();
  reader_.reset(redisReaderCreateWithFunctions(&functions));
  if (!reader_) throw std::bad_alloc();
}

ReplyReader::~ReplyReader() = default;

ReplyReader::Progress ReplyReader::feed(const char* bytes, std::size_t size, Reply& target) {
  reader_->privdata = &target;
  void* reply = nullptr;
  if (redisReaderFeed(reader_.get(), bytes, size) != REDIS_OK ||
      redisReaderGetReply(reader_.get(), &reply) != REDIS_OK)
    return reader_->err == REDIS_ERR_OOM ? Progress::no_memory : Progress::failed;
  return reply == nullptr ? Progress::more : Progress::complete;
}

std::string ReplyReader::problem() const {
  return reader_->errstr;
}

}  // namespace cachesite::redis
