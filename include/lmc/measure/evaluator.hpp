// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <lmc/connectivity/causes/layer_mixtures.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/connectivity/metrics.hpp>
#include <lmc/connectivity/plane/plane.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/loss/any_loss.hpp>
#include <lmc/loss/cross_entropy.hpp>
#include <lmc/loss/loss.hpp>
#include <lmc/measure/detail/dataset_chunks.hpp>
#include <lmc/measure/detail/dataset_metrics.hpp>
#include <lmc/measure/detail/line_sums.hpp>
#include <lmc/measure/detail/mixture_sums.hpp>
#include <lmc/measure/detail/plane_sums.hpp>
#include <lmc/measure/detail/split_network.hpp>
#include <lmc/measure/detail/temporaries.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/simd/lerp.hpp>
#include <lmc/train/batch_memory.hpp>
#include <lmc/train/calibrate_buffers.hpp>
#include <lmc/train/step.hpp>

namespace lmc {

/// Mean loss of one data set, and where it has classes 0-1 error and outcome of every example, as a function of θ; the PathEvaluator of
/// our networks. Where the network has buffers (running statistics), they are estimated anew for every θ, as calibrate_buffers does:
/// those between two networks are no mean of theirs, and at the ends the procedure is the same. Sums are in double over fixed
/// chunks of the data, added in order: the bits do not depend on the team.
///
/// Where the network has no buffers and its first layer with parameters is affine in them (Dense, MaskedDense, Conv2d,
/// LocallyConnected2d, PatchEmbedding), a path runs that layer at the two ends alone, once; what it gives in between is on the
/// line between its outputs there, up to rounding. A plane runs it four times. The chunks are then worked on in parallel, as they are
/// for a single θ; the places of any other path or plane are. Each thread has its own memory. Network and data sets must outlive it.
template <std::floating_point Scalar>
class NetworkEvaluator {
 public:
  static constexpr bool ends_as_alone = true;  // an end goes through the same operations, to the bit

  /// Throws: Error when the data set does not fit the network and the loss, or the network has buffers.
  NetworkEvaluator(const Network<Scalar>& network, const Dataset<Scalar>& data, ThreadTeam team, LossOf<Scalar> loss)
      : network_(&network),
        metrics_(network, data, std::move(loss)),
        line_(line(network, data)),
        plane_(plane(network, data)),
        team_(team) {
    require(network.layout().buffer_count() == 0, "evaluator: the network has buffers (", network.layout().buffer_count(),
            " values, the first in '", first_buffer(network),
            "'), which belong to one θ and are estimated anew for every "
            "other; say from which data: evaluator(network, data, training_data)");
  }
  /// statistics: the training data, from which buffers are estimated; a network without buffers needs none, and ignores it.
  /// Throws: Error when a data set does not fit the network and the loss, or the batch size is not positive.
  NetworkEvaluator(const Network<Scalar>& network, const Dataset<Scalar>& data, const Dataset<Scalar>& statistics,
                   ThreadTeam team, EstimateOptions options, LossOf<Scalar> loss)
      : network_(&network),
        metrics_(network, data, std::move(loss)),
        line_(line(network, data)),
        plane_(plane(network, data)),
        estimate_(std::in_place, network, statistics, options),
        team_(team) {}

  /// The same evaluator, but its metrics carry the logits too: what logit_ensemble, decompose_curve and calibrated_barrier take.
  /// Every other number keeps its bits, and no further pass over the data is made; each θ then holds 4 bytes for every example
  /// and class, 10 MB for 25 places of 10,000 examples in 10 classes. Throws: Error when the data set has no classes.
  [[nodiscard]] NetworkEvaluator with_logits() const {
    require(metrics_.chunks().data().classes() > 0,
            "with_logits: the data set has no classes, so that the outputs are no logits; measure a regression without them");
    NetworkEvaluator copy = *this;
    copy.with_logits_ = true;
    return copy;
  }

  /// The metrics of θ. Throws: Error when its length is not that of the network's parameters.
  Metrics operator()(std::span<const Scalar> theta) const {
    require_length(theta);
    if (line_) {
      detail::PlaceSums sums = line_->measure(theta, team_, with_logits_);
      return metrics_.finish(sums.total, sums.wrong, std::move(sums.logits));
    }
    TeamMemory<Scalar> memory(*network_, batch_size(), team_, metrics_.loss());
    std::vector<Scalar> buffers(static_cast<std::size_t>(network_->layout().buffer_count()));
    if (!buffers.empty()) estimate_->run(theta, team_, memory, buffers);
    return metrics_.all(theta, buffers, team_, memory, detail::Unchanged(), with_logits_);
  }

