// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/names.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/window.hpp>
#include <lmc/layers/initialization.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/normalization.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/lcn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/models/resnet.hpp>
#include <lmc/models/sparse_mlp.hpp>
#include <lmc/models/vgg.hpp>
#include <lmc/models/vit.hpp>

namespace lmc {

/// "512,256" as numbers; "" as none. Throws: Error that names the option.
inline std::vector<double> parse_list(std::string_view option, const std::string& text) {
  std::vector<double> numbers;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    std::size_t used = 0;
    double number = 0;
    try {
      number = std::stod(part, &used);
    } catch (const std::exception&) {
    }
    require(used == part.size() && used > 0, option, " ", text, ": '", part,
            "' is not a number; expected numbers with commas between");
    numbers.push_back(number);
  }
  return numbers;
}

/// "32,64" as sizes of layers; `what` names one of them in errors. Throws: Error that names the option.
inline std::vector<Index> parse_sizes(std::string_view option, std::string_view what, const std::string& text) {
  std::vector<Index> sizes;
  for (const double size : parse_list(option, text)) {
    require(size >= 1 && size <= 1e6 && size == std::floor(size), option, " ", text, ": a layer of ", size, " ", what,
            "; expected whole numbers from 1 to 1000000");
    sizes.push_back(static_cast<Index>(size));
  }
  return sizes;
}

/// "3" or "3x5", or a list of them, as rows and columns of each layer. Throws: Error that names the option.
inline std::vector<Extent> parse_extents(std::string_view option, const std::string& text, Index least) {
  std::vector<Extent> extents;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    std::vector<Index> lengths;
    std::istringstream numbers(part);
    bool good = true;
    for (std::string number; std::getline(numbers, number, 'x');) {
      good = good && !number.empty() && number.size() < 7 && number.find_first_not_of("0123456789") == std::string::npos;
      lengths.push_back(good ? std::stol(number) : 0);
      good = good && lengths.back() >= least;
    }
    require(good && !part.empty() && part.back() != 'x' && (lengths.size() == 1 || lengths.size() == 2), option, " ", text,
            ": '", part, "'; expected a whole number of at least ", least,
            ", or rows and columns as in 3x5, with commas between layers");
    extents.emplace_back(lengths.front(), lengths.back());
  }
  require(!extents.empty(), option, " is empty; expected a number, as in 3, or one for each layer, as in 5,3");
  return extents;
}

/// A network by name and options, as a command line or a file gives them; lists are texts, as in "32,64" or "3x5,3". Nothing
/// stands for the default.
struct NetworkOptions {
  std::string network = "mlp";
  std::optional<std::string> hidden = {}, channels = {}, kernel = {}, stride = {}, padding = {}, sharing = {}, pool = {},
                             norm = {};
  std::optional<double> slope = {}, sparsity = {};
  std::optional<std::uint64_t> mask_seed = {};
  std::optional<Index> width = {}, heads = {}, patch = {}, blocks = {};
};

/// What NetworkOptions::network takes.
inline constexpr std::array<std::string_view, 10> network_names{"logistic", "mlp",       "sparse-mlp", "lcn",    "tied",
                                                                "cnn",      "attention", "vit",        "resnet", "vgg"};

/// A network, and its options in a few words: they stand in results.
struct ChosenNetwork {
  Network<float> network;
  std::string description;
};

