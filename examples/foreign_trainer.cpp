// SPDX-License-Identifier: BSD-3-Clause
//
// You have a trainer already and want the barriers alone. Here the trainer is a logistic regression in plain Eigen, which knows
// nothing of lmc; the last third of main is all that has to be written for yours.
// Link lmc::connectivity: headers that need neither xsimd nor OpenMP, nor Eigen either.
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <iostream>
#include <numeric>
#include <random>
#include <span>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/linear_path.hpp>

namespace {

struct Examples {
  Eigen::MatrixXd x;  // one example per column
  Eigen::VectorXd y;  // its class, -1 or +1
};

/// Two overlapping clouds of points.
Examples make_examples(Eigen::Index count, std::mt19937& random) {
  std::normal_distribution<double> normal;
  Examples examples{Eigen::MatrixXd(20, count), Eigen::VectorXd(count)};
  for (Eigen::Index i = 0; i < count; ++i) {
    examples.y[i] = i % 2 == 0 ? -1 : 1;
    for (double& feature : examples.x.col(i)) feature = 0.3 * examples.y[i] + normal(random);
  }
  return examples;
}

/// Logistic regression on one example: the label's margin is y wᵀx, the loss log(1 + exp(-margin)).
struct Model {
  Eigen::VectorXd w = Eigen::VectorXd::Zero(20);

  std::span<const double> parameters() const { return {w.data(), static_cast<std::size_t>(w.size())}; }
  void train(const Examples& data, unsigned order_seed) {
    std::mt19937 random(order_seed);
    std::vector<Eigen::Index> order(static_cast<std::size_t>(data.y.size()));
    std::iota(order.begin(), order.end(), 0);
    for (int epoch = 0; epoch < 5; ++epoch) {
      std::shuffle(order.begin(), order.end(), random);
      for (const Eigen::Index i : order) {
        const double margin = data.y[i] * w.dot(data.x.col(i));
        w += 0.05 * data.y[i] / (1 + std::exp(margin)) * data.x.col(i);
      }
    }
  }
};

}  // namespace

int main() {
  std::mt19937 random(1);
  const Examples train = make_examples(2000, random), test = make_examples(5000, random);
  Model a, b;
  a.train(train, 1);
  b.train(train, 2);

  // Any function from flat parameters to metrics will do. `wrong` is optional: without it there is no confidence interval.
  Model model;
  const auto evaluate = [&](std::span<const double> theta) {
    std::copy(theta.begin(), theta.end(), model.w.begin());
    const Eigen::ArrayXd margins = test.y.array() * (test.x.transpose() * model.w).array();
    lmc::Metrics metrics{.loss = (1 + (-margins).exp()).log().mean(), .count = margins.size()};
    for (const double margin : margins) metrics.wrong.push_back(margin <= 0);
    metrics.error = (margins <= 0).cast<double>().mean();
    return metrics;
  };
  const auto curve = lmc::linear_path(a.parameters(), b.parameters(), evaluate, {.alphas = 25});
  std::cout << "test errors   " << curve.points.front().metrics.error.value() << " and "
            << curve.points.back().metrics.error.value() << "\nerror barrier " << lmc::error_barrier(curve)
            << "\nloss barrier  " << lmc::loss_barrier(curve) << "  (always 0 for a convex loss)\n";
}
