// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/layers/detail/affine.hpp>
#include <lmc/layers/detail/attention_tangent.hpp>
#include <lmc/layers/detail/channel_groups.hpp>
#include <lmc/layers/detail/row_blocks.hpp>
#include <lmc/layers/detail/tangent_rules.hpp>
#include <lmc/layers/initialization.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/tangent.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/simd/attention.hpp>

namespace lmc {

/// The sizes of a SelfAttention, and how its weights start.
struct SelfAttentionOptions {
  Shape inputs = {};                          // shape of one example: [tokens, width]
  Index heads = 1;                            // attention heads, a divisor of width
  InitializationOptions initialization = {};  // how the four weights and biases start
};

/// Multi-head self-attention. For every example X [tokens, width], and for every head h with d = width / heads units:
///   Q = X W_qᵀ + 1 b_qᵀ,   K = X W_kᵀ + 1 b_kᵀ,   V = X W_vᵀ + 1 b_vᵀ    [tokens, heads, d]
///   O_h = softmax(Q_h K_hᵀ / √d) V_h                                    softmax over the keys of each query
///   Y = O W_oᵀ + 1 b_oᵀ                                                 [tokens, width]
/// Parameters, in this order, so that the first three are one matrix [3 width, width]:
///   query/weight, key/weight, value/weight [heads, d, width]   query/bias, key/bias, value/bias [heads, d]
///   output/weight [width, heads, d]   output/bias [width]
/// backward adds to the parameters' gradient block by block of examples, in order. Cache: Q, K, V, the softmax and O.
///
/// Permutation groups: the heads are one; in each head the units of query and key are one, jointly, and those of value and
/// output another, as tables over the heads. The output units are one, as are input units at all tokens. Initialization:
/// `torch` is that of torch.nn.MultiheadAttention: the three matrices U(±√(6/(4 width))), Xavier's bound for the [3 width,
/// width] that they form, the output matrix U(±1/√width), all biases 0. The other schemes take each matrix by itself. Source:
/// arXiv:1706.03762, section 3.2. Throws: Error on construction, when in is not [tokens, width] with positive sizes or the
/// heads do not divide the width.
template <std::floating_point Scalar>
class SelfAttention {
 public:
  explicit SelfAttention(SelfAttentionOptions options) : o_(std::move(options)) {
    require(o_.inputs.rank() == 2 && o_.inputs[0] > 0 && o_.inputs[1] > 0, "SelfAttention: inputs = ", o_.inputs,
            "; expected [tokens, width] with positive sizes");
    require(o_.heads > 0 && o_.inputs[1] % o_.heads == 0, "SelfAttention: heads = ", o_.heads, " with in = ", o_.inputs,
            ": every head takes width / heads units; expected a number that divides the width, ", o_.inputs[1]);
    qkv_map_ = {width(), 3 * width()};
    out_map_ = {width(), width()};
    shape_ = {.tokens = o_.inputs[0], .heads = o_.heads, .head_width = o_.inputs[1] / o_.heads};
  }

  [[nodiscard]] const SelfAttentionOptions& options() const { return o_; }

  [[nodiscard]] std::string_view kind() const { return "attention"; }
  [[nodiscard]] std::string describe() const { return concat(o_.heads, o_.heads == 1 ? " head" : " heads"); }
  [[nodiscard]] std::optional<Shape> input_shape() const { return o_.inputs; }

