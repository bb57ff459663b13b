// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <iomanip>
#include <iostream>
#include <numeric>
#include <utility>

#include "published.hpp"

namespace published {

namespace {

// The seconds of all threads together, so that other programs do not count.
template <class Body>
double processor_seconds(Body body) {
  const std::clock_t begin = std::clock();
  body();
  return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

lmc::Dataset<float> random_images(const lmc::Shape& shape, Index examples) {
  std::vector<float> x(static_cast<std::size_t>(examples * shape.size()));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(lmc::normal({.seed = 1}, i));
  std::vector<std::int32_t> labels(static_cast<std::size_t>(examples));
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::int32_t>(i % 10);
  return lmc::Dataset<float>({.shape = shape, .classes = 10, .labels = std::move(labels), .features = std::move(x)});
}

// Two networks after some updates with batches of 128; training is scaled to epochs of so many examples.
void row(const std::string& name, const lmc::Network<float>& net, const lmc::Dataset<float>& data, Index updates, Index epoch,
         Index observed) {
  const lmc::TrainOptions<float> options{.epochs = 100, .until = updates, .optimizer = lmc::SgdOptions{.learning_rate = 0.05}};
  lmc::Run<float> a;
  const double trained =
      processor_seconds([&] { a = lmc::train(net, data, net.initialize({.seed = 1}), options, {.order = 1}); });
  const double training = trained / static_cast<double>(updates) * static_cast<double>(epoch) / 128;
  const auto b = lmc::train(net, data, net.initialize({.seed = 2}), options, {.order = 2});
  std::vector<Index> first(static_cast<std::size_t>(std::min(observed, data.size())));
  std::iota(first.begin(), first.end(), Index{0});
  const lmc::Dataset<float> some = data.subset(first);
  const double one = processor_seconds([&] { lmc::weight_matching(net, a, b, {.restarts = 0}); });
  const double two = processor_seconds([&] { lmc::weight_matching(net, a, b); });
  lmc::ActivationMoments seen;
  const double moments = processor_seconds([&] { seen = lmc::activation_moments(net, a.state, b.state, some); });
  const double assigned = processor_seconds([&] { lmc::activation_matching(net.layout(), seen); });
  std::cout << std::left << std::setw(22) << name << std::right;
  for (const double time : {training, one, two, moments, assigned}) std::cout << std::setw(12) << lmc::fixed(time, 3);
  std::cout << std::setw(10) << some.size() << std::endl;
}

}  // namespace

void times_table(const std::string& data) {
  const lmc::Dataset<float> mnist = lmc::load_mnist<float>(data).train;
  std::cout << lmc::processor_name() << "; seconds of processor time, all threads together\n"
            << "network                training of   weight matching from   activations:\n"
            << "                       one, epoch   one start   two starts   moments    assigned  examples\n";
  for (const std::vector<Index>& hidden : std::vector<std::vector<Index>>{{512}, {512, 512}, {1024, 1024}, {2048, 2048}}) {
    std::string name = "784-";
    for (const Index units : hidden) name += lmc::concat(units, '-');
    row(name + "10", lmc::mlp<float>({.inputs = mnist.shape(), .hidden = hidden, .outputs = 10}), mnist, 200, 60'000, 10'000);
  }
  const auto images = random_images({32, 32, 3}, 1'280);
  row("ResNet-20", lmc::resnet<float>({.inputs = {32, 32, 3}, .outputs = 10}), images, 10, 50'000, 500);
}

}  // namespace published
