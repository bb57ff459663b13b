// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/curvature/detail/krylov.hpp>
#include <lmc/curvature/detail/vectors.hpp>
#include <lmc/curvature/hessian_function.hpp>

namespace lmc {

/// How spectrum_ends() searches.
struct SpectrumOptions {
  Index steps = 60;         // most products of one start, before the last two
  Index starts = 2;         // random starts, each a search of its own
  double tolerance = 1e-4;  // a search ends where both residuals are estimated below this times the largest |value|
  std::uint64_t seed = 0;   // seed of the starts
};

/// An approximate eigenvalue θ of H with its vector y.
struct RitzValue {
  double value = 0;     // θ = yᵀ H y / yᵀ y
  double residual = 0;  // ‖H y − θ y‖ / ‖y‖: some eigenvalue of H lies in [θ − residual, θ + residual]
};

/// What one random start found.
struct SpectrumSearch {
  RitzValue largest;       // at the upper end
  RitzValue smallest;      // at the lower end
  Index steps = 0;         // dimension of the Krylov space
  bool invariant = false;  // H maps that space to itself, to rounding: no further step can find more from this start
};

/// Both ends of the spectrum of a symmetric H.
struct SpectrumEnds {
  RitzValue largest;                     // the greatest value of all starts; for a loss its "sharpness"
  RitzValue smallest;                    // the least
  std::vector<SpectrumSearch> searches;  // what each start found: starts that disagree have not converged
  Index products = 0;                    // products with H in all

  /// Prints both values with their residuals, what each start found, and what is not proven.
  friend std::ostream& operator<<(std::ostream& out, const SpectrumEnds& ends) {
    const auto print = [&](std::string_view name, const RitzValue& end, RitzValue SpectrumSearch::*member) {
      out << name << ' ' << end.value << " +- " << end.residual << " (";
      for (std::size_t i = 0; i < ends.searches.size(); ++i)
        out << (i == 0 ? "starts: " : ", ") << (ends.searches[i].*member).value;
      out << ")\n";
    };
    print("largest eigenvalue ", ends.largest, &SpectrumSearch::largest);
    print("smallest eigenvalue", ends.smallest, &SpectrumSearch::smallest);
    return out
           << ends.products
           << " products. Each interval holds an eigenvalue; that none lies beyond is likely where starts agree, but not proven.\n";
  }
};

/// The largest and the smallest eigenvalue of a symmetric H of that size, by Lanczos' method with full reorthogonalization, in double,
/// from several normal starts. The residual of each value is computed by one more product, not by the recurrence. By it some eigenvalue
/// is near; that it is the extreme one follows for no finite number of products (a start may be orthogonal to its vector), and starts
/// that agree make it likely. Every value is at most the true largest one, and at least the smallest, to rounding. Of an eigenvalue that
/// H has several times one copy is found.
///
/// Memory: steps + 3 vectors of double. Cost: starts · (steps + 2) products at most, and 2 steps² · size multiplications for each start.
/// Source: Lanczos 1950; the bound: Parlett, "The symmetric eigenvalue problem", 1998, theorem 4.5.1.
/// Throws: Error when size or an option is out of range, or a product is not finite.
template <HessianOperator H>
SpectrumEnds spectrum_ends(H&& hessian, Index size, const SpectrumOptions& options = {}) {
  require(size >= 1, "spectrum_ends: size = ", size, "; expected at least 1, the length of θ");
  require(options.steps >= 1 && options.starts >= 1, "spectrum_ends: steps = ", options.steps, ", starts = ", options.starts,
          "; expected at least 1 of each");
  require(options.tolerance >= 0, "spectrum_ends: tolerance = ", options.tolerance, "; expected at least 0");
  SpectrumEnds ends;
  std::vector<double> product(static_cast<std::size_t>(size));
  for (Index s = 0; s < options.starts; ++s) {
    const auto converged = [&](const detail::Krylov& k) {
      if (k.diagonal.size() < 3) return false;
      const auto ritz = k.ritz();
      const double limit = options.tolerance * std::max(std::abs(ritz.front().value), std::abs(ritz.back().value));
      return k.residual * std::max(std::abs(ritz.front().last), std::abs(ritz.back().last)) <= limit;
    };
    const detail::Krylov k =
        detail::lanczos("spectrum_ends", hessian,
                        detail::normal_probe(size, detail::probe_stream(options.seed, detail::Probe::lanczos_start, s)),
                        options.steps, converged);
    const auto dimension = static_cast<Index>(k.basis.size());
    const auto end = [&](Index number) {
      const std::vector<double> y = k.vector(number);
      detail::checked_product("spectrum_ends", hessian, y, product);
      const double square = detail::dot(y, y), value = detail::dot(y, product) / square;
      detail::add_multiple(-value, y, product);
      return RitzValue{value, detail::length(product) / std::sqrt(square)};
    };
    ends.searches.push_back({.largest = end(dimension - 1), .smallest = end(0), .steps = dimension, .invariant = k.invariant});
    ends.products += dimension + 2;
  }
  const auto value_of = [](RitzValue SpectrumSearch::*member) {
    return [member](const SpectrumSearch& search) { return (search.*member).value; };
  };
  ends.largest = std::ranges::max_element(ends.searches, {}, value_of(&SpectrumSearch::largest))->largest;
  ends.smallest = std::ranges::min_element(ends.searches, {}, value_of(&SpectrumSearch::smallest))->smallest;
  return ends;
}

}  // namespace lmc
