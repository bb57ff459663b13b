// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <lmc/connectivity/interpolate.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/any_layer.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/measure/detail/tap.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/step.hpp>

namespace lmc::detail {

/// A layer with a bias for every unit, whose outputs can be stretched and moved unit by unit.
template <std::floating_point Scalar>
struct UnitLayer {
  std::size_t tap = 0;              // its number among tapped_layers()
  std::size_t part = 0;             // the layer of the network that holds it
  Index weights = 0;                // position of its weight (or scale) in θ
  Index columns = 1;                // weights of each unit, side by side
  Index biases = 0;                 // position of its bias in θ
  Index units = 0;                  // its biases
  std::vector<Index> unit_of = {};  // for each entry of its output
};

/// Moments of units over samples that are added in pieces. A unit that never changes has a deviation of exactly 0.
struct UnitMoments {
  std::vector<double> count, mean, squares;  // samples, mean, Σ (y − mean)²; of each unit

  /// Those of some examples, [examples, entries], the entries being of these units.
  template <class Scalar>
  static UnitMoments of(std::span<const Scalar> y, std::span<const Index> unit_of, Index units) {
    const auto n = static_cast<std::size_t>(units);
    UnitMoments m{std::vector<double>(n), std::vector<double>(n), std::vector<double>(n)};
    std::vector<double> first(n);
    const auto for_each = [&](auto visit) {
      for (std::size_t at = 0; at < y.size();)
        for (const Index u : unit_of) visit(static_cast<std::size_t>(u), static_cast<double>(y[at++]));
    };
    for_each([&](std::size_t u, double value) {
      if (m.count[u]++ == 0) first[u] = value;
      m.mean[u] += value - first[u];
    });
    for (std::size_t u = 0; u < n; ++u) m.mean[u] = first[u] + m.mean[u] / m.count[u];
    for_each([&](std::size_t u, double value) { m.squares[u] += (value - m.mean[u]) * (value - m.mean[u]); });
    return m;
  }
  UnitMoments& operator+=(const UnitMoments& other) {
    if (count.empty()) return *this = other;
    for (std::size_t u = 0; u < count.size(); ++u) {
      const double n = count[u] + other.count[u], step = other.mean[u] - mean[u];
      mean[u] += step * (other.count[u] / n);
      squares[u] += other.squares[u] + step * step * (count[u] * other.count[u] / n);
      count[u] = n;
    }
    return *this;
  }
  [[nodiscard]] double deviation(std::size_t u) const { return std::sqrt(squares[u] / count[u]); }
};

/// Sets the moments of hidden units layer by layer, from statistics of data that go through the network one of its parts at a
/// time.
template <std::floating_point Scalar>
class MomentRepair {
 public:
  /// Throws: Error when a layer is not of the kind that can be repaired, or the data do not fit.
  MomentRepair(const Network<Scalar>& network, const Dataset<Scalar>& statistics, bool with_means, const ThreadTeam& team)
      : network_(&network), data_(&statistics), with_means_(with_means), team_(team) {
    require_fit(network, statistics);
    require(statistics.size() > 1, "repair: the data for statistics have ", statistics.size(),
            " examples; expected at least 2");
    require(
        network.layout().buffer_count() == 0, "repair: the network has running statistics ('",
        network.layout().buffers.empty() ? "" : network.layout().buffers.front().name,
        "'). An evaluator estimates them anew at each place, and with them units have the mean and deviation that BatchNorm's bias "
        "and scale say, which are on the chord already: use Repair::buffers; or take BatchNorm out by fold_batch_norm()");
    add_layers();
  }

  [[nodiscard]] const std::vector<UnitLayer<Scalar>>& layers() const { return layers_; }

