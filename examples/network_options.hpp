// SPDX-License-Identifier: BSD-3-Clause
// The options of a program that choose its network, and the network that they choose.
#pragma once
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cmath>
#include <lmc/lmc.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

// "512,256" as numbers; "" as none.
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
    lmc::require(used == part.size() && used > 0, option, " ", text, ": '", part,
                 "' is not a number; expected numbers with commas between");
    numbers.push_back(number);
  }
  return numbers;
}

// "32,64" as sizes of layers; what names one of them in errors.
inline std::vector<lmc::Index> parse_sizes(std::string_view option, std::string_view what, const std::string& text) {
  std::vector<lmc::Index> sizes;
  for (const double size : parse_list(option, text)) {
    lmc::require(size >= 1 && size <= 1e6 && size == std::floor(size), option, " ", text, ": a layer of ", size, " ", what,
                 "; expected whole numbers from 1 to 1000000");
    sizes.push_back(static_cast<lmc::Index>(size));
  }
  return sizes;
}

// "3" or "3x5", or a list of them, as rows and columns of each layer.
inline std::vector<lmc::Extent> parse_extents(std::string_view option, const std::string& text, lmc::Index least) {
  std::vector<lmc::Extent> extents;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    std::vector<lmc::Index> lengths;
    std::istringstream numbers(part);
    bool good = true;
    for (std::string number; std::getline(numbers, number, 'x');) {
      good = good && !number.empty() && number.size() < 7 && number.find_first_not_of("0123456789") == std::string::npos;
      lengths.push_back(good ? std::stol(number) : 0);
      good = good && lengths.back() >= least;
    }
    lmc::require(good && !part.empty() && part.back() != 'x' && (lengths.size() == 1 || lengths.size() == 2), option, " ", text,
                 ": '", part, "'; expected a whole number of at least ", least,
                 ", or rows and columns as in 3x5, with commas between layers");
    extents.emplace_back(lengths.front(), lengths.back());
  }
  lmc::require(!extents.empty(), option, " is empty; expected a number, as in 3, or one for each layer, as in 5,3");
  return extents;
}

// What was given on the command line; nothing stands for the default.
struct NetworkOptions {
  std::string network = "mlp";
  std::optional<std::string> hidden = {}, channels = {}, kernel = {}, stride = {}, padding = {}, sharing = {}, pool = {},
                             norm = {};
  std::optional<double> slope = {}, sparsity = {};
  std::optional<std::uint64_t> mask_seed = {};
  std::optional<lmc::Index> width = {}, heads = {}, patch = {}, blocks = {};
};

inline constexpr std::array<std::string_view, 10> network_names{"logistic", "mlp",       "sparse-mlp", "lcn",    "tied",
                                                                "cnn",      "attention", "vit",        "resnet", "vgg"};

inline void add_network_options(CLI::App& app, NetworkOptions& o) {
  app.add_option("--network", o.network, "logistic, mlp, sparse-mlp, lcn, tied, cnn, attention, vit, resnet or vgg")
      ->capture_default_str();
  app.add_option("--hidden", o.hidden, "mlp, sparse-mlp: units of each hidden layer [512]; '' is logistic regression");
  app.add_option("--slope", o.slope, "mlp, sparse-mlp, lcn, tied, cnn: of the leaky ReLU; 0 is ReLU, 1 a linear network [0]");
  app.add_option("--sparsity", o.sparsity, "sparse-mlp: share of each hidden layer's weights that are masked [0.9]");
  app.add_option("--mask-seed", o.mask_seed, "sparse-mlp: of the masks [0]");
  app.add_option("--channels", o.channels, "lcn, tied, cnn: of each layer [32,64]; vgg: of each stage");
  app.add_option("--kernel", o.kernel, "lcn, tied, cnn: filter size, one for all layers or a list; 3 or 3x5 [3]");
  app.add_option("--stride", o.stride, "lcn, tied, cnn: the same [1]");
  app.add_option("--padding", o.padding, "lcn, tied, cnn: the same [0]");
  app.add_option("--sharing", o.sharing, "tied: size, in positions, of a block that shares a filter, RxC, one or a list [4x4]");
  app.add_option("--pool", o.pool, "lcn, tied, cnn: size of a max pooling after each layer [none]");
  app.add_option("--norm", o.norm, "lcn, tied, cnn, resnet, vgg: none, batch or layer [none; resnet and vgg: batch]");
  app.add_option("--width", o.width, "attention, vit: of the tokens [64]; resnet: channels of its first stage [16]");
  app.add_option("--heads", o.heads, "attention, vit: they divide the width [4]");
  app.add_option("--patch", o.patch, "attention, vit: side of a patch [a quarter of the image]");
  app.add_option("--blocks", o.blocks, "vit: transformer blocks [1]; resnet: blocks of each of its 3 stages [3: ResNet-20]");
}

