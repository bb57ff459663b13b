// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/layers/any_layer.hpp>
#include <lmc/layers/detail/tangent_rules.hpp>
#include <lmc/layers/identity.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/tangent.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/simd/vector.hpp>

namespace lmc {

/// The two branches of a Residual.
template <std::floating_point Scalar>
struct ResidualOptions {
  AnyLayer<Scalar> body;                           // what is added to the shortcut
  AnyLayer<Scalar> shortcut = Identity<Scalar>();  // by default x itself: y = body(x) + x
};

/// y = body(x) + shortcut(x); all that a residual network or a transformer block needs.
/// backward: dx = ∂body ᵀ dy + ∂shortcut ᵀ dy.
///
/// The units that are added to each other share their permutation groups. Segments: those of `body/…`, then of `shortcut/…`.
/// Cache: the outputs and the caches of both; an Identity needs neither. Source: arXiv:1512.03385.
/// Throws: Error on construction, when neither layer says which shape it takes, or they take or give unequal shapes.
template <std::floating_point Scalar>
class Residual {
 public:
  static constexpr bool scales_units = true;

  explicit Residual(ResidualOptions<Scalar> options)
      : o_(std::move(options)), plain_(o_.shortcut.template target<Identity<Scalar>>() != nullptr) {
    const auto of_body = o_.body.input_shape(), of_shortcut = o_.shortcut.input_shape();
    require(of_body || of_shortcut, "Residual: neither its body (", o_.body.kind(), ") nor its shortcut (", o_.shortcut.kind(),
            ") says which shape it takes; expected at least one that does");
    in_ = of_body ? *of_body : *of_shortcut;
    require(of_shortcut.value_or(in_) == in_, "Residual: its body takes ", in_, ", its shortcut ", of_shortcut.value_or(in_),
            "; the shapes must be equal");
    out_ = o_.body.output_shape(in_);
    const Shape beside = o_.shortcut.output_shape(in_);
    require(beside == out_, "Residual: its body gives ", out_, ", its shortcut (", o_.shortcut.kind(), ") ", beside,
            "; the shapes must be equal: give the shortcut a layer that changes the shape as the body does");
    const auto count = [&](const AnyLayer<Scalar>& layer) {
      LayoutBuilder builder(in_);
      layer.declare(builder);
      return std::array{builder.parameter_count(), builder.buffer_count()};
    };
    body_ = count(o_.body);
    shortcut_ = count(o_.shortcut);
  }

  [[nodiscard]] const ResidualOptions<Scalar>& options() const { return o_; }

  [[nodiscard]] std::string_view kind() const { return "residual"; }
  [[nodiscard]] std::string describe() const { return concat(o_.body.kind(), " + ", o_.shortcut.kind()); }
  [[nodiscard]] std::optional<Shape> input_shape() const { return in_; }
  [[nodiscard]] Shape output_shape(const Shape&) const { return out_; }

  void declare(LayoutBuilder& layout) const {
    const ActivationLayout in = layout.activation;
    declare_child(layout, "body", o_.body, out_);
    const ActivationLayout out = std::exchange(layout.activation, in);
    declare_child(layout, "shortcut", o_.shortcut, out_);
    layout.unify(out, layout.activation);
  }
  /// The body, then the shortcut.
  [[nodiscard]] std::vector<ChildLayer<Scalar>> children() const {
    return {{.name = "body", .layer = o_.body, .input = in_, .output = out_, .first = 0, .parameters = body_[0]},
            {.name = "shortcut",
             .layer = o_.shortcut,
             .input = in_,
             .output = out_,
             .first = body_[0],
             .parameters = shortcut_[0]}};
  }
  /// A Residual of another body and another shortcut, in this order. Throws: Error when layers are not two.
  [[nodiscard]] Residual with_children(std::vector<AnyLayer<Scalar>> layers) const {
    require(layers.size() == 2, "Residual: made of ", layers.size(), " layers; expected a body and a shortcut");
    return Residual({.body = std::move(layers[0]), .shortcut = std::move(layers[1])});
  }
  void initialize(const InitializeArgs<Scalar>& a) const {
    o_.body.initialize({.params = slice(a.params, 0, body_[0]),
                        .buffers = slice(a.buffers, 0, body_[1]),
                        .stream = a.stream,
                        .first = a.first});
    o_.shortcut.initialize({.params = slice(a.params, body_[0], shortcut_[0]),
                            .buffers = slice(a.buffers, body_[1], shortcut_[1]),
                            .stream = a.stream,
                            .first = a.first + body_[0]});
  }
  [[nodiscard]] Index cache_size(Index batch) const {
    return outputs(batch) * (plain_ ? 1 : 2) + padded<Scalar>(o_.body.cache_size(batch)) + o_.shortcut.cache_size(batch);
  }
  [[nodiscard]] Index workspace_size(Index batch) const {
    return padded<Scalar>(batch * in_.size()) + std::max(o_.body.workspace_size(batch), o_.shortcut.workspace_size(batch));
  }