  /// Moments of the units of all layers() at θ.
  [[nodiscard]] std::vector<UnitMoments> measure(std::span<const Scalar> theta) const {
    std::vector<UnitMoments> moments(layers_.size());
    Rows rows = inputs();
    for (std::size_t l = 0; l < layers_.size();) {
      std::size_t last = l;
      while (last < layers_.size() && layers_[last].part == layers_[l].part) ++last;
      go_to(rows, layers_[l].part, theta);
      for (; l < last; ++l) moments[l] = moments_of(layers_[l], rows, theta);
    }
    return moments;
  }
  /// θ, changed so that the moments of each unit are those on the chord between the ends'.
  void run(std::span<Scalar> theta, const std::vector<UnitMoments>& a, const std::vector<UnitMoments>& b,
           const PathWeights& at) const {
    Rows rows = inputs();
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      const UnitLayer<Scalar>& layer = layers_[l];
      go_to(rows, layer.part, theta);
      const UnitMoments now = moments_of(layer, rows, theta);
      for (std::size_t u = 0; u < now.mean.size(); ++u) {
        // A unit that never changes cannot be made to.
        const double deviation = now.deviation(u), wanted = chord(a[l].deviation(u), b[l].deviation(u), at);
        const double stretch = deviation > 0 ? wanted / deviation : 1;
        const double shift = (with_means_ ? chord(a[l].mean[u], b[l].mean[u], at) : now.mean[u]) - stretch * now.mean[u];
        for (Scalar& w : slice(theta, layer.weights + static_cast<Index>(u) * layer.columns, layer.columns))
          w = static_cast<Scalar>(stretch * static_cast<double>(w));
        Scalar& bias = theta[static_cast<std::size_t>(layer.biases) + u];
        bias = static_cast<Scalar>(stretch * static_cast<double>(bias) + shift);
      }
    }
  }

 private:
  static constexpr Index chunk = 256;  // examples; fixed, since it decides the bits of sums
  // What all examples give in front of a part of the network.
  struct Rows {
    std::size_t part = 0;
    Index width = 0;
    std::vector<Scalar> values;
  };
  // A thread's memory for one part.
  struct Memory {
    std::vector<Scalar> y, cache, workspace;
    void fit(const AnyLayer<Scalar>& layer, Index batch, Index outputs) {
      y.resize(std::max(y.size(), static_cast<std::size_t>(batch * outputs)));
      cache.resize(std::max(cache.size(), static_cast<std::size_t>(layer.cache_size(batch))));
      workspace.resize(std::max(workspace.size(), static_cast<std::size_t>(layer.workspace_size(batch))));
    }
  };

