// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/matrix/strided.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/matrix/write_mode.hpp>

namespace lmc {

/// What a forward pass is for.
///   evaluation   a function of (θ, buffers, x), example by example
///   training     may take statistics over the batch, move buffers, and add noise
///   calibration  as training, but without noise, and the buffers become the statistics of this batch alone
enum class Mode { evaluation, training, calibration };

/// Where the noise of a training step has its address: a draw of a layer is a function of (seed, epoch, example, entry),
/// whatever the batch that the example is in.
struct NoiseAddress {
  std::uint64_t seed = 0;                // one for all noise of a training; inside() makes another for each layer
  std::uint32_t epoch = 0;               // from 0; noise is drawn anew in each epoch
  std::span<const Index> examples = {};  // position in the data set of each row of x; none: the row numbers

  /// The address for the layer at position i of a sequence: draws in different layers have nothing to do with each other.
  [[nodiscard]] NoiseAddress inside(std::size_t i) const {
    const auto bits = random_bits({.seed = seed, .purpose = Purpose::layer_noise}, i);
    return {std::uint64_t{bits[0]} << 32 | bits[1], epoch, examples};
  }
  /// Position in the data set of the example in that row of x.
  [[nodiscard]] std::uint64_t example(Index row) const {
    return static_cast<std::uint64_t>(examples.empty() ? row : examples[static_cast<std::size_t>(row)]);
  }
};

/// What a layer's forward receives. Shapes, N = batch size: x [N, in], y [N, out]; each row is one example, its shape flattened
/// row-major.
template <class Scalar>
struct ForwardArgs {
  std::span<const Scalar> params;  // the layer's own part of θ
  std::span<Scalar> buffers;       // the layer's own part of the buffers; not written in evaluation mode
  MatrixView<const Scalar> x;      // the inputs
  MatrixView<Scalar> y;            // the outputs, overwritten
  std::span<Scalar> cache;         // cache_size(N): what backward will need; overwritten
  std::span<Scalar> workspace;     // workspace_size(N): of no meaning before or after
  Mode mode = Mode::evaluation;    // what the pass is for
  NoiseAddress noise = {};         // address of this layer's noise, in training mode
};

/// ∂L/∂x where somebody asks for it: `if (a.dx) … *a.dx …`. Throws: Error when it is used and nobody does, since a write would
/// end up anywhere; therefore no std::optional.
template <class Scalar>
class InputGradient {
 public:
  /// Absent: nobody asks for it.
  InputGradient() = default;
  /// Present: it is to be written to dx.
  InputGradient(MatrixView<Scalar> dx) : dx_(dx) {}  // NOLINT(google-explicit-constructor)
  /// Present where dx holds a matrix, else absent.
  InputGradient(std::optional<MatrixView<Scalar>> dx) : dx_(dx) {}  // NOLINT(google-explicit-constructor)

  /// The same place, or absent as well; no entries are copied.
  InputGradient(const InputGradient&) = default;
  /// Becomes the same place as other, or absent as other is. No entries are copied, as a Map's own assignment would.
  InputGradient& operator=(const InputGradient& other) {
    if (this == &other) return *this;
    dx_.reset();
    if (other.dx_) dx_.emplace(*other.dx_);
    return *this;
  }
  ~InputGradient() = default;

  /// Whether somebody asks for it.
  explicit operator bool() const { return dx_.has_value(); }
  /// Where ∂L/∂x is to be written. Throws: Error when it is absent.
  [[nodiscard]] MatrixView<Scalar>& value() { return require_present(), *dx_; }
  /// As value().
  MatrixView<Scalar>& operator*() { return value(); }
  /// A member of value(), as in `a.dx->cols()`.
  MatrixView<Scalar>* operator->() { return &value(); }
  /// A member of value(), as in `a.dx->cols()`.
  const MatrixView<Scalar>* operator->() const { return require_present(), &*dx_; }
  /// As value().
  const MatrixView<Scalar>& operator*() const { return require_present(), *dx_; }
  /// From now on present: it is to be written to dx.
  void emplace(MatrixView<Scalar> dx) { dx_.emplace(dx); }

