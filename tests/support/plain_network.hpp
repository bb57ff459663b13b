// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <stdexcept>
#include <vector>

#include <lmc/core/shape.hpp>
#include <lmc/core/window.hpp>
#include <lmc/layers/conv2d.hpp>
#include <lmc/layers/dense.hpp>
#include <lmc/layers/flatten.hpp>
#include <lmc/layers/leaky_relu.hpp>
#include <lmc/layers/locally_connected2d.hpp>
#include <lmc/layers/max_pool2d.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/relu.hpp>

namespace testing {

/// A network of dense, convolutional, locally connected, (leaky) ReLU and max pooling layers by the formulas of their pages, one
/// product after the other, in double: what the library is compared with. Of the library it has the geometry and where parameters lie.
class PlainNetwork {
 public:
  template <class Scalar>
  explicit PlainNetwork(const lmc::Network<Scalar>& network) {
    lmc::Shape in = *network.input_shape();
    for (const auto& part : network.parts()) {
      const auto first = static_cast<std::size_t>(part.params.first);
      if (part.layer.template target<lmc::Dense<Scalar>>() != nullptr)
        add_dense(in.size(), part.output.size(), first);
      else if (const auto* conv = part.layer.template target<lmc::Conv2d<Scalar>>())
        add_filters(conv->window(), in[2], part.output[2], first, 1, [](lmc::Index, lmc::Index) { return lmc::Index{0}; });
      else if (const auto* local = part.layer.template target<lmc::LocallyConnected2d<Scalar>>()) {
        const lmc::Extent sharing = local->options().sharing;
        const lmc::Index across = (part.output[1] + sharing.cols - 1) / sharing.cols;
        add_filters(local->window(), in[2], part.output[2], first,
                    across * ((part.output[0] + sharing.rows - 1) / sharing.rows),
                    [&](lmc::Index r, lmc::Index c) { return r / sharing.rows * across + c / sharing.cols; });
      } else if (const auto* pool = part.layer.template target<lmc::MaxPool2d<Scalar>>())
        add_pool(pool->window(), in[2]);
      else if (const auto* leaky = part.layer.template target<lmc::LeakyRelu<Scalar>>())
        steps_.push_back({.kind = Kind::leaky, .outputs = size(in), .slope = static_cast<double>(leaky->slope())});
      else if (part.layer.template target<lmc::Relu<Scalar>>() != nullptr)
        steps_.push_back({.kind = Kind::leaky, .outputs = size(in)});
      else if (part.layer.template target<lmc::Flatten<Scalar>>() == nullptr)
        throw std::logic_error("PlainNetwork: no loops for " + part.name);
      in = part.output;
    }
  }

  /// The logits of one example.
  [[nodiscard]] std::vector<double> logits(std::span<const double> theta, std::span<const double> x) const {
    return values(theta, x).back();
  }

  /// Its cross-entropy, whose gradient times `share` is added to `gradient`.
  double add_gradient(std::span<const double> theta, std::span<const double> x, std::int32_t label, double share,
                      std::span<double> gradient) const {
    const auto all = values(theta, x);
    const double loss = cross_entropy(all.back(), label), scale = log_sum(all.back());
    std::vector<double> d;
    for (const double y : all.back()) d.push_back(share * std::exp(y - scale));
    d[static_cast<std::size_t>(label)] -= share;
    for (std::size_t s = steps_.size(); s-- > 0;) d = backward(steps_[s], theta, all[s], d, gradient);
    return loss;
  }

  static double cross_entropy(std::span<const double> logits, std::int32_t label) {
    return log_sum(logits) - logits[static_cast<std::size_t>(label)];
  }
  /// How far the label's logit is above the greatest other one: the example is wrong where that is negative.
  static double margin(std::span<const double> logits, std::int32_t label) {
    double other = -std::numeric_limits<double>::infinity();
    for (std::size_t k = 0; k < logits.size(); ++k)
      if (k != static_cast<std::size_t>(label)) other = std::max(other, logits[k]);
    return logits[static_cast<std::size_t>(label)] - other;
  }

 private:
  enum class Kind { affine, leaky, pool };
  struct Tap {
    std::size_t output, input, weight;
  };
  struct Step {
    Kind kind;
    std::size_t outputs = 0;
    std::vector<Tap> taps = {};  // of an affine step: y[output] += θ[weight] x[input]; of a pool: weight has no meaning
    std::vector<std::size_t> biases = {};  // for each output, the place of its bias
    double slope = 0;
  };

  static std::size_t size(const lmc::Shape& shape) { return static_cast<std::size_t>(shape.size()); }

  static double log_sum(std::span<const double> logits) {
    const double top = *std::ranges::max_element(logits);
    double sum = 0;
    for (const double y : logits) sum += std::exp(y - top);
    return top + std::log(sum);
  }

  void add_dense(lmc::Index in, lmc::Index out, std::size_t first) {
    Step step{.kind = Kind::affine, .outputs = static_cast<std::size_t>(out)};
    for (std::size_t o = 0; o < step.outputs; ++o) {
      for (std::size_t i = 0; i < static_cast<std::size_t>(in); ++i)
        step.taps.push_back({o, i, first + o * static_cast<std::size_t>(in) + i});
      step.biases.push_back(first + static_cast<std::size_t>(in * out) + o);
    }
    steps_.push_back(std::move(step));
  }

