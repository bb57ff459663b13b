// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <lmc/align/scaling.hpp>
#include <lmc/core/random.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/recipes.hpp>
#include <lmc/layers/sequential.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/lcn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/models/resnet.hpp>
#include <lmc/models/sparse_mlp.hpp>
#include <lmc/models/vit.hpp>
#include <lmc/testing/permutation_effect.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace align_scaling_test {

using Catch::Matchers::Contains;
using lmc::Index;
using lmc::ModelState;
using lmc::UnitExponents;

namespace {

ModelState<double> state_of(const lmc::Network<double>& network, std::uint32_t seed) {
  ModelState<double> state = network.initialize({.seed = seed});
  for (std::size_t i = 0; i < state.parameters.size(); ++i) state.parameters[i] += 0.1 * lmc::normal({.seed = seed}, i);
  return state;
}
std::vector<double> inputs_of(const lmc::Network<double>& network) {
  std::vector<double> x(static_cast<std::size_t>(5 * network.input_shape()->size()));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = lmc::normal({.seed = 77}, i);
  return x;
}
// Powers from 2^-5 to 2^5 for all scalable units.
UnitExponents random_exponents(const lmc::ParameterLayout& layout, std::uint32_t seed) {
  UnitExponents exponents(layout.groups.size());
  for (std::size_t g = 0; g < exponents.size(); ++g)
    for (Index i = 0; layout.groups[g].scalable && i < layout.groups[g].size; ++i)
      exponents[g].push_back(static_cast<int>(lmc::uniform_below({.seed = seed, .part = static_cast<std::uint32_t>(g)},
                                                                 static_cast<std::uint64_t>(i), 11)) -
                             5);
  return exponents;
}
Index scalable_groups(const lmc::Network<double>& network) {
  return std::ranges::count(network.layout().groups, true, &lmc::PermutationGroup::scalable);
}

// A nonlinearity that says nothing of scaling, and one that does.
struct Silent : lmc::ElementWise {
  [[nodiscard]] std::string_view kind() const { return "silent"; }
  void forward(lmc::ForwardArgs<double> a) const { lmc::Relu<double>().forward(a); }
  void backward(lmc::BackwardArgs<double> a) const { lmc::Relu<double>().backward(a); }
};
struct Saying : Silent {
  static constexpr bool scales_units = true;
};

}  // namespace

TEST_CASE("scale_units: powers of two keep every output to the bit", "[align][layers]") {
  const lmc::Shape inputs{6, 6, 2};
  const std::vector<std::pair<std::string, lmc::Network<double>>> networks{
      {"mlp", lmc::mlp<double>({.inputs = 6, .hidden = {9, 7}, .outputs = 3})},
      {"leaky", lmc::mlp<double>({.inputs = 6, .hidden = {9, 7}, .outputs = 3, .slope = 0.3})},
      {"cnn", lmc::cnn<double>({.inputs = inputs, .channels = {4, 3}, .outputs = 3, .padding = {1}, .pool = 2})},
      {"lcn", lmc::lcn<double>({.inputs = inputs, .channels = {4, 3}, .outputs = 3, .kernel = {3}})},
      {"resnet",
       lmc::resnet<double>({.inputs = inputs, .outputs = 3, .blocks = 1, .width = 3, .norm = lmc::Normalization::none})},
      {"others", lmc::sequential<double>(
                     inputs, {lmc::conv2d(4, {.kernel = 2}), lmc::relu(), lmc::average_pool2d(), lmc::tokenwise_dense(3),
                              lmc::relu(), lmc::flatten(), lmc::dropout(0.5), lmc::dense(5), lmc::identity(), lmc::dense(3)})}};
  for (const auto& [name, network] : networks) {
    CAPTURE(name);
    const auto& groups = network.layout().groups;
    REQUIRE(!groups.empty());
    CHECK(scalable_groups(network) == static_cast<Index>(groups.size()));
    const auto state = state_of(network, 1);
    const auto x = inputs_of(network), y = lmc::testing::outputs(network, state, x);
    for (std::uint32_t seed = 1; seed <= 3; ++seed) {
      const auto scaled = lmc::scale_units(network.layout(), random_exponents(network.layout(), seed), state);
      REQUIRE(scaled.parameters != state.parameters);
      CHECK(lmc::testing::outputs(network, scaled, x) == y);
    }
  }
}

TEST_CASE("canonical_scale: undoes every power of two, and stays where it is", "[align]") {
  const lmc::Shape inputs{6, 6, 2};
  for (const auto& network :
       {lmc::mlp<double>({.inputs = 6, .hidden = {9, 7}, .outputs = 3}),
        lmc::lcn<double>({.inputs = inputs, .channels = {4, 3}, .outputs = 3, .kernel = {3}}),
        lmc::resnet<double>({.inputs = inputs, .outputs = 3, .blocks = 2, .width = 3, .norm = lmc::Normalization::none})}) {
    const auto& layout = network.layout();
    const auto state = state_of(network, 2);
    const auto canonical = lmc::canonical_scale(layout, state);
    const auto x = inputs_of(network);
    CHECK(canonical.parameters != state.parameters);
    CHECK(lmc::testing::outputs(network, canonical, x) == lmc::testing::outputs(network, state, x));
    CHECK(lmc::canonical_scale(layout, canonical) == canonical);
    CHECK(lmc::canonical_scale(layout, lmc::scale_units(layout, random_exponents(layout, 3), state)) == canonical);
  }
}

