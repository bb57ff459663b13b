// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <lmc/layers/detail/check_layer.hpp>
#include <lmc/layers/layer.hpp>

namespace lmc {

/// Any layer, as a value: the members of the Layer concept, one indirect call each, what it says of itself, and a way back.
/// Copies share the description, which never changes.
template <std::floating_point Scalar>
class AnyLayer {
 public:
  template <class L>
    requires(!std::same_as<L, AnyLayer> && (Layer<L, Scalar> || detail::MeantAsLayer<L>))
  AnyLayer(L layer) {  // NOLINT(google-explicit-constructor): a list of layers reads as one
    detail::check_layer<L, Scalar>();
    if constexpr (Layer<L, Scalar>) held_ = std::make_shared<const Held<L>>(std::move(layer));
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
  void declare(LayoutBuilder& layout) const { held_->declare(layout); }
  void initialize(const InitializeArgs<Scalar>& a) const { held_->initialize(a); }
  [[nodiscard]] Index cache_size(Index batch) const { return held_->cache_size(batch); }
  [[nodiscard]] Index workspace_size(Index batch) const { return held_->workspace_size(batch); }
  void forward(ForwardArgs<Scalar> a) const { held_->forward(a); }
  void backward(BackwardArgs<Scalar> a) const { held_->backward(a); }

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
    virtual void declare(LayoutBuilder& layout) const = 0;
    virtual void initialize(const InitializeArgs<Scalar>& a) const = 0;
    [[nodiscard]] virtual Index cache_size(Index batch) const = 0;
    [[nodiscard]] virtual Index workspace_size(Index batch) const = 0;
    virtual void forward(ForwardArgs<Scalar> a) const = 0;
    virtual void backward(BackwardArgs<Scalar> a) const = 0;
  };
  template <class L>
  struct Held final : Interface {
    explicit Held(L l) : layer(std::move(l)) {}
    [[nodiscard]] std::string_view kind() const override { return layer.kind(); }
    [[nodiscard]] std::string describe() const override { return layer.describe(); }
    [[nodiscard]] std::optional<Shape> input_shape() const override { return layer.input_shape(); }
    [[nodiscard]] Shape output_shape(const Shape& in) const override { return layer.output_shape(in); }
    [[nodiscard]] bool affine_in_parameters() const override { return AffineInParameters<L>; }
    [[nodiscard]] bool overwrites_gradient() const override { return OverwritesGradient<L>; }
    [[nodiscard]] bool works_in_place() const override { return WorksInPlace<L>; }
    void declare(LayoutBuilder& layout) const override { layer.declare(layout); }
    void initialize(const InitializeArgs<Scalar>& a) const override { layer.initialize(a); }
    [[nodiscard]] Index cache_size(Index batch) const override { return layer.cache_size(batch); }
    [[nodiscard]] Index workspace_size(Index batch) const override { return layer.workspace_size(batch); }
    void forward(ForwardArgs<Scalar> a) const override { layer.forward(a); }
    void backward(BackwardArgs<Scalar> a) const override { layer.backward(a); }
    L layer;
  };
  std::shared_ptr<const Interface> held_;
};
static_assert(Layer<AnyLayer<float>, float>);

}  // namespace lmc
