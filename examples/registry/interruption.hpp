// SPDX-License-Identifier: BSD-3-Clause
// A program that is interrupted ends by itself, after it has kept what it has.
#pragma once

namespace registry {

/// While it lives, the first SIGINT or SIGTERM is noted; the second ends the program, as ever.
class Interruption {
 public:
  Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  ~Interruption();

  /// The signal, or 0.
  [[nodiscard]] static int signal();
};

}  // namespace registry
