// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/random.hpp>
#include <lmc/layers/any_layer.hpp>
#include <lmc/layers/detail/print_layers.hpp>
#include <lmc/layers/detail/tangent_rules.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/tangent.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/matrix/write_mode.hpp>

namespace lmc {

/// Which of its possible starts a network gets.
struct InitializeOptions {
  std::uint64_t seed = 0;  // equal seeds give equal starts
};

/// A sequence of layers, y = f_L(… f_2(f_1(x))): itself a layer, so that blocks nest.
///
/// Layers are named by kind and number: dense1, relu1, dense2, …; a nested network is a block, so that its first weights are
/// `block1/dense1/weight`. The cache holds the activations between the layers, then the layers' own caches. A layer that
/// WorksInPlace overwrites the output of one that is AffineInParameters, which nobody reads again.
/// Throws: Error on construction, when there is no layer, none says which shape it takes, or two neighbors do not fit.
template <std::floating_point Scalar>
class Network {
 public:
  static constexpr bool overwrites_gradient = true, scales_units = true;

  /// A stretch of a flat vector.
  struct Range {
    Index first = 0;  // position of its first entry
    Index count = 0;  // number of its entries
    /// These entries of values, as a view.
    template <class T>
    [[nodiscard]] std::span<T> of(std::span<T> values) const {
      return slice(values, first, count);
    }
  };
  /// A layer of the network, and where its parameters and its output lie.
  struct Part {
    AnyLayer<Scalar> layer;  // the layer itself
    std::string name;        // kind and number: `dense1`
    Shape output;            // shape of one example behind the layer
    Range params;            // the layer's own part of θ
    Range buffers;           // the layer's own part of the buffers
    bool in_place = false;   // its output lies where its input did
  };

  /// These layers in order. The first one that says which shape it takes decides the shape of the examples.
  explicit Network(std::vector<AnyLayer<Scalar>> layers) : Network(layers, input_of(layers)) {}
  /// The same for examples of that shape, where no layer says which it takes.
  Network(std::vector<AnyLayer<Scalar>> layers, Shape inputs) : input_(std::move(inputs)) {
    require(!layers.empty(), "Network: no layers; expected at least one");
    require(input_.is_positive(), "Network: examples of shape ", input_, "; all sizes must be positive");
    std::map<std::string, int> numbers;
    for (AnyLayer<Scalar>& layer : layers) {
      const std::string kind(layer.kind());
      require(!kind.empty() && kind.find('/') == std::string::npos, "Network: a layer's kind() is '", kind,
              "'; expected a name without '/'");
      Part part{
          .layer = std::move(layer), .name = kind + std::to_string(++numbers[kind]), .output = {}, .params = {}, .buffers = {}};
      const Shape& in = output_shape();
      const Shape taken = part.layer.input_shape().value_or(in);
      require(taken == in, "Network: ", parts_.empty() ? "the input" : titled(parts_.back()), " gives examples of shape ", in,
              ", but ", titled(part), " takes ", taken, "; the shapes of neighbors must be equal");
      part.output = part.layer.output_shape(in);
      require(!part.layer.works_in_place() || part.output.size() == in.size(), "Network: ", titled(part),
              " says works_in_place, but makes ", part.output, " of ", in,
              "; a layer that changes the size cannot write where it reads");
      parts_.push_back(std::move(part));
    }
    // The last layer's output is the caller's.
    for (std::size_t i = 1; i + 1 < parts_.size(); ++i)
      parts_[i].in_place = parts_[i].layer.works_in_place() && parts_[i - 1].layer.affine_in_parameters();
    outputs_ = static_cast<Index>(std::ranges::count(parts_, false, &Part::in_place));
    LayoutBuilder builder(input_);
    for (Part& part : parts_) {
      part.params.first = builder.parameter_count();
      part.buffers.first = builder.buffer_count();
      declare_child(builder, part.name, part.layer, part.output);
      part.params.count = builder.parameter_count() - part.params.first;
      part.buffers.count = builder.buffer_count() - part.buffers.first;
    }
    layout_ = std::move(builder).build();
  }

  /// What lies where in θ and in the buffers.
  [[nodiscard]] const ParameterLayout& layout() const { return layout_; }
  /// The layers in order.
  [[nodiscard]] const std::vector<Part>& parts() const { return parts_; }
  /// Shape of one example behind the last layer.
  [[nodiscard]] const Shape& output_shape() const { return parts_.empty() ? input_ : parts_.back().output; }

