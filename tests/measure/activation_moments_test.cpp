// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <lmc/align/permute.hpp>
#include <lmc/core/random.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/measure/activation_matching.hpp>
#include <lmc/measure/activation_moments.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/lcn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/models/resnet.hpp>
#include <lmc/models/vgg.hpp>
#include <lmc/models/vit.hpp>
#include <lmc/testing/permutation_effect.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <support/random_images.hpp>
#include <utility>
#include <vector>

namespace measure_activation_moments_test {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using lmc::activation_moments;
using lmc::Index;
using lmc::ModelState;
using lmc::PlaceMoments;
using lmc::ThreadTeam;
using testing::outputs_behind;
using testing::random_images;
using Values = std::vector<double>;

namespace {

// A state in which no two units are alike: parameters near those of an initialization, buffers of positive numbers.
template <class Scalar>
ModelState<Scalar> state_of(const lmc::Network<Scalar>& network, std::uint32_t seed) {
  ModelState<Scalar> state = network.initialize({.seed = seed});
  for (std::size_t i = 0; i < state.parameters.size(); ++i)
    state.parameters[i] += static_cast<Scalar>(0.3 * lmc::normal({.seed = seed + 100}, i));
  for (std::size_t i = 0; i < state.buffers.size(); ++i)
    state.buffers[i] = static_cast<Scalar>(0.5 + lmc::uniform({.seed = seed + 200}, i));
  return state;
}

// Moments of units that lie side by side at every position, by the definition.
void check_last_axis(const PlaceMoments& m, const Values& a, const Values& b) {
  const std::size_t units = m.mean_a.size(), samples = a.size() / units;
  REQUIRE(m.samples == static_cast<Index>(samples));
  const auto mean = [&](const Values& x, std::size_t u) {
    double sum = 0;
    for (std::size_t i = 0; i < samples; ++i) sum += x[i * units + u];
    return sum / static_cast<double>(samples);
  };
  const auto covariance = [&](const Values& x, std::size_t u, const Values& y, std::size_t v) {
    const double of_x = mean(x, u), of_y = mean(y, v);
    double sum = 0;
    for (std::size_t i = 0; i < samples; ++i) sum += (x[i * units + u] - of_x) * (y[i * units + v] - of_y);
    return sum / static_cast<double>(samples);
  };
  for (std::size_t u = 0; u < units; ++u) {
    CHECK_THAT(m.mean_a[u], WithinAbs(mean(a, u), 1e-12));
    CHECK_THAT(m.mean_b[u], WithinAbs(mean(b, u), 1e-12));
    CHECK_THAT(m.variance_a[u], WithinAbs(covariance(a, u, a, u), 1e-12));
    CHECK_THAT(m.variance_b[u], WithinAbs(covariance(b, u, b, u), 1e-12));
    for (std::size_t v = 0; v < units; ++v) CHECK_THAT(m.covariance[u * units + v], WithinAbs(covariance(a, u, b, v), 1e-12));
  }
}

const PlaceMoments& at(const lmc::ActivationMoments& moments, const std::string& place, std::size_t group) {
  const auto found = std::ranges::find_if(
      moments.places, [&](const PlaceMoments& m) { return m.place == place && m.groups == std::vector<std::size_t>{group}; });
  REQUIRE(found != moments.places.end());
  return *found;
}

// A user's container: what is inside, twice over.
struct Doubled {
  lmc::AnyLayer<double> inside;
  lmc::Shape in;
  Index parameters;

