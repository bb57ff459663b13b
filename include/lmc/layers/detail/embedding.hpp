// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>
#include <lmc/layers/layer.hpp>

namespace lmc::detail {

/// Throws: Error when the standard deviation of a layer's first values is negative.
inline void require_standard_deviation(std::string_view layer, double standard_deviation) {
  require(standard_deviation >= 0, layer, ": standard_deviation = ", standard_deviation,
          "; expected a number that is not negative");
}

/// params ~ N(0, standard_deviation²), each at its position in θ.
template <std::floating_point Scalar>
void initialize_embedding(const InitializeArgs<Scalar>& a, double standard_deviation) {
  for (std::size_t i = 0; i < a.params.size(); ++i)
    a.params[i] = static_cast<Scalar>(standard_deviation * normal(a.stream, static_cast<std::uint64_t>(a.first) + i));
}

}  // namespace lmc::detail
