// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/core/random.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/average_pool2d.hpp>
#include <lmc/layers/conv2d.hpp>
#include <lmc/layers/dense.hpp>
#include <lmc/layers/dropout.hpp>
#include <lmc/layers/flatten.hpp>
#include <lmc/layers/global_average_pool.hpp>
#include <lmc/layers/leaky_relu.hpp>
#include <lmc/layers/locally_connected2d.hpp>
#include <lmc/layers/max_pool2d.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/relu.hpp>
#include <lmc/measure/certified_loss.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/logits.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/lcn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/models/sparse_mlp.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/run.hpp>
#include <span>
#include <variant>
#include <vector>

namespace measure_certified_loss_test {

using Catch::Matchers::Contains;
using lmc::certified_loss_barrier;
using lmc::CertifiedLossBarrier;
using lmc::Dataset;
using lmc::Index;
using lmc::ModelState;
using lmc::Network;
using lmc::ThreadTeam;

namespace {

// Examples of that shape whose numbers are single precision in either type.
template <class Scalar>
Dataset<Scalar> examples(Index count, const lmc::Shape& shape, Index classes) {
  std::vector<Scalar> x;
  std::vector<std::int32_t> labels;
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(count * shape.size()); ++i)
    x.push_back(static_cast<Scalar>(static_cast<float>(2 * lmc::normal({.seed = 1}, i))));
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(count); ++i)
    labels.push_back(static_cast<std::int32_t>(lmc::uniform_below({.seed = 2}, i, static_cast<std::uint64_t>(classes))));
  return Dataset<Scalar>({.shape = shape, .classes = classes, .labels = labels, .features = x});
}
// Parameters far from a start, so that barriers are large.
template <class Scalar>
std::vector<Scalar> parameters(const Network<Scalar>& network, std::uint64_t seed, double scale) {
  std::vector<Scalar> theta;
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(network.layout().parameter_count()); ++i)
    theta.push_back(static_cast<Scalar>(static_cast<float>(scale * lmc::normal({.seed = seed}, i))));
  return theta;
}
// Examples for a network with these ends, whose labels are those that lose most from the mean of the ends to the middle of the
// line, so that there is a barrier.
template <class Scalar>
Dataset<Scalar> examples_between(const Network<Scalar>& network, const std::vector<Scalar>& a, const std::vector<Scalar>& b,
                                 Index count) {
  const Index classes = network.output_shape().size();
  const auto data = examples<Scalar>(count, *network.input_shape(), classes);
  std::vector<Scalar> middle;
  for (std::size_t i = 0; i < a.size(); ++i) middle.push_back((a[i] + b[i]) / 2);
  const auto z_a = lmc::logits(network, {a, {}}, data), z = lmc::logits(network, {middle, {}}, data),
             z_b = lmc::logits(network, {b, {}}, data);
  std::vector<std::int32_t> labels;
  for (Index n = 0; n < count; ++n) {
    const auto loss = [&](Index y) {
      const auto i = static_cast<std::size_t>(n * classes + y);
      return (z_a[i] + z_b[i]) / 2 - z[i];
    };
    Index best = 0;
    for (Index y = 1; y < classes; ++y)
      if (loss(y) > loss(best)) best = y;
    labels.push_back(static_cast<std::int32_t>(best));
  }
  return Dataset<Scalar>({.shape = data.shape(),
                          .classes = classes,
                          .labels = labels,
                          .features = std::get<std::vector<Scalar>>(data.features())});
}
template <class Scalar>
CertifiedLossBarrier barrier(const Network<Scalar>& network, const std::vector<Scalar>& a, const std::vector<Scalar>& b,
                             const Dataset<Scalar>& data, const lmc::CertifiedLossOptions& options = {}, int threads = 1) {
  return certified_loss_barrier<Scalar>(network, std::span<const Scalar>(a), std::span<const Scalar>(b), data, options,
                                        ThreadTeam(threads));
}

