#include "basics/server_call.hpp"

namespace cachesite::basics {

thread_local constinit IServerCallRecorder* server_call_recorder = nullptr;

}  // namespace cachesite::basics
