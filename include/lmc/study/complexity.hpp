// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include <lmc/core/shape.hpp>
#include <lmc/core/thread_team.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/mlp.hpp>
#include <lmc/train/evaluator.hpp>
#include <lmc/train/train.hpp>

namespace lmc::study {

/// Entropy of the labels, −Σ p_k ln p_k, in nats, p_k the share of class k.
inline double label_entropy(const Dataset<float>& data) {
  std::vector<double> count(static_cast<std::size_t>(data.classes()));
  for (const std::int32_t y : data.labels()) ++count[static_cast<std::size_t>(y)];
  double entropy = 0;
  for (const double c : count)
    if (c > 0) entropy -= c / static_cast<double>(data.size()) * std::log(c / static_cast<double>(data.size()));
  return entropy;
}

/// How hard a data set is, in numbers that can stand on an axis:
///   {"classes", "train", "test", "dimension", "label-entropy", "logistic-error", "mlp-error"}
/// the last two the test errors of reference models, logistic regression and one hidden layer of 512 ReLU units, both trained
/// for 5 epochs of batches of 128 by Adam at 0.001 from initialization seed 0.
inline nlohmann::json complexity_record(const TrainTest<float>& data) {
  const auto error_of = [&](const Network<float>& network) {
    const Run<float> run =
        train(network, data.train, network.initialize({.seed = 0}),
              {.epochs = 5, .batch_size = std::min<Index>(128, data.train.size()), .optimizer = AdamOptions{}}, {.order = 1});
    return evaluate(network, run.state, data.test, ThreadTeam(1)).error;
  };
  const Index in = data.train.shape().size(), out = data.train.classes();
  return {{"classes", out},
          {"train", data.train.size()},
          {"test", data.test.size()},
          {"dimension", in},
          {"label-entropy", label_entropy(data.train)},
          {"logistic-error", error_of(logistic_regression<float>({.inputs = in, .outputs = out}))},
          {"mlp-error", error_of(mlp<float>({.inputs = in, .hidden = {512}, .outputs = out}))}};
}

}  // namespace lmc::study
