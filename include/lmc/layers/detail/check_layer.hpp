// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/tangent.hpp>

namespace lmc {

template <std::floating_point Scalar>
class AnyLayer;
template <std::floating_point Scalar>
struct ChildLayer;

}  // namespace lmc

namespace lmc::detail {

struct LayerNames {
  int kind, forward, backward;
  int describe, input_shape, output_shape, declare, initialize, cache_size, workspace_size, children, with_children;
  int affine_in_parameters, overwrites_gradient, works_in_place, scales_units, linear, bilinear;
  int forward_tangent, backward_tangent, tangent_cache_size;
};
// A name that a class L has as well is ambiguous here, also where L's is private, overloaded or a template.
template <class L>
struct WithLayerNames : L, LayerNames {};
template <class L>
concept CanBeJoined = std::is_class_v<L> && !std::is_final_v<L>;

/// What is meant to be a layer: a class with one of the members that only layers have.
template <class L>
concept MeantAsLayer = CanBeJoined<L> && !requires {
  &WithLayerNames<L>::kind;
  &WithLayerNames<L>::output_shape;
  &WithLayerNames<L>::declare;
  &WithLayerNames<L>::initialize;
  &WithLayerNames<L>::cache_size;
  &WithLayerNames<L>::forward;
  &WithLayerNames<L>::backward;
};

/// What is put into a Network although it is no Layer is reported here, by the name of the member; so is a member that a layer
/// can leave out, when it is there and cannot be called.
template <class L, class Scalar>
consteval void check_layer() {
  using Initialize = InitializeArgs<Scalar>;
  using Forward = ForwardArgs<Scalar>;
  using Backward = BackwardArgs<Scalar>;
  using Layers = std::vector<AnyLayer<Scalar>>;
  static_assert(!std::is_final_v<L>, "a layer must not be final: nobody could see whether its members can be called");
  static_assert(
      requires(const L l) {
        { l.kind() } -> std::convertible_to<std::string_view>;
        requires !std::same_as<decltype(l.kind()), std::string>;
      },
      "a layer needs `std::string_view kind() const`: it is missing, private, not const, or gives something else, such as a "
      "std::string, a view of which would dangle");
  static_assert(
      requires(const L l, Forward a) {
        { l.forward(a) } -> std::same_as<void>;
      }, "a layer needs `void forward(ForwardArgs<Scalar>) const`: it is missing, private, not const, or of another Scalar");
  static_assert(
      requires(const L l, Backward a) {
        { l.backward(a) } -> std::same_as<void>;
      }, "a layer needs `void backward(BackwardArgs<Scalar>) const`: it is missing, private, not const, or of another Scalar");
  if constexpr (CanBeJoined<L>) {
    static_assert(
        requires { &WithLayerNames<L>::describe; } ||
            requires(const L l) {
              { l.describe() } -> std::convertible_to<std::string>;
            },
        "a layer's description is `std::string describe() const`: it is private, not const, or gives something else");
    static_assert(
        requires { &WithLayerNames<L>::input_shape; } ||
            requires(const L l) {
              { l.input_shape() } -> std::convertible_to<std::optional<Shape>>;
            },
        "the shape that a layer takes is `std::optional<Shape> input_shape() const`: it is private, not const, or gives something else");
    static_assert(
        requires { &WithLayerNames<L>::output_shape; } ||
            requires(const L l, const Shape& in) {
              { l.output_shape(in) } -> std::same_as<Shape>;
            },
        "the shape that a layer gives is `Shape output_shape(const Shape&) const`: it is private, not const, or gives something else");
    static_assert(
        requires { &WithLayerNames<L>::declare; } ||
            requires(const L l, LayoutBuilder& layout) {
              { l.declare(layout) } -> std::same_as<void>;
            },
        "a layer declares by `void declare(LayoutBuilder&) const`: it is private, not const, or gives something else");
    static_assert(
        requires { &WithLayerNames<L>::initialize; } ||
            requires(const L l, Initialize a) {
              { l.initialize(a) } -> std::same_as<void>;
            },
        "a layer initializes by `void initialize(InitializeArgs<Scalar>) const`: it is private, not const, or of another Scalar");
    static_assert(
        requires { &WithLayerNames<L>::cache_size; } ||
            requires(const L l, Index batch) {
              { l.cache_size(batch) } -> std::same_as<Index>;
            },
        "the size of a layer's cache is `Index cache_size(Index) const`: it is private, not const, or gives something else");
    static_assert(
        requires { &WithLayerNames<L>::workspace_size; } ||
            requires(const L l, Index batch) {
              { l.workspace_size(batch) } -> std::same_as<Index>;
            },
        "the size of a layer's workspace is `Index workspace_size(Index) const`: it is private, not const, or gives something else");
    static_assert(
        requires { &WithLayerNames<L>::children; } ||
            requires(const L l) {
              { l.children() } -> std::same_as<std::vector<ChildLayer<Scalar>>>;
            },
        "the layers of a layer are `std::vector<ChildLayer<Scalar>> children() const`: it is private, not const, or gives something else");
    static_assert(
        requires { &WithLayerNames<L>::with_children; } ||
            requires(const L l, Layers layers) {
              { l.with_children(layers) } -> std::convertible_to<AnyLayer<Scalar>>;
            },
        "a layer around other layers is `with_children(std::vector<AnyLayer<Scalar>>) const`: it is private, not const, or gives no layer");
    static_assert(
        requires { &WithLayerNames<L>::affine_in_parameters; } || requires { std::bool_constant<L::affine_in_parameters>(); },
        "a layer says it by `static constexpr bool affine_in_parameters = true`, in public: another spelling is not seen");
    static_assert(
        requires { &WithLayerNames<L>::overwrites_gradient; } || requires { std::bool_constant<L::overwrites_gradient>(); },
        "a layer says it by `static constexpr bool overwrites_gradient = true`, in public: another spelling is not seen");
    static_assert(
        requires { &WithLayerNames<L>::works_in_place; } || requires { std::bool_constant<L::works_in_place>(); },
        "a layer says it by `static constexpr bool works_in_place = true`, in public: another spelling is not seen");
    static_assert(
        requires { &WithLayerNames<L>::scales_units; } || requires { std::bool_constant<L::scales_units>(); },
        "a layer says it by `static constexpr bool scales_units = true`, in public: another spelling is not seen");
    static_assert(
        requires { &WithLayerNames<L>::linear; } || requires { std::bool_constant<L::linear>(); },
        "a layer says it by `static constexpr bool linear = true`, in public: another spelling is not seen");
    static_assert(
        requires { &WithLayerNames<L>::bilinear; } || requires { std::bool_constant<L::bilinear>(); },
        "a layer says it by `static constexpr bool bilinear = true`, in public: another spelling is not seen");
    static_assert(
        requires { &WithLayerNames<L>::tangent_cache_size; } ||
            requires(const L l, Index batch) {
              { l.tangent_cache_size(batch) } -> std::same_as<Index>;
            },
        "the size of a layer's cache of tangents is `Index tangent_cache_size(Index) const`: it is private, not const, or gives something else");
    static_assert(
        requires { &WithLayerNames<L>::forward_tangent; } ||
            requires(const L l, ForwardTangentArgs<Scalar> a) { l.forward_tangent(a); },
        "a layer has its tangents by `void forward_tangent(ForwardTangentArgs<Scalar>) const`: it is private, not const, or of another Scalar");
    static_assert(
        requires { &WithLayerNames<L>::backward_tangent; } ||
            requires(const L l, BackwardTangentArgs<Scalar> a) { l.backward_tangent(a); },
        "a layer has its tangents by `void backward_tangent(BackwardTangentArgs<Scalar>) const`: it is private, not const, or of another Scalar");
  }
}

}  // namespace lmc::detail
