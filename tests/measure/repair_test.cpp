// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/connectivity/statistics/decide.hpp>
#include <lmc/core/random.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/recipes.hpp>
#include <lmc/layers/sequential.hpp>
#include <lmc/measure/repair.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/lcn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/models/resnet.hpp>
#include <lmc/models/vit.hpp>
#include <lmc/testing/permutation_effect.hpp>
#include <string>
#include <support/random_images.hpp>
#include <utility>
#include <vector>

namespace measure_repair_test {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using lmc::Index;
using lmc::PathRepair;
using lmc::Repair;
using lmc::ThreadTeam;
using testing::random_images;
using Values = std::vector<double>;

namespace {

template <class Scalar>
std::vector<Scalar> parameters(const lmc::Network<Scalar>& network, std::uint32_t seed) {
  std::vector<Scalar> theta = network.initialize({.seed = seed}).parameters;
  for (std::size_t i = 0; i < theta.size(); ++i) theta[i] += static_cast<Scalar>(0.2 * lmc::normal({.seed = seed + 100}, i));
  return theta;
}
template <class Scalar>
std::vector<Scalar> at(const PathRepair<Scalar>& repair, const std::vector<Scalar>& a, const std::vector<Scalar>& b,
                       double alpha) {
  return repair.at(a, b, alpha);
}
Values between(const Values& a, const Values& b, double alpha) {
  Values theta;
  for (std::size_t i = 0; i < a.size(); ++i) theta.push_back((1 - alpha) * a[i] + alpha * b[i]);
  return theta;
}

// What the first `layers` layers give, [examples, entries].
Values outputs(const lmc::Network<double>& network, const Values& theta, std::size_t layers, const lmc::Dataset<double>& data) {
  return testing::outputs_behind(network, {theta, {}}, layers, data);
}
struct Moments {
  Values mean, deviation;
};
// Over rows of `units` numbers.
Moments moments_of(const Values& y, std::size_t units) {
  const auto n = static_cast<double>(y.size() / units);
  Moments m{Values(units), Values(units)};
  for (std::size_t i = 0; i < y.size(); ++i) m.mean[i % units] += y[i] / n;
  for (std::size_t i = 0; i < y.size(); ++i) m.deviation[i % units] += std::pow(y[i] - m.mean[i % units], 2) / n;
  for (double& d : m.deviation) d = std::sqrt(d);
  return m;
}

}  // namespace

TEST_CASE("repair: units get the means and deviations on the chord between the ends'", "[align][connectivity][long]") {
  struct Case {
    std::string name;
    lmc::Network<double> network;
    std::vector<std::pair<std::size_t, std::size_t>> layers;  // position and units of the hidden layers
  };
  const lmc::Shape inputs{6, 6, 2};
  const std::vector<Case> cases{
      {"mlp", lmc::mlp<double>({.inputs = inputs, .hidden = {9, 7}, .outputs = 3, .slope = 0.1}), {{0, 9}, {2, 7}}},
      // A channel has one bias for all positions.
      {"cnn",
       lmc::cnn<double>({.inputs = inputs, .channels = {4, 3}, .outputs = 3, .padding = {1}, .pool = 2}),
       {{0, 4}, {3, 3}}},
      // Each position has units of its own.
      {"lcn", lmc::lcn<double>({.inputs = inputs, .channels = {3}, .outputs = 3, .kernel = {3}}), {{0, 16 * 3}}}};
  const auto data = random_images(inputs, 300);
  for (const auto& [name, network, layers] : cases) {
    CAPTURE(name);
    const Values a = parameters(network, 1), b = parameters(network, 2);
    for (const Repair kind : {Repair::moments, Repair::deviations}) {
      const PathRepair<double> repair(network, data, kind);
      for (const double alpha : {0.3, 0.5}) {
        const Values theta = at(repair, a, b, alpha);
        bool before = true;
        for (const auto& [layer, units] : layers) {
          REQUIRE(network.parts()[layer].params.count > 0);
          const Moments of_a = moments_of(outputs(network, a, layer + 1, data), units);
          const Moments of_b = moments_of(outputs(network, b, layer + 1, data), units);
          const Moments now = moments_of(outputs(network, theta, layer + 1, data), units);
          const Moments averaged = moments_of(outputs(network, between(a, b, alpha), layer + 1, data), units);
          for (std::size_t u = 0; u < units; ++u) {
            CHECK_THAT(now.deviation[u], WithinRel((1 - alpha) * of_a.deviation[u] + alpha * of_b.deviation[u], 1e-11));
            if (kind == Repair::moments)
              CHECK_THAT(now.mean[u], WithinAbs((1 - alpha) * of_a.mean[u] + alpha * of_b.mean[u], 1e-12));
            else if (before)  // of the first layer, in front of which nothing is repaired
              CHECK_THAT(now.mean[u], WithinAbs(averaged.mean[u], 1e-12));
            CHECK(averaged.deviation[u] < 0.99 * now.deviation[u]);  // there was something to repair
          }
          before = false;
        }
      }
    }
  }
}

TEST_CASE("repair: filters that blocks of positions share have moments over their own", "[align]") {
  const lmc::Shape inputs{6, 6, 2};
  const auto network = lmc::lcn<double>({.inputs = inputs, .channels = {3}, .outputs = 3, .kernel = {3}, .sharing = {2}});
  const auto data = random_images(inputs, 100);
  const Values a = parameters(network, 1), b = parameters(network, 2);
  const Values theta = at(PathRepair<double>(network, data, Repair::moments), a, b, 0.5);
  // Positions [4, 4] in blocks of 2 × 2, three channels: unit (block, channel).
  const auto by_block = [&](const Values& parameters_) {
    const Values y = outputs(network, parameters_, 1, data);
    std::vector<Values> of_unit(4 * 3);
    for (std::size_t i = 0; i < y.size(); ++i) {
      const std::size_t entry = i % 48, row = entry / 12, col = entry / 3 % 4;
      of_unit[(row / 2 * 2 + col / 2) * 3 + entry % 3].push_back(y[i]);
    }
    return of_unit;
  };
  const auto of_a = by_block(a), of_b = by_block(b), now = by_block(theta);
  for (std::size_t u = 0; u < 12; ++u) {
    const Moments x = moments_of(of_a[u], 1), y = moments_of(of_b[u], 1), z = moments_of(now[u], 1);
    CHECK_THAT(z.mean[0], WithinAbs((x.mean[0] + y.mean[0]) / 2, 1e-12));
    CHECK_THAT(z.deviation[0], WithinRel((x.deviation[0] + y.deviation[0]) / 2, 1e-11));
  }
}

TEST_CASE("repair: equal networks stay as they are, and so do ends", "[align][long]") {
  const lmc::Shape inputs{4, 4, 2};
  const auto check = [&](auto scalar) {
    using Scalar = decltype(scalar);
    const auto data = random_images<Scalar>(inputs, 60);
    for (const auto& network :
         {lmc::cnn<Scalar>(
              {.inputs = inputs, .channels = {4, 3}, .outputs = 3, .padding = {1}, .norm = lmc::Normalization::layer}),
          lmc::resnet<Scalar>({.inputs = inputs, .outputs = 3, .blocks = 1, .width = 3, .norm = lmc::Normalization::none}),
          lmc::resnet<Scalar>({.inputs = inputs, .outputs = 3, .blocks = 1, .width = 3, .norm = lmc::Normalization::layer})}) {
      const auto a = parameters(network, 1), b = parameters(network, 2);
      for (const Repair kind : {Repair::moments, Repair::deviations}) {
        const PathRepair<Scalar> repair(network, data, kind);
        for (const double alpha : {0.0, 0.2, 0.5, 0.9, 1.0}) CHECK(at(repair, a, a, alpha) == a);
        CHECK(at(repair, a, b, 0) == a);
        CHECK(at(repair, a, b, 1) == b);
        CHECK(at(repair, a, b, 0.5) != at(repair, a, a, 0.5));
      }
    }
  };
  check(float{});
  check(double{});
}

TEST_CASE("repair: a unit that is constant in the averaged network gets the mean alone", "[align]") {
  const auto data = random_images(2, 50);
  const auto network = lmc::mlp<double>({.inputs = 2, .hidden = {2}, .outputs = 3});
  Values a = parameters(network, 1), b = a;
  // The weights of unit 0 cancel at ½.
  b[0] = -a[0];
  b[1] = -a[1];
  const Values theta = at(PathRepair<double>(network, data, Repair::moments), a, b, 0.5);
  CHECK(theta[0] == 0);
  CHECK(theta[1] == 0);
  const Moments of_a = moments_of(outputs(network, a, 1, data), 2), of_b = moments_of(outputs(network, b, 1, data), 2);
  CHECK_THAT(theta[4], WithinAbs((of_a.mean[0] + of_b.mean[0]) / 2, 1e-12));
}

TEST_CASE("repair: biases by homogeneity are exact for networks that share no unit", "[align]") {
  const auto data = random_images(3, 20);
  const auto network = lmc::mlp<double>({.inputs = 3, .hidden = {4, 4}, .outputs = 3});
  const auto& layout = network.layout();
  // a lives in the first two units of each layer, b in the others.
  const auto half = [&](std::uint32_t seed, Index kept) {
    Values theta = parameters(network, seed);
    for (const lmc::Segment& s : layout.parameters) {
      auto i = static_cast<std::size_t>(s.offset);
      lmc::for_each_index(s.shape, [&](std::span<const Index> index) {
        for (std::size_t axis = 0; axis < index.size(); ++axis)
          if (s.groups[axis].ids[0] && index[axis] / 2 != kept) theta[i] = 0;
        ++i;
      });
    }
    return theta;
  };
  const Values a = half(1, 0), b = half(2, 1);
  const PathRepair<double> repair(network, data, Repair::biases);
  const std::size_t layers = network.parts().size();
  for (const double alpha : {0.25, 0.5, 0.7}) {
    const Values of_a = outputs(network, a, layers, data), of_b = outputs(network, b, layers, data);
    const Values now = outputs(network, at(repair, a, b, alpha), layers, data);
    const Values averaged = outputs(network, between(a, b, alpha), layers, data);
    double unrepaired = 0;
    for (std::size_t i = 0; i < now.size(); ++i) {
      const double exact = std::pow(1 - alpha, 3) * of_a[i] + std::pow(alpha, 3) * of_b[i];
      CHECK_THAT(now[i], WithinAbs(exact, 1e-12));
      unrepaired = std::max(unrepaired, std::abs(averaged[i] - exact));
    }
    CHECK(unrepaired > 1e-3);
  }
  // Between equal networks the second layer's biases are halved at ½, the third's divided by four.
  const Values same = at(repair, a, a, 0.5);
  for (const auto& [name, factor] : {std::pair{"dense1/bias", 1.0}, {"dense2/bias", 0.5}, {"dense3/bias", 0.25}}) {
    const lmc::Segment& s = layout.at(name);
    for (auto i = static_cast<std::size_t>(s.offset); i < static_cast<std::size_t>(s.offset + s.size()); ++i)
      CHECK(same[i] == factor * a[i]);
  }
}

TEST_CASE("repaired_evaluator: barriers of a path are those of the repaired networks", "[align][connectivity]") {
  const auto train = random_images(5, 120), test = random_images(5, 80, 2);
  const auto network = lmc::mlp<double>({.inputs = 5, .hidden = {8, 6}, .outputs = 3});
  const Values a = parameters(network, 1), b = parameters(network, 2);
  const auto plain = lmc::evaluator(network, test);
  for (const Repair kind : {Repair::moments, Repair::deviations, Repair::biases}) {
    const auto evaluate = lmc::repaired_evaluator(network, test, train, kind);
    const auto curve = lmc::linear_path(a, b, evaluate, {.alphas = 5});
    REQUIRE(curve.points.size() == 5);
    const PathRepair<double> repair(network, train, kind);
    for (const auto& point : curve.points) {
      const auto alone = plain(at(repair, a, b, point.alpha));
      CHECK(point.metrics.loss == alone.loss);
      CHECK(point.metrics.wrong == alone.wrong);
    }
    CHECK(curve.points[2].metrics.loss != plain(between(a, b, 0.5)).loss);
    CHECK(lmc::decide(a, b, evaluate).of == 80);
    CHECK(lmc::linear_path(a, b, evaluate.with_logits(), {.alphas = 3}).points[1].metrics.logits.size() == 240);
  }
}

TEST_CASE("repaired_evaluator: running statistics anew are those of the evaluator", "[align][connectivity]") {
  const lmc::Shape inputs{4, 4, 2};
  const auto train = random_images(inputs, 120), test = random_images(inputs, 40, 2);
  const auto network = lmc::resnet<double>({.inputs = inputs, .outputs = 3, .blocks = 1, .width = 3});
  const Values a = parameters(network, 1), b = parameters(network, 2);
  const auto curve = lmc::linear_path(a, b, lmc::repaired_evaluator(network, test, train, Repair::buffers), {.alphas = 3});
  const auto same = lmc::linear_path(a, b, lmc::evaluator(network, test, train), {.alphas = 3});
  for (std::size_t i = 0; i < 3; ++i) CHECK(curve.points[i].metrics.loss == same.points[i].metrics.loss);
}

TEST_CASE("repair: threads change no bit", "[align][parallel][long]") {
  const auto check = [](auto scalar) {
    using Scalar = decltype(scalar);
    const lmc::Shape inputs{6, 6, 2};
    const auto data = random_images<Scalar>(inputs, 700);
    const auto network = lmc::cnn<Scalar>({.inputs = inputs, .channels = {4, 3}, .outputs = 3, .padding = {1}});
    const auto a = parameters(network, 1), b = parameters(network, 2);
    const auto one = at(PathRepair<Scalar>(network, data, Repair::moments, ThreadTeam(1)), a, b, 0.5);
    for (const int threads : {2, 3, 7})
      CHECK(at(PathRepair<Scalar>(network, data, Repair::moments, ThreadTeam(threads)), a, b, 0.5) == one);
  };
  check(float{});
  check(double{});
}

TEST_CASE("repair: says which networks it cannot treat, and the way out", "[align][errors]") {
  const lmc::Shape inputs{4, 4, 2};
  const auto data = random_images(inputs, 40);
  const auto with_norm = lmc::resnet<double>({.inputs = inputs, .outputs = 3, .blocks = 1, .width = 3});
  CHECK_THROWS_WITH(PathRepair<double>(with_norm, data, Repair::moments),
                    Contains("running statistics") && Contains("Repair::buffers"));
  CHECK_THROWS_WITH(PathRepair<double>(with_norm, data, Repair::biases),
                    Contains("running statistics") && Contains("Repair::buffers"));
  const auto attention = lmc::vit<double>({.inputs = inputs, .outputs = 3, .patch = 2, .width = 6, .heads = 2, .mlp_ratio = 2});
  CHECK_THROWS_WITH(PathRepair<double>(attention, data, Repair::moments), Contains("attention1' (attention) has the segments"));
  CHECK_THROWS_WITH(PathRepair<double>(attention, data, Repair::biases), Contains("a chain of such layers"));
  const auto smooth = lmc::sequential<double>(inputs, {lmc::dense(4), lmc::tanh(), lmc::dense(3)});
  CHECK_THROWS_WITH(PathRepair<double>(smooth, data, Repair::biases), Contains("'tanh1' (tanh)"));
  const auto shortcut =
      lmc::resnet<double>({.inputs = inputs, .outputs = 3, .blocks = 1, .width = 3, .norm = lmc::Normalization::none});
  CHECK_THROWS_WITH(PathRepair<double>(shortcut, data, Repair::biases), Contains("'residual1' (residual)"));
  const auto bare = lmc::sequential<double>(inputs, {lmc::conv2d(3, {.bias = false}), lmc::relu(), lmc::dense(3)});
  CHECK_THROWS_WITH(PathRepair<double>(bare, data, Repair::moments),
                    Contains("'conv1' (conv) has the segments 'conv1/weight'; expected"));
  const auto flat = lmc::logistic_regression<double>({.inputs = inputs, .outputs = 3});
  CHECK_THROWS_WITH(PathRepair<double>(flat, data, Repair::moments), Contains("no hidden layer"));
  CHECK_THROWS_WITH(lmc::repaired_evaluator(flat, data, data, Repair::buffers), Contains("no running statistics"));
  CHECK_THROWS_WITH(PathRepair<double>(with_norm, data, Repair::buffers), Contains("changes no parameters"));

  const auto network = lmc::mlp<double>({.inputs = inputs, .hidden = {4}, .outputs = 3});
  CHECK_THROWS_WITH(PathRepair<double>(network, random_images(inputs, 1), Repair::moments),
                    Contains("1 examples; expected at least 2"));
  CHECK_THROWS_WITH(PathRepair<double>(network, random_images(5, 10), Repair::moments),
                    Contains("the network takes examples of shape"));
  const PathRepair<double> repair(network, data, Repair::moments);
  Values a = parameters(network, 1);
  CHECK_THROWS_WITH(at(repair, a, Values{1, 2}, 0.5), Contains("b 2; the network has"));
  for (const double alpha : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_WITH(at(repair, a, a, alpha), Contains("expected α and 1 − α, in [0, 1]"));
  a[5] = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(at(repair, a, a, 0.5), Contains("position 5 of a is nan"));
  CHECK_THROWS_WITH(lmc::parse_repair("repare"), Contains("repair"));
  CHECK(lmc::parse_repair("batch-norm") == Repair::buffers);
}

}  // namespace measure_repair_test
