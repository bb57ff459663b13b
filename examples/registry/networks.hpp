// SPDX-License-Identifier: BSD-3-Clause
// The networks that come with the programs, by name: a new one is added in networks.cpp, and a new option here. One of your own needs
// neither: extra.hpp.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/core/shape.hpp>
#include <lmc/layers/initialization.hpp>
#include <lmc/layers/network.hpp>

namespace registry {

/// A network by name and options, as a command line or a file gives them; lists are texts, as in "32,64" or "3x5,3". Nothing
/// stands for the default.
struct NetworkOptions {
  std::string network = "mlp";
  std::optional<std::string> hidden = {}, channels = {}, kernel = {}, stride = {}, padding = {}, sharing = {}, pool = {},
                             norm = {};
  std::optional<double> slope = {}, sparsity = {};
  std::optional<std::uint64_t> mask_seed = {};
  std::optional<lmc::Index> width = {}, heads = {}, patch = {}, blocks = {};
};

/// The names of all networks, for the help of `network`.
const char* network_help();

/// Calls visit(name, help, field…) for every option, with its field in each of `o`. In `help` stand the networks that have it, and
/// its default in brackets.
template <class Visit, class... Options>
void for_each_network_option(const Visit& visit, Options&... o) {
  visit("network", network_help(), o.network...);
  visit("hidden", "mlp, sparse-mlp: units of each hidden layer [512]; '' is logistic regression", o.hidden...);
  visit("channels", "lcn, tied, cnn: of each layer [32,64]; vgg: of each stage", o.channels...);
  visit("kernel", "lcn, tied, cnn: filter size, one for all layers or a list; 3 or 3x5 [3]", o.kernel...);
  visit("stride", "lcn, tied, cnn: the same [1]", o.stride...);
  visit("padding", "lcn, tied, cnn: the same [0]", o.padding...);
  visit("sharing", "tied: size, in positions, of a block that shares a filter, RxC, one or a list [4x4]", o.sharing...);
  visit("pool", "lcn, tied, cnn: size of a max pooling after each layer [none]", o.pool...);
  visit("norm", "lcn, tied, cnn, resnet, vgg: none, batch or layer [none; resnet and vgg: batch]", o.norm...);
  visit("slope", "mlp, sparse-mlp, lcn, tied, cnn: of the leaky ReLU; 0 is ReLU, 1 a linear network [0]", o.slope...);
  visit("sparsity", "sparse-mlp: share of each hidden layer's weights that are masked [0.9]", o.sparsity...);
  visit("mask-seed", "sparse-mlp: of the masks [0; in a study, the replicate's number]", o.mask_seed...);
  visit("width", "attention, vit: of the tokens [64]; resnet: channels of its first stage [16]", o.width...);
  visit("heads", "attention, vit: they divide the width [4]", o.heads...);
  visit("patch", "attention, vit: side of a patch [a quarter of the image]", o.patch...);
  visit("blocks", "vit: transformer blocks [1]; resnet: blocks of each of its 3 stages [3: ResNet-20]", o.blocks...);
}

/// A network, and its options in a few words: they stand in results.
struct ChosenNetwork {
  lmc::Network<float> network;
  std::string description;
};

/// What a network is called, which options it takes, and how it is built from them.
struct NetworkKind {
  std::string name;
  std::vector<std::string_view> options = {};
  NetworkOptions defaults = {};  // defaults of these options, but for the patch, which only the data know
  bool takes_images = false;     // and nothing else
  ChosenNetwork (*build)(const NetworkOptions& options, const lmc::Shape& inputs, lmc::Index outputs,
                         lmc::Initialization init) = nullptr;
};

/// Those that come with the programs.
std::vector<NetworkKind> built_in_networks();

/// All that the program knows.
const std::vector<NetworkKind>& network_kinds();

/// The options with every default of their network written out. Throws: lmc::Error for an unknown network, and for options that
/// it does not have.
NetworkOptions with_defaults(NetworkOptions options);

/// The network that the options name, for examples of the shape `inputs` and as many logits as `outputs`; `prefix` stands before
/// the names of options in messages: "--" for a command line. Throws: lmc::Error as with_defaults and the layers do, with the options
/// that were given, and for a network that does not take such examples or does not give so many logits.
ChosenNetwork make_network(const NetworkOptions& given, const lmc::Shape& inputs, lmc::Index outputs, lmc::Initialization init,
                           std::string_view prefix);

}  // namespace registry