// Against a curve that the evaluator measures in double, on a grid whose step is small against what is enclosed.
void check_against_curve(const Network<double>& network, double scale, bool has_barrier = true) {
  const auto a = parameters(network, 3, scale), b = parameters(network, 4, scale);
  const auto data = examples_between(network, a, b, 20);
  const CertifiedLossBarrier certified = barrier(network, a, b, data);
  const lmc::LossBarrier grid = lmc::loss_barrier(lmc::linear_path(a, b, lmc::evaluator(network, data), {.alphas = 4097}));
  INFO(certified << " and " << grid.value << " at " << grid.alpha);
  CHECK(certified.converged);
  CHECK(certified.high - certified.low <= 1e-6);
  CHECK(grid.value <= certified.high + 1e-12);
  CHECK(certified.low <= grid.value + 1e-4);  // between points of the grid the height may be a little above it
  CHECK((certified.low > 0.01) == has_barrier);
  // At that place it is as high.
  const lmc::Curve there =
      lmc::linear_path(a, b, lmc::evaluator(network, data),
                       {.alphas = certified.alpha == 0 ? lmc::AlphaGrid(3) : lmc::AlphaGrid({0, certified.alpha, 1})});
  CHECK(lmc::loss_barrier(there).value >= certified.low - 1e-12);
}

}  // namespace

TEST_CASE("certified_loss_barrier: encloses what the evaluator measures, for every kind of network with one hidden layer",
          "[measure][long]") {
  using Net = Network<double>;
  const lmc::Shape image{6, 6, 2};
  SECTION("dense") { check_against_curve(lmc::mlp<double>({.inputs = 5, .hidden = {8}, .outputs = 3}), 0.7); }
  SECTION("leaky") { check_against_curve(lmc::mlp<double>({.inputs = 5, .hidden = {8}, .outputs = 3, .slope = 0.2}), 0.7); }
  SECTION("masked") {
    check_against_curve(lmc::sparse_mlp<double>({.inputs = 5, .hidden = {12}, .outputs = 3, .sparsity = 0.5}), 0.7);
  }
  SECTION("convolution") { check_against_curve(lmc::cnn<double>({.inputs = image, .channels = {3}, .outputs = 4}), 0.3); }
  SECTION("locally connected") { check_against_curve(lmc::lcn<double>({.inputs = image, .channels = {3}, .outputs = 4}), 0.3); }
  SECTION("tied, average pooling, dropout") {
    check_against_curve(
        Net({lmc::LocallyConnected2d<double>({.inputs = image, .outputs = 3, .sharing = 2}),
             lmc::LeakyRelu<double>({.slope = 0.1}),
             lmc::AveragePool2d<double>({.inputs = {4, 4, 3}, .kernel = 3, .stride = 1, .padding = 1}), lmc::Flatten<double>(),
             lmc::Dropout<double>({.inputs = 48}), lmc::Dense<double>({.inputs = 48, .outputs = 3})}),
        0.5);
  }
  SECTION("pooling of the inputs, a convolution as the readout, and pooling of the logits") {
    check_against_curve(Net({lmc::AveragePool2d<double>({.inputs = image, .kernel = 2, .stride = 1}),
                             lmc::Conv2d<double>({.inputs = {5, 5, 2}, .outputs = 4}), lmc::Relu<double>(),
                             lmc::Conv2d<double>({.inputs = {3, 3, 4}, .outputs = 3, .kernel = 2}),
                             lmc::GlobalAveragePool<double>({.inputs = {2, 2, 3}})}),
                        1);
  }
  SECTION("no rectifier") {
    check_against_curve(Net({lmc::Dense<double>({.inputs = 5, .outputs = 8}), lmc::Dense<double>({.inputs = 8, .outputs = 3})}),
                        0.4);
  }
  SECTION("no readout") {  // units that switch are its only nonlinearity
    check_against_curve(Net({lmc::Dense<double>({.inputs = 5, .outputs = 3}), lmc::Relu<double>()}), 1.5);
  }
}

TEST_CASE("certified_loss_barrier: is about the real function of the numbers, whatever their type", "[measure]") {
  const lmc::MlpOptions options{.inputs = 5, .hidden = {8}, .outputs = 3, .slope = 0.25};
  const auto single = lmc::mlp<float>(options);
  const auto twice = lmc::mlp<double>(options);
  const auto a = parameters(single, 3, 0.7), b = parameters(single, 4, 0.7);
  const auto a2 = parameters(twice, 3, 0.7), b2 = parameters(twice, 4, 0.7);
  const CertifiedLossBarrier of_float = barrier(single, a, b, examples_between(single, a, b, 40));
  CHECK(of_float == barrier(twice, a2, b2, examples_between(twice, a2, b2, 40)));
  CHECK(of_float.low > 0.01);
  CHECK(of_float.high - of_float.low <= 1e-6);
}

