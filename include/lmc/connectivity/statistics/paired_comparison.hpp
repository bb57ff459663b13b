// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <ostream>
#include <span>
#include <vector>

#include <lmc/connectivity/statistics/interval.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>

namespace lmc {

/// By how much the numbers of one list exceed those of another, pair by pair.
struct PairedComparison {
  Index pairs = 0;                        // n
  double shift = 0;                       // Hodges-Lehmann estimate, in the units of the numbers
  std::optional<double> p = {};           // two-sided, of the sign-flip test of the mean; none below 8 pairs
  std::optional<Interval> interval = {};  // 95 % limits of the shift by the same test; none below 8 pairs
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

/// The means of all subsets of the differences but the empty one. Of two subsets, one of which has an element more, the sum of the
/// larger is known from the smaller.
inline std::vector<double> subset_means(std::span<const double> d) {
  std::vector<double> sums(std::size_t{1} << d.size());
  for (std::size_t subset = 1; subset < sums.size(); ++subset)
    sums[subset] = sums[subset & (subset - 1)] + d[static_cast<std::size_t>(std::countr_zero(subset))];
  for (std::size_t subset = 1; subset < sums.size(); ++subset) sums[subset] /= std::popcount(subset);
  sums.erase(sums.begin());
  return sums;
}

/// The means of random subsets; an empty one, which no shift can be below, counts as the lowest and as the highest.
inline std::vector<double> sampled_subset_means(std::span<const double> d) {
  std::vector<double> means;
  for (std::uint32_t draw = 0; draw < sampled_flips; ++draw) {
    const Stream stream{.seed = 0, .purpose = Purpose::sign_flips, .epoch = draw};
    double sum = 0;
    int count = 0;
    for (std::size_t i = 0; i < d.size(); i += 32) {
      const auto part = d.subspan(i, std::min<std::size_t>(32, d.size() - i));
      const std::uint32_t flips = random_bits(stream, i)[0];
      for (std::size_t j = 0; j < part.size(); ++j)
        if ((flips >> j & 1) != 0) {
          sum += part[j];
          ++count;
        }
    }
    if (count > 0) means.push_back(sum / count);
  }
  return means;
}

/// The shifts that the two-sided sign-flip test does not reject at 5 %. For the shift s, a flip of the differences d − s in a subset
/// makes the sum at least as large where the subset's mean of d is at most s. So with `choices` ways to flip, of which one flips none,
/// s is too low when 2 (1 + number of means ≤ s) ≤ 0.05 choices.
inline Interval typical_interval(std::vector<double> means, double choices) {
  const auto rejected = static_cast<std::ptrdiff_t>(std::floor(0.05 * choices / 2)) - 1;
  const auto low = means.begin() + rejected, high = means.end() - 1 - rejected;
  std::nth_element(means.begin(), low, means.end());
  Interval interval{*low, 0};
  std::nth_element(means.begin(), high, means.end());
  interval.high = *high;
  return interval;
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
///   interval = the s for which the p of d − s is above 0.05: 0 is outside where p is at most 0.05
/// With more than 20 pairs, p is from 99,999 random choices and the observed one: its standard error is below 0.0016.
/// No p below 8 pairs: the smallest possible is 2/2ⁿ, so that even the greatest difference could hardly show.
/// Swapping the lists changes the signs of shift and interval and keeps p. Time: n² and 2ⁿ, at most 2¹⁹ n; memory 2ⁿ, at most 8 MB.
/// Throws: Error when the lists are not equally long, have fewer than two numbers, or one is NaN or infinite.
/// Source: Hodges, Lehmann, Ann. Math. Stat. 34 (1963); Fisher, "The design of experiments" (1935), § 21; the observed choice
/// among the random ones: Phipson, Smyth, Stat. Appl. Genet. Mol. Biol. 9 (2010); the interval by the means of subsets: Hartigan,
/// "Using subsample values as typical values", J. Am. Stat. Assoc. 64 (1969).
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
  const bool enumerated = d.size() <= detail::most_enumerated_pairs;
  result.p = enumerated ? detail::enumerated_p(d, least) : detail::sampled_p(d, least);
  result.interval = enumerated ? detail::typical_interval(detail::subset_means(d), std::ldexp(1.0, static_cast<int>(d.size())))
                               : detail::typical_interval(detail::sampled_subset_means(d), detail::sampled_flips + 1.0);
  return result;
}

/// Prints `shift 0.0123 [0.0051, 0.0187] over 10 pairs, p 0.0020`, or why there is no p.
inline std::ostream& operator<<(std::ostream& out, const PairedComparison& comparison) {
  out << "shift " << fixed(comparison.shift, 4) << ' ';
  if (comparison.interval)
    out << '[' << fixed(comparison.interval->low, 4) << ", " << fixed(comparison.interval->high, 4) << "] ";
  out << "over " << comparison.pairs << " pairs, ";
  if (comparison.p) return out << "p " << fixed(*comparison.p, 4);
  return out << "no p: with fewer than " << detail::fewest_flipped_pairs << " pairs it cannot be small, here not below "
             << fixed(std::ldexp(1.0, 1 - static_cast<int>(comparison.pairs)), 4);
}

}  // namespace lmc
