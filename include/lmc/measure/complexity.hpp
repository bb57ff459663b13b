// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/optim/adam.hpp>
#include <lmc/optim/schedule.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/train.hpp>

namespace lmc {

/// How hard a data set is, in numbers: so that "complexity" can be an axis.
struct ComplexityRecord {
  Index classes = 0;                // of the labels
  Index train_examples = 0;         // in the training part
  Index test_examples = 0;          // in the test part
  Index dimension = 0;              // values of an example
  double label_entropy = 0;         // bits; log₂ classes where all are equally frequent
  double majority_error = 0;        // test error of always naming the training part's most frequent class
  double logistic_error = 0;        // test error of logistic regression, as the reference trains it
  double mlp_error = 0;             // test error of one hidden layer of ReLU units, the same
  double logistic_train_error = 0;  // logistic regression's error on the training part
  double mlp_train_error = 0;       // the MLP's error on the training part
};

/// The reference: as long a training for every data set.
struct ComplexityOptions {
  Index updates = 5000;         // > 0, at a rate that falls to 0 as half a cosine
  Index hidden = 512;           // units of the MLP, > 0
  Index batch_size = 128;       // at most; all examples where there are fewer
  double learning_rate = 1e-3;  // Adam's, at first
  std::uint64_t seed = 0;       // for initialization and order
};

/// Entropy of the training labels, H = −Σ_k p_k log₂ p_k, and the test errors of two references that are the same for every
/// data set: logistic regression and an MLP with one hidden layer, trained with Adam. The numbers depend on data and options
/// alone, not on the team. Throws: Error when an option is not positive, or the parts differ in shape or classes.
template <std::floating_point Scalar>
ComplexityRecord complexity_of(const TrainTest<Scalar>& data, const ComplexityOptions& options = {},
                               const ThreadTeam& team = ThreadTeam()) {
  const ComplexityOptions& o = options;
  // No structured binding: clang 16 cannot capture one in a parallel region.
  const Dataset<Scalar>& train_part = data.train;
  const Dataset<Scalar>& test_part = data.test;
  require(o.updates > 0 && o.hidden > 0 && o.batch_size > 0 && o.learning_rate > 0, "complexity_of: updates = ", o.updates,
          ", hidden = ", o.hidden, ", batch_size = ", o.batch_size, ", learning_rate = ", o.learning_rate,
          "; all must be positive");
  detail::require_classes("complexity_of", train_part);
  require(train_part.shape() == test_part.shape() && train_part.classes() == test_part.classes(),
          "complexity_of: the training part has examples of shape ", train_part.shape(), " and ", train_part.classes(),
          " classes, the test part ", test_part.shape(), " and ", test_part.classes(), "; expected the same");
  ComplexityRecord record{.classes = train_part.classes(),
                          .train_examples = train_part.size(),
                          .test_examples = test_part.size(),
                          .dimension = train_part.shape().size()};

  std::vector<double> counts(static_cast<std::size_t>(record.classes));
  for (const std::int32_t y : train_part.labels()) ++counts[static_cast<std::size_t>(y)];
  for (const double count : counts) {
    const double p = count / static_cast<double>(record.train_examples);
    if (p > 0) record.label_entropy -= p * std::log2(p);
  }
  const auto majority = static_cast<std::int32_t>(std::max_element(counts.begin(), counts.end()) - counts.begin());
  const auto right = std::count(test_part.labels().begin(), test_part.labels().end(), majority);
  record.majority_error = 1 - static_cast<double>(right) / static_cast<double>(record.test_examples);

  const Index batch = std::min(o.batch_size, record.train_examples);
  const Index per_epoch = (record.train_examples + batch - 1) / batch;
  const TrainOptions<Scalar> reference{.epochs = (o.updates + per_epoch - 1) / per_epoch,
                                       .until = o.updates,
                                       .batch_size = batch,
                                       .optimizer = AdamOptions{.learning_rate = o.learning_rate},
                                       .schedule = {.then = CosineRate()}};
  struct Errors {
    double train = 0, test = 0;
  };
  std::array<Errors, 2> errors{};
  team.for_each(2, [&](Index i, int) {
    const Network<Scalar> network =
        i == 0 ? logistic_regression<Scalar>({.inputs = train_part.shape(), .outputs = record.classes})
               : mlp<Scalar>({.inputs = record.dimension, .hidden = {o.hidden}, .outputs = record.classes});
    const auto run = train(network, train_part, network.initialize({.seed = o.seed}), reference, {.order = o.seed});
    const auto error = [&](const Dataset<Scalar>& part) {
      return evaluate(network, run.state, part, ThreadTeam(1)).error.value();
    };
    errors[static_cast<std::size_t>(i)] = {error(train_part), error(test_part)};
  });
  record.logistic_train_error = errors[0].train;
  record.logistic_error = errors[0].test;
  record.mlp_train_error = errors[1].train;
  record.mlp_error = errors[1].test;
  return record;
}

}  // namespace lmc
