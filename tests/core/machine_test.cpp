// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/core/machine.hpp>

#include <catch2/catch.hpp>
#include <cctype>
#include <fstream>
#include <string>

namespace core_machine_test {

TEST_CASE("compiler_name: the compiler and its version", "[core]") {
  const std::string name = lmc::compiler_name();
#if defined(__clang__)
  CHECK(name.find("lang") != std::string::npos);
  CHECK(name.find(std::to_string(__clang_major__) + '.' + std::to_string(__clang_minor__)) != std::string::npos);
#else
  CHECK(name.starts_with("GCC " + std::to_string(__GNUC__) + '.' + std::to_string(__GNUC_MINOR__)));
#endif
}

TEST_CASE("processor_name: a value of a line `model name` of /proc/cpuinfo", "[core]") {
  std::ifstream info("/proc/cpuinfo");
  bool found = false;
  for (std::string line; std::getline(info, line);)
    found = found || (line.starts_with("model name") && line.ends_with(": " + lmc::processor_name()));
  if (!found) CHECK(lmc::processor_name() == "unknown");
}

}  // namespace core_machine_test