  template <class Use>
  static void for_each_tap(const lmc::Window& w, Use use) {
    for (lmc::Index r = 0; r < w.out.rows; ++r)
      for (lmc::Index c = 0; c < w.out.cols; ++c)
        for (lmc::Index i = 0; i < w.kernel.rows; ++i)
          for (lmc::Index j = 0; j < w.kernel.cols; ++j) {
            const lmc::Index u = r * w.stride.rows + i - w.padding.rows, v = c * w.stride.cols + j - w.padding.cols;
            if (u >= 0 && u < w.in.rows && v >= 0 && v < w.in.cols) use(r, c, i, j, u * w.in.cols + v);
          }
  }

  // W [bank, out, kernel rows, kernel cols, in], b [bank, out] behind it; bank_of(r, c): the filters of an output position.
  template <class BankOf>
  void add_filters(const lmc::Window& w, lmc::Index in, lmc::Index out, std::size_t first, lmc::Index banks, BankOf bank_of) {
    Step step{.kind = Kind::affine, .outputs = static_cast<std::size_t>(w.out.size() * out)};
    for_each_tap(w, [&](lmc::Index r, lmc::Index c, lmc::Index i, lmc::Index j, lmc::Index position) {
      for (lmc::Index o = 0; o < out; ++o)
        for (lmc::Index k = 0; k < in; ++k) {
          const lmc::Index filter = bank_of(r, c) * out + o, tap = (filter * w.kernel.rows + i) * w.kernel.cols + j;
          step.taps.push_back({static_cast<std::size_t>((r * w.out.cols + c) * out + o),
                               static_cast<std::size_t>(position * in + k), first + static_cast<std::size_t>(tap * in + k)});
        }
    });
    const lmc::Index weights = banks * out * w.kernel.size() * in;
    for (lmc::Index p = 0; p < w.out.size(); ++p)
      for (lmc::Index o = 0; o < out; ++o)
        step.biases.push_back(first + static_cast<std::size_t>(weights + bank_of(p / w.out.cols, p % w.out.cols) * out + o));
    steps_.push_back(std::move(step));
  }

  void add_pool(const lmc::Window& w, lmc::Index channels) {
    Step step{.kind = Kind::pool, .outputs = static_cast<std::size_t>(w.out.size() * channels)};
    for_each_tap(w, [&](lmc::Index r, lmc::Index c, lmc::Index, lmc::Index, lmc::Index position) {
      for (lmc::Index k = 0; k < channels; ++k)
        step.taps.push_back({static_cast<std::size_t>((r * w.out.cols + c) * channels + k),
                             static_cast<std::size_t>(position * channels + k), 0});
    });
    steps_.push_back(std::move(step));
  }

  // The input of each step, and the logits.
  [[nodiscard]] std::vector<std::vector<double>> values(std::span<const double> theta, std::span<const double> x) const {
    std::vector<std::vector<double>> all{{x.begin(), x.end()}};
    for (const Step& step : steps_) {
      const std::vector<double>& in = all.back();
      std::vector<double> y(step.outputs, step.kind == Kind::pool ? -std::numeric_limits<double>::infinity() : 0.0);
      for (const Tap& tap : step.taps) {
        if (step.kind == Kind::affine) y[tap.output] += theta[tap.weight] * in[tap.input];
        if (step.kind == Kind::pool) y[tap.output] = std::max(y[tap.output], in[tap.input]);
      }
      for (std::size_t o = 0; o < step.biases.size(); ++o) y[o] += theta[step.biases[o]];
      if (step.kind == Kind::leaky)
        for (std::size_t i = 0; i < y.size(); ++i) y[i] = in[i] > 0 ? in[i] : step.slope * in[i];
      all.push_back(std::move(y));
    }
    return all;
  }

  // ∂L/∂x of a step from d = ∂L/∂y.
  static std::vector<double> backward(const Step& step, std::span<const double> theta, const std::vector<double>& x,
                                      const std::vector<double>& d, std::span<double> gradient) {
    std::vector<double> dx(x.size());
    if (step.kind == Kind::affine) {
      for (const Tap& tap : step.taps) {
        gradient[tap.weight] += d[tap.output] * x[tap.input];
        dx[tap.input] += theta[tap.weight] * d[tap.output];
      }
      for (std::size_t o = 0; o < step.biases.size(); ++o) gradient[step.biases[o]] += d[o];
    } else if (step.kind == Kind::leaky) {
      for (std::size_t i = 0; i < x.size(); ++i) dx[i] = x[i] > 0 ? d[i] : step.slope * d[i];
    } else {
      std::vector<std::optional<std::size_t>> best(step.outputs);
      for (const Tap& tap : step.taps)
        if (!best[tap.output] || x[tap.input] > x[*best[tap.output]]) best[tap.output] = tap.input;
      for (std::size_t o = 0; o < step.outputs; ++o) dx[*best[o]] += d[o];
    }
    return dx;
  }

  std::vector<Step> steps_;
};

}  // namespace testing