  Doubled(lmc::AnyLayer<double> layer, const lmc::Shape& shape) : inside(std::move(layer)), in(shape), parameters(0) {
    lmc::LayoutBuilder builder(in);
    inside.declare(builder);
    parameters = builder.parameter_count();
  }
  [[nodiscard]] std::string_view kind() const { return "doubled"; }
  [[nodiscard]] std::optional<lmc::Shape> input_shape() const { return in; }
  [[nodiscard]] lmc::Shape output_shape(const lmc::Shape&) const { return inside.output_shape(in); }
  void declare(lmc::LayoutBuilder& layout) const { lmc::declare_child(layout, "inside", inside, output_shape(in)); }
  void initialize(const lmc::InitializeArgs<double>& a) const { inside.initialize(a); }
  [[nodiscard]] Index cache_size(Index batch) const { return inside.cache_size(batch); }
  [[nodiscard]] Index workspace_size(Index batch) const { return inside.workspace_size(batch); }
  void forward(lmc::ForwardArgs<double> a) const {
    inside.forward(a);
    a.y *= 2;
  }
  void backward(lmc::BackwardArgs<double> a) const { inside.backward(a); }  // not used
  [[nodiscard]] std::vector<lmc::ChildLayer<double>> children() const {
    return {{.name = "inside", .layer = inside, .input = in, .output = output_shape(in), .first = 0, .parameters = parameters}};
  }
  [[nodiscard]] Doubled with_children(const std::vector<lmc::AnyLayer<double>>& layers) const { return {layers[0], in}; }
};

}  // namespace

TEST_CASE("activation_moments: looks into a container of a user's own", "[align][layers]") {
  const auto data = random_images(6, 70);
  const lmc::Network<double> network({Doubled(lmc::mlp<double>({.inputs = 6, .hidden = {5}, .outputs = 4}), 6),
                                      lmc::Relu<double>(), lmc::Dense<double>({.inputs = 4, .outputs = 3})});
  REQUIRE(network.layout().groups.size() == 2);
  const auto a = state_of(network, 1), b = state_of(network, 2);
  const auto moments = activation_moments(network, a, b, data);
  REQUIRE(moments.places.size() == 2);
  CHECK(moments.places[0].place == "doubled1/inside/dense2");
  check_last_axis(at(moments, "dense1", 1), outputs_behind(network, a, 2, data), outputs_behind(network, b, 2, data));
  const auto planted = lmc::testing::random_permutations(network.layout(), 7);
  CHECK(lmc::activation_matching(network, a, lmc::permute(network.layout(), planted, a), data).state == a);
}

TEST_CASE("activation_matching: a network without hidden units has nothing to match", "[align]") {
  const auto network = lmc::logistic_regression<double>({.inputs = 6, .outputs = 3});
  const auto a = state_of(network, 1), b = state_of(network, 2);
  const auto matched = lmc::activation_matching(network, a, b, random_images(6, 20));
  CHECK(matched.state == b);
  CHECK(matched.alignment.objective_after == 0);
}

TEST_CASE("activation_moments: hidden units are seen behind their nonlinearity", "[align]") {
  const auto data = random_images(6, 70);
  const auto network = lmc::mlp<double>({.inputs = 6, .hidden = {9, 200}, .outputs = 3});
  const auto a = state_of(network, 1), b = state_of(network, 2);
  const auto moments = activation_moments(network, a, b, data);
  REQUIRE(moments.places.size() == 2);
  // 200 units: a covariance of two blocks.
  check_last_axis(at(moments, "dense2", 0), outputs_behind(network, a, 2, data), outputs_behind(network, b, 2, data));
  check_last_axis(at(moments, "dense3", 1), outputs_behind(network, a, 4, data), outputs_behind(network, b, 4, data));
}

TEST_CASE("activation_moments: pixels are samples of a channel, behind pooling and normalization", "[align]") {
  const auto data = random_images({6, 6, 2}, 20);
  const auto network = lmc::cnn<double>(
      {.inputs = {6, 6, 2}, .channels = {4, 3}, .outputs = 3, .padding = {1}, .norm = lmc::Normalization::batch, .pool = 2});
  const auto a = state_of(network, 1), b = state_of(network, 2);
  const auto moments = activation_moments(network, a, b, data);
  REQUIRE(moments.places.size() == 2);
  for (const PlaceMoments& m : moments.places) {
    std::size_t layers = 0;
    while (network.parts()[layers].name != m.place) ++layers;
    CAPTURE(m.place);
    check_last_axis(m, outputs_behind(network, a, layers, data), outputs_behind(network, b, layers, data));
  }
}

TEST_CASE("activation_moments: each position of a locally connected layer has moments of its own", "[align]") {
  const auto data = random_images({4, 4, 2}, 30);
  const auto network = lmc::lcn<double>({.inputs = {4, 4, 2}, .channels = {3}, .outputs = 3, .kernel = {2}});
  const auto a = state_of(network, 1), b = state_of(network, 2);
  const auto moments = activation_moments(network, a, b, data);
  const std::size_t positions = network.layout().groups.size();
  REQUIRE(positions > 1);
  REQUIRE(moments.places.size() == positions);
  const Values of_a = outputs_behind(network, a, 2, data), of_b = outputs_behind(network, b, 2, data);
  for (std::size_t position = 0; position < positions; ++position) {
    Values here_a, here_b;
    for (std::size_t i = 0; i < 30; ++i)
      for (std::size_t u = 0; u < 3; ++u) {
        here_a.push_back(of_a[(i * positions + position) * 3 + u]);
        here_b.push_back(of_b[(i * positions + position) * 3 + u]);
      }
    check_last_axis(at(moments, moments.places[0].place, position), here_a, here_b);
  }
}

TEST_CASE("activation_matching: planted permutations are recovered in every kind of network", "[align]") {
  const lmc::Shape inputs{8, 8, 2};
  const std::vector<std::pair<std::string, lmc::Network<double>>> networks{
      {"mlp", lmc::mlp<double>({.inputs = inputs, .hidden = {9, 7}, .outputs = 3})},
      {"cnn", lmc::cnn<double>({.inputs = inputs, .channels = {5, 4}, .outputs = 3, .padding = {1}, .pool = 2})},
      {"cnn with batch norm",
       lmc::cnn<double>(
           {.inputs = inputs, .channels = {5, 4}, .outputs = 3, .padding = {1}, .norm = lmc::Normalization::batch, .pool = 2})},
      {"lcn", lmc::lcn<double>({.inputs = inputs, .channels = {3, 4}, .outputs = 3, .kernel = {3}, .stride = {2}})},
      {"vgg", lmc::vgg<double>({.inputs = inputs, .outputs = 3, .channels = {4, 5}, .convolutions = {1, 2}})},
      {"resnet", lmc::resnet<double>({.inputs = inputs, .outputs = 3, .blocks = 1, .width = 5})},
      {"vit", lmc::vit<double>({.inputs = inputs, .outputs = 3, .patch = 2, .width = 12, .heads = 3, .mlp_ratio = 2})}};
  for (const auto& [name, network] : networks) {
    CAPTURE(name);
    const auto data = random_images(*network.input_shape(), 40);
    auto a = state_of(network, 3);
    for (const lmc::Segment& s : network.layout().parameters)  // so that no unit is dead: which one that was, nobody could tell
      if (s.role == lmc::Role::bias)
        for (Index i = s.offset; i < s.offset + s.size(); ++i) a.parameters[static_cast<std::size_t>(i)] += 3;
    const auto planted = lmc::testing::random_permutations(network.layout(), 7);
    const auto b = lmc::permute(network.layout(), planted, a);
    REQUIRE(b.parameters != a.parameters);
    const auto matched = lmc::activation_matching(network, a, b, data);
    CHECK(matched.state == a);  // to the bit: parameters only change places
    CHECK(matched.check.outputs <= 1e-12);
    CHECK(matched.check.examples == 40);
    CHECK(matched.alignment.objective_after > matched.alignment.objective_before);
  }
}

TEST_CASE("activation_matching: a dead unit is seen as constant, and the others are still matched", "[align]") {
  const auto data = random_images(4, 60);
  const auto network = lmc::mlp<double>({.inputs = 4, .hidden = {6}, .outputs = 3});
  auto a = state_of(network, 4);
  const lmc::Segment& bias = network.layout().at("dense1/bias");
  a.parameters[static_cast<std::size_t>(bias.offset + 2)] = -1e3;
  const auto b = lmc::permute(network.layout(), {{5, 4, 3, 2, 1, 0}}, a);
  const auto moments = activation_moments(network, a, b, data);
  CHECK(moments.places[0].variance_a[2] == 0);
  CHECK(moments.places[0].variance_b[3] == 0);
  const auto matched = lmc::activation_matching(network, a, b, data);
  CHECK(matched.state == a);
  CHECK_THAT(matched.alignment.objective_after, WithinAbs(5, 1e-9));
}

TEST_CASE("activation_moments: threads change no bit, float and double", "[align][parallel]") {
  const auto check = [](auto scalar) {
    using Scalar = decltype(scalar);
    const auto data = random_images<Scalar>({8, 8, 2}, 70);
    const auto network = lmc::resnet<Scalar>({.inputs = {8, 8, 2}, .outputs = 3, .blocks = 1, .width = 5});
    const auto a = state_of(network, 1), b = state_of(network, 2);
    const auto one = activation_moments(network, a, b, data, ThreadTeam(1));
    for (const int threads : {2, 3, 7}) {
      const auto several = activation_moments(network, a, b, data, ThreadTeam(threads));
      REQUIRE(several.places.size() == one.places.size());
      for (std::size_t p = 0; p < one.places.size(); ++p) {
        CHECK(several.places[p].mean_a == one.places[p].mean_a);
        CHECK(several.places[p].variance_b == one.places[p].variance_b);
        CHECK(several.places[p].covariance == one.places[p].covariance);
      }
    }
  };
  check(float{});
  check(double{});
}

TEST_CASE("activation_moments: refuses what it cannot measure", "[align][errors]") {
  const auto network = lmc::mlp<double>({.inputs = 4, .hidden = {6}, .outputs = 3});
  const auto a = state_of(network, 1);
  const auto data = random_images(4, 10);
  CHECK_THROWS_WITH(activation_moments(network, a, ModelState<double>{{1, 2}, {}}, data),
                    Contains("the state has 2 parameters"));
  CHECK_THROWS_WITH(activation_moments(network, a, a, random_images(5, 10)), Contains("the network takes examples of shape"));
  CHECK_THROWS_WITH(activation_moments(network, a, a, random_images(4, 1)), Contains("1 examples; expected at least 2"));
  auto broken = a;
  broken.parameters[3] = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(activation_moments(network, a, broken, data), Contains("position 3 of b is nan"));
  auto huge = a;
  for (double& x : huge.parameters) x = 1e200;
  CHECK_THROWS_WITH(activation_moments(network, huge, a, data),
                    Contains("at 'dense2' an activation of network a is NaN, infinite, or too large"));
}

TEST_CASE("checked_alignment: finds groups that are not interchangeable", "[align][errors]") {
  const auto network = lmc::mlp<double>({.inputs = 4, .hidden = {6}, .outputs = 3});
  const auto data = random_images(4, 10);
  auto a = state_of(network, 1), wrong = a;
  wrong.parameters[0] += 1e-3;
  const auto difference = lmc::function_difference(network, a, wrong, data);
  CHECK(difference.outputs > 1e-6);
  const auto same = lmc::function_difference(network, a, a, data);
  CHECK(same.outputs == 0);
  CHECK(same.changed_predictions == 0);
  for (double& x : wrong.parameters) x = -x;  // with no bias on the readout's side the classes change
  CHECK(lmc::function_difference(network, a, wrong, data).changed_predictions > 0);
  wrong.parameters[0] = std::numeric_limits<double>::quiet_NaN();
  CHECK(std::isnan(lmc::function_difference(network, a, wrong, data).outputs));
  CHECK_THROWS_WITH(lmc::checked_alignment(network, {.permutations = {{0, 1, 2, 3, 4, 5}}}, wrong, data),
                    Contains("expected at most 1.490"));
}

}  // namespace measure_activation_moments_test
