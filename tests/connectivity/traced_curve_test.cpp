// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <lmc/connectivity/traced_curve.hpp>
#include <lmc/core/random.hpp>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

namespace connectivity_traced_curve_test {

using Catch::Contains;
using Catch::Matchers::WithinAbs;
using lmc::Index;

namespace {

// The parameters of a network's layers at both ends.
struct Ends {
  struct Layer {
    Index in = 0, out = 0;
    std::vector<double> weights_a = {}, weights_b = {}, biases_a = {}, biases_b = {};
    double slope = 0;
  };
  std::vector<Layer> layers;

  [[nodiscard]] std::vector<lmc::ReluLayer<double>> views() const {
    std::vector<lmc::ReluLayer<double>> views;
    for (const Layer& l : layers) views.push_back({l.in, l.out, l.weights_a, l.weights_b, l.biases_a, l.biases_b, l.slope});
    return views;
  }
  [[nodiscard]] Ends swapped() const {
    Ends other = *this;
    for (Layer& l : other.layers) {
      std::swap(l.weights_a, l.weights_b);
      std::swap(l.biases_a, l.biases_b);
    }
    return other;
  }
};

std::vector<double> normal_values(std::size_t count, std::uint64_t seed, double scale) {
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) {
    double sum = -6;
    for (std::size_t j = 0; j < 12; ++j) sum += lmc::uniform({.seed = seed}, 12 * i + j);
    values.push_back(scale * sum);
  }
  return values;
}

// sizes: inputs, hidden units, classes. The end b is `apart` of the way from a to a network that has nothing to do with it.
Ends random_ends(const std::vector<Index>& sizes, double slope, double apart, std::uint64_t seed) {
  Ends ends;
  for (std::size_t l = 1; l < sizes.size(); ++l) {
    Ends::Layer layer{.in = sizes[l - 1], .out = sizes[l], .slope = l + 1 == sizes.size() ? 1 : slope};
    const auto count = static_cast<std::size_t>(layer.in * layer.out), units = static_cast<std::size_t>(layer.out);
    const double scale = std::sqrt(2.0 / static_cast<double>(layer.in));
    const auto pair = [&](std::size_t n, double s, std::uint64_t stream) {
      const auto a = normal_values(n, 100 * seed + 4 * l + stream, s);
      auto b = normal_values(n, 100 * seed + 4 * l + stream + 1, s);
      for (std::size_t i = 0; i < n; ++i) b[i] = a[i] + apart * (b[i] - a[i]);
      return std::pair(a, b);
    };
    std::tie(layer.weights_a, layer.weights_b) = pair(count, scale, 0);
    std::tie(layer.biases_a, layer.biases_b) = pair(units, 0.1, 2);
    ends.layers.push_back(layer);
  }
  return ends;
}

// Whether the network at α gives x another class than its label: plain loops.
bool is_wrong(const Ends& ends, std::span<const double> x, std::int32_t label, double alpha) {
  std::vector<double> h(x.begin(), x.end());
  for (const Ends::Layer& l : ends.layers) {
    std::vector<double> z(static_cast<std::size_t>(l.out));
    for (std::size_t o = 0; o < z.size(); ++o) {
      if (!l.biases_a.empty()) z[o] = (1 - alpha) * l.biases_a[o] + alpha * l.biases_b[o];
      for (std::size_t i = 0; i < h.size(); ++i)
        z[o] += ((1 - alpha) * l.weights_a[o * h.size() + i] + alpha * l.weights_b[o * h.size() + i]) * h[i];
    }
    for (double& value : z) value = value > 0 ? value : l.slope * value;
    h = z;
  }
  return std::ranges::max_element(h) - h.begin() != label;
}

struct Examples {
  std::vector<double> inputs;
  std::vector<std::int32_t> labels;
  [[nodiscard]] std::span<const double> input(std::size_t i) const {
    const std::size_t width = inputs.size() / labels.size();
    return std::span(inputs).subspan(i * width, width);
  }
};
Examples random_examples(std::size_t count, Index width, Index classes, std::uint64_t seed) {
  Examples examples{.inputs = normal_values(count * static_cast<std::size_t>(width), seed, 1), .labels = {}};
  for (std::size_t i = 0; i < count; ++i)
    examples.labels.push_back(static_cast<std::int32_t>(i % static_cast<std::size_t>(classes)));
  return examples;
}

lmc::TracedErrorCurve trace(const Ends& ends, const Examples& examples) {
  const auto views = ends.views();
  return lmc::traced_error_curve<double>(views, examples.inputs, examples.labels);
}

// How many of the points of a grid (those nearer to a flip than 1e-10 aside) the curve has wrong.
int disagreements(const lmc::ExactErrorCurve& curve, const Ends& ends, const Examples& examples, std::size_t example,
                  int points) {
  const auto stretches = lmc::wrong_stretches(curve, static_cast<Index>(example));
  int count = 0;
  for (int k = 0; k < points; ++k) {
    const double alpha = (k + 0.5) / points;
    bool wrong = false, near = false;
    for (const lmc::PathStretch& s : stretches) {
      wrong = wrong || (s.from.alpha < alpha && alpha < s.to.alpha);
      near = near || std::abs(s.from.alpha - alpha) < 1e-10 || std::abs(s.to.alpha - alpha) < 1e-10;
    }
    if (!near && wrong != is_wrong(ends, examples.input(example), examples.labels[example], alpha)) ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("traced_error_curve: has what a fine grid has, whatever the depth, the slope and how far the ends are apart",
          "[connectivity]") {
  const auto [hidden, slope, apart] = GENERATE(table<std::vector<Index>, double, double>({{{}, 0, 1},
                                                                                          {{20}, 0, 1},
                                                                                          {{20}, 0.3, 1},
                                                                                          {{17, 23}, 0, 1},
                                                                                          {{17, 23}, 0, 0.2},
                                                                                          {{17, 23}, 0.1, 1},
                                                                                          {{16, 16, 16}, 0, 1},
                                                                                          {{16, 16, 16}, 0.2, 1},
                                                                                          {{16, 1, 16}, 0.01, 1},
                                                                                          {{12, 12, 12, 12, 12}, 0, 1},
                                                                                          {{12, 12, 12}, 1, 1}}));
  CAPTURE(hidden, slope, apart);
  std::vector<Index> sizes{6};
  sizes.insert(sizes.end(), hidden.begin(), hidden.end());
  sizes.push_back(4);
  const Ends ends = random_ends(sizes, slope, apart, 1);
  const Examples examples = random_examples(24, 6, 4, 7);
  const auto traced = trace(ends, examples);
  REQUIRE(traced.curve.examples() == 24);
  CHECK(!traced.curve.flips.empty());
  for (std::size_t i = 0; i < 24; ++i) {
    CAPTURE(i);
    CHECK(disagreements(traced.curve, ends, examples, i, i < 2 ? 100'001 : 1'001) == 0);
  }
}

}  // namespace connectivity_traced_curve_test