  /// A start: a function of (network, seed) alone.
  [[nodiscard]] ModelState<Scalar> initialize(InitializeOptions options = {}) const {
    ModelState<Scalar> state{std::vector<Scalar>(static_cast<std::size_t>(layout_.parameter_count())),
                             std::vector<Scalar>(static_cast<std::size_t>(layout_.buffer_count()))};
    initialize(InitializeArgs<Scalar>{.params = state.parameters,
                                      .buffers = state.buffers,
                                      .stream = {.seed = options.seed, .purpose = Purpose::initialization}});
    return state;
  }

  [[nodiscard]] std::string_view kind() const { return "block"; }
  [[nodiscard]] std::string describe() const { return concat(parts_.size(), parts_.size() == 1 ? " layer" : " layers"); }
  [[nodiscard]] std::optional<Shape> input_shape() const { return input_; }
  [[nodiscard]] Shape output_shape(const Shape&) const { return output_shape(); }

  void declare(LayoutBuilder& layout) const {
    for (const Part& part : parts_) declare_child(layout, part.name, part.layer, part.output);
  }
  // A template, so that `initialize({})` can only mean the seed of a start.
  template <std::same_as<InitializeArgs<Scalar>> Args>
  void initialize(const Args& a) const {
    for (const Part& part : parts_)
      part.layer.initialize({.params = part.params.of(a.params),
                             .buffers = part.buffers.of(a.buffers),
                             .stream = a.stream,
                             .first = a.first + part.params.first});
  }

  /// The layers in order, each with its name and its place in θ.
  [[nodiscard]] std::vector<ChildLayer<Scalar>> children() const {
    std::vector<ChildLayer<Scalar>> children;
    for (const Part& part : parts_)
      children.push_back({.name = part.name,
                          .layer = part.layer,
                          .input = children.empty() ? input_ : children.back().output,
                          .output = part.output,
                          .first = part.params.first,
                          .parameters = part.params.count});
    return children;
  }
  /// A network of these layers instead, in the order of children().
  [[nodiscard]] Network with_children(std::vector<AnyLayer<Scalar>> layers) const { return Network(std::move(layers), input_); }

  [[nodiscard]] Index cache_size(Index batch) const {
    Index size = activations_size(batch);
    for (const Part& part : parts_) size += padded<Scalar>(part.layer.cache_size(batch));
    return size;
  }
  [[nodiscard]] Index workspace_size(Index batch) const {
    Index own = 0;
    for (const Part& part : parts_) own = std::max(own, part.layer.workspace_size(batch));
    return 2 * gradient_size(batch) + own;
  }

  void forward(ForwardArgs<Scalar> a) const {
    const Index batch = a.x.rows();
    Index output_at = 0, cache_at = activations_size(batch), width = input_.size();
    std::span<const Scalar> x = span_of(a.x);
    std::span<Scalar> y;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const Part& part = parts_[i];
      if (i + 1 == parts_.size()) {
        y = span_of(a.y);
      } else if (!part.in_place) {
        y = slice(a.cache, output_at, activation_size(part, batch));
        output_at += activation_size(part, batch);
      }
      const Index cache_size = part.layer.cache_size(batch);
      part.layer.forward({.params = part.params.of(a.params),
                          .buffers = part.buffers.of(a.buffers),
                          .x = matrix_view(x, batch, width),
                          .y = matrix_view(y, batch, part.output.size()),
                          .cache = slice(a.cache, cache_at, cache_size),
                          .workspace = a.workspace,
                          .mode = a.mode,
                          .noise = a.mode == Mode::training ? a.noise.inside(i) : NoiseAddress()});
      cache_at += padded<Scalar>(cache_size);
      width = part.output.size();
      x = y;
    }
  }

  void backward(BackwardArgs<Scalar> a) const {
    const Index batch = a.x.rows(), room = gradient_size(batch);
    const std::span<Scalar> shared = a.workspace.subspan(static_cast<std::size_t>(2 * room));
    Index output_at = activations_size(batch), cache_at = cache_size(batch);
    Index turn = outputs_;  // the gradients of the outputs lie in two places by turns
    std::span<const Scalar> y = span_of(a.y), dy = span_of(a.dy);
    for (std::size_t i = parts_.size(); i-- > 0;) {
      const Part& part = parts_[i];
      std::span<const Scalar> x = span_of(a.x);
      InputGradient<Scalar> dx = a.dx;
      if (i > 0) {
        const Part& before = parts_[i - 1];
        if (!part.in_place) {
          output_at -= activation_size(before, batch);
          --turn;
        }
        x = slice(a.cache, output_at, activation_size(before, batch));
        dx = matrix_view(slice(a.workspace, turn % 2 * room, room), batch, before.output.size());
      }
      const std::span<Scalar> dparams = part.params.of(a.dparams);
      const bool overwrites = a.dparams_mode == WriteMode::overwrite && part.layer.overwrites_gradient();
      if (a.dparams_mode == WriteMode::overwrite && !overwrites) std::fill(dparams.begin(), dparams.end(), Scalar(0));
      const Index own_cache = part.layer.cache_size(batch);
      cache_at -= padded<Scalar>(own_cache);
      part.layer.backward({.params = part.params.of(a.params),
                           .buffers = part.buffers.of(a.buffers),
                           .x = matrix_view(x, batch, i == 0 ? input_.size() : parts_[i - 1].output.size()),
                           .y = matrix_view(y, batch, part.output.size()),
                           .dy = matrix_view(dy, batch, part.output.size()),
                           .dx = dx,
                           .dparams = dparams,
                           .cache = slice(a.cache, cache_at, own_cache),
                           .workspace = shared,
                           .dparams_mode = overwrites ? WriteMode::overwrite : WriteMode::add});
      y = x;
      if (i > 0) dy = span_of(*dx);
    }
  }

