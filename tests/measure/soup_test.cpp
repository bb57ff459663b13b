// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/measure/soup.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <lmc/align/permute.hpp>
#include <lmc/connectivity/ensemble.hpp>
#include <lmc/core/random.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/recipes.hpp>
#include <lmc/layers/sequential.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/logits.hpp>
#include <lmc/train/average.hpp>
#include <lmc/train/calibrate_buffers.hpp>
#include <lmc/train/train.hpp>

namespace measure_soup_test {

using lmc::Index;

namespace {

const auto net =
    lmc::sequential<float>(2, {lmc::dense(12), lmc::batch_norm(), lmc::relu(), lmc::dense(6), lmc::relu(), lmc::dense(3)});
const auto training = lmc::spirals<float>({.examples = 300, .classes = 3, .seed = 1});
const auto validation = lmc::spirals<float>({.examples = 150, .classes = 3, .seed = 2});

std::vector<lmc::ModelState<float>> trained() {
  const std::array<lmc::NoiseSeeds, 4> seeds{{{.order = 1}, {.order = 2}, {.order = 3}, {.order = 4}}};
  std::vector<lmc::ModelState<float>> states;
  for (const auto& run :
       lmc::train_many<float>(net, training, net.initialize({.seed = 1}), {.epochs = 4, .batch_size = 30}, seeds))
    states.push_back(run.state);
  return states;
}

// Unit i of the result is unit p[i] of the network.
lmc::Permutations planted(std::uint64_t seed) {
  lmc::Permutations permutations;
  for (std::size_t g = 0; g < net.layout().groups.size(); ++g) {
    std::vector<Index> order(static_cast<std::size_t>(net.layout().groups[g].size));
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<Index>(i);
    lmc::shuffle(lmc::Stream{.seed = seed, .epoch = static_cast<std::uint32_t>(g)}, std::span(order));
    permutations.push_back(order);
  }
  return permutations;
}
lmc::Permutations inverse(lmc::Permutations p) {
  lmc::Permutations inverse = p;
  for (std::size_t g = 0; g < p.size(); ++g)
    for (std::size_t i = 0; i < p[g].size(); ++i) inverse[g][static_cast<std::size_t>(p[g][i])] = static_cast<Index>(i);
  return inverse;
}

}  // namespace

TEST_CASE("uniform_soup: of states it is their average, with running statistics of its own", "[train][connectivity]") {
  const auto states = trained();
  const auto before = states;
  const auto soup = lmc::uniform_soup(net, states, validation, training);
  CHECK(states == before);
  CHECK(soup.state == lmc::average(net, states, training));
  CHECK(soup.metrics.loss == lmc::evaluate(net, soup.state, validation).loss);
  for (std::size_t i = 0; i < states.size(); ++i)
    CHECK(soup.alone[i] == lmc::evaluator(net, validation, training)(states[i].parameters));
}

TEST_CASE("greedy_soup: of states it is their greedy soup by an evaluator that estimates statistics", "[train][connectivity]") {
  const auto states = trained();
  const auto soup = lmc::greedy_soup(net, states, validation, training);
  std::vector<std::vector<float>> thetas;
  for (const auto& state : states) thetas.push_back(state.parameters);
  const auto expected = lmc::greedy_soup(thetas, lmc::evaluator(net, validation, training));
  CHECK(soup.state.parameters == expected.state.parameters);
  CHECK(soup.taken == expected.taken);
  CHECK(soup.state.buffers == lmc::calibrate_buffers(net, soup.state.parameters, training));
  for (const auto& alone : soup.alone) CHECK(*soup.metrics.error <= *alone.error);
}

TEST_CASE("barycenter: of one network in several orders of its units it is that network", "[align][connectivity]") {
  const auto state = trained()[0];
  std::vector<lmc::ModelState<float>> states{lmc::permute(net.layout(), planted(1), state),
                                             lmc::permute(net.layout(), planted(2), state)};
  const auto center = lmc::barycenter(net, states, {inverse(planted(1)), inverse(planted(2))}, validation, training);
  CHECK(center.state.parameters == state.parameters);
  // Permuting leaves the function, and with it the metrics, but for the order in which units are summed.
  REQUIRE(center.alone.size() == 2);
  CHECK_THAT(center.alone[0].loss, Catch::Matchers::WithinAbs(center.metrics.loss, 1e-5));
  // Without the alignment the units are averaged with strangers: another network.
  const auto stirred = lmc::uniform_soup(net, states, validation, training);
  CHECK(stirred.state.parameters != state.parameters);
  CHECK(stirred.metrics.loss > center.metrics.loss);
}

TEST_CASE("barycenter: refuses another number of alignments, and what is none", "[align][errors]") {
  const auto states = trained();
  CHECK_THROWS_WITH(lmc::barycenter(net, states, {planted(1)}, validation, training),
                    Catch::StartsWith("barycenter: 1 alignments for 4 networks"));
  lmc::Permutations broken = planted(1);
  broken[0][0] = broken[0][1];
  CHECK_THROWS_WITH(lmc::barycenter(net, {states[0]}, {broken}, validation, training), Catch::Contains("is no permutation"));
}

TEST_CASE("ensembles: take the logits of networks as logits() gives them", "[measure]") {
  const auto states = trained();
  std::vector<std::vector<float>> logits;
  for (const auto& state : states) logits.push_back(lmc::logits(net, state, validation));
  const auto of_one = lmc::ensemble_of_logits<float>({logits[0]}, validation.labels());
  const auto alone = lmc::evaluate(net, states[0], validation);
  CHECK(of_one.wrong == alone.wrong);
  CHECK_THAT(of_one.loss, Catch::Matchers::WithinRel(alone.loss, 1e-5));  // float against double
  double mean = 0;
  for (const auto& state : states) mean += lmc::evaluate(net, state, validation).loss / 4;
  CHECK(lmc::ensemble_of_probabilities(logits, validation.labels()).loss <= mean + 1e-6);
}

}  // namespace measure_soup_test
