// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>

namespace lmc {

/// Both parts with one standardization of their pixels, per channel of the last axis: a given one, such as that of the data
/// that a network was trained on. Nothing is copied. Throws: Error when the data are not 8-bit pixels, the numbers do not fit the
/// channels, or one is above 1, as of pixels from 0 to 255: here they are from 0 to 1.
template <std::floating_point Scalar>
TrainTest<Scalar> standardize(const TrainTest<Scalar>& data, const Standardization& given) {
  for (const auto& [name, numbers] :
       {std::pair("mean", &given.mean), std::pair("standard deviation", &given.standard_deviation)})
    for (const double number : *numbers)
      require(!(number > 1), "standardize: a ", name, " of ", number,
              ", as of pixels from 0 to 255; expected those of pixels from 0 to 1: divide them by 255");
  return {data.train.with_standardization(given), data.test.with_standardization(given), data.report};
}

/// The same by mean and deviation of the training part's pixels (standardization_of): after a subset was taken, say.
template <std::floating_point Scalar>
TrainTest<Scalar> standardize(const TrainTest<Scalar>& data) {
  const auto* pixels = std::get_if<SharedBytes>(&data.train.features());
  require(pixels != nullptr, "standardize: the features are numbers as they are; expected 8-bit pixels");
  const Shape& shape = data.train.shape();
  return standardize(data, standardization_of(*pixels, shape[shape.rank() - 1]));
}

}  // namespace lmc
