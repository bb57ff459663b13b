// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iomanip>
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
#include <lmc/layers/layer.hpp>
#include <lmc/layers/residual.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/matrix/write_mode.hpp>

namespace lmc {

struct InitializeOptions {
  std::uint64_t seed = 0;
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
  static constexpr bool overwrites_gradient = true;

  /// A stretch of a flat vector.
  struct Range {
    Index first = 0, count = 0;
    template <class T>
    [[nodiscard]] std::span<T> of(std::span<T> values) const {
      return slice(values, first, count);
    }
  };
  struct Part {
    AnyLayer<Scalar> layer;
    std::string name;       // `dense1`
    Shape output;           // of one example
    Range params, buffers;  // the layer's own, in θ and in the buffers
    bool in_place = false;  // its output lies where its input did
  };

  explicit Network(std::vector<AnyLayer<Scalar>> layers) {
    require(!layers.empty(), "Network: no layers; expected at least one");
    const auto shaped = std::find_if(layers.begin(), layers.end(), [](const auto& l) { return l.input_shape().has_value(); });
    require(shaped != layers.end(), "Network: none of its ", layers.size(),
            " layers says which shape it takes; expected at least one that does, such as Dense");
    input_ = *shaped->input_shape();  // layers before it take any shape and keep it
    std::map<std::string, int> numbers;
    for (AnyLayer<Scalar>& layer : layers) {
      const std::string kind(layer.kind());
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
    LayoutBuilder builder(input_);
    for (Part& part : parts_) {
      part.params.first = builder.parameter_count();
      part.buffers.first = builder.buffer_count();
      builder.inside(part.name, [&] { part.layer.declare(builder); });
      part.params.count = builder.parameter_count() - part.params.first;
      part.buffers.count = builder.buffer_count() - part.buffers.first;
    }
    layout_ = std::move(builder).build();
  }

  /// What lies where in θ and in the buffers.
  [[nodiscard]] const ParameterLayout& layout() const { return layout_; }
  /// The layers in order.
  [[nodiscard]] const std::vector<Part>& parts() const { return parts_; }
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
  [[nodiscard]] std::string describe() const { return concat(parts_.size(), " layers"); }
  [[nodiscard]] std::optional<Shape> input_shape() const { return input_; }
  [[nodiscard]] Shape output_shape(const Shape&) const { return output_shape(); }

  void declare(LayoutBuilder& layout) const {
    for (const Part& part : parts_) layout.inside(part.name, [&] { part.layer.declare(layout); });
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

  [[nodiscard]] Index cache_size(Index batch) const {
    Index size = 0;
    for (std::size_t i = 0; i < parts_.size(); ++i)
      size += inner_size(i, batch) + padded<Scalar>(parts_[i].layer.cache_size(batch));
    return size;
  }
  [[nodiscard]] Index workspace_size(Index batch) const {
    Index own = 0;
    for (const Part& part : parts_) own = std::max(own, part.layer.workspace_size(batch));
    return 2 * gradient_size(batch) + own;
  }

  void forward(ForwardArgs<Scalar> a) const {
    const Index batch = a.x.rows();
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const Part& part = parts_[i];
      part.layer.forward({.params = part.params.of(a.params),
                          .buffers = part.buffers.of(a.buffers),
                          .x = i == 0 ? a.x : as_const<Scalar>(inner(a.cache, i - 1, batch)),
                          .y = i + 1 == parts_.size() ? a.y : inner(a.cache, i, batch),
                          .cache = own_cache(a.cache, i, batch),
                          .workspace = a.workspace,
                          .mode = a.mode,
                          .noise = a.mode == Mode::training ? a.noise.inside(i) : NoiseAddress()});
    }
  }

  void backward(BackwardArgs<Scalar> a) const {
    const Index batch = a.x.rows(), room = gradient_size(batch);
    const std::span<Scalar> shared = a.workspace.subspan(static_cast<std::size_t>(2 * room));
    // ∂L/∂(output of part i); two places take turns.
    const auto gradient = [&](std::size_t i) {
      const auto moves = std::count_if(parts_.begin(), parts_.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                                       [](const Part& part) { return !part.in_place; });
      return matrix_view(slice(a.workspace, moves % 2 * room, room), batch, parts_[i].output.size());
    };
    for (std::size_t i = parts_.size(); i-- > 0;) {
      const Part& part = parts_[i];
      const std::span<Scalar> dparams = part.params.of(a.dparams);
      const bool overwrites = a.dparams_mode == WriteMode::overwrite && part.layer.overwrites_gradient();
      if (a.dparams_mode == WriteMode::overwrite && !overwrites) std::fill(dparams.begin(), dparams.end(), Scalar(0));
      part.layer.backward({.params = part.params.of(a.params),
                           .buffers = part.buffers.of(a.buffers),
                           .x = i == 0 ? a.x : inner(a.cache, i - 1, batch),
                           .y = i + 1 == parts_.size() ? a.y : inner(a.cache, i, batch),
                           .dy = i + 1 == parts_.size() ? a.dy : as_const<Scalar>(gradient(i)),
                           .dx = i == 0 ? a.dx : gradient(i - 1),
                           .dparams = dparams,
                           .cache = own_cache(a.cache, i, batch),
                           .workspace = shared,
                           .dparams_mode = overwrites ? WriteMode::overwrite : WriteMode::add});
    }
  }

  /// The layers with their options, output shapes and numbers of parameters, as a table; those inside another one beneath it,
  /// indented.
  friend std::ostream& operator<<(std::ostream& out, const Network& network) {
    std::vector<Row> rows;
    for (const Part& part : network.parts_) part_rows(rows, "  ", "", part);
    std::size_t name = 16, options = 16, output = 14;  // room that small networks do not fill
    for (const Row& row : rows) {
      name = std::max(name, row.name.size() + 2);
      options = std::max(options, row.options.size() + 1);
      output = std::max(output, row.output.size() + 1);
    }
    const auto width = [](std::size_t n) { return std::setw(static_cast<int>(n)); };
    out << "input " << network.input_ << '\n';
    for (const Row& row : rows)
      out << std::left << width(name) << row.name << width(options) << row.options << " output " << width(output) << row.output
          << std::right << std::setw(10) << row.parameters << " parameters\n";
    out << "total " << network.layout_.parameter_count() << " parameters";
    if (network.layout_.buffer_count() > 0) out << ", " << network.layout_.buffer_count() << " buffer values";
    return out << '\n';
  }

 private:
  // A line of the printed table.
  struct Row {
    std::string name, options, output;
    Index parameters;
  };
  static void part_rows(std::vector<Row>& rows, const std::string& indent, const std::string& prefix, const Part& part) {
    rows.push_back({indent + prefix + part.name, part.layer.describe(), concat(part.output), part.params.count});
    const std::string deeper = indent + "  ";
    if (const auto* network = part.layer.template target<Network>()) {
      for (const Part& inner : network->parts_) part_rows(rows, deeper, "", inner);
    } else if (const auto* residual = part.layer.template target<Residual<Scalar>>()) {
      const Index of_body = residual->body_parameters();
      branch_rows(rows, deeper, "body", residual->options().body, part.output, of_body);
      branch_rows(rows, deeper, "shortcut", residual->options().shortcut, part.output, part.params.count - of_body);
    }
  }
  static void branch_rows(std::vector<Row>& rows, const std::string& indent, const std::string& branch,
                          const AnyLayer<Scalar>& layer, const Shape& output, Index parameters) {
    if (const auto* network = layer.template target<Network>()) {
      for (const Part& inner : network->parts_) part_rows(rows, indent, branch + "/", inner);
    } else {
      const std::string options = layer.describe();
      rows.push_back(
          {indent + branch, std::string(layer.kind()) + (options.empty() ? "" : ", " + options), concat(output), parameters});
    }
  }
  static std::string titled(const Part& part) {
    const std::string options = part.layer.describe();
    return options.empty() ? part.name : part.name + " (" + options + ")";
  }
  // Room in the cache for the output of part i; the last one's is the caller's. Every array in the cache and the workspace
  // starts on a cache line of its own, as the whole does.
  [[nodiscard]] Index inner_size(std::size_t i, Index batch) const {
    return i + 1 == parts_.size() || parts_[i].in_place ? 0 : padded<Scalar>(batch * parts_[i].output.size());
  }
  // Room for the gradient of the widest inner activation.
  [[nodiscard]] Index gradient_size(Index batch) const {
    Index size = 0;
    for (std::size_t i = 0; i < parts_.size(); ++i) size = std::max(size, inner_size(i, batch));
    return size;
  }
  // The output of part i, in the cache.
  template <class T>
  [[nodiscard]] MatrixView<T> inner(std::span<T> cache, std::size_t i, Index batch) const {
    if (parts_[i].in_place) return inner(cache, i - 1, batch);
    Index at = 0;
    for (std::size_t j = 0; j < i; ++j) at += inner_size(j, batch);
    return matrix_view(slice(cache, at, inner_size(i, batch)), batch, parts_[i].output.size());
  }
  // The cache of part i itself, behind all activations.
  template <class T>
  [[nodiscard]] std::span<T> own_cache(std::span<T> cache, std::size_t i, Index batch) const {
    Index at = 0;
    for (std::size_t j = 0; j < parts_.size(); ++j) at += inner_size(j, batch);
    for (std::size_t j = 0; j < i; ++j) at += padded<Scalar>(parts_[j].layer.cache_size(batch));
    return slice(cache, at, parts_[i].layer.cache_size(batch));
  }

  std::vector<Part> parts_;
  Shape input_;
  ParameterLayout layout_;
};
static_assert(Layer<Network<float>, float>);

}  // namespace lmc
