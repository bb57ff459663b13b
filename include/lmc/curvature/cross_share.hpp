// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <lmc/connectivity/block_path.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/curvature/detail/vectors.hpp>
#include <lmc/curvature/estimate.hpp>
#include <lmc/curvature/hessian_function.hpp>

namespace lmc {

/// How cross_share() estimates.
struct CrossShareOptions {
  Index probes = 20;       // random choices of signs, at least 2, a product each
  std::uint64_t seed = 0;  // seed of the signs
};

/// How much of a curvature comes from pairs of different blocks.
struct CrossShare {
  double total = 0;               // δᵀ H δ over all blocks
  Estimate within;                // Σ_p δ_pᵀ H δ_p
  std::optional<Estimate> share;  // Σ_{p ≠ q} δ_pᵀ H δ_q / total = 1 − within / total; none where total is not positive
  Index products = 0;             // products with H
};

/// The part of δᵀHδ that the blocks of δ have together and not each for itself. δ_p has the entries of δ in block p and zeros elsewhere;
/// entries in no block are left out of δ. With random signs ε_p, the mean of (Σ_p ε_p δ_p)ᵀ H (Σ_p ε_p δ_p) is Σ_p δ_pᵀ H δ_p.
///
/// For a convolution lifted to a locally connected layer (lift_to_local), with the blocks position_blocks() of that layer and δ = E (b − a),
/// it is what the positions share: the curvature that there is because one filter is moved at all positions at once. It can be above 1 or
/// negative where some δ_pᵀHδ_p or their sum is. Throws: Error when lengths differ, δ is 0 in all blocks, there are fewer than 2 blocks or
/// probes, or a product is not finite.
template <HessianOperator H>
CrossShare cross_share(H&& hessian, std::span<const double> delta, const BlockOfParameter& blocks,
                       const CrossShareOptions& options = {}) {
  require(delta.size() == blocks.size(), "cross_share: δ has ", delta.size(), " entries, but ", blocks.size(),
          " say which block a parameter belongs to; expected equal lengths");
  require(options.probes >= 2, "cross_share: probes = ", options.probes, "; expected at least 2");
  std::size_t count = 0;
  std::optional<std::size_t> first;
  bool several = false;
  for (const auto& block : blocks)
    if (block) {
      several = several || (first && *first != *block);
      first = block;
      count = std::max(count, *block + 1);
    }
  require(several, "cross_share: all parameters are in one block or in none; expected at least 2 blocks");
  std::vector<double> v(delta.size()), product(delta.size());
  const auto curvature_of = [&](const std::vector<double>& signs) {
    for (std::size_t i = 0; i < v.size(); ++i) v[i] = blocks[i] ? signs[*blocks[i]] * delta[i] : 0;
    detail::checked_product("cross_share", hessian, v, product);
    return detail::dot(v, product);
  };
  CrossShare result{
      .total = curvature_of(std::vector<double>(count, 1.0)), .within = {}, .share = {}, .products = 1 + options.probes};
  require(detail::length(v) > 0, "cross_share: δ is 0 in all blocks; expected two different networks");
  std::vector<double> values;
  for (Index p = 0; p < options.probes; ++p)
    values.push_back(curvature_of(
        detail::sign_probe(static_cast<Index>(count), detail::probe_stream(options.seed, detail::Probe::position_sign, p))));
  result.within = estimate_of(values);
  if (result.total > 0)
    result.share = Estimate{1 - result.within.value / result.total, result.within.standard_error / result.total};
  return result;
}

}  // namespace lmc