  void add_layers() {
    const std::vector<TappedLayer<Scalar>> all = tapped_layers(network_->children());
    for (std::size_t t = 0; t + 1 < all.size(); ++t)  // the last one gives the logits, and is no hidden layer
      if (auto layer = unit_layer(all[t], all[t + 1])) {
        layer->tap = t;
        while (network_->parts()[layer->part].params.first + network_->parts()[layer->part].params.count <= all[t].first)
          ++layer->part;
        layers_.push_back(std::move(*layer));
      }
    require(!layers_.empty(), "repair: the network has no hidden layer with a weight and a bias; there is nothing to repair");
  }
  // Nothing for a layer that adds embeddings alone, or leaves its biases to a normalization behind it.
  std::optional<UnitLayer<Scalar>> unit_layer(const TappedLayer<Scalar>& tapped, const TappedLayer<Scalar>& next) const {
    const std::vector<const Segment*> segments = segments_of(tapped);
    const Segment *weight = nullptr, *bias = nullptr;
    bool embeddings = true;
    for (const Segment* s : segments) {
      if (s->role != Role::embedding) embeddings = false;
      if (s->role == Role::weight || s->role == Role::scale) weight = s;
      if (s->role == Role::bias) bias = s;
    }
    if (embeddings) return std::nullopt;
    const bool normalized = std::ranges::any_of(segments_of(next), [](const Segment* s) { return s->role == Role::scale; });
    if (segments.size() == 1 && weight != nullptr && normalized) return std::nullopt;
    require(segments.size() == 2 && weight != nullptr && bias != nullptr, "repair: '", tapped.name, "' (", tapped.layer.kind(),
            ") has the segments ", names(segments),
            "; expected a weight (or scale) and a bias, into which the statistics of its units "
            "can be folded. Leave the repair out for this network, or compare with Repair::biases, which needs none");
    UnitLayer<Scalar> layer{.weights = weight->offset, .biases = bias->offset, .units = bias->size()};
    layer.columns = weight->size() / layer.units;
    Index rows = 1;
    for (Index axis = 0; axis < weight->matrix.matrices + weight->matrix.rows; ++axis) rows *= weight->shape[axis];
    require(rows == layer.units && layer.columns * rows == weight->size(), "repair: '", weight->name, "' has ", rows,
            " rows and '", bias->name, "' ", layer.units, " entries; expected a bias for each row, in the same order");
    layer.unit_of = units_of(tapped, *weight, *bias);
    return layer;
  }
  [[nodiscard]] std::vector<const Segment*> segments_of(const TappedLayer<Scalar>& tapped) const {
    std::vector<const Segment*> segments;
    for (const Segment& s : network_->layout().parameters)
      if (s.offset >= tapped.first && s.offset < tapped.first + tapped.parameters) segments.push_back(&s);
    return segments;
  }
  static std::string names(const std::vector<const Segment*>& segments) {
    std::string text;
    for (const Segment* s : segments) text += (text.empty() ? "'" : ", '") + s->name + "'";
    return text;
  }
  // Which unit an entry of the output belongs to is read off the layer: with weights of 0 and biases 1, 2, … it is the bias.
  static std::vector<Index> units_of(const TappedLayer<Scalar>& tapped, const Segment& weight, const Segment& bias) {
    require(bias.size() < Index{1} << std::numeric_limits<Scalar>::digits, "repair: '", bias.name,
            "' has too many entries: ", bias.size());
    std::vector<Scalar> params(static_cast<std::size_t>(weight.size() + bias.size())),
        x(static_cast<std::size_t>(tapped.input.size()));
    const auto first = params.begin() + (bias.offset - tapped.first);
    for (Index u = 0; u < bias.size(); ++u) first[u] = static_cast<Scalar>(u + 1);
    Memory memory;
    memory.fit(tapped.layer, 1, tapped.output.size());
    tapped.layer.forward({.params = params,
                          .buffers = {},
                          .x = matrix_view(std::span<const Scalar>(x), 1, tapped.input.size()),
                          .y = matrix_view(std::span(memory.y), 1, tapped.output.size()),
                          .cache = memory.cache,
                          .workspace = memory.workspace,
                          .mode = Mode::evaluation,
                          .noise = {}});
    std::vector<Index> units;
    for (const Scalar y : memory.y) {
      const auto unit = static_cast<Index>(y) - 1;
      require(unit >= 0 && unit < bias.size() && static_cast<Scalar>(unit + 1) == y, "repair: with weights of 0, '",
              tapped.name, "' (", tapped.layer.kind(), ") gives ", y, " where its biases are 1 to ", bias.size(),
              "; expected one of these: a bias that is added to what the weights give");
      units.push_back(unit);
    }
    for (Index unit = 0; unit < bias.size(); ++unit)
      require(std::ranges::find(units, unit) != units.end(), "repair: bias ", unit, " of '", bias.name,
              "' is added to no output; expected one with each");
    return units;
  }