  /// The metrics of every point of the line from a to b, in the order of points. Throws: Error when a length is not that of the
  /// network's parameters.
  [[nodiscard]] std::vector<Metrics> evaluate_path(std::span<const Scalar> a, std::span<const Scalar> b,
                                                   std::span<const PathWeights> points) const {
    require_length(a);
    require_length(b);
    if (!line_) {
      const OnLine line{a, b, points};
      return evaluate_places(metrics_, line, buffers_at(line));
    }
    std::vector<detail::PlaceSums> sums = line_->measure(a, b, points, team_, with_logits_);
    std::vector<Metrics> measured(points.size());
    team_.for_each(static_cast<Index>(points.size()), [&](Index i, int) {
      detail::PlaceSums& place = sums[static_cast<std::size_t>(i)];
      measured[static_cast<std::size_t>(i)] = metrics_.finish(place.total, place.wrong, std::move(place.logits));
    });
    return measured;
  }

  /// The metrics of θ(u, v) at every place of a plane, in the order of places, without outcomes of single examples. Throws: Error
  /// when the plane's networks do not have as many parameters as this one.
  [[nodiscard]] std::vector<Metrics> evaluate_plane(const Plane<Scalar>& plane, std::span<const PlanePoint> places) const {
    require_length(plane.origin());
    std::vector<Metrics> measured;
    if (plane_) {
      for (const detail::PlaceSums& sums : plane_->measure(plane, places, team_))
        measured.push_back(metrics_.finish(sums.total, {}));
      return measured;
    }
    const OnPlane on_plane{&plane, places};
    measured = evaluate_places(metrics_, on_plane, buffers_at(on_plane));
    for (Metrics& metrics : measured) metrics.wrong.clear();
    return measured;
  }

  /// The metrics of every mixture, in order, without outcomes of single examples. Where the network has no buffers, activations
  /// below the first layer that differs are shared between mixtures (MixtureTree), and the chunks of the data are worked on in
  /// parallel; the numbers are those of θ alone, to the bit. Otherwise each θ is measured alone, its buffers estimated anew.
  /// Throws: Error when θ is not as long as the network's parameters.
  [[nodiscard]] std::vector<Metrics> evaluate_mixtures(const LayerMixtures<Scalar>& request) const {
    for (const std::span<const Scalar> theta : request.thetas) require_length(theta);
    std::vector<Metrics> measured;
    if (network_->layout().buffer_count() == 0) {
      for (const LossSum& sum : detail::mixture_sums(metrics_.chunks(), metrics_.loss(), request, team_))
        measured.push_back(metrics_.finish(sum, {}));
      return measured;
    }
    std::vector<Scalar> theta(request.thetas[0].size());
    for (const LayerMixture& mixture : request.mixtures) {
      request.assemble(mixture, theta);
      measured.push_back((*this)(theta));
      measured.back().wrong.clear();
    }
    return measured;
  }

  /// Number of examples.
  [[nodiscard]] Index example_count() const { return metrics_.chunks().examples(); }
  /// Evaluates chosen examples, as decide() does: a callable (std::span<const Index> examples) → [points][examples], whether
  /// each is wrong. That is what evaluate_path says of it, unless two of its logits are equal up to rounding: simd::SparseBatch
  /// sums in an order that depends on the batch. Buffers are estimated here, once for every point, and not for every call.
  /// The callable reads a, b and this evaluator, which must outlive it, and throws Error when there is no such example.
  /// Throws: Error when a length is not that of the network's parameters, or the data set has no classes.
  [[nodiscard]] auto line_outcomes(std::span<const Scalar> a, std::span<const Scalar> b,
                                   std::span<const PathWeights> points) const {
    require_length(a);
    require_length(b);
    detail::require_classes("evaluator", metrics_.chunks().data());
    return [this, a, b, places = std::vector<PathWeights>(points.begin(), points.end()),
            buffers = buffers_at(OnLine{a, b, points})](std::span<const Index> examples) {
      for (const Index i : examples)
        require(i >= 0 && i < example_count(), "evaluator: there is no example ", i, "; expected 0 to ", example_count() - 1);
      const Dataset<Scalar> chosen = metrics_.chunks().data().subset(examples);
      std::vector<Metrics> measured =
          line_ ? NetworkEvaluator(*network_, chosen, team_, metrics_.loss()).evaluate_path(a, b, places)
                : evaluate_places({*network_, chosen, metrics_.loss()}, OnLine{a, b, places}, buffers);
      std::vector<std::vector<bool>> wrong;
      for (Metrics& metrics : measured) wrong.push_back(std::move(metrics.wrong));
      return wrong;
    };
  }