// A network, and its options in a few words: they stand in the results.
struct ChosenNetwork {
  lmc::Network<float> network;
  std::string description;
};

namespace detail {

struct OptionUse {
  std::string_view option;
  bool given;
  std::string_view networks;  // that take it, with spaces around each
};

// Throws: lmc::Error for an option that the network does not have.
inline void require_used(const NetworkOptions& o, std::string_view network) {
  const std::array<OptionUse, 16> uses{{
      {"--hidden", o.hidden.has_value(), " mlp sparse-mlp "},
      {"--slope", o.slope.has_value(), " mlp sparse-mlp lcn tied cnn "},
      {"--sparsity", o.sparsity.has_value(), " sparse-mlp "},
      {"--mask-seed", o.mask_seed.has_value(), " sparse-mlp "},
      {"--channels", o.channels.has_value(), " lcn tied cnn vgg "},
      {"--kernel", o.kernel.has_value(), " lcn tied cnn "},
      {"--stride", o.stride.has_value(), " lcn tied cnn "},
      {"--padding", o.padding.has_value(), " lcn tied cnn "},
      {"--sharing", o.sharing.has_value(), " tied "},
      {"--pool", o.pool.has_value(), " lcn tied cnn "},
      {"--norm", o.norm.has_value(), " lcn tied cnn resnet vgg "},
      {"--width", o.width.has_value(), " attention vit resnet "},
      {"--heads", o.heads.has_value(), " attention vit "},
      {"--patch", o.patch.has_value(), " attention vit "},
      {"--blocks", o.blocks.has_value(), " vit resnet "},
  }};
  for (const OptionUse& use : uses)
    lmc::require(!use.given || use.networks.find(" " + std::string(network) + " ") != std::string_view::npos, use.option,
                 " is an option of", use.networks.substr(0, use.networks.empty() ? 0 : use.networks.size() - 1),
                 ", not of --network ", network, "; leave it out");
}

inline lmc::Normalization norm_of(const NetworkOptions& o, lmc::Normalization otherwise) {
  return o.norm ? lmc::parse_normalization(*o.norm) : otherwise;
}

// The options that a cnn and an lcn have in common.
template <class Options>
Options convolutional_options(const NetworkOptions& o, const lmc::Shape& inputs, lmc::Index outputs, lmc::Initialization init,
                              std::string& description) {
  const auto text = [&](const std::optional<std::string>& given, const char* otherwise) { return given.value_or(otherwise); };
  const std::string channels = text(o.channels, "32,64"), kernel = text(o.kernel, "3"), stride = text(o.stride, "1"),
                    padding = text(o.padding, "0");
  Options options;
  options.inputs = inputs;
  options.channels = parse_sizes("--channels", "channels", channels);
  options.outputs = outputs;
  options.kernel = parse_extents("--kernel", kernel, 1);
  options.stride = parse_extents("--stride", stride, 1);
  options.padding = parse_extents("--padding", padding, 0);
  options.norm = norm_of(o, lmc::Normalization::none);
  const std::string pool_text = text(o.pool, "1");
  const auto pool = parse_extents("--pool", pool_text, 1);
  lmc::require(pool.size() == 1, "--pool ", pool_text, "; expected one size for all layers");
  options.pool = pool[0];
  options.slope = o.slope.value_or(0);
  options.initialization = init;
  description += " channels " + channels + " kernel " + kernel + " stride " + stride + " padding " + padding;
  if (o.pool) description += " pool " + *o.pool;
  if (o.norm) description += " norm " + *o.norm;
  if (options.slope != 0) description += lmc::detail::concat(" slope ", options.slope);
  return options;
}

}  // namespace detail

