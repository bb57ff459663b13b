// SPDX-License-Identifier: BSD-3-Clause
// What all sides train and measure. Needs no matrix library, so that every side can include it.
#pragma once
#include <algorithm>
#include <array>
#include <iterator>
#include <lmc/core/error.hpp>
#include <lmc/core/names.hpp>
#include <lmc/core/shape.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace versus {

using lmc::Index;

enum class Family { mlp, cnn, lcn, vit, resnet, vgg };
enum class Update { sgd, momentum, adam };
enum class Task { training, curve };
NLOHMANN_JSON_SERIALIZE_ENUM(Family, {{Family::mlp, "mlp"},
                                      {Family::cnn, "cnn"},
                                      {Family::lcn, "lcn"},
                                      {Family::vit, "vit"},
                                      {Family::resnet, "resnet"},
                                      {Family::vgg, "vgg"}})
NLOHMANN_JSON_SERIALIZE_ENUM(Update, {{Update::sgd, "sgd"}, {Update::momentum, "momentum"}, {Update::adam, "adam"}})
NLOHMANN_JSON_SERIALIZE_ENUM(Task, {{Task::training, "training"}, {Task::curve, "curve"}})

/// Hyper-parameters of every workload.
inline constexpr double sgd_rate = 0.05, momentum_rate = 0.01, momentum = 0.9, adam_rate = 1e-3;
/// Images of a curve, the first of the test set, and its points, even from 0 to 1.
inline constexpr Index curve_images = 10'000, curve_points = 25;
/// Sizes of the transformer.
inline constexpr Index patch = 7, width = 64, heads = 4, mlp_ratio = 4;
/// Sizes of ResNet-20: residual blocks in each of three stages, and channels of the first.
inline constexpr Index resnet_blocks = 3, resnet_width = 16;
/// Cores that both runs of a pair share, on either side.
inline constexpr int cores = 2;

/// A network on images with ten classes, and what is done with it.
struct Workload {
  std::string name, title;
  Task task = Task::training;
  Family family = Family::mlp;
  std::vector<Index> layers = {};  // hidden units, or channels of 3×3 filters, without padding but in a VGG; else none
  Index stride = 1;                // stride of all filters
  Update update = Update::sgd;
  Index batch = 128;  // batch size of training

  /// Whether the images are CIFAR-10's, 32×32×3, else MNIST's, 28×28×1.
  [[nodiscard]] bool on_cifar() const { return family == Family::resnet || family == Family::vgg; }
  [[nodiscard]] Index side() const { return on_cifar() ? 32 : 28; }
  [[nodiscard]] Index channels() const { return on_cifar() ? 3 : 1; }
  /// Images of the test set, the first, that tell the loss after training.
  [[nodiscard]] Index test_images() const { return on_cifar() ? 1'000 : 10'000; }
};

inline std::vector<Workload> workloads() {
  std::vector<Workload> all{
      {.name = "logistic", .title = "logistic regression"},
      {.name = "mlp64", .title = "MLP 784-64-10", .layers = {64}},
  };
  constexpr std::array updates{Update::sgd, Update::momentum, Update::adam};
  constexpr std::array<std::string_view, 3> suffixes{"", "_momentum", "_adam"}, titles{"", ", momentum", ", Adam"};
  for (std::size_t u = 0; u < updates.size(); ++u)
    for (const Index batch : {32, 128, 512}) {
      const bool usual = batch == 128;
      all.push_back({.name = lmc::concat("mlp512", suffixes[u], usual ? "" : lmc::concat("_b", batch)),
                     .title = lmc::concat("MLP 784-512-10", titles[u], usual ? "" : lmc::concat(", batches of ", batch)),
                     .layers = {512},
                     .update = updates[u],
                     .batch = batch});
    }
  const std::vector<Workload> others{
      {.name = "mlp5", .title = "five hidden layers of 512", .layers = {512, 512, 512, 512, 512}},
      {.name = "conv", .title = "convolution 1→32, readout", .family = Family::cnn, .layers = {32}},
      {.name = "cnn", .title = "convolutions 1→32→64, stride 2", .family = Family::cnn, .layers = {32, 64}, .stride = 2},
      {.name = "lcn", .title = "the same, locally connected", .family = Family::lcn, .layers = {32, 64}, .stride = 2},
      {.name = "vit", .title = "transformer block, width 64", .family = Family::vit},
      {.name = "resnet20", .title = "ResNet-20 on CIFAR-10", .family = Family::resnet},
      {.name = "vgg11", .title = "VGG-11 on CIFAR-10", .family = Family::vgg, .layers = {64, 128, 256, 512}},
      {.name = "curve_mlp512", .title = "curve of MLP 784-512-10", .task = Task::curve, .layers = {512}},
      {.name = "curve_cnn",
       .title = "curve of convolutions 1→32→64",
       .task = Task::curve,
       .family = Family::cnn,
       .layers = {32, 64},
       .stride = 2},
  };
  all.insert(all.end(), others.begin(), others.end());
  return all;
}

/// Throws: lmc::Error that lists the names there are.
inline Workload workload_named(std::string_view name) {
  const std::vector<Workload> all = workloads();
  std::vector<std::string_view> names;
  std::ranges::transform(all, std::back_inserter(names), &Workload::name);
  return all[lmc::find_name("workload", name, names)];
}

/// Floating-point operations of the products for one image, a multiply-add being two: forward, and in training the gradients of
/// weights and of inputs, the latter not of the first layer. Everything else (activations, norms, updates) is left out.
inline double operations(const Workload& w) {
  double first = 0, rest = 0;  // multiply-adds forward
  const auto layer = [&](Index count) { (first == 0 ? first : rest) += static_cast<double>(count); };
  if (w.family == Family::mlp) {
    Index in = 784;
    for (const Index units : w.layers) {
      layer(in * units);
      in = units;
    }
    layer(in * 10);
  } else if (w.family == Family::vit) {
    const Index tokens = (28 / patch) * (28 / patch);
    layer(tokens * patch * patch * width);
    layer(tokens * width * 3 * width);
    layer(2 * tokens * tokens * width);
    layer(tokens * width * width);
    layer(2 * tokens * width * mlp_ratio * width);
    layer(width * 10);
  } else if (w.family == Family::resnet) {
    Index side = w.side(), channels = resnet_width;
    layer(side * side * channels * 9 * w.channels());
    for (const Index out : {resnet_width, 2 * resnet_width, 4 * resnet_width}) {
      if (out != channels) {
        side /= 2;
        layer(side * side * out * channels);                                    // the shortcut
        layer(side * side * out * 9 * channels - side * side * out * 9 * out);  // the first block's first convolution
      }
      layer(2 * resnet_blocks * side * side * out * 9 * out);
      channels = out;
    }
    layer(channels * 10);
  } else if (w.family == Family::vgg) {
    Index side = w.side(), channels = w.channels();
    for (std::size_t stage = 0; stage < w.layers.size(); ++stage) {
      const Index out = w.layers[stage];
      layer(side * side * out * 9 * channels);
      if (stage >= 2) layer(side * side * out * 9 * out);
      channels = out;
      side /= 2;
    }
    layer(side * side * channels * 10);
  } else {
    Index side = 28, channels = 1;
    for (const Index out : w.layers) {
      side = (side - 3) / w.stride + 1;
      layer(side * side * out * 9 * channels);
      channels = out;
    }
    layer(side * side * channels * 10);
  }
  return w.task == Task::curve ? 2 * (first + rest) : 4 * first + 6 * rest;
}

}  // namespace versus
