// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <span>
#include <vector>

#include <lmc/align/alignment.hpp>
#include <lmc/align/detail/joint_assignment.hpp>
#include <lmc/align/detail/matching_terms.hpp>
#include <lmc/align/permutations.hpp>
#include <lmc/align/permute.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/batches.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/data/subset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/matrix/strided.hpp>
#include <lmc/matrix/write_mode.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/simd/product.hpp>
#include <lmc/train/step.hpp>

namespace lmc {

/// How sinkhorn_matching() searches.
struct SinkhornOptions {
  Index steps = 300;           // updates of the relaxed permutations, > 0
  Index batch_size = 500;      // examples per update
  double learning_rate = 0.1;  // of Adam, on the logits Z
  double temperature = 1;      // τ: Z/τ is what Sinkhorn's iterations scale
  double start = 8;            // Z at the starting permutation's entries, 0 at all others
  Index iterations = 20;       // scalings of rows and columns in each update
  Index round_every = 25;      // steps between permutations that are tried
  Index chosen_by = 5000;      // examples whose loss at the midpoint chooses the result
  std::uint64_t seed = 0;      // of the order of the examples
};

namespace detail {

/// A doubly stochastic matrix P = diag(u) exp(Z/τ) diag(w), its logits Z, and the way back from ∂L/∂P to ∂L/∂Z.
template <std::floating_point Scalar>
class SinkhornLayer {
 public:
  SinkhornLayer(std::span<const Index> start, double height, double temperature, Index iterations)
      : n_(start.size()),
        temperature_(temperature),
        iterations_(iterations),
        z(n_ * n_),
        p(n_ * n_),
        dp(n_ * n_),
        dz(n_ * n_),
        u_(n_, 1),
        w_(n_, 1),
        a_(n_),
        b_(n_) {
    for (std::size_t i = 0; i < n_; ++i) z[i * n_ + static_cast<std::size_t>(start[i])] = static_cast<Scalar>(height);
  }

  /// P of the Z there is; scalings go on from the last.
  void forward() {
    for (std::size_t i = 0; i < n_; ++i) {
      const Scalar most = *std::max_element(z.begin() + offset(i), z.begin() + offset(i + 1));
      for (std::size_t j = 0; j < n_; ++j) p[i * n_ + j] = std::exp((z[i * n_ + j] - most) / static_cast<Scalar>(temperature_));
    }
    for (Index k = 0; k < iterations_; ++k) {
      times(p, w_, u_);
      for (Scalar& x : u_) x = 1 / x;
      transposed_times(p, u_, w_);
      for (Scalar& x : w_) x = 1 / x;
    }
    for (std::size_t i = 0; i < n_; ++i)
      for (std::size_t j = 0; j < n_; ++j) p[i * n_ + j] *= u_[i] * w_[j];
  }
  /// dz ← ∂L/∂Z from dp, by implicit differentiation: P ∘ (∂L/∂P − a 1ᵀ − 1 bᵀ)/τ, where a and b make all sums of rows and
  /// columns 0.
  void backward() {
    std::vector<Scalar> rows(n_), cols(n_), room(n_);
    for (std::size_t i = 0; i < n_; ++i)
      for (std::size_t j = 0; j < n_; ++j) {
        const Scalar x = p[i * n_ + j] * dp[i * n_ + j];
        rows[i] += x;
        cols[j] += x;
      }
    for (Index k = 0; k < iterations_; ++k) {
      times(p, b_, room);
      for (std::size_t i = 0; i < n_; ++i) a_[i] = rows[i] - room[i];
      transposed_times(p, a_, room);
      for (std::size_t j = 0; j < n_; ++j) b_[j] = cols[j] - room[j];
    }
    for (std::size_t i = 0; i < n_; ++i)
      for (std::size_t j = 0; j < n_; ++j)
        dz[i * n_ + j] = p[i * n_ + j] * (dp[i * n_ + j] - a_[i] - b_[j]) / static_cast<Scalar>(temperature_);
  }

 private:
  std::size_t n_;
  double temperature_;
  Index iterations_;

  static std::ptrdiff_t signed_of(std::size_t i) { return static_cast<std::ptrdiff_t>(i); }
  [[nodiscard]] std::ptrdiff_t offset(std::size_t row) const { return signed_of(row * n_); }
  void times(const std::vector<Scalar>& m, const std::vector<Scalar>& x, std::vector<Scalar>& y) const {
    for (std::size_t i = 0; i < n_; ++i) {
      Scalar sum[8] = {};
      std::size_t j = 0;
      for (; j + 8 <= n_; j += 8)
        for (std::size_t k = 0; k < 8; ++k) sum[k] += m[i * n_ + j + k] * x[j + k];
      for (; j < n_; ++j) sum[0] += m[i * n_ + j] * x[j];
      y[i] = ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
    }
  }
  void transposed_times(const std::vector<Scalar>& m, const std::vector<Scalar>& x, std::vector<Scalar>& y) const {
    std::fill(y.begin(), y.end(), Scalar(0));
    for (std::size_t i = 0; i < n_; ++i)
      for (std::size_t j = 0; j < n_; ++j) y[j] += m[i * n_ + j] * x[i];
  }

