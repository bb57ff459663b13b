// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <lmc/align/activation_matching.hpp>
#include <lmc/connectivity/detail/finite_values.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/self_attention.hpp>
#include <lmc/matrix/strided.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/matrix/write_mode.hpp>
#include <lmc/measure/detail/tap.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/simd/product.hpp>
#include <lmc/train/batch_memory.hpp>
#include <lmc/train/step.hpp>

namespace lmc {

namespace detail {

/// Where the activations of a set of units lie in what an example leaves in front of a layer, or inside it.
struct UnitPlace {
  enum class Source { inputs, projections, mixed_values };
  std::string name;                 // of the place
  std::size_t layer = 0;            // its number among tapped_layers()
  Source source = Source::inputs;   // what the layer reads, or what a SelfAttention has inside
  std::vector<std::size_t> groups;  // of the layout
  Index units = 0;                  // in all groups together
  Index width = 0;                  // entries of an example
  std::vector<Index> samples;       // for each sample of an example, the entry of its first unit
  Index stride = 1;                 // entries from one unit to the next
};

/// Where the activations of a network's permutation groups can be seen: in front of every layer whose weights read the units,
/// that is, behind nonlinearity, normalization and pooling; inside attention, where nothing else reads them.
template <std::floating_point Scalar>
class UnitPlaces {
 public:
  explicit UnitPlaces(const Network<Scalar>& network) : layers_(tapped_layers(network.children())) {
    std::vector<ActivationLayout> inputs(layers_.size());
    std::vector<bool> reads(layers_.size());
    // The constructors of containers declare, too; the last declaration counts, which is that of all layers below.
    const TapObserver<Scalar> observer{.declared =
                                           [&](std::size_t layer, const ActivationLayout& in, const ActivationLayout& out) {
                                             inputs[layer] = in;
                                             reads[layer] = !share_a_group(in, out);
                                           },
                                       .forwarded = {}};
    const Network<Scalar> watched = tapped(network, observer);
    LayoutBuilder builder(*network.input_shape());
    watched.declare(builder);
    const ParameterLayout layout = std::move(builder).build(inputs);
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      if (reads[l]) add_inputs(l, inputs[l]);
      if (const auto* attention = layers_[l].layer.template target<SelfAttention<Scalar>>()) add_inside(l, *attention, layout);
    }
  }

  [[nodiscard]] const std::vector<TappedLayer<Scalar>>& layers() const { return layers_; }
  [[nodiscard]] const std::vector<UnitPlace>& places() const { return places_; }

 private:
  // A layer whose output has a group of its input hands the units on.
  static bool share_a_group(const ActivationLayout& in, const ActivationLayout& out) {
    return std::ranges::any_of(in.groups, [&](const AxisGroups& of_in) {
      return std::ranges::any_of(of_in.ids, [&](const GroupId& id) {
        return id && std::ranges::any_of(out.groups, [&](const AxisGroups& of_out) {
                 return std::ranges::find(of_out.ids, id) != of_out.ids.end();
               });
      });
    });
  }
  void add_inputs(std::size_t l, const ActivationLayout& in) {
    Index stride = in.shape.size();
    for (std::size_t axis = 0; axis < in.groups.size(); ++axis) {
      stride /= in.shape.axes()[axis];
      std::map<std::size_t, UnitPlace> of_groups;
      Index entry = 0;
      for_each_index(in.shape, [&](std::span<const Index> index) {
        const GroupId group = in.groups[axis].at(in.shape, index);
        if (group && index[axis] == 0) {
          UnitPlace& place = of_groups[*group];
          place.samples.push_back(entry);
        }
        ++entry;
      });
      for (auto& [group, place] : of_groups) {
        place.name = layers_[l].name;
        place.layer = l;
        place.groups = {group};
        place.units = in.shape.axes()[axis];
        place.width = in.shape.size();
        place.stride = stride;
        places_.push_back(std::move(place));
      }
    }
  }
  void add_inside(std::size_t l, const SelfAttention<Scalar>& attention, const ParameterLayout& layout) {
    const Index tokens = attention.options().inputs[0], width = attention.options().inputs[1];
    const auto add = [&](const char* part, UnitPlace::Source source, Index first, Index apart) {
      UnitPlace place{.name = layers_[l].name + '/' + part,
                      .layer = l,
                      .source = source,
                      .groups = {},
                      .units = width,
                      .width = tokens * apart,
                      .samples = {},
                      .stride = 1};
      const bool values = source == UnitPlace::Source::mixed_values;
      for (const GroupId& id : layout.at(layers_[l].name + (values ? "/value/bias" : "/query/bias")).groups[1].ids) {
        if (!id) return;
        place.groups.push_back(*id);
      }
      for (Index t = 0; t < tokens; ++t) place.samples.push_back(t * apart + first);
      places_.push_back(std::move(place));
    };
    add("query", UnitPlace::Source::projections, 0, 3 * width);
    add("key", UnitPlace::Source::projections, width, 3 * width);
    add("value", UnitPlace::Source::mixed_values, 0, width);
  }