  [[nodiscard]] Rows inputs() const {
    Rows rows{.part = 0, .width = data_->shape().size(), .values = {}};
    rows.values.resize(static_cast<std::size_t>(data_->size() * rows.width));
    team_.for_each(chunks(), [&](Index c, int) {
      const Index count = examples(c);
      std::vector<std::int32_t> labels(static_cast<std::size_t>(data_->classes() > 0 ? count : 0));
      data_->gather_range(c * chunk, matrix_view(rows_of(rows, c), count, rows.width), labels);
    });
    return rows;
  }
  [[nodiscard]] Index chunks() const { return (data_->size() + chunk - 1) / chunk; }
  [[nodiscard]] Index examples(Index c) const { return std::min(chunk, data_->size() - c * chunk); }
  [[nodiscard]] std::span<Scalar> rows_of(Rows& rows, Index c) const {
    return slice(std::span(rows.values), c * chunk * rows.width, examples(c) * rows.width);
  }
  void forward(const AnyLayer<Scalar>& layer, std::size_t part, std::span<const Scalar> theta, std::span<const Scalar> x,
               Index batch, std::span<Scalar> y, Memory& memory) const {
    const auto& p = network_->parts()[part];
    layer.forward({.params = p.params.of(theta),
                   .buffers = {},
                   .x = matrix_view(x, batch, static_cast<Index>(x.size()) / batch),
                   .y = matrix_view(y, batch, p.output.size()),
                   .cache = memory.cache,
                   .workspace = memory.workspace,
                   .mode = Mode::evaluation,
                   .noise = {}});
  }
  // Rows in front of that part.
  void go_to(Rows& rows, std::size_t part, std::span<const Scalar> theta) const {
    std::vector<Memory> memories(static_cast<std::size_t>(team_.size()));
    for (; rows.part < part; ++rows.part) {
      const auto& p = network_->parts()[rows.part];
      Rows next{.part = 0, .width = p.output.size(), .values = {}};
      next.values.resize(static_cast<std::size_t>(data_->size() * next.width));
      team_.for_each(chunks(), [&](Index c, int worker) {
        Memory& memory = memories[static_cast<std::size_t>(worker)];
        memory.fit(p.layer, examples(c), 0);
        forward(p.layer, rows.part, theta, rows_of(rows, c), examples(c), rows_of(next, c), memory);
      });
      rows.width = next.width;
      rows.values = std::move(next.values);
    }
  }
  [[nodiscard]] UnitMoments moments_of(const UnitLayer<Scalar>& layer, Rows& rows, std::span<const Scalar> theta) const {
    const auto& part = network_->parts()[layer.part];
    struct Worker {
      TapObserver<Scalar> observer;
      std::optional<AnyLayer<Scalar>> watched;
      Memory memory;
      UnitMoments moments;
    };
    std::vector<std::unique_ptr<Worker>> workers(static_cast<std::size_t>(team_.size()));
    const auto worker_of = [&](int number) -> Worker& {
      std::unique_ptr<Worker>& w = workers[static_cast<std::size_t>(number)];
      if (w) return *w;
      w = std::make_unique<Worker>();
      Worker* const self = w.get();
      w->observer.forwarded = [&layer, self](std::size_t tap, const ForwardArgs<Scalar>& a) {
        if (tap == layer.tap)
          self->moments = UnitMoments::of(std::span<const Scalar>(span_of(a.y)), layer.unit_of, layer.units);
      };
      std::size_t number_of_tap = first_tap_[layer.part];
      w->watched = with_taps<Scalar>({network_->children()[layer.part]}, w->observer, number_of_tap).front();
      return *w;
    };
    UnitMoments moments = team_.sum_in_order(chunks(), UnitMoments(), [&](Index c, int number) {
      Worker& w = worker_of(number);
      w.memory.fit(*w.watched, examples(c), part.output.size());
      forward(*w.watched, layer.part, theta, rows_of(rows, c), examples(c),
              slice(std::span(w.memory.y), 0, examples(c) * part.output.size()), w.memory);
      return std::move(w.moments);
    });
    for (const double s : moments.squares)
      require(std::isfinite(s), "repair: in '", part.name,
              "' what a unit gives is NaN or infinite; expected finite numbers; did a "
              "training diverge?");
    return moments;
  }

  const Network<Scalar>* network_;
  const Dataset<Scalar>* data_;
  bool with_means_;
  ThreadTeam team_;
  std::vector<std::size_t> first_tap_ = first_taps();
  std::vector<UnitLayer<Scalar>> layers_;

  // The number of the first tap in each part.
  [[nodiscard]] std::vector<std::size_t> first_taps() const {
    std::vector<std::size_t> first;
    std::size_t number = 0;
    for (const ChildLayer<Scalar>& child : network_->children()) {
      first.push_back(number);
      number += tapped_layers<Scalar>({child}).size();
    }
    return first;
  }
};

}  // namespace lmc::detail
