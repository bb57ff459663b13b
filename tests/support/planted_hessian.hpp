// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <lmc/core/random.hpp>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace testing {

/// A symmetric matrix with these eigenvalues: R diag(λ) R, R = I − 2 w wᵀ a reflection, which its products do not show.
struct Planted {
  std::vector<double> eigenvalues, w;
  explicit Planted(std::vector<double> values) : eigenvalues(std::move(values)) {
    double square = 0;
    for (std::size_t i = 0; i < eigenvalues.size(); ++i) {
      w.push_back(lmc::normal({.seed = 3}, i));
      square += w.back() * w.back();
    }
    for (double& x : w) x /= std::sqrt(square);
  }
  void reflect(std::vector<double>& v) const {
    const double along = std::inner_product(v.begin(), v.end(), w.begin(), 0.0);
    for (std::size_t i = 0; i < v.size(); ++i) v[i] -= 2 * along * w[i];
  }
  void operator()(std::span<const double> v, std::span<double> product) const {
    std::vector<double> x(v.begin(), v.end());
    reflect(x);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] *= eigenvalues[i];
    reflect(x);
    std::copy(x.begin(), x.end(), product.begin());
  }
};

}  // namespace testing
