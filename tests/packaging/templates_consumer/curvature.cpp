// SPDX-License-Identifier: BSD-3-Clause
#include <sstream>
#include <vector>

#include <lmc/curvature/block_hessian.hpp>
#include <lmc/curvature/chord_curvature.hpp>
#include <lmc/curvature/cross_share.hpp>
#include <lmc/curvature/difference_hessian.hpp>
#include <lmc/curvature/estimate.hpp>
#include <lmc/curvature/hessian_function.hpp>
#include <lmc/curvature/spectral_density.hpp>
#include <lmc/curvature/spectrum_ends.hpp>
#include <lmc/curvature/trace.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/layers/tangent.hpp>
#include <lmc/measure/gradient.hpp>
#include <lmc/measure/hessian_vector.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/testing/tangent_error.hpp>

#include "parts.hpp"

namespace {

template <class T>
void use_curvature_with(T) {
  const auto data = lmc::spirals<T>({.examples = 60, .classes = 3, .seed = 1});
  const auto network = lmc::mlp<T>({.inputs = 2, .hidden = {4}, .outputs = 3});
  const auto a = network.initialize({.seed = 1}), b = network.initialize({.seed = 2});
  const auto at_a = lmc::hessian_at(network, a, data);
  const lmc::Index size = at_a.size();
  std::ostringstream out;
  out << lmc::spectrum_ends(at_a, size, {.steps = 5});
  check(!out.str().empty(), "spectrum_ends");
  check(lmc::hessian_trace(at_a, size, {.products = 6}).products == 6, "hessian_trace");
  check(lmc::spectral_density(at_a, size, {.steps = 5, .probes = 1}).products == 5, "spectral_density");
  lmc::BlockHessian block(at_a, size, lmc::layer_entries(network.layout(), "dense1"));
  check(block.size() == 12, "BlockHessian");
  const auto gradient = lmc::gradient_function(network, data);
  const auto hessian = lmc::hessian_function(network, data);
  check(lmc::chord_curvature(a.parameters, b.parameters, gradient, hessian, {.intervals = 4}).curvature.size() == 5, "chord");
  std::vector<double> v(static_cast<std::size_t>(size), 1.0), product(v.size());
  auto differences = lmc::difference_hessian<T>(gradient);
  check(differences(a.parameters, v, product) >= 0, "difference_hessian");
  lmc::BlockOfParameter blocks(v.size());
  blocks[0] = 0;
  blocks[1] = 1;
  check(lmc::cross_share(at_a, v, blocks, {.probes = 2}).products == 3, "cross_share");
  check(lmc::hessian_vector_product<T>(network, a, data, v).size() == v.size(), "hessian_vector_product");
}

}  // namespace

void use_curvature() {
  for_each_scalar([](auto scalar) { use_curvature_with(scalar); });
  check(lmc::testing::tangent_error(lmc::Dense<double>({.inputs = 2, .outputs = 2})) < 1e-6, "tangent_error");
}
