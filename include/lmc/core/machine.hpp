// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <fstream>
#include <string>

namespace lmc {

/// The processor's name as Linux gives it; `unknown` where it does not.
inline std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const std::size_t value = line.find(": ");
    if (line.starts_with("model name") && value != std::string::npos) return line.substr(value + 2);
  }
  return "unknown";
}

/// The compiler of the including program, and its version.
inline std::string compiler_name() {
#if defined(__clang__)
  return "Clang " __clang_version__;
#else
  return std::string("GCC ") + __VERSION__;
#endif
}

}  // namespace lmc
