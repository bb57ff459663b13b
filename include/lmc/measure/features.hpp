// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include <lmc/connectivity/causes/end_disagreement.hpp>
#include <lmc/connectivity/causes/feature_statistics.hpp>
#include <lmc/connectivity/detail/finite_values.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/matrix/detail/eigen.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/simd/lerp.hpp>
#include <lmc/train/calibrate_buffers.hpp>
#include <lmc/train/step.hpp>

namespace lmc {

/// Where feature_account() looks.
struct FeatureAccountOptions {
  double alpha = 0.5;             // the place on the line, in [0, 1]; `loss_barrier(curve).alpha` is where the barrier is
  EstimateOptions estimate = {};  // of a network with buffers: the batches that they are estimated from
};

/// What becomes of the features of each layer between two networks, and how the two disagree.
struct FeatureAccount {
  double alpha = 0;                          // the place, as in the options
  std::vector<LayerFeatures> layers = {};    // behind each layer of the network (Network::parts); the last are the logits
  std::optional<EndDisagreement> ends = {};  // of the predictions of the two networks; none for a regression
};

namespace detail {

/// Three networks of one architecture on one data set: a, one between, and b.
template <std::floating_point Scalar>
class FeaturePass {
 public:
  static constexpr std::size_t networks = 3;
  using States = std::array<ModelState<Scalar>, networks>;

  /// Everything must outlive it.
  FeaturePass(const Network<Scalar>& network, States& states, const Dataset<Scalar>& data, const PathWeights& at)
      : network_(&network), states_(&states), data_(&data), at_(at), pieces_((data.size() + piece - 1) / piece) {}

  /// Sums over at most 8 groups of consecutive pieces of the data, added in order: neither bits nor memory depend on the team.
  [[nodiscard]] FeatureAccount run(const ThreadTeam& team) const {
    const Index groups = std::min<Index>(8, pieces_);
    std::vector<Sums> sums(static_cast<std::size_t>(groups));
    team.for_each(groups, [&](Index g, int) {
      sums[static_cast<std::size_t>(g)] = sum(g * pieces_ / groups, (g + 1) * pieces_ / groups);
    });
    for (std::size_t g = 1; g < sums.size(); ++g) {
      for (std::size_t i = 0; i < sums[g].layers.size(); ++i) sums[0].layers[i] += sums[g].layers[i];
      sums[0].ends += sums[g].ends;
    }
    FeatureAccount account{.alpha = at_.alpha};
    for (std::size_t i = 0; i < sums[0].layers.size(); ++i) {
      account.layers.push_back(sums[0].layers[i].finish());
      account.layers.back().name = network_->parts()[i].name;
    }
    if (data_->classes() > 0) account.ends = sums[0].ends;
    return account;
  }

 private:
  static constexpr Index piece = static_cast<Index>(LinearCka::batch);  // the most examples that are in memory together

  struct Sums {
    std::vector<FeatureStatistics> layers;
    EndDisagreement ends;
  };
  using Memory = Eigen::Array<Scalar, Eigen::Dynamic, 1>;  // aligned for vectors
  /// Room for a piece.
  struct Workspace {
    explicit Workspace(const Network<Scalar>& network) : inputs(piece * network.input_shape()->size()) {
      Index widest = 0, cached = 0, scratch = 0;
      for (const auto& part : network.parts()) {
        widest = std::max(widest, part.output.size());
        cached = std::max(cached, part.layer.cache_size(piece));
        scratch = std::max(scratch, part.layer.workspace_size(piece));
      }
      for (auto& pair : outputs)
        for (Memory& output : pair) output.resize(piece * widest);
      cache.resize(cached);
      workspace.resize(scratch);
    }
    Memory inputs, cache, workspace;
    std::array<std::array<Memory, 2>, networks> outputs;  // by turns: what a layer reads, and what it writes
    std::vector<std::int32_t> labels = std::vector<std::int32_t>(static_cast<std::size_t>(piece));
  };
  static std::span<Scalar> first_of(Memory& m, Index count) {
    return slice(std::span(m.data(), static_cast<std::size_t>(m.size())), 0, count);
  }

  [[nodiscard]] Sums sum(Index begin, Index end) const {
    Sums sums;
    for (const auto& part : network_->parts()) sums.layers.emplace_back(part.output.size(), at_);
    Workspace memory(*network_);
    // Pieces differ by at most one example, so that none is too small for a CKA.
    for (Index p = begin; p < end; ++p) add(p * data_->size() / pieces_, (p + 1) * data_->size() / pieces_, memory, sums);
    return sums;
  }

  void add(Index first, Index last, Workspace& memory, Sums& sums) const {
    const Index batch = last - first;
    Index width = network_->input_shape()->size();
    const std::span<Scalar> inputs = first_of(memory.inputs, batch * width);
    const std::span<std::int32_t> labels = slice(std::span(memory.labels), 0, data_->classes() > 0 ? batch : 0);
    data_->gather_range(first, matrix_view(inputs, batch, width), labels);
    std::array<std::span<const Scalar>, networks> x;
    x.fill(inputs);
    for (std::size_t i = 0; i < network_->parts().size(); ++i) {
      const auto& part = network_->parts()[i];
      for (std::size_t k = 0; k < networks; ++k) {
        const std::span<Scalar> y = first_of(memory.outputs[k][i % 2], batch * part.output.size());
        forward(part, (*states_)[k], matrix_view(x[k], batch, width), matrix_view(y, batch, part.output.size()), memory);
        x[k] = y;
      }
      width = part.output.size();
      try {
        sums.layers[i].add(x[0], x[1], x[2]);
      } catch (const Error& e) {
        throw Error(concat("feature_account: behind '", part.name, "': ", e.what()));
      }
    }
    if (!labels.empty()) sums.ends += end_disagreement<Scalar>(x[0], x[2], labels);
  }