  std::vector<TappedLayer<Scalar>> layers_;
  std::vector<UnitPlace> places_;
};

/// Sums over samples from which the moments of a UnitPlace follow. They are of the differences from the first sample, so that a
/// unit that never changes has a variance of exactly 0.
struct MomentSums {
  std::array<std::vector<double>, 2> first, sum, squares;  // of a and b; for each unit
  std::vector<double> products;                            // [units, units]
};

/// One pass of two networks over the data.
template <std::floating_point Scalar>
class MomentPass {
 public:
  using States = std::array<const ModelState<Scalar>*, 2>;

  MomentPass(const Network<Scalar>& network, const States& states, const Dataset<Scalar>& data, const ThreadTeam& team)
      : network_(&network), states_(states), data_(&data), team_(team), places_(network) {
    Index bytes = 0;
    for (const UnitPlace& p : places_.places())
      bytes += static_cast<Index>(p.samples.size()) * p.units * 2 * static_cast<Index>(sizeof(double));
    // Depends on the network alone, since it decides the bits.
    round_ = std::clamp<Index>((Index{64} << 20) / std::max<Index>(1, bytes), 1, 512);
    round_ = std::min(round_, data.size());
    batch_ = std::max<Index>(1, std::min<Index>(64, round_ / 8));
    workers_.resize(static_cast<std::size_t>(team.size()));
    for (const UnitPlace& p : places_.places()) {
      const auto units = static_cast<std::size_t>(p.units);
      MomentSums sums;
      std::array<std::vector<double>, 2> rows;
      for (std::size_t k = 0; k < 2; ++k) {
        sums.first[k].resize(units);
        sums.sum[k].resize(units);
        sums.squares[k].resize(units);
        rows[k].resize(static_cast<std::size_t>(round_) * p.samples.size() * units);
      }
      sums.products.resize(units * units);
      sums_.push_back(std::move(sums));
      rows_.push_back(std::move(rows));
    }
  }

  [[nodiscard]] ActivationMoments run() {
    forward(0, 0, 1, 0);
    for (std::size_t p = 0; p < sums_.size(); ++p)
      for (std::size_t k = 0; k < 2; ++k) std::copy_n(rows_[p][k].begin(), sums_[p].first[k].size(), sums_[p].first[k].begin());
    for (Index first = 0; first < data_->size(); first += round_) {
      const Index count = std::min(round_, data_->size() - first);
      team_.for_each((count + batch_ - 1) / batch_, [&](Index i, int worker) {
        forward(first + i * batch_, i * batch_, std::min(batch_, count - i * batch_), worker);
      });
      add(count);
    }
    ActivationMoments moments;
    for (std::size_t p = 0; p < sums_.size(); ++p) moments.places.push_back(finish(p));
    return moments;
  }

