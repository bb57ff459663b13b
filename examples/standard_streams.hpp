// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <csignal>

#include <fcntl.h>

/// What a program does first that writes files: a standard stream that is closed would give its number to the first of them,
/// which would then get what is printed; and a reader that goes away, as in `… | head`, or a limit of `ulimit -f` would end the
/// program before its files are written. Printing to a closed stream fails, and is noticed as such.
inline void prepare_standard_streams() {
  for (int descriptor = 0; descriptor < 3; ++descriptor)
    if (::fcntl(descriptor, F_GETFD) == -1) ::open("/dev/null", O_RDONLY);  // takes the lowest number that is free
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // writing beyond `ulimit -f` fails then, as on a full disk
}