  static void forward(const typename Network<Scalar>::Part& part, ModelState<Scalar>& state, MatrixView<const Scalar> x,
                      MatrixView<Scalar> y, Workspace& memory) {
    part.layer.forward({.params = part.params.of(std::span<const Scalar>(state.parameters)),
                        .buffers = part.buffers.of(std::span<Scalar>(state.buffers)),  // not written in evaluation mode
                        .x = x,
                        .y = y,
                        .cache = first_of(memory.cache, part.layer.cache_size(x.rows())),
                        .workspace = first_of(memory.workspace, part.layer.workspace_size(x.rows())),
                        .mode = Mode::evaluation,
                        .noise = {}});
  }

  const Network<Scalar>* network_;
  States* states_;
  const Dataset<Scalar>* data_;
  PathWeights at_;
  Index pieces_;
};

template <std::floating_point Scalar>
FeatureAccount feature_account(const Network<Scalar>& network, std::span<const Scalar> a, std::span<const Scalar> b,
                               const Dataset<Scalar>& data, const Dataset<Scalar>* statistics,
                               const FeatureAccountOptions& options, const ThreadTeam& team) {
  const Index parameters = network.layout().parameter_count(), buffers = network.layout().buffer_count();
  require(static_cast<Index>(a.size()) == parameters && static_cast<Index>(b.size()) == parameters, "feature_account: a has ",
          a.size(), " parameters and b ", b.size(), "; the network has ", parameters);
  require_finite_values("feature_account", "a", a);
  require_finite_values("feature_account", "b", b);
  require(options.alpha >= 0 && options.alpha <= 1, "feature_account: alpha = ", options.alpha,
          "; expected a place on the path, in [0, 1]");
  require_fit(network, data);
  const PathWeights at{options.alpha, 1 - options.alpha};
  typename FeaturePass<Scalar>::States states;
  states[0].parameters.assign(a.begin(), a.end());
  states[1].parameters.resize(a.size());
  simd::lerp<Scalar>(a, b, at.alpha, at.alpha_bar, states[1].parameters);
  states[2].parameters.assign(b.begin(), b.end());
  if (buffers > 0)
    for (ModelState<Scalar>& state : states)
      state.buffers = calibrate_buffers(network, state.parameters, *statistics, team, options.estimate);
  return FeaturePass<Scalar>(network, states, data, at).run(team);
}

}  // namespace detail

/// What each layer of a network gives at θ(α) = (1 − α) a + α b, against what it gives at a and at b (LayerFeatures), and how the
/// predictions of a and b disagree, from one pass of the three networks over data, in evaluation mode. A layer is one that the
/// network's summary shows at the left: what is inside a block is not looked at.
///
/// Examples are taken in at most 8 groups of pieces of at most 64, all of nearly equal size; sums are in double and added in order.
/// The bits do not depend on the team, of which no more than 8 threads have work. Memory: three θ, and for each group 6 doubles
/// per unit of every layer; for each thread, the activations of two layers for a piece and three networks.
/// Throws: Error when a or b are not as long as the network's parameters, or NaN or infinite; alpha is out of range; the data do
/// not fit; the network has buffers, which need the second form; or features are not finite.
/// Source: arXiv:2307.08286, arXiv:2211.08403, arXiv:1905.00414 (see LayerFeatures and LinearCka).
template <std::floating_point Scalar>
FeatureAccount feature_account(const Network<Scalar>& network, std::type_identity_t<std::span<const Scalar>> a,
                               std::type_identity_t<std::span<const Scalar>> b, const Dataset<Scalar>& data,
                               const FeatureAccountOptions& options = {}, const ThreadTeam& team = ThreadTeam()) {
  require(
      network.layout().buffer_count() == 0, "feature_account: the network has buffers (", network.layout().buffer_count(),
      " values, the first in '", network.layout().buffers.empty() ? "" : network.layout().buffers.front().name,
      "'), which belong to one θ and are estimated anew for every other; say from which data: feature_account(network, a, b, "
      "data, training_data)");
  return detail::feature_account<Scalar>(network, a, b, data, nullptr, options, team);
}

/// The same for a network that may have buffers, such as running statistics: for each of the three θ they are estimated from
/// `statistics`, the training data, as the evaluator does (calibrate_buffers): three more passes, over those. Throws: Error as
/// above, when `statistics` does not fit the network, or the batch size of the estimate is not positive.
template <std::floating_point Scalar>
FeatureAccount feature_account(const Network<Scalar>& network, std::type_identity_t<std::span<const Scalar>> a,
                               std::type_identity_t<std::span<const Scalar>> b, const Dataset<Scalar>& data,
                               const Dataset<Scalar>& statistics, const FeatureAccountOptions& options = {},
                               const ThreadTeam& team = ThreadTeam()) {
  return detail::feature_account<Scalar>(network, a, b, data, &statistics, options, team);
}

}  // namespace lmc