 public:
  std::vector<Scalar> z, p, dp, dz;

 private:
  std::vector<Scalar> u_, w_, a_, b_;
};

/// A network's parameters with a doubly stochastic matrix in place of the permutation of each set.
template <std::floating_point Scalar>
class SinkhornNetwork {
 public:
  SinkhornNetwork(const ParameterLayout& layout, std::span<const Scalar> theta, const UnitMaps& start,
                  const SinkhornOptions& options)
      : terms_(matching_terms(layout)), theta_(theta), o_(options) {
    for (const JointGroup& joint : terms_.joints)
      require(joint.nests.empty(), "sinkhorn_matching: groups inside others are not covered");
    for (const std::vector<Index>& map : start)
      layers_.emplace_back(map, options.start, options.temperature, options.iterations);
    for (const auto& layer : layers_) {
      first_.emplace_back(layer.z.size());
      second_.emplace_back(layer.z.size());
    }
  }
  /// out ← the parameters with rows and columns mixed.
  void forward(std::span<Scalar> out) {
    for (auto& layer : layers_) layer.forward();
    for_each_matrix([&](const MatchingTerm& t, Index repeat, std::vector<Scalar>& b) {
      rows_times(t, b, x_);
      times_cols(t, x_, y_);
      std::size_t k = 0;
      for (const Index row : t.rows)
        for (const Index col : t.cols) out[static_cast<std::size_t>(repeat + row + col)] = y_[k++];
    });
  }
  /// One step of Adam on all Z, from the derivative of the loss by the mixed parameters.
  void step(std::span<const Scalar> derivative) {
    for (auto& layer : layers_) std::fill(layer.dp.begin(), layer.dp.end(), Scalar(0));
    std::vector<Scalar> d;
    for_each_matrix([&](const MatchingTerm& t, Index repeat, std::vector<Scalar>& b) {
      gather(t, repeat, derivative, d);
      const Index m = t.row_count(), n = t.col_count();
      if (t.row_set) {  // D X_C Bᵀ
        const std::vector<Scalar>* dx = &d;
        if (t.col_set) {
          x_.resize(b.size());
          product(m, n, n, d.data(), n, 1, layers_[*t.col_set].p.data(), n, 1, x_.data(), WriteMode::overwrite);
          dx = &x_;
        }
        product(m, m, n, dx->data(), n, 1, b.data(), 1, n, layers_[*t.row_set].dp.data(), WriteMode::add);
      }
      if (t.col_set) {  // Dᵀ X_R B
        rows_times(t, b, x_);
        product(n, n, m, d.data(), 1, n, x_.data(), n, 1, layers_[*t.col_set].dp.data(), WriteMode::add);
      }
    });
    ++steps_;
    const double c1 = 1 - std::pow(0.9, steps_), c2 = 1 - std::pow(0.999, steps_);
    for (std::size_t s = 0; s < layers_.size(); ++s) {
      layers_[s].backward();
      for (std::size_t i = 0; i < first_[s].size(); ++i) {
        const Scalar g = layers_[s].dz[i];
        first_[s][i] += Scalar(0.1) * (g - first_[s][i]);
        second_[s][i] += Scalar(0.001) * (g * g - second_[s][i]);
        layers_[s].z[i] -= static_cast<Scalar>(o_.learning_rate / c1) * first_[s][i] /
                           (std::sqrt(second_[s][i] / static_cast<Scalar>(c2)) + Scalar(1e-12));
      }
    }
  }
  /// The permutations nearest to the matrices.
  [[nodiscard]] Permutations rounded(const ParameterLayout& layout) const {
    Permutations permutations = identity_permutations(layout);
    UnitMaps maps(layers_.size());
    std::vector<std::vector<double>> p;
    for (const auto& layer : layers_) p.emplace_back(layer.p.begin(), layer.p.end());
    for (std::size_t joint = 0; joint < terms_.joints.size(); ++joint) {
      assign_jointly(terms_, joint, p, maps);
      set_permutations(terms_.joints[joint], maps, permutations);
    }
    return permutations;
  }
  [[nodiscard]] const MatchingTerms& terms() const { return terms_; }