  void declare(LayoutBuilder& layout) const {
    const GroupId in = detail::shared_channel_group(layout), heads = layout.add_group(o_.heads);
    std::vector<GroupId> of_query_and_key, of_value;
    for (Index h = 0; h < o_.heads; ++h) {
      of_query_and_key.push_back(layout.add_group(shape_.head_width));
      of_value.push_back(layout.add_group(shape_.head_width));
    }
    const GroupId out = layout.add_group(width());
    const Shape units{o_.heads, shape_.head_width};
    const AxisGroups query{{0}, of_query_and_key}, value{{0}, of_value};
    layout.add_parameter("query/weight", {o_.heads, shape_.head_width, width()}, Role::weight, {heads, query, in}, {.rows = 2});
    layout.add_parameter("key/weight", {o_.heads, shape_.head_width, width()}, Role::weight, {heads, query, in}, {.rows = 2});
    layout.add_parameter("value/weight", {o_.heads, shape_.head_width, width()}, Role::weight, {heads, value, in}, {.rows = 2});
    layout.add_parameter("query/bias", units, Role::bias, {heads, query});
    layout.add_parameter("key/bias", units, Role::bias, {heads, query});
    layout.add_parameter("value/bias", units, Role::bias, {heads, value});
    layout.add_parameter("output/weight", {width(), o_.heads, shape_.head_width}, Role::weight, {out, heads, value.shifted(1)});
    layout.add_parameter("output/bias", width(), Role::bias, {out});
    layout.activation.groups.back() = out;
  }
  void initialize(const InitializeArgs<Scalar>& a) const {
    const auto fill = [&](std::span<Scalar> params, Index weights, Index fan_out, const InitializationOptions& options) {
      const Index first = a.first + (params.data() - a.params.data());
      initialize_weights_and_biases<Scalar>(
          {.params = slice(params, 0, weights), .buffers = {}, .stream = a.stream, .first = first}, weights, width(), fan_out,
          options);
      std::ranges::fill(params.subspan(static_cast<std::size_t>(weights)), Scalar(0));
    };
    InitializationOptions in_projection = o_.initialization;
    if (in_projection.scheme == Initialization::torch) in_projection.scheme = Initialization::xavier;
    fill(qkv(a.params), 3 * width() * width(), o_.initialization.scheme == Initialization::torch ? 3 * width() : width(),
         in_projection);
    fill(out(a.params), width() * width(), width(), o_.initialization);
  }
  [[nodiscard]] Index cache_size(Index batch) const {
    const Index values = batch * o_.inputs.size();
    return padded<Scalar>(3 * values) + padded<Scalar>(values) + batch * shape_.weights();
  }
  [[nodiscard]] Index workspace_size(Index batch) const {
    const Index values = std::min(batch, block()) * o_.inputs.size();
    return padded<Scalar>(3 * values) + padded<Scalar>(values) + padded<Scalar>(shape_.scratch()) + products_workspace(batch);
  }

  /// Q, K and V of the forward pass of N examples that filled this cache, [N, tokens, 3, heads, d].
  [[nodiscard]] std::span<const Scalar> projections(std::span<const Scalar> cache, Index batch) const {
    return Memory<const Scalar>(*this, cache, batch).qkv;
  }
  /// O of that pass, the values as the heads mix them, [N, tokens, heads, d].
  [[nodiscard]] std::span<const Scalar> mixed_values(std::span<const Scalar> cache, Index batch) const {
    return Memory<const Scalar>(*this, cache, batch).mixed;
  }

  void forward(ForwardArgs<Scalar> a) const {
    const Index tokens = shape_.tokens;
    const Memory<Scalar> m(*this, a.cache, a.x.rows());
    const auto products = a.workspace.subspan(static_cast<std::size_t>(padded<Scalar>(shape_.scratch())));
    detail::for_each_row_block(a.x.rows(), block(), [&](Index first, Index count) {
      const auto rows = [&](auto* data, Index cols) { return detail::rows_of(data, cols, first * tokens, count * tokens); };
      qkv_map_.forward(qkv(a.params), rows(a.x.data(), width()), rows(m.qkv.data(), 3 * width()), products);
      for (Index i = first; i < first + count; ++i)
        simd::attention_heads<Scalar>(shape_, example(as_const_span(m.qkv), i, 3), weights(m.weights, i),
                                      example(m.mixed, i, 1), a.workspace);
      out_map_.forward(out(a.params), as_const(rows(m.mixed.data(), width())), rows(a.y.data(), width()), products);
    });
  }
  void backward(BackwardArgs<Scalar> a) const {
    const Index tokens = shape_.tokens, room = std::min(a.x.rows(), block()) * o_.inputs.size();
    const Memory<const Scalar> m(*this, a.cache, a.x.rows());
    const auto dqkv_room = slice(a.workspace, 0, 3 * room), dmixed_room = slice(a.workspace, padded<Scalar>(3 * room), room);
    const auto scratch = a.workspace.subspan(static_cast<std::size_t>(padded<Scalar>(3 * room) + padded<Scalar>(room)));
    const auto products = scratch.subspan(static_cast<std::size_t>(padded<Scalar>(shape_.scratch())));
    detail::for_each_row_block(a.x.rows(), block(), [&](Index first, Index count) {
      const auto rows = [&](auto* data, Index cols) { return detail::rows_of(data, cols, first * tokens, count * tokens); };
      out_map_.backward(out(a.params), rows(m.mixed.data(), width()), rows(a.dy.data(), width()), out(a.dparams),
                        matrix_view(dmixed_room, count * tokens, width()), products);
      for (Index i = 0; i < count; ++i)
        simd::attention_heads_backward<Scalar>(shape_, example(m.qkv, first + i, 3), weights(m.weights, first + i),
                                               example(as_const_span(dmixed_room), i, 1), example(dqkv_room, i, 3), scratch);
      InputGradient<Scalar> dx;
      if (a.dx) dx.emplace(rows(a.dx->data(), width()));
      qkv_map_.backward(qkv(a.params), rows(a.x.data(), width()),
                        matrix_view(as_const_span(dqkv_room), count * tokens, 3 * width()), qkv(a.dparams), dx, products);
    });
  }