 private:
  static constexpr Index block = 128;  // rows of a covariance that are one piece of work
  // A thread's own network, whose taps write into rows_, and memory.
  struct Worker {
    TapObserver<Scalar> observer;
    std::size_t network = 0;  // a or b
    Index row = 0;            // of the first example in rows_
    std::optional<Network<Scalar>> watched;
    std::optional<BatchMemory<Scalar>> memory;
    std::array<std::vector<Scalar>, 2> buffers;  // not written in evaluation mode
    std::vector<double> workspace;
  };

  Worker& worker(int number) {
    std::unique_ptr<Worker>& w = workers_[static_cast<std::size_t>(number)];
    if (w) return *w;
    w = std::make_unique<Worker>();
    Worker* const self = w.get();
    w->observer.forwarded = [this, self](std::size_t layer, const ForwardArgs<Scalar>& a) { take(*self, layer, a); };
    w->watched = tapped(*network_, w->observer);
    w->memory.emplace(*w->watched, batch_);
    for (std::size_t k = 0; k < 2; ++k) w->buffers[k] = states_[k]->buffers;
    return *w;
  }
  // Activations of examples first … first + batch − 1 to the rows from that of example `row` of the round on.
  void forward(Index first, Index row, Index batch, int number) {
    Worker& w = worker(number);
    w.row = row;
    w.memory->gather_range(*data_, first, batch);
    for (w.network = 0; w.network < 2; ++w.network)
      w.memory->forward(*w.watched, states_[w.network]->parameters, w.buffers[w.network], batch, Mode::evaluation);
  }
  void take(const Worker& w, std::size_t layer, const ForwardArgs<Scalar>& a) {
    for (std::size_t p = 0; p < rows_.size(); ++p) {
      const UnitPlace& place = places_.places()[p];
      if (place.layer != layer) continue;
      std::span<const Scalar> values = span_of(a.x);
      if (place.source != UnitPlace::Source::inputs) {
        const auto* attention = places_.layers()[layer].layer.template target<SelfAttention<Scalar>>();
        values = place.source == UnitPlace::Source::projections ? attention->projections(a.cache, a.x.rows())
                                                                : attention->mixed_values(a.cache, a.x.rows());
      }
      double* to = rows_[p][w.network].data() + w.row * static_cast<Index>(place.samples.size()) * place.units;
      const double* const shift = sums_[p].first[w.network].data();
      for (Index i = 0; i < a.x.rows(); ++i)
        for (const Index sample : place.samples) {
          const Scalar* const from = values.data() + i * place.width + sample;
          for (Index u = 0; u < place.units; ++u) *to++ = static_cast<double>(from[u * place.stride]) - shift[u];
        }
    }
  }
  // The rows of the first `count` examples of a round to the sums; each sum is one thread's alone, in the order of samples.
  void add(Index count) {
    struct Piece {
      std::size_t place;
      std::optional<Index> first;  // row of the products; nothing: the sums of single units
    };
    std::vector<Piece> pieces;
    for (std::size_t p = 0; p < sums_.size(); ++p) {
      pieces.push_back({p, std::nullopt});
      for (Index row = 0; row < places_.places()[p].units; row += block) pieces.push_back({p, row});
    }
    team_.for_each(static_cast<Index>(pieces.size()), [&](Index i, int number) {
      const Piece& piece = pieces[static_cast<std::size_t>(i)];
      const UnitPlace& place = places_.places()[piece.place];
      const Index samples = count * static_cast<Index>(place.samples.size());
      if (piece.first)
        add_products(piece.place, *piece.first, samples, number);
      else
        add_single(piece.place, samples);
    });
  }
  void add_single(std::size_t p, Index samples) {
    for (std::size_t k = 0; k < 2; ++k) {
      const double* from = rows_[p][k].data();
      std::vector<double>&sum = sums_[p].sum[k], &squares = sums_[p].squares[k];
      for (Index i = 0; i < samples; ++i)
        for (std::size_t u = 0; u < sum.size(); ++u, ++from) {
          sum[u] += *from;
          squares[u] += *from * *from;
        }
    }
  }
  void add_products(std::size_t p, Index first, Index samples, int number) {
    const Index units = places_.places()[p].units, rows = std::min(block, units - first);
    std::vector<double>& workspace = worker(number).workspace;
    workspace.resize(
        std::max(workspace.size(), static_cast<std::size_t>(simd::product_workspace<double>(rows, units, samples))));
    simd::product<double>(Strided<const double>(rows_[p][0].data() + first, samples, rows, units).transposed(),
                          Strided<const double>(rows_[p][1].data(), samples, units, units),
                          Strided<double>(sums_[p].products.data() + first * units, rows, units, units), WriteMode::add,
                          workspace);
  }
  [[nodiscard]] PlaceMoments finish(std::size_t p) const {
    const UnitPlace& place = places_.places()[p];
    const MomentSums& sums = sums_[p];
    const std::size_t units = sums.first[0].size();
    PlaceMoments m{
        .place = place.name, .groups = place.groups, .samples = data_->size() * static_cast<Index>(place.samples.size())};
    const double n = static_cast<double>(m.samples);
    for (std::size_t k = 0; k < 2; ++k)
      for (std::size_t u = 0; u < units; ++u) {
        const double mean = sums.sum[k][u] / n, variance = std::max(0.0, sums.squares[k][u] / n - mean * mean);
        require(std::isfinite(sums.squares[k][u]), "activation_moments: at '", place.name, "' an activation of network ",
                k == 0 ? "a" : "b",
                " is NaN, infinite, or too large to be squared; expected finite activations; did a training "
                "diverge?");
        (k == 0 ? m.mean_a : m.mean_b).push_back(sums.first[k][u] + mean);
        (k == 0 ? m.variance_a : m.variance_b).push_back(variance);
      }
    for (std::size_t i = 0; i < units; ++i)
      for (std::size_t j = 0; j < units; ++j)
        m.covariance.push_back(sums.products[i * units + j] / n - sums.sum[0][i] / n * (sums.sum[1][j] / n));
    return m;
  }

