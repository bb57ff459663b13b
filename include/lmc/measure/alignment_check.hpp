// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include <lmc/align/alignment.hpp>
#include <lmc/align/permute.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/measure/logits.hpp>
#include <lmc/parallel/thread_team.hpp>

namespace lmc {

/// How far two states are from one function on a data set.
struct FunctionDifference {
  Index examples = 0;              // that were compared
  double outputs = 0;              // largest difference of an output ÷ largest |output|; NaN where an output is not finite
  double changed_predictions = 0;  // share of examples with another largest output, in [0, 1]; ties that rounding breaks count
  double tolerance = 0;            // that `outputs` was held against
};

/// Compares f(θ, x) and f(θ', x) for all examples of data, in evaluation mode with each state's own buffers. Throws: Error when
/// a state or data do not fit the network, or the data are empty.
template <std::floating_point Scalar>
FunctionDifference function_difference(const Network<Scalar>& network, const ModelState<Scalar>& state,
                                       const ModelState<Scalar>& other, const Dataset<Scalar>& data,
                                       const ThreadTeam& team = ThreadTeam()) {
  require(data.size() > 0, "function_difference: the data are empty; expected examples");
  const std::vector<Scalar> y = logits(network, state, data, team), z = logits(network, other, data, team);
  double largest = 0, difference = 0;
  bool finite = true;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double here = static_cast<double>(y[i]), there = static_cast<double>(z[i]);
    finite = finite && std::isfinite(here) && std::isfinite(there);
    largest = std::max({largest, std::abs(here), std::abs(there)});
    difference = std::max(difference, std::abs(here - there));
  }
  const auto outputs = static_cast<std::ptrdiff_t>(network.output_shape().size());
  Index changed = 0;
  for (auto a = y.begin(), b = z.begin(); a != y.end(); a += outputs, b += outputs)
    if (std::max_element(a, a + outputs) - a != std::max_element(b, b + outputs) - b) ++changed;
  FunctionDifference result{.examples = data.size(),
                            .outputs = difference == 0 ? 0 : difference / largest,
                            .changed_predictions = static_cast<double>(changed) / static_cast<double>(data.size())};
  if (!finite) result.outputs = std::numeric_limits<double>::quiet_NaN();
  return result;
}

/// What a search for permutations found, and the permuted network, whose function was compared with that of the given one.
template <std::floating_point Scalar>
struct CheckedAlignment {
  Alignment alignment;       // what the search found
  ModelState<Scalar> state;  // π(b): b with its units in the order of a's
  FunctionDifference check;  // between b and π(b), on data
};

/// π(b), after a comparison of f(π(b)) with f(b) on data: the outputs may differ by √ε of the largest one, ε being Scalar's
/// (3.5e-4 for float, 1.5e-8 for double), since sums go in another order. Throws: Error when they differ by more, as when a
/// layer declares permutation groups wrongly; when the permutations, b or data do not fit the network.
template <std::floating_point Scalar>
CheckedAlignment<Scalar> checked_alignment(const Network<Scalar>& network, Alignment alignment, const ModelState<Scalar>& b,
                                           const Dataset<Scalar>& data, const ThreadTeam& team = ThreadTeam()) {
  ModelState<Scalar> permuted = permute(network.layout(), alignment.permutations, b);
  FunctionDifference check = function_difference(network, b, permuted, data, team);
  check.tolerance = std::sqrt(static_cast<double>(std::numeric_limits<Scalar>::epsilon()));
  require(check.outputs <= check.tolerance, "alignment: the permuted network is another function than the given one: on ",
          check.examples, " examples an output differs by ", shortest(check.outputs), " of the largest, and ",
          shortest(check.changed_predictions), " of the predictions change; expected at most ", shortest(check.tolerance),
          ". Does a layer of your own declare groups of units that are not interchangeable? "
          "testing/permutation_effect.hpp finds out");
  return {std::move(alignment), std::move(permuted), check};
}

}  // namespace lmc
