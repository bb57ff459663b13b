// SPDX-License-Identifier: BSD-3-Clause
// How do numbers in memory become data to train on and data to test with, standardized by the training part alone?
#include <cmath>
#include <iostream>
#include <lmc/lmc.hpp>
#include <variant>
#include <vector>

namespace {

/// x ← (x − mean) / deviation, feature by feature, with the mean and the deviation of `by`.
lmc::Dataset<float> standardize(const lmc::Dataset<float>& data, const lmc::Dataset<float>& by) {
  const auto& reference = std::get<std::vector<float>>(by.features());
  auto features = std::get<std::vector<float>>(data.features());
  const auto width = static_cast<std::size_t>(data.shape().size());
  for (std::size_t j = 0; j < width; ++j) {
    double sum = 0, squares = 0;
    for (std::size_t i = j; i < reference.size(); i += width) sum += reference[i];
    const double mean = sum / static_cast<double>(by.size());
    for (std::size_t i = j; i < reference.size(); i += width) squares += (reference[i] - mean) * (reference[i] - mean);
    const double deviation = std::sqrt(squares / static_cast<double>(by.size()));
    for (std::size_t i = j; i < features.size(); i += width) features[i] = static_cast<float>((features[i] - mean) / deviation);
    if (&data == &by) std::cout << "feature " << j << ": " << lmc::fixed(mean, 3) << " ± " << lmc::fixed(deviation, 3) << '\n';
  }
  const auto labels = data.labels();
  return lmc::Dataset<float>({data.shape(), data.classes(), {labels.begin(), labels.end()}, std::move(features)});
}

}  // namespace

int main() {
  // Example after example: a height in meters, a mass in kilograms. The class says whether the body mass index is above 25.
  std::vector<float> features;
  std::vector<std::int32_t> labels;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    const double height = 1.7 + 0.1 * lmc::normal({.seed = 1}, 2 * i), mass = 72 + 12 * lmc::normal({.seed = 1}, 2 * i + 1);
    features.push_back(static_cast<float>(height));
    features.push_back(static_cast<float>(mass));
    labels.push_back(mass / (height * height) > 25 ? 1 : 0);
  }
  const lmc::Dataset<float> all({.shape = {2}, .classes = 2, .labels = std::move(labels), .features = std::move(features)});

  // First the split, then the standardization: what is tested on must not have a say in how it is scaled.
  const auto raw = lmc::split(all, {.validation = 1000, .seed = 0});
  const lmc::TrainTest<float> data{standardize(raw.train, raw.train), standardize(raw.validation, raw.train)};
  std::cout << data.train.size() << " examples to train on, " << data.test.size() << " to test with\n";

  const auto net = lmc::mlp<float>({.inputs = 2, .hidden = {16}, .outputs = 2});
  const auto start = net.initialize({.seed = 0});
  const auto test_error = [&](const lmc::Dataset<float>& train, const lmc::Dataset<float>& test) {
    const auto run = lmc::train(net, train, start, {.epochs = 5, .batch_size = 32}, {.order = 1});
    return lmc::fixed(lmc::evaluate(net, run.state, test).error.value(), 2);
  };
  std::cout << "test error " << test_error(data.train, data.test) << ", without standardization "
            << test_error(raw.train, raw.validation) << '\n';
}
