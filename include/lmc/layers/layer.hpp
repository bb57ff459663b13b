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
#include <lmc/core/views.hpp>
#include <lmc/simd/strided.hpp>

namespace lmc {

/// What a forward pass is for.
///   evaluation  a function of (θ, buffers, x), example by example
///   training    may take statistics over the batch, move buffers, and add noise
///   estimation  as training, but without noise, and the buffers become the statistics of this batch alone
enum class Mode { evaluation, training, estimation };

/// Where the noise of a training step has its address: a draw of a layer is a function of (seed, epoch, example, entry),
/// whatever the batch that the example is in.
struct NoiseAddress {
  std::uint64_t seed = 0;
  std::uint32_t epoch = 0;
  std::span<const Index> examples = {};  // position in the data set of each row of x; none: the row numbers

  /// The address for the layer at position i of a sequence: draws in different layers have nothing to do with each other.
  [[nodiscard]] NoiseAddress inside(std::size_t i) const {
    const auto bits = random_bits({.seed = seed, .purpose = Purpose::layer_noise}, i);
    return {std::uint64_t{bits[0]} << 32 | bits[1], epoch, examples};
  }
  /// Position in the data set of a row of x.
  [[nodiscard]] std::uint64_t example(Index row) const {
    return static_cast<std::uint64_t>(examples.empty() ? row : examples[static_cast<std::size_t>(row)]);
  }
};

/// Shapes, N = batch size: x [N, in], y [N, out], one example a row, its shape flattened row-major.
template <class Scalar>
struct ForwardArgs {
  std::span<const Scalar> params;  // the layer's own part of θ
  std::span<Scalar> buffers;       // the layer's own part of the buffers; not written in evaluation mode
  MatrixView<const Scalar> x;
  MatrixView<Scalar> y;         // overwritten
  std::span<Scalar> cache;      // cache_size(N): what backward will need; overwritten
  std::span<Scalar> workspace;  // workspace_size(N): of no meaning before or after
  Mode mode = Mode::evaluation;
  NoiseAddress noise = {};  // of this layer, in training mode
};

/// ∂L/∂x where somebody asks for it: `if (a.dx) … *a.dx …`. Throws: Error when it is used and nobody does, since a write would
/// end up anywhere; therefore no std::optional.
template <class Scalar>
class InputGradient {
 public:
  InputGradient() = default;
  InputGradient(std::nullopt_t) {}                                  // NOLINT(google-explicit-constructor): as of an optional
  InputGradient(MatrixView<Scalar> dx) : dx_(dx) {}                 // NOLINT(google-explicit-constructor)
  InputGradient(std::optional<MatrixView<Scalar>> dx) : dx_(dx) {}  // NOLINT(google-explicit-constructor)

  explicit operator bool() const { return dx_.has_value(); }
  [[nodiscard]] bool has_value() const { return dx_.has_value(); }
  [[nodiscard]] MatrixView<Scalar>& value() { return require_present(), *dx_; }
  MatrixView<Scalar>& operator*() { return value(); }
  MatrixView<Scalar>* operator->() { return &value(); }
  const MatrixView<Scalar>* operator->() const { return require_present(), &*dx_; }
  const MatrixView<Scalar>& operator*() const { return require_present(), *dx_; }
  void emplace(MatrixView<Scalar> dx) { dx_.emplace(dx); }

