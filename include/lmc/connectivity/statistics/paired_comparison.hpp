// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <ostream>
#include <span>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>

namespace lmc {

/// By how much the numbers of one list exceed those of another, pair by pair.
struct PairedComparison {
  Index pairs = 0;               // n
  double shift = 0;              // Hodges-Lehmann estimate, in the units of the numbers
  std::optional<double> p = {};  // two-sided, of the sign-flip test of the mean; none below 8 pairs
};

namespace detail {

/// The fewest pairs of which a sign-flip test can say something: of 7, no p is below 2/2⁷ = 0.016, however they differ.
inline constexpr std::size_t fewest_flipped_pairs = 8;
/// The most pairs of which every choice of signs is tried: 2¹⁹ of them, as a sign for all changes nothing.
inline constexpr std::size_t most_enumerated_pairs = 20;
inline constexpr std::uint32_t sampled_flips = 99999;

/// The median of (d_i + d_j)/2 over i ≤ j.
inline double hodges_lehmann(std::span<const double> d) {
  std::vector<double> walsh;
  walsh.reserve(d.size() * (d.size() + 1) / 2);
  for (std::size_t i = 0; i < d.size(); ++i)
    for (std::size_t j = i; j < d.size(); ++j) walsh.push_back(std::midpoint(d[i], d[j]));
  const auto middle = walsh.begin() + static_cast<std::ptrdiff_t>(walsh.size() / 2);
  std::nth_element(walsh.begin(), middle, walsh.end());
  return walsh.size() % 2 == 1 ? *middle : std::midpoint(*std::max_element(walsh.begin(), middle), *middle);
}

/// Σ of the differences, with a minus where bit i of the flips is set.
inline double flipped_sum(std::span<const double> d, std::uint64_t flips) {
  double sum = 0;
  for (std::size_t i = 0; i < d.size(); ++i) sum += (flips >> i & 1) != 0 ? -d[i] : d[i];
  return sum;
}

/// The share of all choices of signs with |Σ ± d_i| ≥ |Σ d_i|. `least` is |Σ d_i| less what rounding can make of an equal sum.
inline double enumerated_p(std::span<const double> d, double least) {
  const std::uint64_t choices = std::uint64_t{1} << (d.size() - 1);
  std::uint64_t extreme = 0;
  for (std::uint64_t flips = 0; flips < choices; ++flips) extreme += std::abs(flipped_sum(d, flips)) >= least ? 1 : 0;
  return static_cast<double>(extreme) / static_cast<double>(choices);
}

/// The same from random choices, with the observed one among them: a valid test, too.
inline double sampled_p(std::span<const double> d, double least) {
  std::uint32_t extreme = 1;
  for (std::uint32_t draw = 0; draw < sampled_flips; ++draw) {
    const Stream stream{.seed = 0, .purpose = Purpose::sign_flips, .epoch = draw};
    double sum = 0;
    for (std::size_t i = 0; i < d.size(); i += 32) {
      const auto part = d.subspan(i, std::min<std::size_t>(32, d.size() - i));
      sum += flipped_sum(part, random_bits(stream, i)[0]);
    }
    extreme += std::abs(sum) >= least ? 1 : 0;
  }
  return static_cast<double>(extreme) / (sampled_flips + 1);
}

}  // namespace detail

/// Two lists of n numbers, the i-th of which belong together, as the cross-fitted barriers of two ways of training from the i-th
/// of n initializations. With d_i = second_i − first_i:
///   shift = median over i ≤ j of (d_i + d_j)/2: a few extreme pairs move it little
///   p     = the share of all 2ⁿ choices of signs with |Σ ± d_i| ≥ |Σ d_i|: exact if d and −d are equally likely when the two
///           ways do not differ, whatever their distribution
/// With more than 20 pairs, p is from 99,999 random choices and the observed one: its standard error is below 0.0016.
/// No p below 8 pairs: the smallest possible is 2/2ⁿ, so that even the greatest difference could hardly show.
/// Swapping the lists changes the sign of the shift and keeps p. Time: n² and 2ⁿ, at most 2¹⁹ n.
/// Throws: Error when the lists are not equally long, have fewer than two numbers, or one is NaN or infinite.
/// Source: Hodges, Lehmann, Ann. Math. Stat. 34 (1963); Fisher, "The design of experiments" (1935), § 21; the observed choice
/// among the random ones: Phipson, Smyth, Stat. Appl. Genet. Mol. Biol. 9 (2010).
inline PairedComparison paired_comparison(std::span<const double> first, std::span<const double> second) {
  require(first.size() == second.size() && first.size() >= 2, "paired_comparison: ", first.size(), " and ", second.size(),
          " numbers; expected two lists of pairs, equally long, with at least two numbers each");
  std::vector<double> d;
  for (std::size_t i = 0; i < first.size(); ++i) {
    d.push_back(second[i] - first[i]);
    require(std::isfinite(d.back()), "paired_comparison: pair ", i, " has ", shortest(first[i]), " and ", shortest(second[i]),
            "; expected finite numbers; leave out pairs that diverged, and say so");
  }
  PairedComparison result{.pairs = std::ssize(d), .shift = detail::hodges_lehmann(d)};
  if (d.size() < detail::fewest_flipped_pairs) return result;
  double sum = 0, absolute = 0;
  for (const double x : d) {
    sum += x;
    absolute += std::abs(x);
  }
  require(std::isfinite(absolute), "paired_comparison: the differences add up to more than a double holds; scale the numbers");
  const double least = std::abs(sum) - 1e-12 * absolute;
  result.p = d.size() <= detail::most_enumerated_pairs ? detail::enumerated_p(d, least) : detail::sampled_p(d, least);
  return result;
}

/// Prints `shift 0.0123 over 10 pairs, p 0.0020`, or why there is no p.
inline std::ostream& operator<<(std::ostream& out, const PairedComparison& comparison) {
  out << "shift " << fixed(comparison.shift, 4) << " over " << comparison.pairs << " pairs, ";
  if (comparison.p) return out << "p " << fixed(*comparison.p, 4);
  return out << "no p: with fewer than " << detail::fewest_flipped_pairs << " pairs it cannot be small, here not below "
             << fixed(std::ldexp(1.0, 1 - static_cast<int>(comparison.pairs)), 4);
}

}  // namespace lmc
