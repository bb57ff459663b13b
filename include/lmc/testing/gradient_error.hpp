// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <lmc/core/layout.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/views.hpp>
#include <lmc/layers/layer.hpp>
#include <span>
#include <vector>

namespace testing {

using lmc::Index;

inline std::vector<double> normal_numbers(Index n, std::uint64_t seed, std::uint32_t part) {
  std::vector<double> values;
  for (Index i = 0; i < n; ++i) values.push_back(lmc::normal({.seed = seed, .part = part}, static_cast<std::uint64_t>(i)));
  return values;
}

struct GradientOptions {
  Index batch = 2;
  std::uint64_t seed = 1;
  lmc::Shape in = {};  // for a layer that takes any shape
};

/// The largest difference between a layer's backward and central differences, over every entry of x and of its parameters, of
/// the scalar L = Σ w_i y_i with normal weights w. h = ε^(1/3), so that rounding and truncation are of one order, 1e-10. The
/// gradient of the parameters has to be added to what is there, and dx to be overwritten: both begin with a 1 everywhere. A
/// layer that OverwritesGradient has to give the same in place of NaN; what it leaves is an infinite difference.
template <lmc::Layer<double> L>
double gradient_error(const L& layer, const GradientOptions& options) {
  using lmc::matrix_view;
  const lmc::Shape in = layer.input_shape().value_or(options.in), out = layer.output_shape(in);
  const Index batch = options.batch, x_size = batch * in.size(), y_size = batch * out.size();
  lmc::LayoutBuilder builder(in);
  layer.declare(builder);
  const lmc::ParameterLayout layout = std::move(builder).build();
  std::vector<double> x = normal_numbers(x_size, options.seed, 1),
                      params = normal_numbers(layout.parameter_count(), options.seed, 2);
  const std::vector<double> weights = normal_numbers(y_size, options.seed, 3);
  std::vector<double> buffers(static_cast<std::size_t>(layout.buffer_count()), 1.0), y(static_cast<std::size_t>(y_size));
  std::vector<double> cache(static_cast<std::size_t>(layer.cache_size(batch)));
  std::vector<double> workspace(static_cast<std::size_t>(layer.workspace_size(batch)),
                                std::numeric_limits<double>::quiet_NaN());

  const auto read = [](const std::vector<double>& v) { return std::span<const double>(v); };
  const auto loss = [&] {
    layer.forward({.params = params,
                   .buffers = buffers,
                   .x = matrix_view(read(x), batch, in.size()),
                   .y = matrix_view(std::span(y), batch, out.size()),
                   .cache = cache,
                   .workspace = workspace,
                   .mode = lmc::Mode::training});
    double sum = 0;
    for (std::size_t i = 0; i < y.size(); ++i) sum += weights[i] * y[i];
    return sum;
  };
  loss();
  std::vector<double> dx(x.size(), 1.0), dparams(params.size(), 1.0);
  const auto backward = [&](std::vector<double>& to, lmc::Into gradient) {
    layer.backward({.params = params,
                    .buffers = buffers,
                    .x = matrix_view(read(x), batch, in.size()),
                    .y = matrix_view(read(y), batch, out.size()),
                    .dy = matrix_view(read(weights), batch, out.size()),
                    .dx = matrix_view(std::span(dx), batch, in.size()),
                    .dparams = to,
                    .cache = cache,
                    .workspace = workspace,
                    .gradient = gradient});
  };
  backward(dparams, lmc::Into::add);

  double worst = 0;
  if constexpr (lmc::OverwritesGradient<L>) {
    std::vector<double> replaced(params.size(), std::numeric_limits<double>::quiet_NaN());
    backward(replaced, lmc::Into::overwrite);
    for (std::size_t i = 0; i < replaced.size(); ++i) {
      const double difference = std::abs(replaced[i] - (dparams[i] - 1));
      worst = std::max(worst, std::isnan(difference) ? std::numeric_limits<double>::infinity() : difference);
    }
  }
  const auto compare = [&](std::vector<double>& at, const std::vector<double>& gradient, double already_there) {
    for (std::size_t i = 0; i < at.size(); ++i) {
      const double value = at[i], h = std::cbrt(std::numeric_limits<double>::epsilon()) * std::max(1.0, std::abs(value));
      at[i] = value + h;
      const double above = loss();
      at[i] = value - h;
      const double below = loss();
      at[i] = value;
      const double difference = std::abs((above - below) / (2 * h) - (gradient[i] - already_there));
      worst = std::isnan(difference) ? difference : std::max(worst, difference);
    }
  };
  compare(x, dx, 0);
  compare(params, dparams, 1);
  return worst;
}

}  // namespace testing