  void forward(ForwardArgs<Scalar> a) const {
    const Index batch = a.x.rows();
    const Memory<Scalar> m(*this, a.cache, batch);
    const auto run = [&](const AnyLayer<Scalar>& layer, bool second, std::span<Scalar> y, std::span<Scalar> cache) {
      layer.forward({.params = slice(a.params, second ? body_[0] : 0, second ? shortcut_[0] : body_[0]),
                     .buffers = slice(a.buffers, second ? body_[1] : 0, second ? shortcut_[1] : body_[1]),
                     .x = a.x,
                     .y = matrix_view(y, batch, out_.size()),
                     .cache = cache,
                     .workspace = a.workspace,
                     .mode = a.mode,
                     .noise = a.mode == Mode::training ? a.noise.inside(second ? 1 : 0) : NoiseAddress()});
    };
    run(o_.body, false, m.body, m.body_cache);
    if (!plain_) run(o_.shortcut, true, m.shortcut, m.shortcut_cache);
    simd::add<Scalar>(m.body, plain_ ? span_of(a.x) : m.shortcut, span_of(a.y));
  }
  void backward(BackwardArgs<Scalar> a) const {
    const Index batch = a.x.rows();
    const Memory<const Scalar> m(*this, a.cache, batch);
    const auto beside = slice(a.workspace, 0, batch * in_.size());
    const auto run = [&](const AnyLayer<Scalar>& layer, bool second, std::span<const Scalar> y, std::span<const Scalar> cache,
                         InputGradient<Scalar> dx) {
      layer.backward({.params = slice(a.params, second ? body_[0] : 0, second ? shortcut_[0] : body_[0]),
                      .buffers = slice(a.buffers, second ? body_[1] : 0, second ? shortcut_[1] : body_[1]),
                      .x = a.x,
                      .y = matrix_view(y, batch, out_.size()),
                      .dy = a.dy,
                      .dx = dx,
                      .dparams = slice(a.dparams, second ? body_[0] : 0, second ? shortcut_[0] : body_[0]),
                      .cache = cache,
                      .workspace = a.workspace.subspan(static_cast<std::size_t>(padded<Scalar>(batch * in_.size())))});
    };
    run(o_.body, false, m.body, m.body_cache, a.dx);
    if (plain_) {
      if (a.dx) simd::axpy<Scalar>(Scalar(1), span_of(a.dy), span_of(*a.dx));
      return;
    }
    InputGradient<Scalar> dx;
    if (a.dx) dx.emplace(matrix_view(beside, batch, in_.size()));
    run(o_.shortcut, true, m.shortcut, m.shortcut_cache, dx);
    if (a.dx) simd::axpy<Scalar>(Scalar(1), beside, span_of(*a.dx));
  }

