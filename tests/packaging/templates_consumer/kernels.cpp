// SPDX-License-Identifier: BSD-3-Clause
// Kernels by themselves. The others are used by the layers, losses and optimizers of the other files.
#include <vector>

#include <lmc/matrix/strided.hpp>
#include <lmc/simd/adam.hpp>
#include <lmc/simd/gelu.hpp>
#include <lmc/simd/lerp.hpp>
#include <lmc/simd/normal_noise.hpp>
#include <lmc/simd/product.hpp>
#include <lmc/simd/relu.hpp>
#include <lmc/simd/sgd.hpp>
#include <lmc/simd/sparse_product.hpp>
#include <lmc/simd/tanh.hpp>
#include <lmc/simd/transpose.hpp>
#include <lmc/simd/vector.hpp>

#include "parts.hpp"

namespace {

template <class T>
void use_kernels_with(T) {
  instantiate(lmc::simd::adam_update<T>, lmc::simd::sgd_update<T>, lmc::simd::sgd_momentum_update<T>, lmc::simd::gelu<T>,
              lmc::simd::gelu_backward<T>, lmc::simd::tanh<T>, lmc::simd::tanh_backward<T>, lmc::simd::relu<T>,
              lmc::simd::leaky_relu<T>, lmc::simd::relu_backward<T>, lmc::simd::leaky_relu_backward<T>, lmc::simd::lerp<T>,
              lmc::simd::lerp_relu<T>, lmc::simd::lerp_leaky_relu<T>, lmc::simd::product<T>, lmc::simd::transpose<T>,
              lmc::simd::axpy<T>, lmc::simd::all_finite<T>);
  std::vector<T> x(100);
  lmc::simd::add_normal_noise<T>({.seed = 1}, 0, T(1), x);
  check(x[0] != 0 && lmc::simd::all_finite<T>(x), "add_normal_noise");
}

}  // namespace

template class lmc::simd::SparseBatch<double>;

void use_kernels() {
  for_each_scalar([](auto scalar) { use_kernels_with(scalar); });
}
