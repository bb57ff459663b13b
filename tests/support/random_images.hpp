// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include <lmc/core/random.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/testing/permutation_effect.hpp>

namespace testing {

/// Images of random numbers with 3 classes.
template <class Scalar = double>
lmc::Dataset<Scalar> random_images(const lmc::Shape& shape, lmc::Index examples, std::uint32_t seed = 1) {
  std::vector<Scalar> x;
  std::vector<std::int32_t> labels;
  for (lmc::Index i = 0; i < examples * shape.size(); ++i)
    x.push_back(static_cast<Scalar>(lmc::normal({.seed = seed}, static_cast<std::uint64_t>(i))));
  for (lmc::Index i = 0; i < examples; ++i) labels.push_back(static_cast<std::int32_t>(i * i % 3));
  return lmc::Dataset<Scalar>({.shape = shape, .classes = 3, .labels = labels, .features = x});
}

/// What the first `layers` layers give for all examples, [examples, entries].
inline std::vector<double> outputs_behind(const lmc::Network<double>& network, lmc::ModelState<double> state,
                                          std::size_t layers, const lmc::Dataset<double>& data) {
  std::vector<lmc::AnyLayer<double>> first;
  for (std::size_t i = 0; i < layers; ++i) first.push_back(network.parts()[i].layer);
  const lmc::Network<double> head(first, *network.input_shape());
  std::vector<double> x(static_cast<std::size_t>(data.size() * data.shape().size()));
  std::vector<std::int32_t> labels(static_cast<std::size_t>(data.size()));
  data.gather_range(0, lmc::matrix_view(std::span(x), data.size(), data.shape().size()), labels);
  state.parameters.resize(static_cast<std::size_t>(head.layout().parameter_count()));
  state.buffers.resize(static_cast<std::size_t>(head.layout().buffer_count()));
  return lmc::testing::outputs(head, state, x);
}

}  // namespace testing