  [[nodiscard]] Index tangent_cache_size(Index batch) const {
    return outputs(batch) * (plain_ ? 1 : 2) + padded<Scalar>(o_.body.tangent_cache_size(batch)) +
           o_.shortcut.tangent_cache_size(batch);
  }
  /// ẏ = the sum of those of both branches.
  void forward_tangent(ForwardTangentArgs<Scalar> a) const {
    const Index batch = a.x.rows();
    const Memory<const Scalar> m(*this, a.cache, batch);
    const Memory<Scalar> t(*this, a.tangent_cache, batch, true);
    const auto run = [&](const AnyLayer<Scalar>& layer, bool second, std::span<const Scalar> y, std::span<Scalar> y_tangent,
                         std::span<const Scalar> cache, std::span<Scalar> tangent_cache) {
      layer.forward_tangent({.params = params_of(a.params, second),
                             .params_tangent = params_of(a.params_tangent, second),
                             .buffers = slice(a.buffers, second ? body_[1] : 0, second ? shortcut_[1] : body_[1]),
                             .x = a.x,
                             .x_tangent = a.x_tangent,
                             .y = matrix_view(y, batch, out_.size()),
                             .y_tangent = matrix_view(y_tangent, batch, out_.size()),
                             .cache = cache,
                             .tangent_cache = tangent_cache,
                             .workspace = a.workspace});
    };
    run(o_.body, false, m.body, t.body, m.body_cache, t.body_cache);
    if (!plain_) run(o_.shortcut, true, m.shortcut, t.shortcut, m.shortcut_cache, t.shortcut_cache);
    simd::add<Scalar>(t.body, plain_ ? span_of(a.x_tangent) : std::span<const Scalar>(t.shortcut), span_of(a.y_tangent));
  }
  void backward_tangent(BackwardTangentArgs<Scalar> a) const {
    const Index batch = a.x.rows(), inputs = batch * in_.size();
    const Memory<const Scalar> m(*this, a.cache, batch), t(*this, a.tangent_cache, batch, true);
    const auto run = [&](const AnyLayer<Scalar>& layer, bool second, std::span<const Scalar> y,
                         std::span<const Scalar> y_tangent, std::span<const Scalar> cache,
                         std::span<const Scalar> tangent_cache, InputGradient<Scalar> dx, InputGradient<Scalar> dx_tangent) {
      layer.backward_tangent({.params = params_of(a.params, second),
                              .params_tangent = params_of(a.params_tangent, second),
                              .buffers = slice(a.buffers, second ? body_[1] : 0, second ? shortcut_[1] : body_[1]),
                              .x = a.x,
                              .x_tangent = a.x_tangent,
                              .y = matrix_view(y, batch, out_.size()),
                              .y_tangent = matrix_view(y_tangent, batch, out_.size()),
                              .dy = a.dy,
                              .dy_tangent = a.dy_tangent,
                              .dx = dx,
                              .dx_tangent = dx_tangent,
                              .dparams_tangent = params_of(a.dparams_tangent, second),
                              .cache = cache,
                              .tangent_cache = tangent_cache,
                              .workspace = a.workspace.subspan(static_cast<std::size_t>(padded<Scalar>(inputs)))});
    };
    run(o_.body, false, m.body, t.body, m.body_cache, t.body_cache, a.dx, a.dx_tangent);
    if (plain_) {
      if (!a.dx) return;
      simd::axpy<Scalar>(Scalar(1), span_of(a.dy), span_of(*a.dx));
      simd::axpy<Scalar>(Scalar(1), span_of(a.dy_tangent), span_of(*a.dx_tangent));
      return;
    }
    detail::Scratch<Scalar> beside(inputs), beside_tangent(inputs);
    InputGradient<Scalar> dx, dx_tangent;
    if (a.dx) dx.emplace(beside.rows(batch, in_.size())), dx_tangent.emplace(beside_tangent.rows(batch, in_.size()));
    run(o_.shortcut, true, m.shortcut, t.shortcut, m.shortcut_cache, t.shortcut_cache, dx, dx_tangent);
    if (!a.dx) return;
    simd::axpy<Scalar>(Scalar(1), beside.span(), span_of(*a.dx));
    simd::axpy<Scalar>(Scalar(1), beside_tangent.span(), span_of(*a.dx_tangent));
  }

 private:
  template <class T>
  std::span<T> params_of(std::span<T> params, bool second) const {
    return slice(params, second ? body_[0] : 0, second ? shortcut_[0] : body_[0]);
  }
  // The parts of the cache, or of that of the tangents.
  template <class T>
  struct Memory {
    std::span<T> body, shortcut, body_cache, shortcut_cache;
    Memory(const Residual& layer, std::span<T> cache, Index batch, bool of_tangents = false) {
      Index at = 0;
      const auto take = [&](Index size) {
        const auto part = slice(cache, at, size);
        at += padded<Scalar>(size);
        return part;
      };
      body = take(batch * layer.out_.size());
      if (!layer.plain_) shortcut = take(batch * layer.out_.size());
      const auto size = [&](const AnyLayer<Scalar>& child) {
        return of_tangents ? child.tangent_cache_size(batch) : child.cache_size(batch);
      };
      body_cache = take(size(layer.o_.body));
      shortcut_cache = take(size(layer.o_.shortcut));
    }
  };
  [[nodiscard]] Index outputs(Index batch) const { return padded<Scalar>(batch * out_.size()); }

  ResidualOptions<Scalar> o_;
  bool plain_;  // the shortcut is the input itself
  Shape in_, out_;
  std::array<Index, 2> body_{}, shortcut_{};  // parameters and buffer values of each
};
static_assert(Layer<Residual<float>, float>);

}  // namespace lmc
