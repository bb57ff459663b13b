// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <csignal>

#include <fcntl.h>
#include <sys/resource.h>

/// What a program does first that writes files: a standard stream that is closed would give its number to the first of them,
/// which would then get what is printed; and a reader that goes away, as in `… | head`, or a limit of `ulimit -f` would end the
/// program before its files are written. Printing to a closed stream fails, and is noticed as such. Files that are written are
/// open from the start, so that as many may be open as the hard limit, `ulimit -Hn`, allows.
inline void prepare_output() {
  for (int descriptor = 0; descriptor < 3; ++descriptor)
    if (::fcntl(descriptor, F_GETFD) == -1) ::open("/dev/null", O_RDONLY);  // takes the lowest number that is free
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // writing beyond `ulimit -f` fails then, as on a full disk
  ::rlimit open_files{};
  if (::getrlimit(RLIMIT_NOFILE, &open_files) == 0) {
    open_files.rlim_cur = open_files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &open_files);
  }
}