TEST_CASE("canonical_scale: a unit's largest incoming weight is in [1, 2), what reads it is divided", "[align]") {
  const auto network = lmc::mlp<double>({.inputs = 2, .hidden = {2}, .outputs = 1});
  // Units with weights (3, -5) and (0, 0): the first is divided by 4, the second has no scale.
  const ModelState<double> state{{3, -5, 0, 0, /* biases */ 8, 9, /* readout */ 0.5, 7, /* bias */ 1}, {}};
  CHECK(lmc::canonical_scale(network.layout(), state).parameters == std::vector<double>{0.75, -1.25, 0, 0, 2, 9, 2, 7, 1});
}

TEST_CASE("LayoutBuilder: what does not keep a factor marks its units as not scalable", "[align][layers]") {
  const lmc::Shape inputs{6, 6, 2};
  CHECK(scalable_groups(
            lmc::cnn<double>({.inputs = inputs, .channels = {4, 3}, .outputs = 3, .norm = lmc::Normalization::batch})) == 0);
  CHECK(scalable_groups(lmc::resnet<double>({.inputs = inputs, .outputs = 3, .blocks = 1, .width = 3})) == 0);
  CHECK(scalable_groups(
            lmc::vit<double>({.inputs = inputs, .outputs = 3, .patch = 2, .width = 6, .heads = 2, .mlp_ratio = 2})) == 0);
  CHECK(scalable_groups(lmc::sequential<double>(4, {lmc::dense(5), lmc::tanh(), lmc::dense(6), lmc::gelu(), lmc::dense(2)})) ==
        0);
  const auto with = [](const lmc::AnyLayer<double>& nonlinearity) {
    return lmc::Network<double>({lmc::Dense<double>({.inputs = 4, .outputs = 5}), lmc::Relu<double>(),
                                 lmc::Dense<double>({.inputs = 5, .outputs = 6}), nonlinearity,
                                 lmc::Dense<double>({.inputs = 6, .outputs = 2})});
  };
  CHECK(with(Saying()).layout().groups == std::vector<lmc::PermutationGroup>{{"dense1", 5, true}, {"dense2", 6, true}});
  CHECK(with(Silent()).layout().groups == std::vector<lmc::PermutationGroup>{{"dense1", 5, true}, {"dense2", 6, false}});
  // Its filter of a channel is incoming and outgoing.
  const auto depthwise =
      lmc::Network<double>({lmc::Conv2d<double>({.inputs = {4, 4, 1}, .outputs = 3}), lmc::Relu<double>(),
                            lmc::Conv2d<double>({.inputs = {2, 2, 3}, .outputs = 3, .kernel = 1, .groups = 3}),
                            lmc::Dense<double>({.inputs = {2, 2, 3}, .outputs = 2})});
  REQUIRE(depthwise.layout().groups.size() == 1);
  CHECK(scalable_groups(depthwise) == 0);
}

TEST_CASE("scale_units: refuses what cannot be scaled exactly", "[align][errors]") {
  const auto network = lmc::mlp<float>({.inputs = 2, .hidden = {2}, .outputs = 1});
  const auto& layout = network.layout();
  const ModelState<float> state{{3, -5, 0, 0, 8, 9, 0.5, 7, 1}, {}};
  CHECK_THROWS_WITH(lmc::scale_units(layout, {}, state), Contains("exponents of 0 groups; the layout has 1"));
  CHECK_THROWS_WITH(lmc::scale_units(layout, {{1, 2, 3}}, state), Contains("3 exponents of group 'dense1', which has 2 units"));
  CHECK_THROWS_WITH(lmc::scale_units(layout, {{200, 0}}, state), Contains("in 'dense1/weight', 3 · 2^200"));
  CHECK_THROWS_WITH(lmc::scale_units(layout, {{0, 149}}, state), Contains("in 'dense1/bias', 9 · 2^149"));
  CHECK_THROWS_WITH(lmc::scale_units(layout, {{-150, 0}}, state), Contains("in 'dense1/weight', 3 · 2^-150"));
  CHECK_THROWS_WITH(lmc::scale_units(layout, {{0, 0}}, ModelState<float>{{1}, {}}),
                    Contains("θ has 1 entries; the layout has 9"));
  auto broken = state;
  broken.parameters[1] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(lmc::canonical_scale(layout, broken), Contains("'dense1/weight' has an entry that is nan"));
  const auto smooth = lmc::sequential<float>(2, {lmc::dense(2), lmc::tanh(), lmc::dense(1)});
  CHECK_THROWS_WITH(lmc::scale_units(smooth.layout(), {{1, 0}}, state),
                    Contains("the units of group 'dense1' cannot be scaled"));
  CHECK(lmc::canonical_scale(smooth.layout(), state) == state);
}

}  // namespace align_scaling_test
