// SPDX-License-Identifier: BSD-3-Clause
#include <malloc.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <lmc/models/mlp.hpp>
#include <lmc/train/step.hpp>
#include <lmc/train/train.hpp>
#include <lmc/train/training_bytes.hpp>
#include <vector>

#include "support/skip.hpp"

namespace train_memory_test {

namespace {

// Bytes that this process has from malloc; 0 where a sanitizer takes malloc's place.
std::size_t in_use() {
  const auto m = mallinfo2();
  return m.uordblks + m.hblkhd;
}

lmc::Dataset<float> images(lmc::Index count) {
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(count) * 784);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = i % 5 == 0 ? static_cast<std::uint8_t>(i % 251) : std::uint8_t{0};
  const lmc::Standardization standardization = lmc::standardization_of(pixels, 1);
  return lmc::Dataset<float>({.shape = {28, 28, 1},
                              .classes = 10,
                              .labels = std::vector<std::int32_t>(static_cast<std::size_t>(count), 3),
                              .features = std::move(pixels),
                              .standardization = standardization});
}

}  // namespace

TEST_CASE("train: a run holds parameters, gradient, the optimizer's vectors and the activations of a batch", "[train]") {
  if (in_use() == 0) return testing::skip("malloc is a sanitizer's, which does not say what is in use");
  struct Case {
    lmc::OptimizerOptions optimizer;
    std::size_t slots;
  };
  const auto c = GENERATE(Case{lmc::SgdOptions{.learning_rate = 0.01}, 0},
                          Case{lmc::SgdOptions{.learning_rate = 0.01, .momentum = 0.9}, 1}, Case{lmc::AdamOptions{}, 2});
  CAPTURE(c.slots);
  constexpr lmc::Index batch = 128;
  const auto data = images(4 * batch);
  const auto net = lmc::mlp<float>({.inputs = 784, .hidden = {2048}, .outputs = 10});
  const auto start = net.initialize({.seed = 1});
  const std::size_t before = in_use();
  std::size_t most = 0;
  const auto look = [&](const lmc::StepEvent<float>&) {
    most = std::max(most, in_use() - before);
    return lmc::Control::proceed;
  };
  (void)lmc::train<float>(net, data, start, {.epochs = 2, .batch_size = batch, .optimizer = c.optimizer, .observers = {look}},
                          {.order = 1});
  const auto parameters = static_cast<std::size_t>(net.layout().parameter_count());
  const auto activations = static_cast<std::size_t>(batch * (784 + 2 * 10) + net.cache_size(batch) + net.workspace_size(batch));
  // Labels, the order of the examples, and the memory in which products work take less than a quarter of a copy of the
  // parameters. The 8-bit data are shared by all runs.
  const std::size_t expected = sizeof(float) * (parameters * (2 + c.slots) + activations);
  CHECK(lmc::training_bytes(net, batch, c.optimizer) == expected);
  CHECK(most > expected);
  CHECK(most < expected + sizeof(float) * parameters / 4);
}

TEST_CASE("training_bytes: counts the vectors of every optimizer", "[train]") {
  const auto net = lmc::mlp<float>({.inputs = 4, .hidden = {3}, .outputs = 2});
  const std::size_t theta = sizeof(float) * static_cast<std::size_t>(net.layout().parameter_count());
  const std::size_t plain = lmc::training_bytes(net, 1, lmc::SgdOptions{.learning_rate = 0.1});
  const auto vectors = [&](const lmc::OptimizerOptions& options) {
    const std::size_t beside = lmc::training_bytes(net, 1, options) - plain;
    CHECK(beside == theta * lmc::Optimizer<float>(options, net.layout()).state_vectors().size());
    return beside / theta;
  };
  CHECK(vectors(lmc::SgdOptions{.learning_rate = 0.1, .momentum = 0.9}) == 1);
  CHECK(vectors(lmc::SignOptions{}) == 0);
  CHECK(vectors(lmc::AdamOptions{}) == 2);
  CHECK(vectors(lmc::LayerwiseAdamOptions{}) == 2);
  CHECK(vectors(lmc::MuonOptions{}) == 3);
}

}  // namespace train_memory_test
