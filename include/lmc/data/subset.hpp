// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/class_counts.hpp>
#include <lmc/data/dataset.hpp>

namespace lmc {

namespace detail {

// Which draws of Purpose::subset are which.
inline Stream whole_subset_stream(std::uint64_t seed) { return {.seed = seed, .purpose = Purpose::subset}; }
inline Stream class_subset_stream(std::uint64_t seed, std::size_t label) {
  return {.seed = seed, .purpose = Purpose::subset, .part = static_cast<std::uint32_t>(1 + label)};
}

}  // namespace detail

/// The examples of the given classes, in their order: classes[k] becomes the label k of classes.size(). Pixels are standardized
/// as before. Throws: Error when no class is given, one is not in [0, data.classes()), is given twice, or none has an example.
template <std::floating_point Scalar>
Dataset<Scalar> class_subset(const Dataset<Scalar>& data, const std::vector<Index>& classes) {
  detail::require_classes("class_subset", data);
  require(!classes.empty(), "class_subset: no class is given; expected some of 0 to ", data.classes() - 1);
  std::vector<std::int32_t> new_label(static_cast<std::size_t>(data.classes()), -1);
  for (std::size_t k = 0; k < classes.size(); ++k) {
    require(classes[k] >= 0 && classes[k] < data.classes(), "class_subset: there is no class ", classes[k],
            "; expected some of 0 to ", data.classes() - 1);
    std::int32_t& label = new_label[static_cast<std::size_t>(classes[k])];
    require(label < 0, "class_subset: the class ", classes[k], " is given twice");
    label = static_cast<std::int32_t>(k);
  }
  std::vector<Index> examples;
  std::vector<std::int32_t> labels;
  for (Index i = 0; i < data.size(); ++i) {
    const std::int32_t label = new_label[static_cast<std::size_t>(data.labels()[static_cast<std::size_t>(i)])];
    if (label < 0) continue;
    examples.push_back(i);
    labels.push_back(label);
  }
  require(!examples.empty(), "class_subset: none of the ", data.size(), " examples is of a class that was given");
  return data.subset(examples).with_labels(std::move(labels), static_cast<Index>(classes.size()));
}

/// The same of both parts, and of the classes in the report. Throws also: Error when the training part has no example of a class.
template <std::floating_point Scalar>
TrainTest<Scalar> class_subset(const TrainTest<Scalar>& data, const std::vector<Index>& classes) {
  TrainTest<Scalar> result{class_subset(data.train, classes), class_subset(data.test, classes), data.report};
  const std::vector<Index> counts = class_counts(result.train);
  for (std::size_t k = 0; k < counts.size(); ++k)
    require(counts[k] > 0, "class_subset: the training part has no example of the class ", classes[k]);
  std::vector<std::string> names;
  for (const Index k : classes)
    if (!data.report.classes.empty()) names.push_back(data.report.classes[static_cast<std::size_t>(k)].name);
  if (!names.empty()) result.report.classes = read_classes(result.train, result.test, names);
  return result;
}

/// A random sample of each class, in the order of data. With one seed, a smaller sample is part of a larger one. Pixels are
/// standardized as before. Throws: Error when examples_per_class is not positive, or a class has fewer (which).
template <std::floating_point Scalar>
Dataset<Scalar> per_class_subset(const Dataset<Scalar>& data, Index examples_per_class, std::uint64_t seed) {
  detail::require_classes("per_class_subset", data);
  require(examples_per_class > 0, "per_class_subset: examples_per_class = ", examples_per_class,
          "; expected a positive number");
  std::vector<std::vector<Index>> of_class(static_cast<std::size_t>(data.classes()));
  for (Index i = 0; i < data.size(); ++i)
    of_class[static_cast<std::size_t>(data.labels()[static_cast<std::size_t>(i)])].push_back(i);
  std::vector<Index> examples;
  for (std::size_t label = 0; label < of_class.size(); ++label) {
    std::vector<Index>& all = of_class[label];
    require(static_cast<Index>(all.size()) >= examples_per_class, "per_class_subset: examples_per_class = ", examples_per_class,
            ", but the class ", label, " has ", all.size(), " examples");
    shuffle(detail::class_subset_stream(seed, label), std::span(all));
    examples.insert(examples.end(), all.begin(), all.begin() + examples_per_class);
  }
  std::sort(examples.begin(), examples.end());
  return data.subset(examples);
}

/// A random sample of all examples, in the order of data, whatever their classes. With one seed, a smaller sample is part of a
/// larger one. Pixels are standardized as before. Throws: Error when examples is not in [1, data.size()].
template <std::floating_point Scalar>
Dataset<Scalar> random_subset(const Dataset<Scalar>& data, Index examples, std::uint64_t seed) {
  require(examples > 0 && examples <= data.size(), "random_subset: examples = ", examples, "; expected 1 to ", data.size(),
          ", the size of the data set");
  std::vector<Index> order(static_cast<std::size_t>(data.size()));
  std::iota(order.begin(), order.end(), Index{0});
  shuffle(detail::whole_subset_stream(seed), std::span(order));
  order.resize(static_cast<std::size_t>(examples));
  std::sort(order.begin(), order.end());
  return data.subset(order);
}

}  // namespace lmc
