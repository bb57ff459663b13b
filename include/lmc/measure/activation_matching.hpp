// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>

#include <lmc/align/activation_matching.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/measure/activation_moments.hpp>
#include <lmc/measure/alignment_check.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/run.hpp>

namespace lmc {

/// Brings the units of b into the order of a's by the correlation of their activations on data: activation_matching() of
/// activation_moments(), with the check that b's function is kept, on the same data. Data that neither network was trained on
/// show no memorized examples; some thousand examples are enough where units are fewer.
///   const auto matched = activation_matching(net, a, b, test);
///   linear_path(a, matched.state, evaluator(net, test))
/// Throws: Error as those three do.
template <std::floating_point Scalar>
CheckedAlignment<Scalar> activation_matching(const Network<Scalar>& network, const ModelState<Scalar>& a,
                                             const ModelState<Scalar>& b, const Dataset<Scalar>& data,
                                             const ThreadTeam& team = ThreadTeam()) {
  return checked_alignment(network, activation_matching(network.layout(), activation_moments(network, a, b, data, team)), b,
                           data, team);
}
/// The same for the ends of two runs. Throws: Error when one of them diverged, too.
template <std::floating_point Scalar>
CheckedAlignment<Scalar> activation_matching(const Network<Scalar>& network, const Run<Scalar>& a, const Run<Scalar>& b,
                                             const Dataset<Scalar>& data, const ThreadTeam& team = ThreadTeam()) {
  require(!a.diverged_at && !b.diverged_at, "activation_matching: a run diverged; expected two networks that were trained");
  return activation_matching(network, a.state, b.state, data, team);
}

}  // namespace lmc
