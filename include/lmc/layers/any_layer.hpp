// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/layers/detail/check_layer.hpp>
#include <lmc/layers/detail/tangent_rules.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/tangent.hpp>

namespace lmc {

template <std::floating_point Scalar>
struct ChildLayer;

/// Any layer, as a value: the members that the Layer concept describes, its defaults in place of those that the layer leaves
/// out, and a way back to the layer itself. Copies share the description, which never changes.
template <std::floating_point Scalar>
class AnyLayer {
 public:
  /// Holds the layer. One that lacks something of what a Layer needs does not compile, and the message names it.
  template <class L>
    requires(!std::same_as<L, AnyLayer> && (Layer<L, Scalar> || detail::MeantAsLayer<L>))
  AnyLayer(L layer) {  // NOLINT(google-explicit-constructor): a list of layers reads as one
    detail::check_layer<L, Scalar>();
    if constexpr (Layer<L, Scalar>) held_ = hold(std::move(layer));
  }

  [[nodiscard]] std::string_view kind() const { return held_->kind(); }
  [[nodiscard]] std::string describe() const { return held_->describe(); }
  [[nodiscard]] std::optional<Shape> input_shape() const { return held_->input_shape(); }
  [[nodiscard]] Shape output_shape(const Shape& in) const { return held_->output_shape(in); }
  /// See AffineInParameters.
  [[nodiscard]] bool affine_in_parameters() const { return held_->affine_in_parameters(); }
  /// See OverwritesGradient.
  [[nodiscard]] bool overwrites_gradient() const { return held_->overwrites_gradient(); }
  /// See WorksInPlace.
  [[nodiscard]] bool works_in_place() const { return held_->works_in_place(); }
  /// See ScalesUnits.
  [[nodiscard]] bool scales_units() const { return held_->scales_units(); }
  void declare(LayoutBuilder& layout) const { held_->declare(layout); }
  void initialize(const InitializeArgs<Scalar>& a) const { held_->initialize(a); }
  [[nodiscard]] Index cache_size(Index batch) const { return held_->cache_size(batch); }
  [[nodiscard]] Index workspace_size(Index batch) const { return held_->workspace_size(batch); }
  void forward(ForwardArgs<Scalar> a) const { held_->forward(a); }
  void backward(BackwardArgs<Scalar> a) const { held_->backward(a); }

  /// Whether it has tangents (layers/tangent.hpp), by members of its own or because it is a LinearLayer or a BilinearLayer.
  [[nodiscard]] bool has_tangent() const {
    return held_->forward_rule() != detail::TangentRule::none && held_->backward_rule() != detail::TangentRule::none;
  }
  [[nodiscard]] Index tangent_cache_size(Index batch) const { return held_->tangent_cache_size(batch); }
  /// ẏ. Throws: Error when it has no tangents.
  void forward_tangent(const ForwardTangentArgs<Scalar>& a) const {
    const detail::TangentRule rule = required(held_->forward_rule());
    if (rule == detail::TangentRule::bilinear) return detail::forward_tangent_by<Scalar>(rule, *this, a);
    detail::with_x_tangent<Scalar>(a, [&](const ForwardTangentArgs<Scalar>& b) {
      if (rule == detail::TangentRule::own)
        held_->forward_tangent(b);
      else
        detail::forward_tangent_by<Scalar>(rule, *this, b);
    });
  }
  /// ḋx and ḋθ. Throws: Error when it has no tangents.
  void backward_tangent(const BackwardTangentArgs<Scalar>& a) const {
    const detail::TangentRule rule = required(held_->backward_rule());
    if (rule != detail::TangentRule::own) return detail::backward_tangent_by<Scalar>(rule, *this, a);
    detail::with_x_tangent<Scalar>(a, [&](const BackwardTangentArgs<Scalar>& b) { held_->backward_tangent(b); });
  }

  /// The layers that it is made of; none for most.
  [[nodiscard]] std::vector<ChildLayer<Scalar>> children() const { return held_->children(); }
  /// The same around other layers, in the order of children(). Throws: Error when it has no such member.
  [[nodiscard]] AnyLayer with_children(std::vector<AnyLayer> layers) const { return held_->with_children(std::move(layers)); }

