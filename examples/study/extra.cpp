// SPDX-License-Identifier: BSD-3-Clause
// A data set and a network of one's own for `study`, `pair` and `describe_data`, by name:
//   cmake --preset release -DLMC_STUDY_EXTRA=examples/study/extra.cpp && cmake --build --preset release --target study pair
//   build/release/bin/study run --experiments examples/study/extra --preset smoke --store rings.db
//   build/release/bin/pair --dataset rings --network sine --width 16
#include <cmath>
#include <cstdint>
#include <lmc/lmc.hpp>
#include <numbers>
#include <string_view>
#include <utility>
#include <vector>

#include "registry/extra.hpp"

namespace {

/// Two noisy rings around the origin, one for each class. A data set that has files would find them in options.data: what --data says
/// to pair, and for study the folder `rings` in that of all data.
lmc::TrainTest<float> load_rings(const registry::DatasetOptions&, int /*threads*/) {
  const auto part = [](lmc::Index examples, std::uint64_t seed) {
    std::vector<float> features;
    std::vector<std::int32_t> labels;
    for (lmc::Index i = 0; i < examples; ++i) {
      const auto at = static_cast<std::uint64_t>(i);
      const std::int32_t label = i % 2 == 0 ? 0 : 1;
      const double radius = 1 + label + 0.2 * lmc::normal({.seed = seed}, 2 * at);
      const double angle = 2 * std::numbers::pi * lmc::uniform({.seed = seed}, 2 * at + 1);
      features.push_back(static_cast<float>(radius * std::cos(angle)));
      features.push_back(static_cast<float>(radius * std::sin(angle)));
      labels.push_back(label);
    }
    return lmc::Dataset<float>({.shape = {2}, .classes = 2, .labels = std::move(labels), .features = std::move(features)});
  };
  return {part(2000, 1), part(1000, 2)};
}

/// y = sin x, element by element. own_layer.cpp says how a layer is written and checked.
template <class Scalar>
class Sine {
 public:
  std::string_view kind() const { return "sine"; }
  void forward(lmc::ForwardArgs<Scalar> a) const { a.y = a.x.array().sin(); }
  void backward(lmc::BackwardArgs<Scalar> a) const {
    if (a.dx) a.dx->array() = a.dy.array() * a.x.array().cos();
  }
};
static_assert(lmc::Layer<Sine<float>, float>);

/// A hidden layer of such units, as many as the option `width` says.
registry::ChosenNetwork build_sine(const registry::NetworkOptions& options, const lmc::Shape& inputs, lmc::Index outputs,
                                   lmc::Initialization init) {
  const lmc::Index width = *options.width;
  return {lmc::sequential<float>(inputs.size(),
                                 {lmc::dense(width, {.scheme = init}), Sine<float>(), lmc::dense(outputs, {.scheme = init})}),
          lmc::concat("sine ", inputs.size(), "-", width, "-", outputs)};
}

}  // namespace

void registry::register_extra(Registry& registry) {
  registry.add_dataset({.name = "rings", .what = "two noisy rings", .load = load_rings});
  registry.add_network({.name = "sine", .options = {"width"}, .defaults = {.width = 32}, .build = build_sine});
}
