// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>
#include <utility>
#include <vector>

/// So many images of 28×28 in ten classes, three quarters black, as handwritten digits are.
template <std::floating_point Scalar>
lmc::Dataset<Scalar> random_images(std::size_t examples) {
  std::vector<std::uint8_t> pixels(examples * 784);
  std::vector<std::int32_t> labels(examples);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const std::uint32_t bits = lmc::random_bits({.seed = 1}, i)[0];
    pixels[i] = bits % 4 == 0 ? static_cast<std::uint8_t>(bits >> 24) : std::uint8_t{0};
  }
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::int32_t>(i % 10);
  const lmc::Standardization standardization = lmc::standardization_of(pixels, 1);
  return lmc::Dataset<Scalar>({.shape = {28, 28, 1},
                               .classes = 10,
                               .labels = std::move(labels),
                               .features = std::move(pixels),
                               .standardization = standardization});
}
