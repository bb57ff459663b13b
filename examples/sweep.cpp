// SPDX-License-Identifier: BSD-3-Clause
// How does the barrier depend on the learning rate, and is that more than the luck of one seed?
#include <iomanip>
#include <iostream>
#include <lmc/lmc.hpp>
#include <string>
#include <vector>

int main() {
  const auto data = lmc::spirals<float>({.examples = 1500, .seed = 1}),
             test = lmc::spirals<float>({.examples = 1500, .seed = 2});
  const auto net = lmc::mlp<float>({.inputs = 2, .hidden = {32, 32}, .outputs = 3});

  std::vector<lmc::SweepSetting<float>> settings;
  for (const double rate : {0.01, 0.1, 1.0})
    settings.push_back(
        {lmc::concat(rate), {.epochs = 20, .batch_size = 32, .optimizer = lmc::SgdOptions{.learning_rate = rate}}});
  const auto results = lmc::sweep(net, data, test, settings, {.replicates = 3});  // also: write_sweep_csv(file, results)

  std::cout << "rate  test error  barrier, mean (seeds 0, 1, 2)\n";
  for (std::size_t s = 0; s < settings.size(); ++s) {
    double error = 0, barrier = 0;
    std::string seeds;
    for (std::size_t r = 0; r < 3; ++r) {
      const lmc::SweepResult& result = results[3 * s + r];  // in the order of the settings, then of the seeds
      error += (result.first_error + result.second_error) / 6;
      barrier += result.error.value / 3;
      seeds += ' ' + lmc::fixed(result.error.value, 2);
    }
    std::cout << std::left << std::setw(6) << settings[s].name << std::setw(12) << lmc::fixed(error, 2)
              << lmc::fixed(barrier, 2) << " (" << seeds << " )\n";
  }
}
