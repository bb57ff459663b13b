// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <span>
#include <utility>
#include <vector>

#include <lmc/connectivity/barrier_matrix.hpp>
#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/exact/refine.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/connectivity/slerp.hpp>
#include <lmc/connectivity/statistics/decide.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/train/train.hpp>

// Paths and barriers between what training gives and files hold: the same as between the parameters. Buffers, such as running
// statistics, belong to one θ; an evaluator estimates them anew.

namespace lmc {

/// The curve between the ends of two runs; Curve::diverged where one of them diverged, so that nothing is judged.
template <std::floating_point Scalar, Evaluator<Scalar> E>
Curve linear_path(const Run<Scalar>& a, const Run<Scalar>& b, E&& evaluate, const PathOptions& options = {}) {
  Curve curve = linear_path(a.state.parameters, b.state.parameters, std::forward<E>(evaluate), options);
  curve.diverged = a.diverged_at || b.diverged_at;
  return curve;
}

/// The curve between two states, such as load_state and Checkpoint::state give.
template <std::floating_point Scalar, Evaluator<Scalar> E>
Curve linear_path(const ModelState<Scalar>& a, const ModelState<Scalar>& b, E&& evaluate, const PathOptions& options = {}) {
  return linear_path(a.parameters, b.parameters, std::forward<E>(evaluate), options);
}

/// The curve on the arc of the great circle between the ends of two runs; Curve::diverged as for linear_path.
template <std::floating_point Scalar, Evaluator<Scalar> E>
Curve slerp_path(const Run<Scalar>& a, const Run<Scalar>& b, E&& evaluate, const PathOptions& options = {}) {
  Curve curve = slerp_path(a.state.parameters, b.state.parameters, std::forward<E>(evaluate), options);
  curve.diverged = a.diverged_at || b.diverged_at;
  return curve;
}
/// The same between two states.
template <std::floating_point Scalar, Evaluator<Scalar> E>
Curve slerp_path(const ModelState<Scalar>& a, const ModelState<Scalar>& b, E&& evaluate, const PathOptions& options = {}) {
  return slerp_path(a.parameters, b.parameters, std::forward<E>(evaluate), options);
}

/// The barriers between every two of several states: `std::cout << barrier_matrix<float>({a, b, c}, evaluator(net, test))`.
template <std::floating_point Scalar, Evaluator<Scalar> E>
BarrierMatrix barrier_matrix(const std::vector<ModelState<Scalar>>& states, E&& evaluate, const PathOptions& options = {}) {
  std::vector<std::span<const Scalar>> thetas;
  for (const ModelState<Scalar>& state : states) thetas.emplace_back(state.parameters);
  return detail::barrier_matrix_of<Scalar>(thetas, std::vector<bool>(states.size()), evaluate, options);
}
/// The barriers between every two of several runs, as train_many gives them.
template <std::floating_point Scalar, Evaluator<Scalar> E>
BarrierMatrix barrier_matrix(const std::vector<Run<Scalar>>& runs, E&& evaluate, const PathOptions& options = {}) {
  std::vector<std::span<const Scalar>> thetas;
  std::vector<bool> diverged;
  for (const Run<Scalar>& run : runs) {
    thetas.emplace_back(run.state.parameters);
    diverged.push_back(run.diverged_at.has_value());
  }
  return detail::barrier_matrix_of<Scalar>(thetas, diverged, evaluate, options);
}

/// decide() for two runs; Verdict::none, and nothing is evaluated, where one of them diverged.
template <std::floating_point Scalar, ExampleEvaluator<Scalar> E>
Decision decide(const Run<Scalar>& a, const Run<Scalar>& b, E&& evaluate, const DecideOptions& options = {}) {
  if (a.diverged_at || b.diverged_at) return {.verdict = Verdict::none, .of = std::as_const(evaluate).example_count()};
  return decide(a.state.parameters, b.state.parameters, std::forward<E>(evaluate), options);
}
/// decide() for two states.
template <std::floating_point Scalar, ExampleEvaluator<Scalar> E>
Decision decide(const ModelState<Scalar>& a, const ModelState<Scalar>& b, E&& evaluate, const DecideOptions& options = {}) {
  return decide(a.parameters, b.parameters, std::forward<E>(evaluate), options);
}

/// refine() for the curve between two runs.
template <std::floating_point Scalar, Evaluator<Scalar> E>
RefinedCurve refine(const Curve& curve, const Run<Scalar>& a, const Run<Scalar>& b, E&& evaluate,
                    const RefineOptions& options = {}) {
  return refine(curve, a.state.parameters, b.state.parameters, std::forward<E>(evaluate), options);
}
/// refine() for the curve between two states.
template <std::floating_point Scalar, Evaluator<Scalar> E>
RefinedCurve refine(const Curve& curve, const ModelState<Scalar>& a, const ModelState<Scalar>& b, E&& evaluate,
                    const RefineOptions& options = {}) {
  return refine(curve, a.parameters, b.parameters, std::forward<E>(evaluate), options);
}

}  // namespace lmc