// Throws: lmc::Error for an unknown network, for options that it does not have, and as the layers do.
inline ChosenNetwork make_network(const NetworkOptions& o, const lmc::Shape& inputs, lmc::Index outputs,
                                  lmc::Initialization init) {
  const std::string_view name = network_names[lmc::find_name("network", o.network, network_names)];
  detail::require_used(o, name);
  std::string description(name);
  if (name == "logistic")
    return {lmc::logistic_regression<float>({.inputs = inputs, .outputs = outputs, .initialization = init}),
            lmc::detail::concat("logistic ", inputs.size(), "-", outputs)};
  if (name == "mlp" || name == "sparse-mlp") {
    const std::string sizes = o.hidden.value_or("512");
    const auto hidden = parse_sizes("--hidden", "units", sizes);
    const double slope = o.slope.value_or(0);
    lmc::require(!hidden.empty() || slope == 0, "--slope ", slope, ": without a hidden layer there is no ReLU; leave it out");
    description = lmc::detail::concat(inputs.size(), "-", sizes, hidden.empty() ? "" : "-", outputs);
    std::replace(description.begin(), description.end(), ',', '-');
    if (!hidden.empty()) description += slope == 0 ? " relu" : lmc::detail::concat(" leaky relu ", slope);
    if (name == "mlp")
      return {lmc::mlp<float>(
                  {.inputs = inputs.size(), .hidden = hidden, .outputs = outputs, .slope = slope, .initialization = init}),
              description};
    lmc::require(!hidden.empty(), "--hidden '': a sparse network needs a hidden layer, whose weights are masked");
    const double sparsity = o.sparsity.value_or(0.9);
    const std::uint64_t seed = o.mask_seed.value_or(0);
    return {lmc::sparse_mlp<float>({.inputs = inputs.size(),
                                    .hidden = hidden,
                                    .outputs = outputs,
                                    .sparsity = sparsity,
                                    .mask_seed = seed,
                                    .slope = slope,
                                    .initialization = init}),
            lmc::detail::concat(description, " sparsity ", sparsity, " mask seed ", seed)};
  }
  lmc::require(inputs.rank() == 3, "--network ", name, " takes images, but an example of the data set has the shape ", inputs,
               "; use mlp, sparse-mlp or logistic");
  if (name == "cnn") {
    const auto options = detail::convolutional_options<lmc::CnnOptions>(o, inputs, outputs, init, description);
    return {lmc::cnn<float>(options), description};
  }
  if (name == "lcn" || name == "tied") {
    auto options = detail::convolutional_options<lmc::LcnOptions>(o, inputs, outputs, init, description);
    if (name == "tied") {
      const std::string sharing = o.sharing.value_or("4x4");
      options.sharing = parse_extents("--sharing", sharing, 1);
      description += " sharing " + sharing;
    }
    return {lmc::lcn<float>(options), description};
  }
  const lmc::Index quarter = std::max<lmc::Index>(1, inputs[0] / 4);
  if (name == "attention" || name == "vit") {
    const lmc::Index width = o.width.value_or(64), heads = o.heads.value_or(4), patch = o.patch.value_or(quarter),
                     blocks = o.blocks.value_or(1);
    description += lmc::detail::concat(" patch ", patch, " width ", width, " heads ", heads);
    if (name == "attention")
      return {
          lmc::attention<float>(
              {.inputs = inputs, .outputs = outputs, .patch = patch, .width = width, .heads = heads, .initialization = init}),
          description};
    return {lmc::vit<float>({.inputs = inputs,
                             .outputs = outputs,
                             .patch = patch,
                             .width = width,
                             .heads = heads,
                             .blocks = blocks,
                             .initialization = init}),
            lmc::detail::concat(description, " blocks ", blocks)};
  }
  const lmc::Normalization norm = detail::norm_of(o, lmc::Normalization::batch);
  description += lmc::detail::concat(" norm ", lmc::normalization_names[static_cast<std::size_t>(norm)]);
  if (name == "resnet") {
    const lmc::Index blocks = o.blocks.value_or(3), width = o.width.value_or(16);
    return {lmc::resnet<float>(
                {.inputs = inputs, .outputs = outputs, .blocks = blocks, .width = width, .norm = norm, .initialization = init}),
            lmc::detail::concat(description, " blocks ", blocks, " width ", width)};
  }
  lmc::VggOptions options{.inputs = inputs, .outputs = outputs, .norm = norm, .initialization = init};
  if (o.channels) {
    options.channels = parse_sizes("--channels", "channels", *o.channels);
    description += " channels " + *o.channels;
  }
  return {lmc::vgg<float>(options), description};
}
