// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/connectivity/linear_path.hpp>
#include <lmc/connectivity/metrics.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/hash.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>

namespace lmc {

/// What a greedy soup did with one network.
struct SoupStep {
  Index network = 0;   // its position among those that were given
  double with = 0;     // the metric of the mean of those taken before and this network
  bool taken = false;  // whether it became an ingredient
  double after = 0;    // the metric of the soup after this step
};

/// A mean of networks, and what it was measured to be.
template <std::floating_point T>
struct Soup {
  ModelState<T> state = {};          // the mean of the ingredients; without buffers where only θ were given
  std::vector<Index> taken = {};     // positions of the ingredients, in the order in which they were added
  Metric metric = Metric::error;     // that the ingredients were chosen by: the error, or the loss where there is no error
  Metrics metrics = {};              // of the mean
  std::vector<Metrics> alone = {};   // of each network by itself, in the order in which they were given
  std::vector<SoupStep> steps = {};  // of a greedy soup, a step for each network; none for a uniform one
};

namespace detail {

/// The networks that a soup is made of. None of them is written to, and an evaluator that does so is refused.
template <std::floating_point T>
class Ingredients {
 public:
  /// Throws: Error, begun by `who`, when there is no θ, or they differ in length.
  Ingredients(std::string_view who, std::vector<std::span<const T>> thetas) : who_(who), thetas_(std::move(thetas)) {
    require(!thetas_.empty(), who_, ": there are no networks; expected at least one");
    const std::size_t size = thetas_.front().size();
    require(size > 0, who_, ": the first θ is empty; expected the parameters of a network");
    for (std::size_t i = 0; i < thetas_.size(); ++i) {
      require(thetas_[i].size() == size, who_, ": network ", i, " has ", thetas_[i].size(), " parameters, and network 0 has ",
              size, "; expected θ of one network");
      before_.push_back(fnv1a(std::as_bytes(thetas_[i])));
    }
    sum_.resize(size);
  }

  /// The metrics of every network by itself.
  template <class E>
  std::vector<Metrics> alone(E& evaluate) {
    std::vector<Metrics> measured;
    for (std::size_t i = 0; i < thetas_.size(); ++i)
      measured.push_back(measure(evaluate, thetas_[i], measured.empty() ? nullptr : &measured.front(), "network ", i));
    return measured;
  }
  /// 1/n Σ θ_i over those added and `one`, in double, in that order, and rounded once.
  [[nodiscard]] std::vector<T> mean_with(std::size_t one) const {
    std::vector<T> mean(sum_.size());
    const auto count = static_cast<double>(added_.size() + 1);
    for (std::size_t i = 0; i < mean.size(); ++i) {
      double value = (sum_[i] + static_cast<double>(thetas_[one][i])) / count;
      if (!std::isfinite(value)) {
        // The sum may be out of range where the mean is not; an entry that is not finite leaves it so.
        value = 0;
        for (const std::size_t k : added_) value += static_cast<double>(thetas_[k][i]) / count;
        value += static_cast<double>(thetas_[one][i]) / count;
      }
      mean[i] = static_cast<T>(value);
    }
    return mean;
  }
  void add(std::size_t one) {
    for (std::size_t i = 0; i < sum_.size(); ++i) sum_[i] += static_cast<double>(thetas_[one][i]);
    added_.push_back(one);
  }
  /// The metrics of θ, which have to be of the kind that those of the first network are.
  template <class E, class... Name>
  Metrics measure(E& evaluate, std::span<const T> theta, const Metrics* first, const Name&... name) const {
    Metrics metrics = std::invoke(evaluate, theta);
    require_consistent(concat(who_, ": of ", name..., " the evaluator gave "), metrics, metrics);
    require(first == nullptr || (metrics.count == first->count && metrics.error.has_value() == first->error.has_value() &&
                                 metrics.loss_name == first->loss_name),
            who_, ": of ", name..., " the evaluator measured ", metrics.count, " examples",
            metrics.error ? "" : " without an error", " in the loss '", metrics.loss_name, "', of network 0 ",
            first == nullptr ? 0 : first->count, "; expected the same data, the same loss, and an error everywhere or nowhere");
    return metrics;
  }
  /// Throws: Error when a network is not what it was.
  void require_unchanged() const {
    for (std::size_t i = 0; i < thetas_.size(); ++i)
      require(fnv1a(std::as_bytes(thetas_[i])) == before_[i], who_, ": the evaluator changes network ", i,
              "; is that the memory that it loads θ into? Pass a copy");
  }
  [[nodiscard]] std::size_t size() const { return thetas_.size(); }

