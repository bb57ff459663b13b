// SPDX-License-Identifier: BSD-3-Clause
#include "registry/networks.hpp"

#include <algorithm>
#include <tuple>
#include <type_traits>

#include <lmc/core/error.hpp>
#include <lmc/layers/normalization.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/lcn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/models/resnet.hpp>
#include <lmc/models/sparse_mlp.hpp>
#include <lmc/models/vgg.hpp>
#include <lmc/models/vit.hpp>

#include "registry/kinds.hpp"
#include "registry/lists.hpp"
#include "registry/named.hpp"
#include "registry/registry.hpp"

namespace registry {

namespace {

using lmc::concat;
using lmc::Index;
using lmc::Initialization;
using lmc::Normalization;
using lmc::Shape;

ChosenNetwork logistic(const NetworkOptions&, const Shape& inputs, Index outputs, Initialization init) {
  return {lmc::logistic_regression<float>({.inputs = inputs, .outputs = outputs, .initialization = init}),
          concat("logistic ", inputs.size(), "-", outputs)};
}

// 784-512-10 relu
std::string describe_mlp(const NetworkOptions& o, const Shape& inputs, Index outputs) {
  std::string description = concat(inputs.size(), "-", *o.hidden, o.hidden->empty() ? "" : "-", outputs);
  std::replace(description.begin(), description.end(), ',', '-');
  if (!o.hidden->empty()) description += *o.slope == 0 ? " relu" : concat(" leaky relu ", *o.slope);
  return description;
}

ChosenNetwork mlp(const NetworkOptions& o, const Shape& inputs, Index outputs, Initialization init) {
  const auto hidden = parse_sizes("hidden", "units", *o.hidden);
  require_option(!hidden.empty() || *o.slope == 0, "slope ", *o.slope,
                 ": without a hidden layer there is no ReLU; leave it out");
  return {lmc::mlp<float>(
              {.inputs = inputs.size(), .hidden = hidden, .outputs = outputs, .slope = *o.slope, .initialization = init}),
          describe_mlp(o, inputs, outputs)};
}

ChosenNetwork sparse_mlp(const NetworkOptions& o, const Shape& inputs, Index outputs, Initialization init) {
  const auto hidden = parse_sizes("hidden", "units", *o.hidden);
  require_option(!hidden.empty(), "hidden '': a sparse network needs a hidden layer, whose weights are masked");
  return {lmc::sparse_mlp<float>({.inputs = inputs.size(),
                                  .hidden = hidden,
                                  .outputs = outputs,
                                  .sparsity = *o.sparsity,
                                  .mask_seed = *o.mask_seed,
                                  .slope = *o.slope,
                                  .initialization = init}),
          concat(describe_mlp(o, inputs, outputs), " sparsity ", *o.sparsity, " mask seed ", *o.mask_seed)};
}

// The options that a cnn and an lcn have in common.
template <class Options>
Options convolutional_options(const NetworkOptions& o, const Shape& inputs, Index outputs, Initialization init) {
  Options options;
  options.inputs = inputs;
  options.channels = parse_sizes("channels", "channels", *o.channels);
  options.outputs = outputs;
  options.kernel = parse_extents("kernel", *o.kernel, 1);
  options.stride = parse_extents("stride", *o.stride, 1);
  options.padding = parse_extents("padding", *o.padding, 0);
  options.norm = lmc::parse_normalization(*o.norm);
  const auto pool = parse_extents("pool", *o.pool, 1);
  require_option(pool.size() == 1, "pool ", *o.pool, "; expected one size for all layers");
  options.pool = pool[0];
  options.slope = *o.slope;
  options.initialization = init;
  return options;
}

std::string describe_convolutional(const NetworkOptions& o) {
  std::string description =
      o.network + " channels " + *o.channels + " kernel " + *o.kernel + " stride " + *o.stride + " padding " + *o.padding;
  if (*o.pool != "1") description += " pool " + *o.pool;
  if (*o.norm != "none") description += " norm " + *o.norm;
  if (*o.slope != 0) description += concat(" slope ", *o.slope);
  return description;
}

ChosenNetwork cnn(const NetworkOptions& o, const Shape& inputs, Index outputs, Initialization init) {
  return {lmc::cnn<float>(convolutional_options<lmc::CnnOptions>(o, inputs, outputs, init)), describe_convolutional(o)};
}

ChosenNetwork lcn(const NetworkOptions& o, const Shape& inputs, Index outputs, Initialization init) {
  return {lmc::lcn<float>(convolutional_options<lmc::LcnOptions>(o, inputs, outputs, init)), describe_convolutional(o)};
}

ChosenNetwork tied(const NetworkOptions& o, const Shape& inputs, Index outputs, Initialization init) {
  auto options = convolutional_options<lmc::LcnOptions>(o, inputs, outputs, init);
  options.sharing = parse_extents("sharing", *o.sharing, 1);
  return {lmc::lcn<float>(options), describe_convolutional(o) + " sharing " + *o.sharing};
}

// Far beyond any network that is trained here: a mistyped size is an error at once, and not a program that builds for hours.
constexpr Index most_width = 16'384, most_blocks = 1'000;

// width and blocks, within these bounds. Below, the networks say what they need.
void require_sizes(const NetworkOptions& o) {
  for (const auto& [name, given, most] :
       {std::tuple("width", o.width, most_width), std::tuple("blocks", o.blocks, most_blocks)})
    require_option(given.value_or(0) <= most, name, ' ', given.value_or(0), "; expected at most ", most);
}

Index patch_of(const NetworkOptions& o, const Shape& inputs) { return o.patch.value_or(std::max<Index>(1, inputs[0] / 4)); }

ChosenNetwork attention(const NetworkOptions& o, const Shape& inputs, Index outputs, Initialization init) {
  require_sizes(o);
  const Index patch = patch_of(o, inputs);
  return {
      lmc::attention<float>(
          {.inputs = inputs, .outputs = outputs, .patch = patch, .width = *o.width, .heads = *o.heads, .initialization = init}),
      concat("attention patch ", patch, " width ", *o.width, " heads ", *o.heads)};
}

ChosenNetwork vit(const NetworkOptions& o, const Shape& inputs, Index outputs, Initialization init) {
  require_sizes(o);
  const Index patch = patch_of(o, inputs);
  return {lmc::vit<float>({.inputs = inputs,
                           .outputs = outputs,
                           .patch = patch,
                           .width = *o.width,
                           .heads = *o.heads,
                           .blocks = *o.blocks,
                           .initialization = init}),
          concat("vit patch ", patch, " width ", *o.width, " heads ", *o.heads, " blocks ", *o.blocks)};
}

ChosenNetwork resnet(const NetworkOptions& o, const Shape& inputs, Index outputs, Initialization init) {
  require_sizes(o);
  return {lmc::resnet<float>({.inputs = inputs,
                              .outputs = outputs,
                              .blocks = *o.blocks,
                              .width = *o.width,
                              .norm = lmc::parse_normalization(*o.norm),
                              .initialization = init}),
          concat("resnet norm ", *o.norm, " blocks ", *o.blocks, " width ", *o.width)};
}

ChosenNetwork vgg(const NetworkOptions& o, const Shape& inputs, Index outputs, Initialization init) {
  return {lmc::vgg<float>({.inputs = inputs,
                           .outputs = outputs,
                           .channels = parse_sizes("channels", "channels", *o.channels),
                           .norm = lmc::parse_normalization(*o.norm),
                           .initialization = init}),
          concat("vgg norm ", *o.norm, " channels ", *o.channels)};
}

}  // namespace

std::vector<NetworkKind> built_in_networks() {
  const NetworkOptions dense{.hidden = "512", .slope = 0.0};
  NetworkOptions sparse = dense;
  sparse.sparsity = 0.9;
  sparse.mask_seed = 0;
  const NetworkOptions convolutional{
      .channels = "32,64", .kernel = "3", .stride = "1", .padding = "0", .pool = "1", .norm = "none", .slope = 0.0};
  NetworkOptions in_blocks = convolutional;
  in_blocks.sharing = "4x4";
  const std::vector<std::string_view> of_convolutions{"channels", "kernel", "stride", "padding", "pool", "norm", "slope"};
  std::vector<std::string_view> of_blocks = of_convolutions;
  of_blocks.emplace_back("sharing");
  return {
      {"logistic", {}, {}, false, logistic},
      {"mlp", {"hidden", "slope"}, dense, false, mlp},
      {"sparse-mlp", {"hidden", "slope", "sparsity", "mask-seed"}, sparse, false, sparse_mlp},
      {"lcn", of_convolutions, convolutional, true, lcn},
      {"tied", of_blocks, in_blocks, true, tied},
      {"cnn", of_convolutions, convolutional, true, cnn},
      {"attention", {"width", "heads", "patch"}, {.width = 64, .heads = 4}, true, attention},
      {"vit", {"width", "heads", "patch", "blocks"}, {.width = 64, .heads = 4, .blocks = 1}, true, vit},
      {"resnet", {"blocks", "width", "norm"}, {.norm = "batch", .width = 16, .blocks = 3}, true, resnet},
      {"vgg", {"channels", "norm"}, {.channels = "64,128,256,512", .norm = "batch"}, true, vgg},
  };
}

const std::vector<NetworkKind>& network_kinds() { return known().networks(); }

const char* network_help() { return known().network_help().c_str(); }

NetworkOptions with_defaults(NetworkOptions options) {
  const NetworkKind& kind = find_kind("network", options.network, network_kinds());
  for_each_network_option(
      [&](const char* name, const char*, auto& given, const auto& otherwise) {
        if constexpr (!std::is_same_v<decltype(given), std::string&>) {
          if (given)
            require_taken(name, kind, network_kinds(), "the network");
          else
            given = otherwise;
        }
      },
      options, kind.defaults);
  return options;
}

namespace {

// work(), whose errors name the options that were given, unless they name one by themselves.
template <class Work>
auto naming_options(const NetworkOptions& given, std::string_view prefix, const Work& work) {
  try {
    return work();
  } catch (const OptionError& e) {
    throw lmc::Error(lmc::concat(prefix, e.what()));
  } catch (const lmc::Error& e) {
    const auto all = [&](const auto& visit) { for_each_network_option(visit, given); };
    throw lmc::Error(lmc::concat(all_typed(prefix, all), ": ", e.what()));
  }
}

}  // namespace

ChosenNetwork make_network(const NetworkOptions& given, const Shape& inputs, Index outputs, Initialization init,
                           std::string_view prefix) {
  const NetworkOptions options = naming_options(given, prefix, [&] { return with_defaults(given); });
  const NetworkKind& kind = find_kind("network", options.network, network_kinds());
  lmc::require(!kind.takes_images || inputs.rank() == 3, "the network ", kind.name,
               " takes images, but an example of the data set has the shape ", inputs, "; use mlp, sparse-mlp or logistic");
  ChosenNetwork made = naming_options(given, prefix, [&] { return kind.build(options, inputs, outputs, init); });
  const auto fits = [&](const char* what, Index has, Index expected) {
    lmc::require(has == expected, "the network ", kind.name, " has ", has, ' ', what, ", but the data set needs ", expected,
                 "; its `build` is given `inputs`, the shape of an example, and `outputs`, the number of classes: use both");
  };
  fits("inputs", made.network.input_shape()->size(), inputs.size());
  fits("outputs", made.network.output_shape().size(), outputs);
  return made;
}

}  // namespace registry