  /// The layer itself, if it is an L; else null.
  template <class L>
  [[nodiscard]] const L* target() const {
    const auto* held = dynamic_cast<const Held<L>*>(held_.get());
    return held == nullptr ? nullptr : &held->layer;
  }

 private:
  struct Interface {
    virtual ~Interface() = default;
    [[nodiscard]] virtual std::string_view kind() const = 0;
    [[nodiscard]] virtual std::string describe() const = 0;
    [[nodiscard]] virtual std::optional<Shape> input_shape() const = 0;
    [[nodiscard]] virtual Shape output_shape(const Shape& in) const = 0;
    [[nodiscard]] virtual bool affine_in_parameters() const = 0;
    [[nodiscard]] virtual bool overwrites_gradient() const = 0;
    [[nodiscard]] virtual bool works_in_place() const = 0;
    [[nodiscard]] virtual bool scales_units() const = 0;
    virtual void declare(LayoutBuilder& layout) const = 0;
    virtual void initialize(const InitializeArgs<Scalar>& a) const = 0;
    [[nodiscard]] virtual Index cache_size(Index batch) const = 0;
    [[nodiscard]] virtual Index workspace_size(Index batch) const = 0;
    virtual void forward(ForwardArgs<Scalar> a) const = 0;
    virtual void backward(BackwardArgs<Scalar> a) const = 0;
    [[nodiscard]] virtual detail::TangentRule forward_rule() const = 0;
    [[nodiscard]] virtual detail::TangentRule backward_rule() const = 0;
    [[nodiscard]] virtual Index tangent_cache_size(Index batch) const = 0;
    virtual void forward_tangent(const ForwardTangentArgs<Scalar>& a) const = 0;
    virtual void backward_tangent(const BackwardTangentArgs<Scalar>& a) const = 0;
    [[nodiscard]] virtual std::vector<ChildLayer<Scalar>> children() const = 0;
    [[nodiscard]] virtual AnyLayer with_children(std::vector<AnyLayer> layers) const = 0;
  };
  template <class L>
  struct Held final : Interface {
    explicit Held(L l) : layer(std::move(l)) {}
    [[nodiscard]] std::string_view kind() const override { return layer.kind(); }
    [[nodiscard]] std::string describe() const override {
      if constexpr (requires { layer.describe(); })
        return layer.describe();
      else
        return {};
    }
    [[nodiscard]] std::optional<Shape> input_shape() const override {
      if constexpr (requires { layer.input_shape(); })
        return layer.input_shape();
      else
        return std::nullopt;
    }
    [[nodiscard]] Shape output_shape(const Shape& in) const override {
      if constexpr (requires { layer.output_shape(in); })
        return layer.output_shape(in);
      else
        return in;
    }
    [[nodiscard]] bool affine_in_parameters() const override { return AffineInParameters<L>; }
    [[nodiscard]] bool overwrites_gradient() const override { return OverwritesGradient<L>; }
    [[nodiscard]] bool works_in_place() const override { return WorksInPlace<L>; }
    [[nodiscard]] bool scales_units() const override { return ScalesUnits<L>; }
    void declare(LayoutBuilder& layout) const override {
      if constexpr (requires { layer.declare(layout); })
        layer.declare(layout);
      else
        layout.fix_activation();
    }
    void initialize(const InitializeArgs<Scalar>& a) const override {
      if constexpr (requires { layer.initialize(a); })
        layer.initialize(a);
      else
        require(a.params.empty() && a.buffers.empty(), "the layer '", layer.kind(), "' declares ", a.params.size(),
                " parameters and ", a.buffers.size(),
                " buffer values; expected `void initialize(InitializeArgs<Scalar>) const`, too");
    }
    [[nodiscard]] Index cache_size(Index batch) const override {
      if constexpr (requires { layer.cache_size(batch); })
        return layer.cache_size(batch);
      else
        return 0;
    }
    [[nodiscard]] Index workspace_size(Index batch) const override {
      if constexpr (requires { layer.workspace_size(batch); })
        return layer.workspace_size(batch);
      else
        return 0;
    }
    void forward(ForwardArgs<Scalar> a) const override { layer.forward(a); }
    void backward(BackwardArgs<Scalar> a) const override { layer.backward(a); }
    static constexpr bool own_forward = requires(const L l, ForwardTangentArgs<Scalar> a) { l.forward_tangent(a); };
    static constexpr bool own_backward = requires(const L l, BackwardTangentArgs<Scalar> a) { l.backward_tangent(a); };
    static constexpr detail::TangentRule rule = LinearLayer<L>     ? detail::TangentRule::linear
                                                : BilinearLayer<L> ? detail::TangentRule::bilinear
                                                                   : detail::TangentRule::none;
    [[nodiscard]] detail::TangentRule forward_rule() const override { return own_forward ? detail::TangentRule::own : rule; }
    [[nodiscard]] detail::TangentRule backward_rule() const override { return own_backward ? detail::TangentRule::own : rule; }
    [[nodiscard]] Index tangent_cache_size(Index batch) const override {
      if constexpr (requires { layer.tangent_cache_size(batch); })
        return layer.tangent_cache_size(batch);
      else
        return 0;
    }
    void forward_tangent(const ForwardTangentArgs<Scalar>& a) const override {
      if constexpr (own_forward) layer.forward_tangent(a);
    }
    void backward_tangent(const BackwardTangentArgs<Scalar>& a) const override {
      if constexpr (own_backward) layer.backward_tangent(a);
    }
    [[nodiscard]] std::vector<ChildLayer<Scalar>> children() const override {
      if constexpr (requires { layer.children(); })
        return layer.children();
      else
        return {};
    }
    [[nodiscard]] AnyLayer with_children(std::vector<AnyLayer> layers) const override {
      if constexpr (requires { layer.with_children(std::move(layers)); })
        return layer.with_children(std::move(layers));
      else
        throw Error(
            concat("the layer '", layer.kind(),
                   "' cannot be made of other layers; expected `with_children(std::vector<AnyLayer<Scalar>>) const`, which "
                   "gives it around the layers given"));
    }
    L layer;
  };
  [[nodiscard]] detail::TangentRule required(detail::TangentRule rule) const {
    require(
        rule != detail::TangentRule::none, "the layer '", kind(),
        "' has no derivative along a direction; expected `static constexpr bool linear = true` or `bilinear = true`, or "
        "`forward_tangent` and `backward_tangent` (lmc/layers/tangent.hpp); or take difference_hessian, which needs gradients "
        "alone");
    return rule;
  }

