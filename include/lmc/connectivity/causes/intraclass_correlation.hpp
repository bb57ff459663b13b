// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <lmc/core/error.hpp>

namespace lmc {

/// What intraclass_correlation() gives.
struct IntraclassCorrelation {
  double single = 0;   // ICC(1,1), how reliable the values of one initialization are, in [−1/(k − 1), 1]
  double average = 0;  // ICC(1,k), how reliable their mean over the k initializations is, at most 1
  double between = 0;  // mean square between examples
  double within = 0;   // mean square within examples
};

/// How much of the variance of a value per example is the example's own, and not that of an initialization: the intraclass
/// correlation of the one-way random effects model, x_ij = μ + example_j + noise_ij. values[i][j] is that of initialization i for
/// example j; with k initializations, n examples, means x̄_j over initializations and x̄ over all,
///   between = k Σ_j (x̄_j − x̄)² ÷ (n − 1)            within = Σ_ij (x_ij − x̄_j)² ÷ (n (k − 1))
///   single  = (between − within) ÷ (between + (k − 1) within)         average = (between − within) ÷ between
/// so that (n − 1) between + n (k − 1) within = Σ_ij (x_ij − x̄)². 1 where examples differ and initializations agree; about 0
/// where examples do not differ by more than the noise says, and negative where they do by less.
///
/// single is NaN where all values are equal, average where all examples have one mean, and both where a value is NaN.
/// Throws: Error when there are fewer than two initializations or examples, or the initializations have unequal numbers of them.
/// Source: Shrout, Fleiss, "Intraclass correlations: uses in assessing rater reliability", Psychological Bulletin 86 (1979),
/// whose targets are the examples here, and whose judges the initializations.
inline IntraclassCorrelation intraclass_correlation(const std::vector<std::vector<double>>& values) {
  require(values.size() >= 2, "intraclass_correlation: ", values.size(), " initializations; expected at least two");
  const std::size_t initializations = values.size(), examples = values.front().size();
  for (std::size_t i = 0; i < initializations; ++i)
    require(values[i].size() == examples, "intraclass_correlation: initialization ", i, " has ", values[i].size(),
            " values, but initialization 0 has ", examples, "; expected the same examples in each");
  require(examples >= 2, "intraclass_correlation: ", examples, " examples; expected at least two");
  const auto k = static_cast<double>(initializations), n = static_cast<double>(examples);

  std::vector<double> means(examples);
  double mean = 0, between = 0, within = 0, greatest = 0;
  for (std::size_t j = 0; j < examples; ++j) {
    for (const std::vector<double>& row : values) {
      means[j] += row[j];
      greatest = std::max(greatest, std::abs(row[j]));
    }
    means[j] /= k;
    mean += means[j] / n;
  }
  for (std::size_t j = 0; j < examples; ++j) {
    between += k * (means[j] - mean) * (means[j] - mean);
    for (const std::vector<double>& row : values) within += (row[j] - means[j]) * (row[j] - means[j]);
  }
  between /= n - 1;
  within /= n * (k - 1);
  // Squares of what rounding leaves of equal numbers.
  const double rounding = 1e-28 * greatest * greatest;
  if (between < rounding) between = 0;
  if (within < rounding) within = 0;
  if (between == 0)
    return {.single = within == 0 ? std::nan("") : -1 / (k - 1), .average = std::nan(""), .between = 0, .within = within};
  return {.single = (between - within) / (between + (k - 1) * within),
          .average = (between - within) / between,
          .between = between,
          .within = within};
}

}  // namespace lmc
