#include "redis/channel/channel_work.hpp"

namespace cachesite::redis {

template class BasicChannel<SystemThreads>;

}  // namespace cachesite::redis
