// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/class_counts.hpp>
#include <lmc/data/dataset.hpp>

namespace lmc {

/// The same examples under fewer labels: the classes are put in a random order and cut into `classes` groups, whose sizes differ by one
/// at most; a group is a class. With one seed, the groups of a number are unions of those of its multiples, so that 10 classes are a
/// finer partition of the same images than 5. It varies the number of classes and leaves the images. The features are shared, not copied.
/// Throws: Error when classes is not in [1, data.classes()].
template <std::floating_point Scalar>
Dataset<Scalar> merge_classes(const Dataset<Scalar>& data, Index classes, std::uint64_t seed) {
  detail::require_classes("merge_classes", data);
  require(classes > 0 && classes <= data.classes(), "merge_classes: classes = ", classes, "; expected 1 to ", data.classes(),
          ", the classes of the data set");
  std::vector<std::int32_t> order(static_cast<std::size_t>(data.classes()));
  std::iota(order.begin(), order.end(), 0);
  shuffle({.seed = seed, .purpose = Purpose::merged_classes}, std::span(order));
  std::vector<std::int32_t> group(order.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    group[static_cast<std::size_t>(order[i])] = static_cast<std::int32_t>(static_cast<Index>(i) * classes / data.classes());
  std::vector<std::int32_t> labels;
  labels.reserve(static_cast<std::size_t>(data.size()));
  for (const std::int32_t label : data.labels()) labels.push_back(group[static_cast<std::size_t>(label)]);
  return data.with_labels(std::move(labels), classes);
}

/// The same of both parts; in the report, the names of the classes are then the new labels' numbers.
template <std::floating_point Scalar>
TrainTest<Scalar> merge_classes(const TrainTest<Scalar>& data, Index classes, std::uint64_t seed) {
  TrainTest<Scalar> result{merge_classes(data.train, classes, seed), merge_classes(data.test, classes, seed), data.report};
  result.report.classes = read_classes(result.train, result.test);
  return result;
}

}  // namespace lmc
