// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/measure/complexity.hpp>

#include <catch2/catch.hpp>
#include <cmath>
#include <utility>

#include <lmc/data/sources/synthetic.hpp>

namespace measure_complexity_test {

namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;

lmc::TrainTest<float> mixture(double separation) {
  return {lmc::gaussian_mixture<float>({.examples = 900, .classes = 3, .separation = separation, .seed = 1}),
          lmc::gaussian_mixture<float>({.examples = 900, .classes = 3, .separation = separation, .seed = 2})};
}

}  // namespace

TEST_CASE("complexity_of: counts what is there, and the entropy of the labels in bits", "[train]") {
  // Labels 0 0 0 0 1 1 2 2: H = ½·1 + 2·¼·2 = 1.5 bits; always naming 0 is wrong for three of the four test examples.
  const lmc::TrainTest<double> data{
      lmc::Dataset<double>(
          {.shape = {2, 1}, .classes = 4, .labels = {0, 0, 0, 0, 1, 1, 2, 2}, .features = std::vector<double>(16, 1.0)}),
      lmc::Dataset<double>({.shape = {2, 1}, .classes = 4, .labels = {1, 0, 3, 3}, .features = std::vector<double>(8, 1.0)})};
  const auto record = lmc::complexity_of(data, {.updates = 3, .hidden = 4});
  CHECK(record.classes == 4);
  CHECK(record.train_examples == 8);
  CHECK(record.test_examples == 4);
  CHECK(record.dimension == 2);
  CHECK_THAT(record.label_entropy, WithinAbs(1.5, 1e-15));
  CHECK(record.majority_error == 0.75);
}

TEST_CASE("complexity_of: the reference's errors order data sets as they should be", "[train][long]") {
  const lmc::ComplexityOptions quick{.updates = 600, .hidden = 32, .learning_rate = 0.01};
  const auto far = lmc::complexity_of(mixture(12), quick), near = lmc::complexity_of(mixture(2), quick);
  CHECK(far.logistic_error < 0.02);
  CHECK(near.logistic_error > far.logistic_error + 0.05);
  CHECK(near.mlp_error > far.mlp_error + 0.05);
  CHECK_THAT(far.majority_error, WithinAbs(2.0 / 3, 1e-12));

  // Arms of a spiral are not linearly separable: hidden units are what helps.
  const lmc::TrainTest<float> spirals{lmc::spirals<float>({.examples = 900, .seed = 1}),
                                      lmc::spirals<float>({.examples = 900, .seed = 2})};
  const auto record = lmc::complexity_of(spirals, quick);
  CHECK(record.mlp_error < record.logistic_error - 0.1);
  CHECK(record.mlp_train_error < record.logistic_train_error - 0.1);
}

TEST_CASE("complexity_of: the reference is Adam at a rate that falls as half a cosine, for just as many updates", "[train]") {
  // 900 examples are 15 batches of 64 in an epoch: 37 updates end in the third.
  const auto data = mixture(2);
  const auto record = lmc::complexity_of(data, {.updates = 37, .hidden = 5, .batch_size = 64, .learning_rate = 0.02, .seed = 9},
                                         lmc::ThreadTeam(1));
  const lmc::TrainOptions<float> reference{.epochs = 3,
                                           .until = 37,
                                           .batch_size = 64,
                                           .optimizer = lmc::AdamOptions{.learning_rate = 0.02},
                                           .schedule = {.then = lmc::CosineRate()}};
  const auto errors = [&](const lmc::Network<float>& network) {
    const auto run = lmc::train(network, data.train, network.initialize({.seed = 9}), reference, {.order = 9});
    return std::pair(lmc::evaluate(network, run.state, data.train, lmc::ThreadTeam(1)).error.value(),
                     lmc::evaluate(network, run.state, data.test, lmc::ThreadTeam(1)).error.value());
  };
  CHECK(std::pair(record.logistic_train_error, record.logistic_error) ==
        errors(lmc::logistic_regression<float>({.inputs = 2, .outputs = 3})));
  CHECK(std::pair(record.mlp_train_error, record.mlp_error) ==
        errors(lmc::mlp<float>({.inputs = 2, .hidden = {5}, .outputs = 3})));
}

TEST_CASE("complexity_of: takes all examples at once where there are fewer than a batch", "[train]") {
  const auto data = mixture(2);
  const lmc::ComplexityOptions all{.updates = 20, .hidden = 4, .batch_size = 900, .learning_rate = 0.05};
  auto more = all;
  more.batch_size = 100'000;
  const auto a = lmc::complexity_of(data, all), b = lmc::complexity_of(data, more);
  CHECK(a.logistic_train_error == b.logistic_train_error);
  CHECK(a.mlp_error == b.mlp_error);
}

TEST_CASE("complexity_of: depends on the data and the options, not on threads", "[train][determinism]") {
  const lmc::ComplexityOptions quick{.updates = 50, .hidden = 8, .seed = 3};
  const auto one = lmc::complexity_of(mixture(3), quick, lmc::ThreadTeam(1));
  const auto two = lmc::complexity_of(mixture(3), quick, lmc::ThreadTeam(2));
  CHECK(one.logistic_error == two.logistic_error);
  CHECK(one.mlp_error == two.mlp_error);
}

TEST_CASE("complexity_of: refuses options that are not positive, and parts that do not belong together", "[train][errors]") {
  CHECK_THROWS_WITH(lmc::complexity_of(mixture(3), {.updates = 0}), Contains("updates = 0"));
  CHECK_THROWS_WITH(lmc::complexity_of(mixture(3), {.hidden = -1}), Contains("hidden = -1"));
  CHECK_THROWS_WITH(lmc::complexity_of(mixture(3), {.batch_size = 0}), Contains("batch_size = 0"));
  CHECK_THROWS_WITH(lmc::complexity_of(mixture(3), {.learning_rate = 0}), Contains("learning_rate = 0; all must be positive"));
  const lmc::TrainTest<float> mixed{mixture(3).train, lmc::spirals<float>({.examples = 9, .classes = 4})};
  CHECK_THROWS_WITH(lmc::complexity_of(mixed), Contains("the test part [2] and 4; expected the same"));
}

}  // namespace measure_complexity_test