 private:
  void require_present() const {
    require(dx_.has_value(),
            "a layer's backward uses dx, which is absent, as it is for a network's first layer; ask before, as in `if (a.dx)`");
  }
  std::optional<MatrixView<Scalar>> dx_;
};

/// What a layer's backward receives, shapes as in ForwardArgs. L is the scalar that is differentiated; x, y and cache are those
/// of the forward pass.
template <class Scalar>
struct BackwardArgs {
  std::span<const Scalar> params;   // the layer's own part of θ
  std::span<const Scalar> buffers;  // the layer's own part of the buffers
  MatrixView<const Scalar> x;       // the inputs
  MatrixView<const Scalar> y;       // the outputs
  MatrixView<const Scalar> dy;      // ∂L/∂y
  InputGradient<Scalar> dx;         // ∂L/∂x, overwritten; absent where nobody asks for it, as in a network's first layer
  std::span<Scalar> dparams;        // ∂L/∂params is added
  std::span<const Scalar> cache;    // what forward left there
  std::span<Scalar> workspace;      // workspace_size(N): of no meaning before or after
  WriteMode dparams_mode =
      WriteMode::add;  // overwrite: dparams is replaced by ∂L/∂params; only layers that OverwriteGradients are asked to
};

/// What a layer's initialize receives: where the values go, and from which random numbers they are made.
template <class Scalar>
struct InitializeArgs {
  std::span<Scalar> params;   // overwritten
  std::span<Scalar> buffers;  // overwritten
  Stream stream;              // the random numbers of this start
  Index first = 0;  // position of params[0] in θ: params[i] is drawn at (stream, first + i), whatever surrounds the layer
};

/// An immutable description of a map from examples to examples: options and shapes; parameters, buffers and memory are the
/// caller's, so that many threads can use one layer. Every layer has
///   kind()            what it is, in lower case: names its segments, as in `dense1/weight`
///   forward(args), backward(args)      formulas in each layer's own comment
/// and, where the default does not fit,
///   output_shape(in)  the shape of an example that it gives for an accepted in; by default, in
///   declare(layout)   adds its segments in order, and replaces layout.activation where its axes or their groups change; by
///                     default it has no parameters, and no permutation of the units that it reads is allowed
///   initialize(args)  fills params and buffers; required of a layer that has any
///   input_shape()     the shape of an example that it takes; by default any, which output_shape may refuse
///   describe()        its options for a summary; by default nothing
///   cache_size(N), workspace_size(N)   in scalars, for a batch of N; by default 0
///   forward_tangent(args), backward_tangent(args), tangent_cache_size(N)   for products with the Hessian (tangent.hpp); by default
///                     those of a LinearLayer or a BilinearLayer, and of no others
/// A layer that is made of others, and has no parameters beside theirs, has also
///   children()              those layers, in the order of its parameters: std::vector<ChildLayer<Scalar>>
///   with_children(layers)   itself around these layers instead, std::vector<AnyLayer<Scalar>> in the same order
/// so that summaries, for_each_layer() and lift_to_dense() and its like reach them.
template <class L, class Scalar>
concept Layer = requires(const L layer, ForwardArgs<Scalar> forward_args, BackwardArgs<Scalar> backward_args) {
  { layer.kind() } -> std::convertible_to<std::string_view>;
  requires !std::same_as<decltype(layer.kind()), std::string>;  // a view of it would dangle
  { layer.forward(forward_args) } -> std::same_as<void>;
  { layer.backward(backward_args) } -> std::same_as<void>;
};

/// A layer without buffers whose y, for a fixed x, is affine in its parameters says so by a member `static constexpr bool
/// affine_in_parameters = true`:
///   layer(ᾱ a + α b, x) = ᾱ layer(a, x) + α layer(b, x)   in real arithmetic, with α + ᾱ = 1
/// so that a path between two networks needs two products with x, not one at each place. Its backward does not read y.
template <class L>
concept AffineInParameters = std::bool_constant<L::affine_in_parameters>::value;

/// A layer whose backward can replace what is in dparams (BackwardArgs::dparams_mode) says so by a member `static constexpr bool
/// overwrites_gradient = true`; for the others, who asks for it sets dparams to 0 before. Where there are many parameters,
/// their gradient is then not written twice and read once for nothing.
template <class L>
concept OverwritesGradient = std::bool_constant<L::overwrites_gradient>::value;

/// A layer that can write y where x is, reads of x and y only y in backward, and can write dx where dy is, says so by a member
/// `static constexpr bool works_in_place = true`. Behind a layer that is AffineInParameters its activations then take no memory
/// of their own.
template <class L>
concept WorksInPlace = std::bool_constant<L::works_in_place>::value;

/// A layer that keeps the scaling symmetry of ReLU says so by a member `static constexpr bool scales_units = true`. With c > 0,
///   a unit of a permutation group that it reads × c, the entries of its weights for that input ÷ c:      the output stays;
///   weights (the rows of that unit), biases and embeddings of a unit that it has × c:    that unit of the output × c;
///   a unit that it hands on × c (behind ReLU, pooling, normalization of no kind):       that unit of the output × c.
/// For a layer made of others, it says that it does nothing to units beyond what these do, but for adding them.
template <class L>
concept ScalesUnits = std::bool_constant<L::scales_units>::value;

}  // namespace lmc