  [[nodiscard]] Index tangent_cache_size(Index batch) const {
    Index size = 0;
    for (const Part& part : parts_) size += activation_size(part, batch) + padded<Scalar>(part.layer.tangent_cache_size(batch));
    return size;
  }
  /// Where the inputs stand still, x_tangent having no rows, what does not move is left out.
  void forward_tangent(ForwardTangentArgs<Scalar> a) const {
    const Index batch = a.x.rows();
    const std::vector<Place<Scalar>> places = places_of<Scalar>(a, a.tangent_cache);
    const std::size_t first = first_moving(a.x_tangent.rows() == 0);
    for (std::size_t i = first; i < parts_.size(); ++i) {
      const Part& part = parts_[i];
      const Place<Scalar>& at = places[i];
      part.layer.forward_tangent({.params = part.params.of(a.params),
                                  .params_tangent = part.params.of(a.params_tangent),
                                  .buffers = part.buffers.of(a.buffers),
                                  .x = matrix_view(at.x, batch, width_before(i)),
                                  .x_tangent = i == first ? a.x_tangent : as_const(at.x_tangent),
                                  .y = matrix_view(at.y, batch, part.output.size()),
                                  .y_tangent = at.y_tangent,
                                  .cache = at.cache,
                                  .tangent_cache = at.tangent_cache,
                                  .workspace = a.workspace.subspan(static_cast<std::size_t>(2 * gradient_size(batch)))});
    }
    std::ranges::copy(span_of(places.back().y_tangent), a.y_tangent.data());
  }
  /// Where the inputs stand still, x_tangent having no rows, dx must be absent.
  void backward_tangent(BackwardTangentArgs<Scalar> a) const {
    const Index batch = a.x.rows();
    require(!a.dx || a.x_tangent.rows() > 0, "Network: backward_tangent is asked for dx, but its inputs stand still");
    const std::vector<Place<const Scalar>> places = places_of<const Scalar>(a, a.tangent_cache);
    const std::size_t first = first_moving(a.x_tangent.rows() == 0);
    const Index room = gradient_size(batch);
    detail::Scratch<Scalar> gradients(4 * room);  // those of the outputs and their tangents lie in two places by turns
    std::span<const Scalar> dy = span_of(a.dy), dy_tangent = span_of(a.dy_tangent);
    for (std::size_t i = parts_.size(); i-- > first;) {
      const Part& part = parts_[i];
      const Place<const Scalar>& at = places[i];
      InputGradient<Scalar> dx = a.dx, dx_tangent = a.dx_tangent;
      if (i > first) {
        const Index turn = static_cast<Index>(i % 2) * 2 * room;
        dx = matrix_view(slice(gradients.span(), turn, room), batch, width_before(i));
        dx_tangent = matrix_view(slice(gradients.span(), turn + room, room), batch, width_before(i));
      }
      part.layer.backward_tangent({.params = part.params.of(a.params),
                                   .params_tangent = part.params.of(a.params_tangent),
                                   .buffers = part.buffers.of(a.buffers),
                                   .x = matrix_view(at.x, batch, width_before(i)),
                                   .x_tangent = i == first ? a.x_tangent : at.x_tangent,
                                   .y = matrix_view(at.y, batch, part.output.size()),
                                   .y_tangent = at.y_tangent,
                                   .dy = matrix_view(dy, batch, part.output.size()),
                                   .dy_tangent = matrix_view(dy_tangent, batch, part.output.size()),
                                   .dx = dx,
                                   .dx_tangent = dx_tangent,
                                   .dparams_tangent = part.params.of(a.dparams_tangent),
                                   .cache = at.cache,
                                   .tangent_cache = at.tangent_cache,
                                   .workspace = a.workspace.subspan(static_cast<std::size_t>(2 * room))});
      if (i > first) dy = span_of(*dx), dy_tangent = span_of(*dx_tangent);
    }
  }

