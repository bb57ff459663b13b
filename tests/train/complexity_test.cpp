// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/train/complexity.hpp>

#include <catch2/catch.hpp>
#include <cmath>

#include <lmc/data/synthetic.hpp>

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
      lmc::Dataset<double>({.shape = {2, 1}, .classes = 4, .labels = {1, 0, 3, 2}, .features = std::vector<double>(8, 1.0)})};
  const auto record = lmc::complexity_of(data, {.updates = 3, .hidden = 4});
  CHECK(record.classes == 4);
  CHECK(record.train_examples == 8);
  CHECK(record.test_examples == 4);
  CHECK(record.dimension == 2);
  CHECK_THAT(record.label_entropy, WithinAbs(1.5, 1e-15));
  CHECK(record.majority_error == 0.75);
}

TEST_CASE("complexity_of: the reference's errors order data sets as they should be", "[train]") {
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

TEST_CASE("complexity_of: depends on the data and the options, not on threads", "[train][determinism]") {
  const lmc::ComplexityOptions quick{.updates = 50, .hidden = 8, .seed = 3};
  const auto one = lmc::complexity_of(mixture(3), quick, lmc::ThreadTeam(1));
  const auto two = lmc::complexity_of(mixture(3), quick, lmc::ThreadTeam(2));
  CHECK(one.logistic_error == two.logistic_error);
  CHECK(one.mlp_error == two.mlp_error);
}

TEST_CASE("complexity_of: refuses options that are not positive, and parts that do not belong together", "[train][errors]") {
  CHECK_THROWS_WITH(lmc::complexity_of(mixture(3), {.updates = 0}), Contains("updates = 0"));
  const lmc::TrainTest<float> mixed{mixture(3).train, lmc::spirals<float>({.examples = 9, .classes = 4})};
  CHECK_THROWS_WITH(lmc::complexity_of(mixed), Contains("the test part [2] and 4; expected the same"));
}