 private:
  void require_present() const {
    require(dx_.has_value(),
            "a layer's backward uses dx, which is absent, as it is for a network's first layer; ask before, as in `if (a.dx)`");
  }
  std::optional<MatrixView<Scalar>> dx_;
};

/// L is the scalar that is differentiated; x, y and cache are those of the forward pass.
template <class Scalar>
struct BackwardArgs {
  std::span<const Scalar> params;
  std::span<const Scalar> buffers;
  MatrixView<const Scalar> x;
  MatrixView<const Scalar> y;
  MatrixView<const Scalar> dy;  // ∂L/∂y
  InputGradient<Scalar> dx;     // ∂L/∂x, overwritten; absent where nobody asks for it, as in a network's first layer
  std::span<Scalar> dparams;    // ∂L/∂params is added
  std::span<const Scalar> cache;
  std::span<Scalar> workspace;
  Into gradient = Into::add;  // overwrite: dparams is replaced by ∂L/∂params; only layers that OverwriteGradients are asked to
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
///   declare(layout)   adds its segments in order, and replaces layout.activation where its axes or their groups change
///   initialize(args)  fills params and buffers
///   cache_size(N), workspace_size(N)   in scalars, for a batch of N
///   forward(args), backward(args)      formulas in each layer's own comment
template <class L, class Scalar>
concept Layer =
    requires(const L layer, LayoutBuilder& layout, const Shape& in, Index batch, InitializeArgs<Scalar> initialize_args,
             ForwardArgs<Scalar> forward_args, BackwardArgs<Scalar> backward_args) {
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

namespace detail {

// Whether a class has a member of that name, also one that is private, overloaded or a template: joined with another of the
// same name, it is ambiguous.
struct NamedKind {
  int kind;
};
template <class L>
struct JoinedKind : L, NamedKind {};
template <class L>
concept HasKind = !requires { &JoinedKind<L>::kind; };
struct NamedOutputShape {
  int output_shape;
};
template <class L>
struct JoinedOutputShape : L, NamedOutputShape {};
template <class L>
concept HasOutputShape = !requires { &JoinedOutputShape<L>::output_shape; };
struct NamedDeclare {
  int declare;
};
template <class L>
struct JoinedDeclare : L, NamedDeclare {};
template <class L>
concept HasDeclare = !requires { &JoinedDeclare<L>::declare; };
struct NamedInitialize {
  int initialize;
};
template <class L>
struct JoinedInitialize : L, NamedInitialize {};
template <class L>
concept HasInitialize = !requires { &JoinedInitialize<L>::initialize; };
struct NamedCacheSize {
  int cache_size;
};
template <class L>
struct JoinedCacheSize : L, NamedCacheSize {};
template <class L>
concept HasCacheSize = !requires { &JoinedCacheSize<L>::cache_size; };
struct NamedForward {
  int forward;
};
template <class L>
struct JoinedForward : L, NamedForward {};
template <class L>
concept HasForward = !requires { &JoinedForward<L>::forward; };
struct NamedBackward {
  int backward;
};
template <class L>
struct JoinedBackward : L, NamedBackward {};
template <class L>
concept HasBackward = !requires { &JoinedBackward<L>::backward; };
struct NamedAffineInParameters {
  int affine_in_parameters;
};
template <class L>
struct JoinedAffineInParameters : L, NamedAffineInParameters {};
template <class L>
concept HasAffineInParameters = !requires { &JoinedAffineInParameters<L>::affine_in_parameters; };
struct NamedOverwritesGradient {
  int overwrites_gradient;
};
template <class L>
struct JoinedOverwritesGradient : L, NamedOverwritesGradient {};
template <class L>
concept HasOverwritesGradient = !requires { &JoinedOverwritesGradient<L>::overwrites_gradient; };
struct NamedWorksInPlace {
  int works_in_place;
};
template <class L>
struct JoinedWorksInPlace : L, NamedWorksInPlace {};
template <class L>
concept HasWorksInPlace = !requires { &JoinedWorksInPlace<L>::works_in_place; };

template <class L>
concept CanBeJoined = std::is_class_v<L> && !std::is_final_v<L>;

}  // namespace detail

/// What is meant to be a layer: a class with one of the members that only layers have.
template <class L>
concept MeantAsLayer = detail::CanBeJoined<L> &&
                       (detail::HasKind<L> || detail::HasOutputShape<L> || detail::HasDeclare<L> || detail::HasInitialize<L> ||
                        detail::HasCacheSize<L> || detail::HasForward<L> || detail::HasBackward<L>);

/// What is put into a Network although it is no Layer is reported here, by the name of the member.
template <class L, class Scalar>
consteval void check_layer() {
  using Initialize = InitializeArgs<Scalar>;
  using Forward = ForwardArgs<Scalar>;
  using Backward = BackwardArgs<Scalar>;
  static_assert(
      requires(const L l) {
        { l.kind() } -> std::convertible_to<std::string_view>;
      }, "a layer needs `std::string_view kind() const`: it is missing, private, not const, or gives something else");
  static_assert(
      requires(const L l) {
        { l.describe() } -> std::convertible_to<std::string>;
      }, "a layer needs `std::string describe() const`: it is missing, private, not const, or gives something else");
  static_assert(
      requires(const L l) {
        { l.input_shape() } -> std::convertible_to<std::optional<Shape>>;
      },
      "a layer needs `std::optional<Shape> input_shape() const`: it is missing, private, not const, or gives something else");
  static_assert(
      requires(const L l, const Shape& in) {
        { l.output_shape(in) } -> std::same_as<Shape>;
      }, "a layer needs `Shape output_shape(const Shape&) const`: it is missing, private, not const, or gives something else");
  static_assert(
      requires(const L l, LayoutBuilder& layout) {
        { l.declare(layout) } -> std::same_as<void>;
      }, "a layer needs `void declare(LayoutBuilder&) const`: it is missing, private, not const, or gives something else");
  static_assert(
      requires(const L l, Initialize a) {
        { l.initialize(a) } -> std::same_as<void>;
      },
      "a layer needs `void initialize(InitializeArgs<Scalar>) const`: it is missing, private, not const, or of another Scalar");
  static_assert(
      requires(const L l, Index batch) {
        { l.cache_size(batch) } -> std::same_as<Index>;
      }, "a layer needs `Index cache_size(Index) const`: it is missing, private, not const, or gives something else");
  static_assert(
      requires(const L l, Index batch) {
        { l.workspace_size(batch) } -> std::same_as<Index>;
      }, "a layer needs `Index workspace_size(Index) const`: it is missing, private, not const, or gives something else");
  static_assert(
      requires(const L l, Forward a) {
        { l.forward(a) } -> std::same_as<void>;
      }, "a layer needs `void forward(ForwardArgs<Scalar>) const`: it is missing, private, not const, or of another Scalar");
  static_assert(
      requires(const L l, Backward a) {
        { l.backward(a) } -> std::same_as<void>;
      }, "a layer needs `void backward(BackwardArgs<Scalar>) const`: it is missing, private, not const, or of another Scalar");
  if constexpr (detail::CanBeJoined<L>) {
    static_assert(
        !detail::HasAffineInParameters<L> || requires { std::bool_constant<L::affine_in_parameters>(); },
        "a layer says it by `static constexpr bool affine_in_parameters = true`, in public: another spelling is not seen");
    static_assert(
        !detail::HasOverwritesGradient<L> || requires { std::bool_constant<L::overwrites_gradient>(); },
        "a layer says it by `static constexpr bool overwrites_gradient = true`, in public: another spelling is not seen");
    static_assert(
        !detail::HasWorksInPlace<L> || requires { std::bool_constant<L::works_in_place>(); },
        "a layer says it by `static constexpr bool works_in_place = true`, in public: another spelling is not seen");
  }
}

/// A layer without buffers whose y, for a fixed x, is affine in its parameters says so by a member `static constexpr bool
/// affine_in_parameters = true`:
///   layer(ᾱ a + α b, x) = ᾱ layer(a, x) + α layer(b, x)   in real arithmetic, with α + ᾱ = 1
/// so that a path between two networks needs two products with x, not one at each place. Its backward does not read y.
template <class L>
concept AffineInParameters = std::bool_constant<L::affine_in_parameters>::value;

/// A layer whose backward can replace what is in dparams (BackwardArgs::gradient) says so by a member `static constexpr bool
/// overwrites_gradient = true`; for the others, who asks for it sets dparams to 0 before. Where there are many parameters,
/// their gradient is then not written twice and read once for nothing.
template <class L>
concept OverwritesGradient = std::bool_constant<L::overwrites_gradient>::value;

/// A layer that can write y where x is, reads of x and y only y in backward, and can write dx where dy is, says so by a member
/// `static constexpr bool works_in_place = true`. Behind a layer that is AffineInParameters its activations then take no memory
/// of their own.
template <class L>
concept WorksInPlace = std::bool_constant<L::works_in_place>::value;

}  // namespace lmc
