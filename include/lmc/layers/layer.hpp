// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <lmc/core/layout.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/views.hpp>

namespace lmc {

/// Whether a forward pass may change buffers and add noise (training), or must be a function of (θ, buffers, x) (evaluation).
enum class Mode { evaluation, training };

/// Shapes, N = batch size: x [N, in], y [N, out], one example a row, its shape flattened row-major.
template <class Scalar>
struct ForwardArgs {
  std::span<const Scalar> params;  // the layer's own part of θ
  std::span<Scalar> buffers;       // the layer's own part of the buffers; written in training mode only
  MatrixView<const Scalar> x;
  MatrixView<Scalar> y;         // overwritten
  std::span<Scalar> cache;      // cache_size(N): what backward will need; overwritten
  std::span<Scalar> workspace;  // workspace_size(N): of no meaning before or after
  Mode mode = Mode::evaluation;
};

/// L is the scalar that is differentiated; x, y and cache are those of the forward pass.
template <class Scalar>
struct BackwardArgs {
  std::span<const Scalar> params;
  std::span<const Scalar> buffers;
  MatrixView<const Scalar> x;
  MatrixView<const Scalar> y;
  MatrixView<const Scalar> dy;           // ∂L/∂y
  std::optional<MatrixView<Scalar>> dx;  // ∂L/∂x, overwritten; absent where nobody asks for it, as in a network's first layer
  std::span<Scalar> dparams;             // ∂L/∂params is added
  std::span<const Scalar> cache;
  std::span<Scalar> workspace;
};

template <class Scalar>
struct InitializeArgs {
  std::span<Scalar> params;   // overwritten
  std::span<Scalar> buffers;  // overwritten
  Stream stream;
  Index first = 0;  // position of params[0] in θ: params[i] is drawn at (stream, first + i), whatever surrounds the layer
};

/// An immutable description of a map from examples to examples: options and shapes; parameters, buffers and memory are the
/// caller's, so that many threads can use one layer.
///   kind()            what it is, in lower case: names its segments, as in `dense1/weight`
///   describe()        its options for a summary; may be empty
///   input_shape()     the shape of an example that it takes; nothing when any shape will do, as for element-wise layers
///   output_shape(in)  the shape of an example that it gives for an accepted in
///   declare(layout)   adds its segments in order, and says what becomes of the permutation groups of the activation's axes
///   initialize(args)  fills params and buffers
///   cache_size(N), workspace_size(N)   in scalars, for a batch of N
///   forward(args), backward(args)      formulas in each layer's own comment
template <class L, class Scalar>
concept Layer = requires(const L layer, LayoutBuilder& layout, const Shape& in, Index batch,
                         InitializeArgs<Scalar> initialize_args, ForwardArgs<Scalar> forward_args,
                         BackwardArgs<Scalar> backward_args) {
  { layer.kind() } -> std::convertible_to<std::string_view>;
  { layer.describe() } -> std::convertible_to<std::string>;
  { layer.input_shape() } -> std::convertible_to<std::optional<Shape>>;
  { layer.output_shape(in) } -> std::same_as<Shape>;
  { layer.declare(layout) } -> std::same_as<void>;
  { layer.initialize(initialize_args) } -> std::same_as<void>;
  { layer.cache_size(batch) } -> std::same_as<Index>;
  { layer.workspace_size(batch) } -> std::same_as<Index>;
  { layer.forward(forward_args) } -> std::same_as<void>;
  { layer.backward(backward_args) } -> std::same_as<void>;
};

}  // namespace lmc