 private:
  std::string_view who_;
  std::vector<std::span<const T>> thetas_;
  std::vector<std::uint64_t> before_;
  std::vector<double> sum_;
  std::vector<std::size_t> added_;
};

/// What the ingredients are ordered by: what is not a number comes last, behind ∞.
inline std::pair<bool, double> soup_rank(double value) { return {std::isnan(value), std::isnan(value) ? 0 : value}; }

template <std::floating_point T, class E>
Soup<T> uniform_soup_of(std::vector<std::span<const T>> thetas, E& evaluate) {
  Ingredients<T> all("uniform_soup", std::move(thetas));
  Soup<T> soup;
  soup.alone = all.alone(evaluate);
  for (std::size_t i = 0; i + 1 < all.size(); ++i) all.add(i);
  soup.state.parameters = all.mean_with(all.size() - 1);
  soup.metrics = all.measure(evaluate, soup.state.parameters, &soup.alone.front(), "the mean");
  soup.metric = soup.metrics.error ? Metric::error : Metric::loss;
  soup.taken.resize(all.size());
  std::iota(soup.taken.begin(), soup.taken.end(), Index{0});
  all.require_unchanged();
  return soup;
}

template <std::floating_point T, class E>
Soup<T> greedy_soup_of(std::vector<std::span<const T>> thetas, E& evaluate) {
  Ingredients<T> all("greedy_soup", std::move(thetas));
  Soup<T> soup;
  soup.alone = all.alone(evaluate);
  soup.metric = soup.alone.front().error ? Metric::error : Metric::loss;
  std::vector<std::size_t> order(all.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return soup_rank(soup.alone[i][soup.metric]); });
  for (const std::size_t i : order) {
    std::vector<T> mean = all.mean_with(i);
    const bool first = soup.taken.empty();
    Metrics metrics = first ? soup.alone[i] : all.measure(evaluate, mean, &soup.alone.front(), "the mean with network ", i);
    SoupStep step{.network = static_cast<Index>(i), .with = metrics[soup.metric]};
    step.taken = first || step.with <= soup.metrics[soup.metric];  // never with NaN, which is not at most anything
    if (step.taken) {
      all.add(i);
      soup.taken.push_back(step.network);
      soup.state.parameters = std::move(mean);
      soup.metrics = std::move(metrics);
    }
    step.after = soup.metrics[soup.metric];
    soup.steps.push_back(step);
  }
  all.require_unchanged();
  return soup;
}

}  // namespace detail

/// The mean of the parameters of several networks, 1/N Σ θ_i, measured beside the networks themselves:
///   const auto soup = uniform_soup(thetas, evaluate);
/// Sums are in double, in the order given, and rounded once. An evaluator of ours estimates running statistics anew for the
/// mean. No θ is written to. Throws: Error when there is none, they differ in length, metrics contradict each other, or the evaluator
/// writes into a θ. Source: arXiv:2203.05482.
template <std::floating_point T, Evaluator<T> E>
Soup<T> uniform_soup(const std::vector<std::vector<T>>& thetas, E&& evaluate) {
  return detail::uniform_soup_of<T>({thetas.begin(), thetas.end()}, evaluate);
}

/// The greedy soup: networks are tried from the lowest error to the highest, equal ones in the order given, and one is taken where
/// the mean of those taken and it has at most the error of the soup so far. So the soup is at least as good as the best network on
/// the data of the evaluator, which therefore have to be validation data: an error of the soup that is to be published needs
/// others. Where there is no error, as in a regression, the loss stands for it. What is not a number comes last and is not
/// taken, unless nothing else is there. Everything else is as for uniform_soup. Source: arXiv:2203.05482, recipe 1.
template <std::floating_point T, Evaluator<T> E>
Soup<T> greedy_soup(const std::vector<std::vector<T>>& thetas, E&& evaluate) {
  return detail::greedy_soup_of<T>({thetas.begin(), thetas.end()}, evaluate);
}

}  // namespace lmc