  const Network<Scalar>* network_;
  States states_;
  const Dataset<Scalar>* data_;
  ThreadTeam team_;
  UnitPlaces<Scalar> places_;
  Index round_ = 0, batch_ = 0;  // examples that are in memory together, and of one forward pass
  std::vector<MomentSums> sums_;
  std::vector<std::array<std::vector<double>, 2>> rows_;  // [samples of a round, units] of a and b, for each place
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace detail

/// Moments of the activations of every permutation group's units in two networks of one architecture, from one pass of both
/// over data in evaluation mode: what activation_matching() takes.
///
/// Units are seen where the next layer's weights read them, hence behind nonlinearity, normalization and pooling: what the rest
/// of the network gets of a unit, and where one that died is constant. Positions that share a group (pixels behind a
/// convolution, tokens) are samples of it; each position of a locally connected layer has its own group, and moments; a
/// residual stream has a place in front of each layer that reads it. The units inside attention heads are seen inside: queries,
/// keys, and the values as the heads mix them.
///
/// Sums are in double, in the order of the data: the bits do not depend on the team. Memory: 8 n² bytes for a place of n units,
/// and at most 64 MiB for the activations of some examples, or those of one. Compute bound: 2 n² operations in double for each
/// sample. Throws: Error when a state or the data do not fit the network; data have fewer than two examples, whose variance is
/// 0; parameters or activations are not finite.
template <std::floating_point Scalar>
ActivationMoments activation_moments(const Network<Scalar>& network, const ModelState<Scalar>& a, const ModelState<Scalar>& b,
                                     const Dataset<Scalar>& data, const ThreadTeam& team = ThreadTeam()) {
  require_fit(network, data);
  for (const ModelState<Scalar>* state : {&a, &b}) {
    detail::require_state("activation_moments", network, *state);
    detail::require_finite_values<Scalar>("activation_moments", state == &a ? "a" : "b", state->parameters);
  }
  require(data.size() > 1, "activation_moments: the data have ", data.size(),
          " examples; expected at least 2: a correlation needs activations that vary");
  return detail::MomentPass<Scalar>(network, {&a, &b}, data, team).run();
}

}  // namespace lmc
