// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>

namespace lmc {

struct SplitOptions {
  Index validation = 0;    // examples to put aside, in [1, size of the data set)
  std::uint64_t seed = 0;  // which
};

template <std::floating_point Scalar>
struct TrainValidation {
  Dataset<Scalar> train, validation;
};

/// Puts examples aside at random. Every example is in one of the two parts, which keep the order of data and its
/// standardization. Throws: Error when a part would be empty.
template <std::floating_point Scalar>
TrainValidation<Scalar> split(const Dataset<Scalar>& data, SplitOptions options) {
  const auto& o = options;
  require(o.validation > 0 && o.validation < data.size(), "split: validation = ", o.validation,
          "; expected at least 1 and less than ", data.size(), ", the size of the data set");
  std::vector<Index> order(static_cast<std::size_t>(data.size()));
  std::iota(order.begin(), order.end(), Index{0});
  shuffle(Stream{.seed = o.seed, .purpose = Purpose::split}, std::span(order));
  const auto validation = std::span(order).first(static_cast<std::size_t>(o.validation));
  const auto train = std::span(order).subspan(static_cast<std::size_t>(o.validation));
  std::sort(validation.begin(), validation.end());
  std::sort(train.begin(), train.end());
  return {data.subset(train), data.subset(validation)};
}

}  // namespace lmc