  /// The layers with their options, output shapes and numbers of parameters, as a table; those inside another one beneath it,
  /// indented.
  friend std::ostream& operator<<(std::ostream& out, const Network& network) {
    out << "input " << network.input_ << '\n';
    detail::print_layers(out, network.children());
    out << "total " << network.layout_.parameter_count() << " parameters";
    if (network.layout_.buffer_count() > 0) out << ", " << network.layout_.buffer_count() << " buffer values";
    return out << '\n';
  }

 private:
  // What the first layer takes that says so; layers before it take any shape and keep it.
  static Shape input_of(const std::vector<AnyLayer<Scalar>>& layers) {
    require(!layers.empty(), "Network: no layers; expected at least one");
    for (const AnyLayer<Scalar>& layer : layers)
      if (const std::optional<Shape> taken = layer.input_shape()) return *taken;
    throw Error(concat("Network: none of its ", layers.size(),
                       " layers says which shape it takes; expected at least one that does, such as Dense, or the shape of an "
                       "example after the layers"));
  }
  static std::string titled(const Part& part) {
    const std::string options = part.layer.describe();
    return options.empty() ? part.name : part.name + " (" + options + ")";
  }
  // Where a part's input and output, their tangents, and its caches lie; T is const where tangents are read.
  template <class T>
  struct Place {
    std::span<const Scalar> x, y, cache;
    MatrixView<T> x_tangent, y_tangent;  // no rows before the first part
    std::span<T> tangent_cache;
  };
  template <class T, class Args>
  [[nodiscard]] std::vector<Place<T>> places_of(const Args& a, std::span<T> tangents) const {
    const Index batch = a.x.rows();
    std::vector<Place<T>> places;
    Index output_at = 0, cache_at = activations_size(batch), tangent_at = 0;
    std::span<const Scalar> x = span_of(a.x);
    MatrixView<T> before(nullptr, 0, 0);
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const Part& part = parts_[i];
      const Index outputs = activation_size(part, batch), own = part.layer.cache_size(batch),
                  own_tangent = part.layer.tangent_cache_size(batch);
      std::span<const Scalar> y = x;
      if (i + 1 == parts_.size()) {
        y = span_of(a.y);
      } else if (!part.in_place) {
        y = slice(a.cache, output_at, outputs);
        output_at += outputs;
      }
      const Place<T> place{.x = x,
                           .y = y,
                           .cache = slice(a.cache, cache_at, own),
                           .x_tangent = places.empty() ? before : places.back().y_tangent,
                           .y_tangent = matrix_view(slice(tangents, tangent_at, outputs), batch, part.output.size()),
                           .tangent_cache = slice(tangents, tangent_at + outputs, own_tangent)};
      places.push_back(place);
      cache_at += padded<Scalar>(own);
      tangent_at += outputs + padded<Scalar>(own_tangent);
      x = y;
    }
    return places;
  }
  // The first part of which something moves: where the inputs stand still, the first that has parameters.
  [[nodiscard]] std::size_t first_moving(bool inputs_stand_still) const {
    std::size_t i = 0;
    while (inputs_stand_still && i + 1 < parts_.size() && parts_[i].params.count == 0) ++i;
    return i;
  }
  // Values of an example before a part.
  [[nodiscard]] Index width_before(std::size_t i) const { return i == 0 ? input_.size() : parts_[i - 1].output.size(); }
  // Room for a part's output. Every array in the cache and the workspace starts on a cache line of its own, as the whole does.
  static Index activation_size(const Part& part, Index batch) { return padded<Scalar>(batch * part.output.size()); }
  // Room in the cache for all outputs but the last one, which is the caller's.
  [[nodiscard]] Index activations_size(Index batch) const {
    Index size = 0;
    for (std::size_t i = 0; i + 1 < parts_.size(); ++i)
      if (!parts_[i].in_place) size += activation_size(parts_[i], batch);
    return size;
  }
  // Room for the gradient of the largest of them.
  [[nodiscard]] Index gradient_size(Index batch) const {
    Index size = 0;
    for (std::size_t i = 0; i + 1 < parts_.size(); ++i) size = std::max(size, activation_size(parts_[i], batch));
    return size;
  }

  std::vector<Part> parts_;
  Shape input_;
  Index outputs_ = 0;  // parts whose output is not in place
  ParameterLayout layout_;
};
static_assert(Layer<Network<float>, float>);

}  // namespace lmc
