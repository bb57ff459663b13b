// SPDX-License-Identifier: BSD-3-Clause
// The options of a program that choose its network.
#pragma once
#include <CLI/CLI.hpp>
#include <lmc/lmc.hpp>

using lmc::make_network;
using lmc::NetworkOptions;
using lmc::parse_list;
using lmc::parse_sizes;

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