  [[nodiscard]] Index tangent_cache_size(Index batch) const { return cache_size(batch); }
  /// The tangents of Q, K, V, the softmax and O stay in the tangents' cache.
  void forward_tangent(ForwardTangentArgs<Scalar> a) const {
    const Index batch = a.x.rows();
    const Memory<const Scalar> m(*this, a.cache, batch);
    const Memory<Scalar> t(*this, a.tangent_cache, batch);
    map_tangent(qkv_map_, qkv(a.params), qkv(a.params_tangent), span_of(a.x), span_of(a.x_tangent), t.qkv, batch);
    for (Index i = 0; i < batch; ++i)
      detail::attention_heads_tangent<Scalar>(shape_, example(m.qkv, i, 3), example(as_const_span(t.qkv), i, 3),
                                              weights(m.weights, i), weights(t.weights, i), example(t.mixed, i, 1));
    map_tangent(out_map_, out(a.params), out(a.params_tangent), m.mixed, as_const_span(t.mixed), span_of(a.y_tangent), batch);
  }
  void backward_tangent(BackwardTangentArgs<Scalar> a) const {
    const Index batch = a.x.rows(), tokens = batch * shape_.tokens;
    const Memory<const Scalar> m(*this, a.cache, batch), t(*this, a.tangent_cache, batch);
    detail::Scratch<Scalar> dmixed(a.x.size()), dmixed_tangent(a.x.size()), dqkv(3 * a.x.size()), dqkv_tangent(3 * a.x.size());
    map_backward_tangent(out_map_, out(a.params), out(a.params_tangent), m.mixed, t.mixed, span_of(a.dy), span_of(a.dy_tangent),
                         InputGradient<Scalar>(dmixed.rows(tokens, width())),
                         InputGradient<Scalar>(dmixed_tangent.rows(tokens, width())), out(a.dparams_tangent), batch);
    for (Index i = 0; i < batch; ++i)
      detail::attention_heads_backward_tangent<Scalar>(
          shape_, example(m.qkv, i, 3), example(t.qkv, i, 3), weights(m.weights, i), weights(t.weights, i),
          example(as_const_span(dmixed.span()), i, 1), example(as_const_span(dmixed_tangent.span()), i, 1),
          example(dqkv.span(), i, 3), example(dqkv_tangent.span(), i, 3));
    InputGradient<Scalar> dx, dx_tangent;
    if (a.dx) dx.emplace(matrix_view(span_of(*a.dx), tokens, width()));
    if (a.dx_tangent) dx_tangent.emplace(matrix_view(span_of(*a.dx_tangent), tokens, width()));
    map_backward_tangent(qkv_map_, qkv(a.params), qkv(a.params_tangent), span_of(a.x), span_of(a.x_tangent), dqkv.span(),
                         dqkv_tangent.span(), dx, dx_tangent, qkv(a.dparams_tangent), batch);
  }

