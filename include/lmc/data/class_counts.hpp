// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <span>
#include <string>
#include <vector>

#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/data/read_report.hpp>

namespace lmc {

/// How many examples each class has: [data.classes()].
template <std::floating_point Scalar>
std::vector<Index> class_counts(const Dataset<Scalar>& data) {
  std::vector<Index> counts(static_cast<std::size_t>(data.classes()));
  for (const auto label : data.labels()) ++counts[static_cast<std::size_t>(label)];
  return counts;
}

/// The classes of two parts with their counts. Their names are those given, in the order of labels, or else the labels' numbers.
template <std::floating_point Scalar>
std::vector<ReadClass> read_classes(const Dataset<Scalar>& train, const Dataset<Scalar>& test,
                                    std::span<const std::string> names = {}) {
  const std::vector<Index> of_train = class_counts(train), of_test = class_counts(test);
  std::vector<ReadClass> classes(std::max(of_train.size(), of_test.size()));
  for (std::size_t k = 0; k < classes.size(); ++k)
    classes[k] = {k < names.size() ? names[k] : std::to_string(k), k < of_train.size() ? of_train[k] : 0,
                  k < of_test.size() ? of_test[k] : 0};
  return classes;
}

/// Counts the classes of the report anew, as after one of the parts was replaced by a sample of it; their names stay.
template <std::floating_point Scalar>
void recount_classes(TrainTest<Scalar>& data) {
  std::vector<std::string> names;
  for (const ReadClass& c : data.report.classes) names.push_back(c.name);
  data.report.classes = read_classes(data.train, data.test, names);
}

}  // namespace lmc
