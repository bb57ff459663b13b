// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>
#include <vector>

#include <lmc/layers/any_layer.hpp>
#include <lmc/layers/average_pool2d.hpp>
#include <lmc/layers/batch_norm.hpp>
#include <lmc/layers/class_token.hpp>
#include <lmc/layers/conv2d.hpp>
#include <lmc/layers/dense.hpp>
#include <lmc/layers/dropout.hpp>
#include <lmc/layers/flatten.hpp>
#include <lmc/layers/for_each_layer.hpp>
#include <lmc/layers/gelu.hpp>
#include <lmc/layers/global_average_pool.hpp>
#include <lmc/layers/identity.hpp>
#include <lmc/layers/initialization.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/layer_norm.hpp>
#include <lmc/layers/layer_recipe.hpp>
#include <lmc/layers/leaky_relu.hpp>
#include <lmc/layers/locally_connected2d.hpp>
#include <lmc/layers/masked_dense.hpp>
#include <lmc/layers/max_pool2d.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/normalization.hpp>
#include <lmc/layers/patch_embedding.hpp>
#include <lmc/layers/position_embedding.hpp>
#include <lmc/layers/recipes.hpp>
#include <lmc/layers/relu.hpp>
#include <lmc/layers/residual.hpp>
#include <lmc/layers/self_attention.hpp>
#include <lmc/layers/sequential.hpp>
#include <lmc/layers/take_first_token.hpp>
#include <lmc/layers/tanh.hpp>
#include <lmc/layers/tokenwise_dense.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/lcn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/models/resnet.hpp>
#include <lmc/models/sparse_mlp.hpp>
#include <lmc/models/transformer_block.hpp>
#include <lmc/models/vgg.hpp>
#include <lmc/models/vit.hpp>
#include <lmc/testing/gradient_error.hpp>
#include <lmc/testing/permutation_effect.hpp>
#include <lmc/transfer/fold_batch_norm.hpp>
#include <lmc/transfer/lift.hpp>
#include <lmc/transfer/match_parameters.hpp>

#include "parts.hpp"