 private:
  // θ at places of a line and of a plane.
  struct OnLine {
    std::span<const Scalar> a, b;
    std::span<const PathWeights> places;
    [[nodiscard]] std::size_t size() const { return places.size(); }
    std::span<const Scalar> at(std::size_t k, std::vector<Scalar>& memory) const {
      memory.resize(a.size());
      simd::lerp<Scalar>(a, b, places[k].alpha, places[k].alpha_bar, memory);
      return memory;
    }
  };
  struct OnPlane {
    const Plane<Scalar>* plane;
    std::span<const PlanePoint> places;
    [[nodiscard]] std::size_t size() const { return places.size(); }
    std::span<const Scalar> at(std::size_t k, std::vector<Scalar>& memory) const {
      memory.resize(plane->size());
      plane->at(places[k], memory);
      return memory;
    }
  };

  // The buffers at each place, estimated in parallel; empty where the network has none.
  template <class Places>
  [[nodiscard]] std::vector<std::vector<Scalar>> buffers_at(const Places& places) const {
    const auto count = static_cast<std::size_t>(network_->layout().buffer_count());
    std::vector<std::vector<Scalar>> buffers(places.size(), std::vector<Scalar>(count));
    if (count == 0) return buffers;
    std::vector<std::vector<Scalar>> thetas(static_cast<std::size_t>(team_.size()));
    TeamMemory<Scalar> memories(*network_, estimate_->batch_size(), team_);
    team_.for_each(static_cast<Index>(places.size()), [&](Index i, int worker) {
      const auto k = static_cast<std::size_t>(i);
      estimate_->run(places.at(k, thetas[static_cast<std::size_t>(worker)]), memories(worker), buffers[k]);
    });
    return buffers;
  }
  // Each by itself, places in parallel, with those buffers.
  template <class Places>
  [[nodiscard]] std::vector<Metrics> evaluate_places(const detail::DatasetMetrics<Scalar>& metrics, const Places& places,
                                                     std::vector<std::vector<Scalar>> buffers) const {
    struct Worker {
      std::vector<Scalar> theta;
      std::vector<std::uint8_t> wrong;
    };
    std::vector<Worker> workers(static_cast<std::size_t>(team_.size()));
    TeamMemory<Scalar> memories(*network_, metrics.chunks().part(), team_, metrics.loss());
    std::vector<Metrics> measured(places.size());
    team_.for_each(static_cast<Index>(places.size()), [&](Index i, int w) {
      const auto k = static_cast<std::size_t>(i);
      Worker& worker = workers[static_cast<std::size_t>(w)];
      worker.wrong.resize(metrics.outcomes());
      const std::span<const Scalar> theta = places.at(k, worker.theta);
      LossSum sum;
      std::vector<float> logits(with_logits_ ? metrics.logits() : 0);
      for (Index c = 0; c < metrics.chunks().count(); ++c)
        sum += metrics.sum(theta, buffers[k], c, memories(w), worker.wrong, detail::Unchanged(), logits);
      measured[k] = metrics.finish(sum, worker.wrong, std::move(logits));
    });
    return measured;
  }

