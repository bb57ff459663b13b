// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <variant>
#include <vector>

#include <lmc/io/detail/npy_types.hpp>
#include <lmc/io/safetensors.hpp>

namespace lmc {

/// Turns the tensors of F16 and BF16 into F32, which has each of their numbers; others stay as they are. A BF16 is the upper half of a
/// float.
inline void widen_halves(Safetensors& file) {
  for (NamedTensor& tensor : file.tensors) {
    const auto* raw = std::get_if<RawValues>(&tensor.values);
    if (raw == nullptr || (raw->dtype != "F16" && raw->dtype != "BF16")) continue;
    std::vector<float> values(raw->bytes.size() / 2);
    for (std::size_t i = 0; i < values.size(); ++i) {
      std::uint16_t bits = 0;
      std::memcpy(&bits, raw->bytes.data() + 2 * i, 2);
      values[i] = raw->dtype == "F16" ? detail::widened({bits}) : std::bit_cast<float>(std::uint32_t{bits} << 16);
    }
    tensor.values = std::move(values);
  }
}

}  // namespace lmc