 private:
  static void gather(const MatchingTerm& t, Index repeat, std::span<const Scalar> theta, std::vector<Scalar>& out) {
    out.clear();
    for (const Index row : t.rows)
      for (const Index col : t.cols) out.push_back(theta[static_cast<std::size_t>(repeat + row + col)]);
  }
  template <class Visit>
  void for_each_matrix(Visit visit) {
    std::vector<Scalar> b;
    for (const MatchingTerm& t : terms_.terms)
      for (const Index repeat : t.repeats) {
        gather(t, repeat, theta_, b);
        visit(t, repeat, b);
      }
  }
  static void product(Index m, Index n, Index k, const Scalar* a, Index a_row, Index a_col, const Scalar* b, Index b_row,
                      Index b_col, Scalar* c, WriteMode mode) {
    static thread_local std::vector<Scalar> workspace;
    const auto needed = static_cast<std::size_t>(simd::product_workspace<Scalar>(m, n, k));
    if (workspace.size() < needed) workspace.resize(needed);
    simd::product<Scalar>({a, m, k, a_row, a_col}, {b, k, n, b_row, b_col}, {c, m, n, n}, mode, workspace);
  }
  void rows_times(const MatchingTerm& t, const std::vector<Scalar>& b, std::vector<Scalar>& out) {
    if (!t.row_set) {
      out = b;
      return;
    }
    out.resize(b.size());
    product(t.row_count(), t.col_count(), t.row_count(), layers_[*t.row_set].p.data(), t.row_count(), 1, b.data(),
            t.col_count(), 1, out.data(), WriteMode::overwrite);
  }
  void times_cols(const MatchingTerm& t, const std::vector<Scalar>& b, std::vector<Scalar>& out) {
    if (!t.col_set) {
      out = b;
      return;
    }
    out.resize(b.size());
    product(t.row_count(), t.col_count(), t.col_count(), b.data(), t.col_count(), 1, layers_[*t.col_set].p.data(), 1,
            t.col_count(), out.data(), WriteMode::overwrite);
  }

  MatchingTerms terms_;
  std::span<const Scalar> theta_;
  SinkhornOptions o_;
  std::vector<SinkhornLayer<Scalar>> layers_;
  std::vector<std::vector<Scalar>> first_, second_;
  std::vector<Scalar> x_, y_;
  Index steps_ = 0;
};

}  // namespace detail

/// Permutations of b's units with a small loss of ½ a + ½ π(b), by doubly stochastic matrices in their place that are trained on
/// this loss. Of those to which the matrices round on the way, the permutations with the smallest loss on data are returned, the
/// starting ones among them. Source: Peña et al., "Re-basin via implicit Sinkhorn differentiation", CVPR 2023.
template <std::floating_point Scalar>
Alignment sinkhorn_matching(const Network<Scalar>& network, const ModelState<Scalar>& a, const ModelState<Scalar>& b,
                            const Dataset<Scalar>& data, const Permutations& start, const SinkhornOptions& options = {}) {
  const ParameterLayout& layout = network.layout();
  const Dataset<Scalar> chosen_by = random_subset(data, std::min(options.chosen_by, data.size()), options.seed);
  const auto evaluate = evaluator(network, chosen_by);
  detail::SinkhornNetwork<Scalar> soft(layout, b.parameters, detail::unit_maps(detail::matching_terms(layout), start), options);
  ModelState<Scalar> middle = a, moved = b;
  StepMemory<Scalar> memory(network, options.batch_size);
  Batches batches(data.size(), {.batch_size = options.batch_size, .order_seed = options.seed, .drop_last = true});
  Alignment best;
  double least = 0;
  for (Index step = 0; step <= options.steps; ++step) {
    soft.forward(moved.parameters);
    if (step % options.round_every == 0) {
      const Permutations now = soft.rounded(layout);
      interpolate<Scalar>(a.parameters, permute(layout, now, b).parameters, {0.5, 0.5}, middle.parameters);
      const double loss = evaluate(middle.parameters).loss;
      if (step == 0 || loss < least) {
        least = loss;
        best.permutations = now;
      }
    }
    interpolate<Scalar>(a.parameters, moved.parameters, {0.5, 0.5}, middle.parameters);
    const Index batch = step % batches.per_epoch();
    if (batch == 0) batches.shuffle(static_cast<std::uint32_t>(step / batches.per_epoch()));
    loss_and_gradient<Scalar>(network, data, batches.batch(batch), middle, memory.batch, memory.gradient);
    soft.step(memory.gradient);
  }
  const auto objective = [&](const Permutations& p) {
    return detail::matching_objective<Scalar>(soft.terms(), a.parameters, b.parameters, detail::unit_maps(soft.terms(), p));
  };
  best.objective_before = objective(identity_permutations(layout));
  best.objective_after = objective(best.permutations);
  best.seed = options.seed;
  best.sweeps = static_cast<int>(options.steps);
  best.moved = moved_units(best.permutations);
  return best;
}

}  // namespace lmc
