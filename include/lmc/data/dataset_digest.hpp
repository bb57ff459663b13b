// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <variant>

#include <lmc/core/digest.hpp>
#include <lmc/core/text.hpp>
#include <lmc/data/dataset.hpp>

namespace lmc {

/// Names the examples of a data set as they are stored, before they are standardized: their shape, features, labels and targets, in
/// their order. Reads all of them.
template <std::floating_point Scalar>
std::string digest(const Dataset<Scalar>& data) {
  const auto of_values = [](const auto& values) { return digest(std::span(values.data(), values.size())); };
  std::string all = concat(data.shape(), ' ', digest(data.labels()), ' ', std::visit(of_values, data.features()));
  if (!data.targets().empty()) all += ' ' + digest(data.targets());
  return digest(std::span<const char>(all));
}

}  // namespace lmc