namespace {

// The gradient of a network's first outputs exists, whatever is in it.
template <class T>
void run(const lmc::Network<T>& network) {
  const lmc::Index batch = 3, in = network.input_shape()->size(), out = network.output_shape().size();
  lmc::ModelState<T> state = network.initialize();
  std::vector<T> x(static_cast<std::size_t>(batch * in), T(0.5)), y(static_cast<std::size_t>(batch * out)), dx(x.size());
  std::vector<T> gradient(state.parameters.size()), cache(static_cast<std::size_t>(network.cache_size(batch)));
  std::vector<T> workspace(static_cast<std::size_t>(network.workspace_size(batch)));
  const auto view = [&](auto& values, lmc::Index cols) { return lmc::matrix_view(std::span(values), batch, cols); };
  network.forward({.params = state.parameters,
                   .buffers = state.buffers,
                   .x = lmc::as_const(view(x, in)),
                   .y = view(y, out),
                   .cache = cache,
                   .workspace = workspace,
                   .mode = lmc::Mode::training});
  network.backward({.params = state.parameters,
                    .buffers = state.buffers,
                    .x = lmc::as_const(view(x, in)),
                    .y = lmc::as_const(view(y, out)),
                    .dy = lmc::as_const(view(y, out)),
                    .dx = view(dx, in),
                    .dparams = gradient,
                    .cache = cache,
                    .workspace = workspace});
  for (const T g : gradient) check(std::isfinite(g), "a gradient is not finite");
}

template <class T>
void use_layers_with(T) {
  const lmc::Shape image{8, 8, 1};
  run(lmc::mlp<T>({.inputs = 64, .hidden = {4}, .outputs = 3}));
  run(lmc::logistic_regression<T>({.inputs = 64, .outputs = 3}));
  run(lmc::sparse_mlp<T>({.inputs = 64, .hidden = {4}, .outputs = 3}));
  const auto conv = lmc::cnn<T>({.inputs = image, .channels = {2}, .outputs = 3});
  run(conv);
  run(lmc::lcn<T>({.inputs = image, .channels = {2}, .outputs = 3}));
  run(lmc::vgg<T>({.inputs = image, .outputs = 3, .channels = {4}}));
  run(lmc::resnet<T>({.inputs = image, .outputs = 3, .blocks = 1, .width = 2}));
  run(lmc::vit<T>({.inputs = image, .outputs = 3, .patch = {4}, .width = 8, .heads = 2}));
  run(lmc::attention<T>({.inputs = image, .outputs = 3, .patch = {4}, .width = 8, .heads = 2}));
  run(lmc::Network<T>({lmc::AveragePool2d<T>({.inputs = image}), lmc::Flatten<T>(), lmc::Dense<T>({.inputs = 16, .outputs = 4}),
                       lmc::Tanh<T>(), lmc::Gelu<T>(), lmc::LeakyRelu<T>({.slope = 0.1}),
                       lmc::Dropout<T>({.inputs = 4, .rate = 0.5})}));
  run(lmc::sequential<T>(
      image, {lmc::conv2d(2), lmc::batch_norm(), lmc::leaky_relu(0.1), lmc::max_pool2d(), lmc::locally_connected2d(2),
              lmc::normalization(lmc::Normalization::layer), lmc::relu(), lmc::residual<T>({lmc::gelu()}, {lmc::identity()}),
              lmc::flatten(), lmc::dropout(0.5), lmc::dense(4), lmc::tanh(), lmc::Dense<T>({.inputs = 4, .outputs = 3})}));
  run(lmc::sequential<T>(
      image, {lmc::average_pool2d(), lmc::patch_embedding(4, {.patch = 2}), lmc::class_token(), lmc::position_embedding(),
              lmc::layer_norm(), lmc::self_attention(2), lmc::tokenwise_dense(3), lmc::take_first_token()}));
  run(lmc::sequential<T>(image, {lmc::global_average_pool(), lmc::dense(3)}));
  lmc::testing::permutation_effect(lmc::sequential<double>(2, {lmc::dense(3), lmc::dense(2)}));
  lmc::testing::gradient_error(lmc::Dense<double>({.inputs = 2, .outputs = 2}));

  check(lmc::lift_to_local(conv).network.layout().parameter_count() > 0, "lift_to_local");
  check(lmc::lift_to_tied(conv, {{2, 2}}).network.layout().parameter_count() > 0, "lift_to_tied");
  check(lmc::lift_to_masked_dense(conv).network.layout().parameter_count() > 0, "lift_to_masked_dense");
  check(lmc::lift_to_dense(conv).network.layout().parameter_count() > 0, "lift_to_dense");
  const auto normalized = lmc::sequential<T>(3, {lmc::dense(2), lmc::batch_norm()});
  check(lmc::fold_batch_norm(normalized).fold(normalized.initialize()).parameters.size() == 8, "fold_batch_norm");
  check(lmc::output_grids(conv).size() == 1, "output_grids");
  int layers = 0;
  lmc::for_each_layer(conv, [&](auto&&...) { ++layers; });
  check(layers > 2, "for_each_layer");
  const auto wide = [](lmc::Index width) { return lmc::mlp<T>({.inputs = 64, .hidden = {width}, .outputs = 3}); };
  check(lmc::match_parameters(wide(20), wide) == 20, "match_parameters");
  check(lmc::AnyLayer<T>(lmc::Identity<T>()).kind() == "identity", "AnyLayer");
  instantiate(lmc::transformer_block<T>, lmc::initialize_weights_and_biases<T>);
}

}  // namespace

#ifndef ONLY_FLOAT
template class lmc::BatchNorm<double>;
template class lmc::ClassToken<double>;
template class lmc::Conv2d<double>;
template class lmc::TakeFirstToken<double>;
template class lmc::GlobalAveragePool<double>;
template class lmc::LayerNorm<double>;
template class lmc::LocallyConnected2d<double>;
template class lmc::MaskedDense<double>;
template class lmc::MaxPool2d<double>;
template class lmc::PatchEmbedding<double>;
template class lmc::PositionEmbedding<double>;
template class lmc::Relu<double>;
template class lmc::Residual<double>;
template class lmc::SelfAttention<double>;
template class lmc::TokenwiseDense<double>;
#endif

void use_layers() {
  for_each_scalar([](auto scalar) { use_layers_with(scalar); });
}