namespace detail {

struct OptionUse {
  std::string_view option;
  bool given;
  std::string_view owners;  // the networks or data sets that take it, with spaces around each
};

/// Throws: Error for an option that was given, but is not one of `chosen`, the network or data set that `by` names.
inline void require_used(std::span<const OptionUse> uses, std::string_view by, std::string_view chosen) {
  for (const OptionUse& use : uses)
    require(!use.given || use.owners.find(concat(" ", chosen, " ")) != std::string_view::npos, use.option, " is an option of",
            use.owners.substr(0, use.owners.empty() ? 0 : use.owners.size() - 1), ", not of ", by, ' ', chosen,
            "; leave it out");
}

/// Throws: Error for an option that the network does not have.
inline void require_used(const NetworkOptions& o, std::string_view network) {
  const std::array<OptionUse, 15> uses{{
      {"hidden", o.hidden.has_value(), " mlp sparse-mlp "},
      {"slope", o.slope.has_value(), " mlp sparse-mlp lcn tied cnn "},
      {"sparsity", o.sparsity.has_value(), " sparse-mlp "},
      {"mask-seed", o.mask_seed.has_value(), " sparse-mlp "},
      {"channels", o.channels.has_value(), " lcn tied cnn vgg "},
      {"kernel", o.kernel.has_value(), " lcn tied cnn "},
      {"stride", o.stride.has_value(), " lcn tied cnn "},
      {"padding", o.padding.has_value(), " lcn tied cnn "},
      {"sharing", o.sharing.has_value(), " tied "},
      {"pool", o.pool.has_value(), " lcn tied cnn "},
      {"norm", o.norm.has_value(), " lcn tied cnn resnet vgg "},
      {"width", o.width.has_value(), " attention vit resnet "},
      {"heads", o.heads.has_value(), " attention vit "},
      {"patch", o.patch.has_value(), " attention vit "},
      {"blocks", o.blocks.has_value(), " vit resnet "},
  }};
  require_used(uses, "the network", network);
}

}  // namespace detail

/// The options with every default of their network written out, but for the patch: a quarter of the image, which only the data
/// know. Throws: Error for an unknown network, and for options that it does not have.
inline NetworkOptions with_defaults(NetworkOptions o) {
  const std::string_view name = network_names[find_name("network", o.network, network_names)];
  detail::require_used(o, name);
  const auto fill = [](auto& option, auto value) {
    if (!option) option = value;
  };
  if (name == "mlp" || name == "sparse-mlp") {
    fill(o.hidden, "512");
    fill(o.slope, 0);
  }
  if (name == "sparse-mlp") {
    fill(o.sparsity, 0.9);
    fill(o.mask_seed, std::uint64_t{0});
  }
  if (name == "cnn" || name == "lcn" || name == "tied") {
    fill(o.channels, "32,64");
    fill(o.kernel, "3");
    fill(o.stride, "1");
    fill(o.padding, "0");
    fill(o.pool, "1");
    fill(o.norm, "none");
    fill(o.slope, 0);
  }
  if (name == "tied") fill(o.sharing, "4x4");
  if (name == "attention" || name == "vit") {
    fill(o.width, 64);
    fill(o.heads, 4);
  }
  if (name == "vit") fill(o.blocks, 1);
  if (name == "resnet") {
    fill(o.blocks, 3);
    fill(o.width, 16);
  }
  if (name == "vgg") fill(o.channels, "64,128,256,512");
  if (name == "resnet" || name == "vgg") fill(o.norm, "batch");
  return o;
}

namespace detail {

/// The options that a cnn and an lcn have in common.
template <class Options>
Options convolutional_options(const NetworkOptions& o, const Shape& inputs, Index outputs, Initialization init,
                              std::string& description) {
  Options options;
  options.inputs = inputs;
  options.channels = parse_sizes("channels", "channels", *o.channels);
  options.outputs = outputs;
  options.kernel = parse_extents("kernel", *o.kernel, 1);
  options.stride = parse_extents("stride", *o.stride, 1);
  options.padding = parse_extents("padding", *o.padding, 0);
  options.norm = parse_normalization(*o.norm);
  const auto pool = parse_extents("pool", *o.pool, 1);
  require(pool.size() == 1, "pool ", *o.pool, "; expected one size for all layers");
  options.pool = pool[0];
  options.slope = *o.slope;
  options.initialization = init;
  description += " channels " + *o.channels + " kernel " + *o.kernel + " stride " + *o.stride + " padding " + *o.padding;
  if (*o.pool != "1") description += " pool " + *o.pool;
  if (options.norm != Normalization::none) description += " norm " + *o.norm;
  if (options.slope != 0) description += concat(" slope ", options.slope);
  return options;
}

}  // namespace detail

