// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/loss/any_loss.hpp>
#include <lmc/loss/cross_entropy.hpp>
#include <lmc/loss/squared_error.hpp>
#include <lmc/matrix/views.hpp>

namespace loss_any_loss_test {

using Catch::Matchers::Contains;
using lmc::Index;

namespace {

constexpr std::size_t examples = 19, outputs = 5;  // of loss_reference.py, as the numbers below

struct Case {
  std::string name;
  lmc::AnyLoss<double> loss;
  bool values;
  double mean;
  std::vector<double> gradient;
};
const std::vector<Case>& reference() {
  static const std::vector<Case> all{
#include "loss_reference.inc"
  };
  return all;
}

template <class Scalar>
struct Batch {
  std::vector<Scalar> z, values;
  std::vector<std::int32_t> labels;

  Batch() {
    for (std::size_t i = 0; i < examples * outputs; ++i) {
      z.push_back((static_cast<Scalar>(7919 * i % 2003) - 1001) / 128);
      values.push_back((static_cast<Scalar>(104729 * i % 1009) - 504) / 64);
    }
    for (std::size_t i = 0; i < examples; ++i) labels.push_back(static_cast<std::int32_t>((3 * i + 1) % outputs));
  }
  [[nodiscard]] lmc::Targets<Scalar> targets(bool of_values) const {
    if (of_values) return {.examples = examples, .labels = {}, .values = values};
    return lmc::Targets<Scalar>::of(labels);
  }
  [[nodiscard]] lmc::MatrixView<const Scalar> logits() const {
    return lmc::matrix_view(std::span<const Scalar>(z), static_cast<Index>(examples), static_cast<Index>(outputs));
  }
};

template <class Scalar>
lmc::LossSum sum(const lmc::AnyLoss<Scalar>& loss, const Batch<Scalar>& batch, bool values,
                 const lmc::LossOutputs<Scalar>& results = {}) {
  std::vector<Scalar> workspace(static_cast<std::size_t>(loss.workspace_size(outputs)));
  return loss.sum(batch.logits(), batch.targets(values), results, workspace);
}

// ½ (z − t)², by the example alone.
struct HalfSquare {
  static constexpr std::string_view kind = "half-square";
  static constexpr lmc::TargetKind targets = lmc::TargetKind::values;
  template <class Scalar>
  double operator()(std::span<const Scalar> z, const lmc::Target<Scalar>& y, std::span<Scalar> dz) const {
    double total = 0;
    for (std::size_t j = 0; j < z.size(); ++j) {
      dz[j] = z[j] - y.values[j];
      total += 0.5 * static_cast<double>(dz[j] * dz[j]);
    }
    return total;
  }
};

// The same, with a gradient that is added to what is there, and that leaves out what is 0.
struct AddedHalfSquare : HalfSquare {
  template <class Scalar>
  double operator()(std::span<const Scalar> z, const lmc::Target<Scalar>& y, std::span<Scalar> dz) const {
    double total = 0;
    for (std::size_t j = 0; j < z.size(); ++j) {
      const Scalar d = z[j] - y.values[j];
      if (d == 0) continue;
      dz[j] += d;
      total += 0.5 * static_cast<double>(d * d);
    }
    return total;
  }
};

}  // namespace

TEST_CASE("AnyLoss: the gradient of a loss of one's own is zeros before, whatever was in its memory", "[loss]") {
  const Batch<double> batch;
  std::vector<double> expected(examples * outputs), gradient(examples * outputs, 99.0);
  const double loss = sum<double>(HalfSquare(), batch, true, {.doutputs = expected}).loss;
  CHECK(sum<double>(AddedHalfSquare(), batch, true, {.doutputs = gradient}).loss == loss);
  CHECK(gradient == expected);
}

TEST_CASE("AnyLoss: cross-entropy with smoothing and squared error are those of torch.nn", "[loss]") {
  const Batch<double> batch;
  const double n = examples;
  for (const Case& c : reference()) {
    CAPTURE(c.name);
    std::vector<double> gradient(examples * outputs);
    const auto total = sum(c.loss, batch, c.values, {.doutputs = gradient, .scale = 1 / n});
    CHECK(std::abs(total.loss / n - c.mean) <= 4e-15 * std::abs(c.mean));
    for (std::size_t i = 0; i < gradient.size(); ++i) CHECK(std::abs(gradient[i] - c.gradient[i]) <= 2e-15);
    CHECK(sum(c.loss, batch, c.values).loss == total.loss);  // without the gradient
  }
}

TEST_CASE("AnyLoss: in float, both agree with double", "[loss]") {
  const Batch<double> exact;
  const Batch<float> batch;
  const auto check = [&](const lmc::AnyLoss<float>& single, const lmc::AnyLoss<double>& twice, bool values) {
    std::vector<float> gradient(examples * outputs);
    std::vector<double> expected(examples * outputs);
    const double loss = sum(single, batch, values, {.doutputs = gradient}).loss;
    CHECK(std::abs(loss / sum(twice, exact, values, {.doutputs = expected}).loss - 1) < 1e-6);
    for (std::size_t i = 0; i < gradient.size(); ++i)
      CHECK(std::abs(gradient[i] - expected[i]) < 1e-6 * std::max(1.0, std::abs(expected[i])));
  };
  check(lmc::CrossEntropy{.label_smoothing = 0.1}, lmc::CrossEntropy{.label_smoothing = 0.1}, false);
  check(lmc::SquaredError(), lmc::SquaredError(), true);
  check(lmc::SquaredError(), lmc::SquaredError(), false);
}

TEST_CASE("AnyLoss: counts the examples whose greatest output is not their label's, under every loss", "[loss]") {
  Batch<double> batch;
  std::vector<std::uint8_t> of_cross_entropy(examples), of_squares(examples);
  const auto a = sum<double>(lmc::CrossEntropy(), batch, false, {.wrong = of_cross_entropy});
  const auto b = sum<double>(lmc::SquaredError(), batch, false, {.wrong = of_squares});
  CHECK(a.wrong > 0);
  CHECK(a.wrong < static_cast<Index>(examples));
  CHECK(b.wrong == a.wrong);
  CHECK(of_squares == of_cross_entropy);
  CHECK(sum<double>(lmc::SquaredError(), batch, true).wrong == 0);  // without labels, there is nothing to be wrong

  // A loss that is NaN is wrong, though the greatest output is the label's.
  std::fill(batch.z.begin(), batch.z.begin() + static_cast<Index>(outputs), 0.0);
  batch.z[static_cast<std::size_t>(batch.labels[0])] = 1;
  sum<double>(lmc::SquaredError(), batch, false, {.wrong = of_squares});
  CHECK(of_squares[0] == 0);
  batch.z[(static_cast<std::size_t>(batch.labels[0]) + 1) % outputs] = std::numeric_limits<double>::quiet_NaN();
  sum<double>(lmc::SquaredError(), batch, false, {.wrong = of_squares});
  CHECK(of_squares[0] == 1);
}

TEST_CASE("AnyLoss: holds a loss that is written example by example", "[loss]") {
  const Batch<double> batch;
  std::vector<double> gradient(examples * outputs), of_mean(examples * outputs);
  const auto total = sum<double>(HalfSquare(), batch, true, {.doutputs = gradient});
  // Of K outputs, K/2 times the mean square.
  const auto mean = sum<double>(lmc::SquaredError(), batch, true, {.doutputs = of_mean, .scale = outputs / 2.0});
  CHECK(std::abs(total.loss - outputs / 2.0 * mean.loss) < 1e-12 * total.loss);
  for (std::size_t i = 0; i < gradient.size(); ++i) CHECK(std::abs(gradient[i] - of_mean[i]) < 1e-12);
}

TEST_CASE("AnyLoss: says its name, with the options where it prints them, and refuses options out of range", "[loss]") {
  CHECK(lmc::AnyLoss<float>().name() == "cross-entropy");
  CHECK(lmc::AnyLoss<float>(lmc::CrossEntropy{.label_smoothing = 0.1}).name() == "cross-entropy(label_smoothing = 0.1)");
  CHECK(lmc::AnyLoss<float>(lmc::SquaredError()).name() == "squared-error");
  CHECK(lmc::AnyLoss<float>(HalfSquare()).name() == "half-square");
  for (const double bad : {-0.1, 1.0, std::nan("")})
    CHECK_THROWS_WITH(lmc::AnyLoss<float>(lmc::CrossEntropy{.label_smoothing = bad}), Contains("expected a number in [0, 1)"));
}

TEST_CASE("AnyLoss: an infinite logit of another class costs infinity under smoothing, and nothing without", "[loss]") {
  Batch<double> batch;
  batch.z[1] = -std::numeric_limits<double>::infinity();
  batch.labels[0] = 0;
  CHECK(std::isfinite(sum<double>(lmc::CrossEntropy(), batch, false).loss));
  CHECK(sum<double>(lmc::CrossEntropy{.label_smoothing = 0.1}, batch, false).loss == std::numeric_limits<double>::infinity());
}

}  // namespace loss_any_loss_test
