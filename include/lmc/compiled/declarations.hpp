// SPDX-License-Identifier: BSD-3-Clause
#pragma once
// Big templates that the library lmc::compiled has: declared here, for float and double, and compiled once in the files beside
// this one. lmc.hpp includes it where that library is linked; whoever includes single headers includes this one, too. A new layer
// works without a line here, and compiles faster with one.
#include <cstddef>

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

#define LMC_PRODUCTS(how, T)                                                                                   \
  how template void simd::product<T>(Strided<const T>, Strided<const T>, Strided<T>, WriteMode, std::span<T>); \
  how template class simd::SparseBatch<T>;                                                                     \
  how template class Dense<T>;                                                                                 \
  how template class MaskedDense<T>;                                                                           \
  how template class Relu<T>;                                                                                  \
  how template class Network<T>;                                                                               \
  how template class Residual<T>;                                                                              \
  how template Network<T> mlp<T>(const MlpOptions&);                                                           \
  how template Network<T> logistic_regression<T>(const LogisticRegressionOptions&);                            \
  how template Network<T> sparse_mlp<T>(const SparseMlpOptions&);

#define LMC_CONVOLUTIONS(how, T)                     \
  how template class Conv2d<T>;                      \
  how template class MaxPool2d<T>;                   \
  how template class BatchNorm<T>;                   \
  how template Network<T> cnn<T>(const CnnOptions&); \
  how template Network<T> vgg<T>(const VggOptions&); \
  how template Network<T> resnet<T>(const ResnetOptions&);

#define LMC_LOCAL_LAYERS(how, T)            \
  how template class LocallyConnected2d<T>; \
  how template Network<T> lcn<T>(const LcnOptions&);

#define LMC_TRANSFORMERS(how, T)                                                \
  how template class SelfAttention<T>;                                          \
  how template class TokenwiseDense<T>;                                         \
  how template class LayerNorm<T>;                                              \
  how template class PatchEmbedding<T>;                                         \
  how template Network<T> transformer_block<T>(const TransformerBlockOptions&); \
  how template Network<T> vit<T>(const VitOptions&);                            \
  how template Network<T> attention<T>(const AttentionOptions&);

#define LMC_TRAINING(how, T)                                                                                    \
  how template class Dataset<T>;                                                                                \
  how template Run<T> train(const Network<T>&, const Dataset<T>&, const Checkpoint<T>&, const TrainOptions<T>&, \
                            const NoiseSeeds&, std::size_t);                                                    \
  how template Run<T> train(const Network<T>&, const Dataset<T>&, const ModelState<T>&, const TrainOptions<T>&, \
                            const NoiseSeeds&, std::size_t);                                                    \
  how template class NetworkEvaluator<T>;                                                                       \
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