  // The faster way to measure a line, where the network can be split and its tail is small enough for that to pay.
  std::optional<detail::LineSums<Scalar>> line(const Network<Scalar>& network, const Dataset<Scalar>& data) const {
    auto split = detail::SplitNetwork<Scalar>::of(network);
    if (!split) return std::nullopt;
    detail::LineSums<Scalar> line(std::move(*split), data, metrics_.loss(),
                                  {.chunk = detail::DatasetChunks<Scalar>::size, .part = metrics_.chunks().part()});
    if (line.places_at_once() < 3) return std::nullopt;
    return line;
  }
  // The faster way to measure a plane, where there is one for lines.
  std::optional<detail::PlaneSums<Scalar>> plane(const Network<Scalar>& network, const Dataset<Scalar>& data) const {
    if (!line_) return std::nullopt;
    return detail::PlaneSums<Scalar>(*detail::SplitNetwork<Scalar>::of(network), data, metrics_.loss(),
                                     {.chunk = detail::DatasetChunks<Scalar>::size, .part = metrics_.chunks().part()});
  }
  static std::string_view first_buffer(const Network<Scalar>& network) {
    const auto& buffers = network.layout().buffers;
    return buffers.empty() ? std::string_view() : buffers.front().name;
  }
  void require_length(std::span<const Scalar> theta) const {
    require(static_cast<Index>(theta.size()) == network_->layout().parameter_count(), "evaluator: θ has ", theta.size(),
            " entries; the network has ", network_->layout().parameter_count(), " parameters");
  }
  // Room for a part of a chunk, and for a batch of the estimate.
  [[nodiscard]] Index batch_size() const {
    const bool estimated = network_->layout().buffer_count() > 0;
    return estimated ? std::max(metrics_.chunks().part(), estimate_->batch_size()) : metrics_.chunks().part();
  }

  const Network<Scalar>* network_;
  detail::DatasetMetrics<Scalar> metrics_;
  std::optional<detail::LineSums<Scalar>> line_;
  std::optional<detail::PlaneSums<Scalar>> plane_;
  std::optional<detail::BufferEstimate<Scalar>> estimate_;
  ThreadTeam team_;
  bool with_logits_ = false;
};

/// The evaluator of network on data, with the threads of team: `evaluator(net, test)`, or with another loss
/// `evaluator(net, test, ThreadTeam(), SquaredError())`.
template <std::floating_point Scalar>
NetworkEvaluator<Scalar> evaluator(const Network<Scalar>& network, const Dataset<Scalar>& data, ThreadTeam team = ThreadTeam(),
                                   LossOf<Scalar> loss = CrossEntropy()) {
  return NetworkEvaluator<Scalar>(network, data, team, std::move(loss));
}
/// The same for a network that may have running statistics: for every θ they are estimated from `statistics`, the training
/// data.
template <std::floating_point Scalar>
NetworkEvaluator<Scalar> evaluator(const Network<Scalar>& network, const Dataset<Scalar>& data,
                                   const Dataset<Scalar>& statistics, ThreadTeam team = ThreadTeam(),
                                   EstimateOptions options = {}, LossOf<Scalar> loss = CrossEntropy()) {
  return NetworkEvaluator<Scalar>(network, data, statistics, team, options, std::move(loss));
}

/// A compile error that says why: the evaluator would outlive a temporary network or data set.
template <class N, class... Rest>
  requires detail::HasTemporary<N, Rest...>
NetworkEvaluator<typename detail::ScalarOf<std::remove_cvref_t<N>>::type> evaluator(N&&, Rest&&...) {
  detail::refuse_temporary<N, Rest...>();
}
/// The same for `evaluator<float>(…)`.
template <std::floating_point Scalar, class... Arguments>
  requires detail::HasTemporary<Arguments...>
NetworkEvaluator<Scalar> evaluator(Arguments&&...) {
  detail::refuse_temporary<Arguments...>();
}

/// The metrics of a trained network as it is: with the buffers of its state, the running statistics of its training. They
/// differ from an evaluator's, which estimates the buffers; for a network without buffers both are equal, to the bit. Throws:
/// Error when state or data do not fit the network, or the loss the data.
template <std::floating_point Scalar>
Metrics evaluate(const Network<Scalar>& network, const ModelState<Scalar>& state, const Dataset<Scalar>& data,
                 const ThreadTeam& team = ThreadTeam(), const LossOf<Scalar>& loss = CrossEntropy()) {
  if (state.buffers.empty()) {
    detail::require_state("evaluate", network, state);
    return NetworkEvaluator<Scalar>(network, data, team, loss)(state.parameters);
  }
  return detail::evaluate_changed("evaluate", network, state, data, team, loss, detail::Unchanged());
}

}  // namespace lmc
