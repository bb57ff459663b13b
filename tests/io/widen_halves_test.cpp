// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/io/widen_halves.hpp>

#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <limits>
#include <variant>
#include <vector>

namespace io_widen_halves_test {

TEST_CASE("widen_halves: gives the numbers that F16 and BF16 stand for, and leaves others alone", "[io]") {
  const auto bytes = [](std::vector<unsigned> values) {
    std::vector<std::byte> all;
    for (const unsigned value : values)
      for (const unsigned byte : {value & 255U, value >> 8}) all.push_back(std::byte(byte));
    return all;
  };
  lmc::Safetensors file;
  // 1, -2, the largest, the smallest, infinity and NaN of IEEE 754 binary16; then 1, -2, 2⁻¹²⁶, infinity as upper halves of binary32.
  file.tensors.push_back({"half", 6, lmc::RawValues{"F16", bytes({0x3c00, 0xc000, 0x7bff, 0x0001, 0x7c00, 0x7e00})}});
  file.tensors.push_back({"brain", {2, 2}, lmc::RawValues{"BF16", bytes({0x3f80, 0xc000, 0x0080, 0x7f80})}});
  file.tensors.push_back({"count", 1, lmc::RawValues{"I16", bytes({7})}});
  file.tensors.push_back({"x", 1, std::vector<double>{0.1}});
  const lmc::Safetensors before = file;
  lmc::widen_halves(file);
  REQUIRE(file.tensors[0].dtype() == "F32");
  const auto& half = std::get<std::vector<float>>(file.tensors[0].values);
  constexpr float infinity = std::numeric_limits<float>::infinity();
  REQUIRE(half.size() == 6);
  CHECK(std::vector<float>(half.begin(), half.begin() + 5) == std::vector<float>{1, -2, 65504, std::ldexp(1.F, -24), infinity});
  CHECK(std::isnan(half[5]));
  CHECK(std::get<std::vector<float>>(file.tensors[1].values) == std::vector<float>{1, -2, std::ldexp(1.F, -126), infinity});
  CHECK(file.tensors[1].shape == lmc::Shape{2, 2});
  CHECK(file.tensors[2] == before.tensors[2]);
  CHECK(file.tensors[3] == before.tensors[3]);
}

}  // namespace io_widen_halves_test
