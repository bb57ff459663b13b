// SPDX-License-Identifier: BSD-3-Clause
#include "registry/interruption.hpp"

#include <atomic>
#include <csignal>

namespace registry {

namespace {

std::atomic<int> noted = 0;
static_assert(std::atomic<int>::is_always_lock_free);  // a handler may write to it

// Restored by the system after the first signal, so that the second one has its usual effect.
void handle(int signal, void (*handler)(int)) {
  struct sigaction action = {};
  // A process that is to live on in the background is started with the signal ignored.
  if (::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) return;
  action = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
  ::sigaction(signal, &action, nullptr);
}

}  // namespace

Interruption::Interruption() {
  noted = 0;
  for (const int signal : {SIGINT, SIGTERM}) handle(signal, [](int which) { noted = which; });
}

Interruption::~Interruption() {
  for (const int signal : {SIGINT, SIGTERM}) handle(signal, SIG_DFL);
}

int Interruption::signal() { return noted; }

}  // namespace registry