TEST_CASE("certified_loss_barrier: encloses a plain loop in long double over a network in single precision", "[measure]") {
  using real = long double;
  const auto network = lmc::mlp<float>({.inputs = 2, .hidden = {6}, .outputs = 3});
  const auto a = parameters(network, 5, 1), b = parameters(network, 6, 1);
  const auto data = examples_between(network, a, b, 7);
  const auto& x = std::get<std::vector<float>>(data.features());
  const auto loss = [&](real alpha) {
    std::vector<real> theta;
    for (std::size_t i = 0; i < a.size(); ++i) theta.push_back((1 - alpha) * real(a[i]) + alpha * real(b[i]));
    real sum = 0;
    for (std::size_t n = 0; n < 7; ++n) {
      std::vector<real> z(3);
      for (std::size_t c = 0; c < 3; ++c) {
        z[c] = theta[36 + c];
        for (std::size_t h = 0; h < 6; ++h)
          z[c] += theta[18 + 6 * c + h] *
                  std::max(real(0), theta[2 * h] * real(x[2 * n]) + theta[2 * h + 1] * real(x[2 * n + 1]) + theta[12 + h]);
      }
      sum += std::log(std::exp(z[0]) + std::exp(z[1]) + std::exp(z[2])) - z[static_cast<std::size_t>(data.labels()[n])];
    }
    return sum / 7;
  };
  const CertifiedLossBarrier certified = barrier(network, a, b, data);
  const real from = loss(0), to = loss(1);
  const auto height = [&](real alpha) { return loss(alpha) - (1 - alpha) * from - alpha * to; };
  real highest = 0;
  for (int i = 0; i <= 20'000; ++i) highest = std::max(highest, height(real(i) / 20'000));
  CHECK(certified.high - certified.low <= 1e-6);
  CHECK(certified.low > 0.01);
  CHECK(highest <= real(certified.high));
  CHECK(height(real(certified.alpha)) >= real(certified.low));
}

TEST_CASE("PreciseHead: its bound is above the rounding of pre-activations", "[measure]") {
  using real = long double;
  const auto network = lmc::mlp<double>({.inputs = 300, .hidden = {20}, .outputs = 2});
  const lmc::detail::OneHiddenLayer<double> split("test", network);
  std::vector<double> theta, x;
  for (std::uint64_t i = 0; i < 6062; ++i) theta.push_back(lmc::normal({.seed = 7}, i));
  for (std::uint64_t i = 0; i < 300; ++i) x.push_back(3 * lmc::normal({.seed = 8}, i));
  const auto head = split.head_parameters(theta);
  const lmc::detail::PreciseHead precise(split.head(), head, head);
  lmc::BatchMemory<double> memory(split.head(), 1);
  std::ranges::copy(x, memory.x(1).data());
  memory.forward(split.head(), head, {}, 1, lmc::Mode::evaluation);
  real largest = 0;
  for (std::size_t j = 0; j < 20; ++j) {
    real sum = head[6000 + j];
    for (std::size_t i = 0; i < 300; ++i) sum += real(head[300 * j + i]) * real(x[i]);
    largest = std::max(largest, std::abs(sum - real(lmc::span_of(memory.logits(1))[j])));
  }
  CHECK(largest > 0);
  CHECK(largest < real(precise.error(x)));
  CHECK(precise.error(x) < 1e-9);
  // It grows with the inputs, and not below ones of 1, since of a bias.
  std::vector<double> far = x, near = x;
  for (double& v : far) v *= 10;
  for (double& v : near) v /= 100;
  CHECK(precise.error(far) > 9.9 * precise.error(x));
  CHECK(precise.error(near) == precise.error(std::vector<double>{1}));
}

TEST_CASE("certified_loss_barrier: logistic regression has none", "[measure]") {
  const auto network = lmc::logistic_regression<float>({.inputs = 5, .outputs = 3});
  const auto data = examples<float>(40, 5, 3);
  const CertifiedLossBarrier certified = barrier(network, parameters(network, 3, 2), parameters(network, 4, 2), data);
  CHECK(certified.low == 0);
  CHECK(certified.high == 0);
  CHECK(certified.converged);
  // As a network whose readout has no parameters.
  const Network<double> pooled(
      {lmc::Conv2d<double>({.inputs = {4, 4, 1}, .outputs = 3}), lmc::GlobalAveragePool<double>({.inputs = {2, 2, 3}})});
  check_against_curve(pooled, 1, false);
}

TEST_CASE("certified_loss_barrier: equal ends have none, and swapped ends the same, to the bit", "[measure]") {
  const auto network = lmc::mlp<float>({.inputs = 5, .hidden = {8}, .outputs = 3});
  const auto a = parameters(network, 3, 0.7), b = parameters(network, 4, 0.7);
  const auto data = examples_between(network, a, b, 40);
  const CertifiedLossBarrier equal = barrier(network, a, a, data);
  CHECK(equal.low == 0);
  CHECK(equal.high <= 1e-11);
  const CertifiedLossBarrier forth = barrier(network, a, b, data), back = barrier(network, b, a, data);
  CHECK(forth.low > 0);
  CHECK(back.low == forth.low);
  CHECK(back.high == forth.high);
  CHECK(back.alpha == 1 - forth.alpha);
}