/// The network that the options name, for examples of the shape `inputs` and as many logits as `outputs`. Throws: Error for an
/// unknown network, for options that it does not have, and as the layers do.
inline ChosenNetwork make_network(const NetworkOptions& given, const Shape& inputs, Index outputs, Initialization init) {
  const NetworkOptions o = with_defaults(given);
  const std::string_view name = o.network;
  std::string description(name);
  if (name == "logistic")
    return {logistic_regression<float>({.inputs = inputs, .outputs = outputs, .initialization = init}),
            concat("logistic ", inputs.size(), "-", outputs)};
  if (name == "mlp" || name == "sparse-mlp") {
    const auto hidden = parse_sizes("hidden", "units", *o.hidden);
    require(!hidden.empty() || *o.slope == 0, "slope ", *o.slope, ": without a hidden layer there is no ReLU; leave it out");
    description = concat(inputs.size(), "-", *o.hidden, hidden.empty() ? "" : "-", outputs);
    std::replace(description.begin(), description.end(), ',', '-');
    if (!hidden.empty()) description += *o.slope == 0 ? " relu" : concat(" leaky relu ", *o.slope);
    if (name == "mlp")
      return {mlp<float>(
                  {.inputs = inputs.size(), .hidden = hidden, .outputs = outputs, .slope = *o.slope, .initialization = init}),
              description};
    require(!hidden.empty(), "hidden '': a sparse network needs a hidden layer, whose weights are masked");
    return {sparse_mlp<float>({.inputs = inputs.size(),
                               .hidden = hidden,
                               .outputs = outputs,
                               .sparsity = *o.sparsity,
                               .mask_seed = *o.mask_seed,
                               .slope = *o.slope,
                               .initialization = init}),
            concat(description, " sparsity ", *o.sparsity, " mask seed ", *o.mask_seed)};
  }
  require(inputs.rank() == 3, "the network ", name, " takes images, but an example of the data set has the shape ", inputs,
          "; use mlp, sparse-mlp or logistic");
  if (name == "cnn") {
    const auto options = detail::convolutional_options<CnnOptions>(o, inputs, outputs, init, description);
    return {cnn<float>(options), description};
  }
  if (name == "lcn" || name == "tied") {
    auto options = detail::convolutional_options<LcnOptions>(o, inputs, outputs, init, description);
    if (name == "tied") {
      options.sharing = parse_extents("sharing", *o.sharing, 1);
      description += " sharing " + *o.sharing;
    }
    return {lcn<float>(options), description};
  }
  if (name == "attention" || name == "vit") {
    const Index patch = o.patch.value_or(std::max<Index>(1, inputs[0] / 4));
    description += concat(" patch ", patch, " width ", *o.width, " heads ", *o.heads);
    if (name == "attention")
      return {attention<float>({.inputs = inputs,
                                .outputs = outputs,
                                .patch = patch,
                                .width = *o.width,
                                .heads = *o.heads,
                                .initialization = init}),
              description};
    return {vit<float>({.inputs = inputs,
                        .outputs = outputs,
                        .patch = patch,
                        .width = *o.width,
                        .heads = *o.heads,
                        .blocks = *o.blocks,
                        .initialization = init}),
            concat(description, " blocks ", *o.blocks)};
  }
  const Normalization norm = parse_normalization(*o.norm);
  description += " norm " + *o.norm;
  if (name == "resnet")
    return {resnet<float>({.inputs = inputs,
                           .outputs = outputs,
                           .blocks = *o.blocks,
                           .width = *o.width,
                           .norm = norm,
                           .initialization = init}),
            concat(description, " blocks ", *o.blocks, " width ", *o.width)};
  return {vgg<float>({.inputs = inputs,
                      .outputs = outputs,
                      .channels = parse_sizes("channels", "channels", *o.channels),
                      .norm = norm,
                      .initialization = init}),
          description + " channels " + *o.channels};
}

}  // namespace lmc
