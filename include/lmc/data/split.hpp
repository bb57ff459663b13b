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

/// Which examples split() puts aside.
struct SplitOptions {
  Index validation = 0;    // examples to put aside, in [1, size of the data set)
  std::uint64_t seed = 0;  // which
};

/// The two parts of a training set.
template <std::floating_point Scalar>
struct TrainValidation {
  Dataset<Scalar> train;       // what is left to train on
  Dataset<Scalar> validation;  // what was put aside
};

namespace detail {

/// Positions of examples, ascending.
struct SplitPositions {
  std::vector<Index> rest, aside;
};

/// Puts `aside` of the positions 0 … examples − 1 aside at random, aside in [0, examples].
inline SplitPositions split_positions(Index examples, Index aside, std::uint64_t seed) {
  std::vector<Index> order(static_cast<std::size_t>(examples));
  std::iota(order.begin(), order.end(), Index{0});
  shuffle(Stream{.seed = seed, .purpose = Purpose::split}, std::span(order));
  SplitPositions parts{{order.begin() + aside, order.end()}, {order.begin(), order.begin() + aside}};
  std::sort(parts.rest.begin(), parts.rest.end());
  std::sort(parts.aside.begin(), parts.aside.end());
  return parts;
}

}  // namespace detail

/// Puts examples aside at random. Every example is in one of the two parts, which keep the order of data and its
/// standardization. Throws: Error when a part would be empty.
template <std::floating_point Scalar>
TrainValidation<Scalar> split(const Dataset<Scalar>& data, SplitOptions options) {
  const auto& o = options;
  require(o.validation > 0 && o.validation < data.size(), "split: validation = ", o.validation,
          "; expected at least 1 and less than ", data.size(), ", the size of the data set");
  const auto parts = detail::split_positions(data.size(), o.validation, o.seed);
  return {data.subset(parts.rest), data.subset(parts.aside)};
}

}  // namespace lmc
