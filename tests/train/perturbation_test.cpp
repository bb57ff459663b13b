// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <lmc/core/layout.hpp>
#include <lmc/train/perturbation.hpp>
#include <utility>
#include <vector>

namespace train_perturbation_test {

namespace {

using Catch::Matchers::WithinRel;

lmc::ParameterLayout layout() {
  lmc::LayoutBuilder builder(lmc::Shape{20});
  builder.add_parameter("dense1/weight", {30, 20});
  builder.add_parameter("dense1/bias", {30});
  builder.add_parameter("dense2/weight", {5, 30});
  builder.add_parameter("dense2/bias", {5});
  return std::move(builder).build();
}

template <class Scalar>
std::vector<Scalar> theta() {
  std::vector<Scalar> values;
  for (int i = 0; i < 785; ++i) values.push_back(static_cast<Scalar>((i * 37 % 101 - 50) / 64.0));
  return values;
}

template <class Scalar>
double length(const std::vector<Scalar>& a, std::size_t first, std::size_t last, const std::vector<Scalar>* less = nullptr) {
  double sum = 0;
  for (std::size_t i = first; i < last; ++i) {
    const double x = static_cast<double>(a[i]) - (less ? static_cast<double>((*less)[i]) : 0);
    sum += x * x;
  }
  return std::sqrt(sum);
}

}  // namespace

TEST_CASE("perturb: adds exactly the length that was asked for", "[train]") {
  const auto before = theta<double>();
  for (const double norm : {1e-6, 0.5, 300.0}) {
    auto absolute = before, relative = before;
    const double returned = lmc::perturb<double>(layout(), absolute, {.norm = norm, .relative = false});
    // θ is below 1, so that an entry's rounding is below 1e-16, and that of 785 of them far below 1e-6 times 1e-8.
    CHECK_THAT(length(absolute, 0, 785, &before), WithinRel(norm, 1e-8));
    CHECK(returned == length(absolute, 0, 785, &before));
    lmc::perturb<double>(layout(), relative, {.norm = norm});
    CHECK_THAT(length(relative, 0, 785, &before), WithinRel(norm * length(before, 0, 785), 1e-8));
  }
  auto single = theta<float>();
  const auto single_before = single;
  lmc::perturb<float>(layout(), single, {.norm = 0.01, .relative = false});
  CHECK_THAT(length(single, 0, 785, &single_before),
             WithinRel(0.01, 1e-4));  // an entry's rounding is 3e-8, δ's entries are 4e-4
}

TEST_CASE("perturb: of a layer, changes it alone, and is relative to it", "[train]") {
  const auto before = theta<double>();
  auto after = before;
  lmc::perturb<double>(layout(), after, {.norm = 0.1, .layer = "dense2"});
  CHECK(std::equal(after.begin(), after.begin() + 630, before.begin()));
  for (std::size_t i = 630; i < 785; ++i) CHECK(after[i] != before[i]);
  CHECK_THAT(length(after, 630, 785, &before), WithinRel(0.1 * length(before, 630, 785), 1e-12));
}

TEST_CASE("perturb: the direction is a function of the seed", "[train][determinism]") {
  auto a = theta<double>(), b = a, c = a;
  const auto before = a;
  lmc::perturb<double>(layout(), a, {.norm = 1, .relative = false, .seed = 4});
  lmc::perturb<double>(layout(), b, {.norm = 2, .relative = false, .seed = 4});
  lmc::perturb<double>(layout(), c, {.norm = 1, .relative = false, .seed = 5});
  double along = 0, across = 0;
  for (std::size_t i = 0; i < 785; ++i) {
    along += (a[i] - before[i]) * (b[i] - before[i]);
    across += (a[i] - before[i]) * (c[i] - before[i]);
  }
  CHECK_THAT(along, WithinRel(2.0, 1e-10));
  CHECK_THAT((a[7] - before[7]) / (a[0] - before[0]),
             WithinRel(lmc::normal({.seed = 4, .purpose = lmc::Purpose::perturbation}, 7) /
                           lmc::normal({.seed = 4, .purpose = lmc::Purpose::perturbation}, 0),
                       1e-6));
  CHECK(std::abs(across) < 0.15);  // of independent directions in 785 dimensions: a standard deviation of 0.036
}

TEST_CASE("perturb: refuses what has no length, and lists the layers that there are", "[train][errors]") {
  auto x = theta<float>();
  const auto with = [&](const lmc::GaussianPerturbation& options) { return lmc::perturb<float>(layout(), x, options); };
  CHECK_THROWS_WITH(with({.layer = "dense3"}), Catch::Contains("no layer 'dense3' with parameters; there are: dense1, dense2"));
  CHECK_THROWS_WITH(with({.norm = 0}), Catch::Contains("norm = 0"));
  CHECK_THROWS_WITH(with({.norm = 1e-12}), Catch::Contains("rounding leaves"));
  x.assign(785, 0);
  CHECK_THROWS_WITH(with({.norm = 0.1}), Catch::Contains("are all 0") && Catch::Contains("give an absolute norm"));
  CHECK_NOTHROW(with({.norm = 0.1, .relative = false}));
  x.pop_back();
  CHECK_THROWS_WITH(with({.norm = 0.1}), Catch::Contains("784 parameters; the layout has 785"));
}

}  // namespace train_perturbation_test