 private:
  // The tangents of one of the two maps, at all tokens of a batch.
  void map_tangent(const detail::AffineMap<Scalar>& map, std::span<const Scalar> params, std::span<const Scalar> params_tangent,
                   std::span<const Scalar> x, std::span<const Scalar> x_tangent, std::span<Scalar> y_tangent,
                   Index batch) const {
    const Index tokens = batch * shape_.tokens;
    detail::Scratch<Scalar> workspace(map.workspace_size(tokens));
    detail::bilinear_forward<Scalar>(params, params_tangent, matrix_view(x, tokens, map.inputs),
                                     matrix_view(x_tangent, tokens, map.inputs), matrix_view(y_tangent, tokens, map.outputs),
                                     [&](std::span<const Scalar> with, MatrixView<const Scalar> in, MatrixView<Scalar> result) {
                                       map.forward(with, in, result, workspace.span());
                                     });
  }
  void map_backward_tangent(const detail::AffineMap<Scalar>& map, std::span<const Scalar> params,
                            std::span<const Scalar> params_tangent, std::span<const Scalar> x,
                            std::span<const Scalar> x_tangent, std::span<const Scalar> dy, std::span<const Scalar> dy_tangent,
                            InputGradient<Scalar> dx, InputGradient<Scalar> dx_tangent, std::span<Scalar> dparams_tangent,
                            Index batch) const {
    const Index tokens = batch * shape_.tokens;
    detail::Scratch<Scalar> workspace(map.workspace_size(tokens));
    detail::bilinear_backward<Scalar>(
        params, params_tangent, matrix_view(x, tokens, map.inputs), matrix_view(x_tangent, tokens, map.inputs),
        matrix_view(dy, tokens, map.outputs), matrix_view(dy_tangent, tokens, map.outputs), dx, dx_tangent, dparams_tangent,
        [&](std::span<const Scalar> with, MatrixView<const Scalar> in, MatrixView<const Scalar> d, InputGradient<Scalar> to,
            std::span<Scalar> dparams) { map.backward(with, in, d, dparams, to, workspace.span()); });
  }
  // The parts of the cache, or of that of the tangents.
  template <class T>
  struct Memory {
    std::span<T> qkv, mixed, weights;  // mixed: O, the values as the heads mix them
    Memory(const SelfAttention& layer, std::span<T> cache, Index batch) {
      const Index values = batch * layer.o_.inputs.size();
      qkv = slice(cache, 0, 3 * values);
      mixed = slice(cache, padded<Scalar>(3 * values), values);
      weights = slice(cache, padded<Scalar>(3 * values) + padded<Scalar>(values), batch * layer.shape_.weights());
    }
  };
  static std::span<const Scalar> as_const_span(std::span<Scalar> values) { return values; }
  // Example i of an array with `times` values for every value of the input.
  template <class T>
  [[nodiscard]] std::span<T> example(std::span<T> values, Index i, Index times) const {
    return slice(values, i * times * o_.inputs.size(), times * o_.inputs.size());
  }
  template <class T>
  [[nodiscard]] std::span<T> weights(std::span<T> values, Index i) const {
    return slice(values, i * shape_.weights(), shape_.weights());
  }
  // Examples that are taken at a time.
  [[nodiscard]] Index block() const { return std::max<Index>(1, detail::row_block / shape_.tokens); }
  [[nodiscard]] Index width() const { return o_.inputs[1]; }
  [[nodiscard]] Index products_workspace(Index batch) const {
    const Index rows = std::min(batch, block()) * shape_.tokens;
    return std::max(qkv_map_.workspace_size(rows), out_map_.workspace_size(rows));
  }
  // The parameters of the two maps: to query, key and value, and to the output.
  template <class T>
  auto qkv(std::span<T> params) const {
    return slice(params, 0, qkv_map_.parameters());
  }
  template <class T>
  auto out(std::span<T> params) const {
    return slice(params, qkv_map_.parameters(), out_map_.parameters());
  }

  SelfAttentionOptions o_;
  detail::AffineMap<Scalar> qkv_map_{}, out_map_{};
  simd::AttentionShape shape_{};
};
static_assert(Layer<SelfAttention<float>, float>);

}  // namespace lmc
