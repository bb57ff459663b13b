// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <lmc/align/alignment.hpp>
#include <lmc/align/detail/matching_ends.hpp>
#include <lmc/align/detail/matching_terms.hpp>
#include <lmc/align/permutations.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/batches.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/data/subset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/weight_matching.hpp>
#include <lmc/train/run.hpp>
#include <lmc/train/step.hpp>

namespace lmc::detail {

/// Throws: Error, begun by `who`, unless permutations of b's units can be trained on the loss half way with these options.
template <std::floating_point Scalar, class A, class B, class Options>
void require_half_way(std::string_view who, const Network<Scalar>& network, const A& a, const B& b, const Dataset<Scalar>& data,
                      const Options& options) {
  require(network.layout().buffer_count() == 0, who, ": the network has buffers (", network.layout().buffer_count(),
          " values), which belong to one θ; use frank_wolfe or activation_matching");
  require(options.steps >= 0, who, ": steps = ", options.steps, "; expected 0 or more");
  require(options.chosen_by > 0, who, ": chosen_by = ", options.chosen_by, "; expected a positive number of examples");
  require_fit(network, data);
  require_finished(who, "the first run", a);
  require_finished(who, "the second run", b);
  require_matching_ends<Scalar>(who, network.layout(), parameters_of(a), parameters_of(b));
}

/// The middle ½ θ_A + ½ θ of two networks: the gradient of its loss, for searches that train permutations on it, and the
/// permutations with the smallest loss among those that a search met.
template <std::floating_point Scalar>
class HalfWay {
 public:
  /// All arguments must outlive it. options: batch_size, chosen_by and seed count.
  template <class Options>
  HalfWay(std::string_view who, const Network<Scalar>& network, std::span<const Scalar> a, const Dataset<Scalar>& data,
          const Options& options)
      : who_(who),
        network_(network),
        a_(a),
        data_(data),
        choosing_(random_subset(data, std::min(options.chosen_by, data.size()), options.seed)),
        evaluate_(evaluator(network, choosing_)),
        middle_{std::vector<Scalar>(a.size()), {}},
        memory_(network, options.batch_size),
        batches_(data.size(), {.batch_size = options.batch_size, .order_seed = options.seed, .drop_last = true}),
        best_{.seed = options.seed} {}
  HalfWay(const HalfWay&) = delete;  // the evaluator points at its examples
  HalfWay& operator=(const HalfWay&) = delete;

  /// Keeps permutations whose loss is below that of all before; moved = π(θ_B).
  void consider(const Permutations& permutations, std::span<const Scalar> moved) {
    go_half_way_to(moved);
    const double loss = evaluate_(middle_.parameters).loss;
    require_finite(loss);
    if (least_ && !(loss < *least_)) return;
    least_ = loss;
    best_.permutations = permutations;
  }

  /// ∂L/∂θ' at θ' = ½ θ_A + ½ θ on the examples of that step. Valid until the next call.
  [[nodiscard]] std::span<const Scalar> gradient(std::span<const Scalar> theta, Index step) {
    go_half_way_to(theta);
    if (step % batches_.per_epoch() == 0) batches_.shuffle(static_cast<std::uint32_t>(step / batches_.per_epoch()));
    const std::span<const Index> examples = batches_.batch(step % batches_.per_epoch());
    require_finite(loss_and_gradient<Scalar>(network_, data_, examples, middle_, memory_.batch, memory_.gradient));
    return memory_.gradient;
  }

  /// The best permutations considered, with ⟨θ_A, π(θ_B)⟩ for comparison with other searches.
  [[nodiscard]] Alignment result(std::span<const Scalar> b, int sweeps) const {
    const ParameterLayout& layout = network_.layout();
    const MatchingTerms terms = matching_terms(layout);
    const auto objective = [&](const Permutations& p) { return matching_objective<Scalar>(terms, a_, b, unit_maps(terms, p)); };
    Alignment result = best_;
    result.objective_before = objective(identity_permutations(layout));
    result.objective_after = objective(best_.permutations);
    result.sweeps = sweeps;
    result.moved = moved_units(best_.permutations);
    return result;
  }

 private:
  void go_half_way_to(std::span<const Scalar> theta) { interpolate<Scalar>(a_, theta, {0.5, 0.5}, middle_.parameters); }
  void require_finite(double loss) const {
    require(std::isfinite(loss), who_, ": the loss half way between the networks is ", loss,
            "; expected a finite one: are the data finite, and the outputs of both networks?");
  }

  std::string_view who_;
  const Network<Scalar>& network_;
  std::span<const Scalar> a_;
  const Dataset<Scalar>& data_;
  Dataset<Scalar> choosing_;
  NetworkEvaluator<Scalar> evaluate_;
  ModelState<Scalar> middle_;
  StepMemory<Scalar> memory_;
  Batches batches_;
  Alignment best_;
  std::optional<double> least_;
};

}  // namespace lmc::detail
