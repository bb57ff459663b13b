// SPDX-License-Identifier: BSD-3-Clause
// What is measured of a pair of trained networks: numbers that depend on the pair and its data alone.
#pragma once
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include <lmc/core/error.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/loss/any_loss.hpp>

#include "study/specification/pair_spec.hpp"

namespace lmc::study {

/// The two ends of a pair, read from their checkpoints.
struct PairEnds {
  Network<float> network;
  std::array<ModelState<float>, 2> states;
  AnyLoss<float> loss;                                        // that they were trained on, and are measured in
  std::array<std::optional<Optimizer<float>>, 2> optimizers;  // where the checkpoints hold them
  bool diverged = false;                                      // one of them, so that it is not judged
};

PairEnds read_ends(const PairSpec& s, const TrainTest<float>& data, const std::array<const std::string*, 2>& bytes);

/// Curves and barriers on the training and the test part, in this order.
std::array<PartResult, 2> measure_curves(const PairSpec& s, const PairEnds& ends, const TrainTest<float>& data);

/// On a sample of at most 2000 test examples, for the two ends: error under noise and under the fast gradient sign method, for
/// several strengths, as mean of the two,
///   {"noise": {"0.1": error, …}, "fgsm": {"0.1": error, …}}
/// on inputs that are standardized.
nlohmann::json measure_robustness(const PairEnds& ends, const TrainTest<float>& data);

/// Whether the parameters that are important to the ends are those that make the barrier: Spearman's rank correlation, over the
/// parameters, of |c_i(½)|, the contribution to the loss barrier on the training part, with a measure of importance, the mean
/// of that of the ends,
///   {"correlation": {"gradient": {"all": ρ, "dense1": ρ, …}, "fisher": …, "second-moment": …, "movement": …},
///    "sum": Σ c_i, "height": L(½) − chord(½)}
/// second-moment is Adam's, where the checkpoints hold it; movement is |δ_i|. On a sample of at most 2000 examples.
nlohmann::json measure_attribution(const PairSpec& s, const PairEnds& ends, const TrainTest<float>& data);

/// What untying costs on the way: barriers on the test part of the path on which every position's filters move at a pace of
/// their own, which differs by σ, mean over three draws of the paces,
///   {"0.1": {"error-barrier": …, "loss-barrier": …}, "0.3": …}
/// Throws: Error when the network has no filters that could be untied.
nlohmann::json measure_block_path(const PairSpec& s, const PairEnds& ends, const TrainTest<float>& data);

/// Throws: Error when the measurement of that name is not for such a network.
void require_measurable(std::string_view name, const PairSpec& s, const Network<float>& network);

/// A further measurement by its name in measurement_names.
nlohmann::json measure(std::string_view name, const PairSpec& s, const PairEnds& ends, const TrainTest<float>& data);

}  // namespace lmc::study