TEST_CASE("certified_loss_barrier: its bits do not depend on the threads", "[measure][long]") {
  const auto network = lmc::mlp<float>({.inputs = 5, .hidden = {8}, .outputs = 3});
  const auto a = parameters(network, 3, 0.7), b = parameters(network, 4, 0.7);
  const auto data = examples_between(network, a, b, 1000);  // four chunks
  const CertifiedLossBarrier one = barrier(network, a, b, data);
  CHECK(one.low > 0.01);
  CHECK(barrier(network, a, b, data, {}, 2) == one);
  CHECK(barrier(network, a, b, data, {}, 3) == one);
}

TEST_CASE("certified_loss_barrier: takes states, and runs that it does not judge where one diverged", "[measure]") {
  const auto network = lmc::mlp<float>({.inputs = 5, .hidden = {8}, .outputs = 3});
  const auto data = examples<float>(40, 5, 3);
  const ModelState<float> a{parameters(network, 3, 0.7), {}}, b{parameters(network, 4, 0.7), {}};
  const CertifiedLossBarrier expected = barrier(network, a.parameters, b.parameters, data);
  CHECK(certified_loss_barrier(network, a, b, data) == expected);
  lmc::Run<float> from, to;
  from.state = a;
  to.state = b;
  CHECK(certified_loss_barrier(network, from, to, data) == expected);
  to.diverged_at = 7;
  CHECK(certified_loss_barrier(network, from, to, data).diverged);
}

TEST_CASE("certified_loss_barrier: bad input to the overload for networks is an error that says what to do", "[measure]") {
  const auto network = lmc::mlp<float>({.inputs = 5, .hidden = {8}, .outputs = 3});
  const auto data = examples<float>(10, 5, 3);
  const auto a = parameters(network, 3, 0.7), b = parameters(network, 4, 0.7);
  CHECK_THROWS_WITH(barrier(network, a, b, data, {.width = -1}), Contains("width = -1"));
  const auto deep = lmc::mlp<float>({.inputs = 5, .hidden = {8, 8}, .outputs = 3});
  CHECK_THROWS_WITH(barrier(deep, parameters(deep, 1, 1), parameters(deep, 2, 1), data),
                    Contains("certified_loss_barrier: the layer 'relu2'"));
  const Network<float> pooled({lmc::MaxPool2d<float>({.inputs = {4, 4, 1}}), lmc::Flatten<float>(),
                               lmc::Dense<float>({.inputs = 4, .outputs = 8}), lmc::Relu<float>(),
                               lmc::Dense<float>({.inputs = 8, .outputs = 3})});
  CHECK_THROWS_WITH(barrier(pooled, parameters(pooled, 1, 1), parameters(pooled, 2, 1), examples<float>(4, {4, 4, 1}, 3)),
                    Contains("the layer 'max_pool1'") && Contains("linear_path"));
  auto wrong = a;
  wrong.pop_back();
  CHECK_THROWS_WITH(barrier(network, wrong, b, data), Contains("a has 74 parameters and b 75; the network has 75"));
  wrong = b;
  wrong[3] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(barrier(network, a, wrong, data), Contains("expected finite numbers") && Contains("diverge"));
  CHECK_THROWS_WITH(barrier(network, a, b, examples<float>(10, 4, 3)), Contains("4"));
  const Dataset<float> regression(
      {.shape = 5, .labels = {}, .features = std::vector<float>(10), .targets = std::vector<float>(6)});
  CHECK_THROWS_WITH(barrier(network, a, b, regression), Contains("0 classes"));
  // Finite in single precision, but too large a logit.
  wrong = a;
  for (float& v : wrong) v = std::copysign(3e38F, v);
  CHECK_NOTHROW(barrier(network, wrong, b, data));
  const auto linear = lmc::logistic_regression<double>({.inputs = 1, .outputs = 2});
  const std::vector<double> huge(4, 1e308), small(4, 0);
  const Dataset<double> far({.shape = 1, .classes = 2, .labels = {0}, .features = std::vector<double>{1e10}});
  CHECK_THROWS_WITH(barrier(linear, huge, small, far), Contains("for examples 0 to 0 is inf"));
}

}  // namespace measure_certified_loss_test
