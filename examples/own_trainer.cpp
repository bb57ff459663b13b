// SPDX-License-Identifier: BSD-3-Clause
// You have a model and a training loop already: how are the barriers alone measured?
// Link lmc::connectivity, whose headers need the standard library and nothing else.
#include <cmath>
#include <iostream>
#include <lmc/connectivity/connectivity.hpp>
#include <random>
#include <span>
#include <vector>

// Your data: points in the plane, labeled 1 inside a circle and -1 outside.
struct Example {
  double x = 0, y = 0, label = 0;
};
std::vector<Example> make_examples(unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  std::vector<Example> examples(2000);
  for (Example& e : examples) e.x = normal(random), e.y = normal(random), e.label = std::hypot(e.x, e.y) < 1.2 ? 1 : -1;
  return examples;
}

// Your model: Σ v tanh(w x + u y + b) over eight units, θ = w, u, b, v of each.
double margin(std::span<const double> theta, const Example& e) {
  double sum = 0;
  for (auto t = theta.begin(); t != theta.end(); t += 4) sum += t[3] * std::tanh(t[0] * e.x + t[1] * e.y + t[2]);
  return e.label * sum;
}
// Your trainer: SGD on log(1 + exp(-margin)), one example an update.
std::vector<double> train(const std::vector<Example>& data, unsigned start_seed, unsigned order_seed) {
  std::mt19937 start(start_seed), order(order_seed);
  std::vector<double> theta(32);
  for (double& t : theta) t = std::normal_distribution<double>()(start);
  for (int update = 0; update < 40000; ++update) {
    const Example& e = data[order() % data.size()];
    const double step = 0.05 * e.label / (1 + std::exp(margin(theta, e)));
    for (auto t = theta.begin(); t != theta.end(); t += 4) {
      const double unit = std::tanh(t[0] * e.x + t[1] * e.y + t[2]), inner = step * t[3] * (1 - unit * unit);
      t[0] += inner * e.x, t[1] += inner * e.y, t[2] += inner, t[3] += step * unit;
    }
  }
  return theta;
}

int main() {
  const auto data = make_examples(1), test = make_examples(2);
  // All that has to be written: a function from flat parameters to metrics.
  const auto evaluate = [&](std::span<const double> theta) {
    lmc::Metrics metrics{.loss = 0, .error = 0, .count = 2000};
    for (const Example& e : test) {
      metrics.loss += std::log1p(std::exp(-margin(theta, e))) / 2000;
      metrics.wrong.push_back(margin(theta, e) <= 0);  // optional; the interval needs it
      *metrics.error += metrics.wrong.back() ? 1.0 / 2000 : 0;
    }
    return metrics;
  };
  const auto a = train(data, 1, 1), b = train(data, 1, 2), c = train(data, 2, 3);
  std::cout << "one start:  barrier " << lmc::error_barrier(lmc::linear_path<double>(a, b, evaluate)) << '\n'
            << "two starts: barrier " << lmc::error_barrier(lmc::linear_path<double>(a, c, evaluate)) << '\n';
}
