// SPDX-License-Identifier: BSD-3-Clause
#pragma once
// Big templates that the library lmc::compiled has: declared here, for float and double, and compiled once in the files beside
// this one. lmc.hpp includes it where that library is linked; whoever includes single headers includes this one, too. A new layer
// works without a line here, and compiles faster with one.
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include <lmc/connectivity/linear_path.hpp>
#include <lmc/layers/any_layer.hpp>
#include <lmc/layers/sequential.hpp>
#include <lmc/loss/any_loss.hpp>
#include <lmc/loss/cross_entropy.hpp>
#include <lmc/loss/squared_error.hpp>
#include <lmc/matrix/detail/eigen.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/gradient.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/lcn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/models/resnet.hpp>
#include <lmc/models/sparse_mlp.hpp>
#include <lmc/models/vgg.hpp>
#include <lmc/models/vit.hpp>
#include <lmc/train/train.hpp>

// `how` is extern, or nothing in the one file that compiles the group.
// NOLINTBEGIN(bugprone-macro-parentheses): there is nothing that they could be put around

// A layer, alone and as AnyLayer holds it.
#define LMC_LAYER(how, T, L) \
  how template class L<T>;   \
  how template std::shared_ptr<const AnyLayer<T>::Interface> AnyLayer<T>::hold(L<T>);

#define LMC_PRODUCTS(how, T)                                                                                   \
  how template void simd::product<T>(Strided<const T>, Strided<const T>, Strided<T>, WriteMode, std::span<T>); \
  how template class simd::SparseBatch<T>;                                                                     \
  how template simd::SparseLimits simd::measured_sparse_limits<T>();                                           \
  LMC_LAYER(how, T, Dense)                                                                                     \
  LMC_LAYER(how, T, MaskedDense)                                                                               \
  LMC_LAYER(how, T, Relu)                                                                                      \
  LMC_LAYER(how, T, Network)                                                                                   \
  LMC_LAYER(how, T, Residual)                                                                                  \
  how template Network<T> sequential<T>(const Shape&, const std::vector<LayerRecipe<T>>&);                     \
  how template Network<T> mlp<T>(const MlpOptions&);                                                           \
  how template Network<T> logistic_regression<T>(const LogisticRegressionOptions&);                            \
  how template Network<T> sparse_mlp<T>(const SparseMlpOptions&);

#define LMC_CONVOLUTIONS(how, T)                     \
  LMC_LAYER(how, T, Conv2d)                          \
  LMC_LAYER(how, T, MaxPool2d)                       \
  LMC_LAYER(how, T, BatchNorm)                       \
  how template Network<T> cnn<T>(const CnnOptions&); \
  how template Network<T> vgg<T>(const VggOptions&); \
  how template Network<T> resnet<T>(const ResnetOptions&);

#define LMC_LOCAL_LAYERS(how, T)        \
  LMC_LAYER(how, T, LocallyConnected2d) \
  how template Network<T> lcn<T>(const LcnOptions&);

#define LMC_TRANSFORMERS(how, T)                                                \
  LMC_LAYER(how, T, SelfAttention)                                              \
  LMC_LAYER(how, T, TokenwiseDense)                                             \
  LMC_LAYER(how, T, LayerNorm)                                                  \
  LMC_LAYER(how, T, PatchEmbedding)                                             \
  how template Network<T> transformer_block<T>(const TransformerBlockOptions&); \
  how template Network<T> vit<T>(const VitOptions&);                            \
  how template Network<T> attention<T>(const AttentionOptions&);

#define LMC_TRAINING(how, T)                                                                                                 \
  how template class Dataset<T>;                                                                                             \
  how template std::shared_ptr<const AnyLoss<T>::Interface> AnyLoss<T>::hold(CrossEntropy);                                  \
  how template std::shared_ptr<const AnyLoss<T>::Interface> AnyLoss<T>::hold(SquaredError);                                  \
  how template Run<T> train(const Network<T>&, const Dataset<T>&, const Checkpoint<T>&, const TrainOptions<T>&,              \
                            const NoiseSeeds&, std::size_t);                                                                 \
  how template Run<T> train(const Network<T>&, const Dataset<T>&, const ModelState<T>&, const TrainOptions<T>&,              \
                            const NoiseSeeds&, std::size_t);                                                                 \
  how template std::vector<Run<T>> train_many(const Network<T>&, const Dataset<T>&, const ModelState<T>&,                    \
                                              const TrainOptions<T>&, std::span<const NoiseSeeds>, ThreadTeam, std::size_t); \
  how template std::vector<Run<T>> train_many(const Network<T>&, const Dataset<T>&, const Checkpoint<T>&,                    \
                                              const TrainOptions<T>&, std::span<const NoiseSeeds>, ThreadTeam, std::size_t); \
  how template Pair<T> train_pair(const Network<T>&, const Dataset<T>&, const ModelState<T>&, const TrainOptions<T>&,        \
                                  const NoiseSeeds&, const NoiseSeeds&, ThreadTeam, std::size_t);                            \
  how template Pair<T> train_pair(const Network<T>&, const Dataset<T>&, const Checkpoint<T>&, const TrainOptions<T>&,        \
                                  const NoiseSeeds&, const NoiseSeeds&, ThreadTeam, std::size_t);                            \
  how template class NetworkEvaluator<T>;                                                                                    \
  how template Curve linear_path(std::span<const T>, std::span<const T>, NetworkEvaluator<T>&&, const PathOptions&);         \
  how template Curve linear_path(std::span<const T>, std::span<const T>, NetworkEvaluator<T>&, const PathOptions&);          \
  how template Curve linear_path(std::span<const T>, std::span<const T>, const NetworkEvaluator<T>&, const PathOptions&);    \
  how template class NetworkGradient<T>;
// NOLINTEND(bugprone-macro-parentheses)

namespace lmc::detail {

// lmc::compiled has this for the alignment of its own memory, which follows the instruction set (Eigen's). A file that is compiled
// for another one asks for another function, and is not linked: it would free memory that it did not allocate.
template <std::size_t Bytes>
void compiled_for_alignment_of();

namespace {
[[gnu::used]] void (*const same_alignment)() = &compiled_for_alignment_of<EIGEN_MAX_ALIGN_BYTES>;
}

}  // namespace lmc::detail

namespace lmc {

LMC_PRODUCTS(extern, float)
LMC_PRODUCTS(extern, double)
LMC_CONVOLUTIONS(extern, float)
LMC_CONVOLUTIONS(extern, double)
LMC_LOCAL_LAYERS(extern, float)
LMC_LOCAL_LAYERS(extern, double)
LMC_TRANSFORMERS(extern, float)
LMC_TRANSFORMERS(extern, double)
LMC_TRAINING(extern, float)
LMC_TRAINING(extern, double)

}  // namespace lmc
