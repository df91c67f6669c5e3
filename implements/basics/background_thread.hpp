#pragma once

#include "basics/thread.hpp"

#include <csignal>
#include <thread>
#include <utility>

namespace cachesite::basics {

/// A thread that takes no signals: they stay with the program's own threads.
template <class Work>
Thread background_thread(Work&& work) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  struct Restore {
    const sigset_t& mask;
    ~Restore() { ::pthread_sigmask(SIG_SETMASK, &mask, nullptr); }
  } restore{before};
  return Thread(std::forward<Work>(work));
}

}  // namespace cachesite::basics