  // Defined behind the class, so that lmc::compiled can have it: with it come all members of Held.
  template <class L>
  static std::shared_ptr<const Interface> hold(L layer);

  std::shared_ptr<const Interface> held_;
};

/// The layer behind the interface through which it is used.
template <std::floating_point Scalar>
template <class L>
auto AnyLayer<Scalar>::hold(L layer) -> std::shared_ptr<const Interface> {
  return std::make_shared<const Held<L>>(std::move(layer));
}

static_assert(Layer<AnyLayer<float>, float>);

/// A layer inside another one, and where it stands there.
template <std::floating_point Scalar>
struct ChildLayer {
  std::string name;        // what the names of its segments begin with: `dense1`, `body`
  AnyLayer<Scalar> layer;  // the layer itself
  Shape input;             // shape of one example before it
  Shape output;            // shape of one example behind it
  Index first = 0;         // position of its first parameter among those of the layer around it
  Index parameters = 0;    // number of its parameters
};

/// Declares a layer inside another one, its segments under `name/` (LayoutBuilder::inside_layer). output: shape of an example
/// behind it.
template <std::floating_point Scalar>
void declare_child(LayoutBuilder& layout, std::string_view name, const AnyLayer<Scalar>& layer, const Shape& output) {
  layout.inside_layer(
      name, output, [&] { layer.declare(layout); }, layer.scales_units());
}

}  // namespace lmc
