// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace lmc {

/// What the outputs for one example are to be: a class, or numbers, or both.
template <std::floating_point Scalar>
struct Target {
  std::int32_t label = -1;              // the class; −1 where the data have no classes
  std::span<const Scalar> values = {};  // the numbers; none where the data have none
};

/// The targets of some examples, to be read.
template <std::floating_point Scalar>
struct Targets {
  std::size_t examples = 0;                   // how many
  std::span<const std::int32_t> labels = {};  // [examples]; empty where the data have no classes
  std::span<const Scalar> values = {};        // [examples, numbers of each], row-major; empty where the data have none

  /// Those of labels alone.
  static Targets of(std::span<const std::int32_t> labels) { return {labels.size(), labels, {}}; }

  /// The target of example i.
  [[nodiscard]] Target<Scalar> operator[](std::size_t i) const {
    Target<Scalar> target;
    if (!labels.empty()) target.label = labels[i];
    const std::size_t each = values.size() / examples;
    target.values = values.subspan(i * each, each);
    return target;
  }
};

/// Where Dataset::gather writes targets; what is empty is left out.
template <std::floating_point Scalar>
struct TargetsOutput {
  std::span<std::int32_t> labels = {};  // [examples]
  std::span<Scalar> values = {};        // [examples, numbers of each], row-major
};

}  // namespace lmc
