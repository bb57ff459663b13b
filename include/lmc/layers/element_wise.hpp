// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <optional>
#include <string>

#include <lmc/layers/layer.hpp>

namespace lmc {

/// What layers have in common that treat every entry of an example alike, of any shape, without parameters, options or cache: a
/// base for them, which leaves kind(), forward() and backward() to be written.
class ElementWise {
 public:
  [[nodiscard]] std::string describe() const { return ""; }
  [[nodiscard]] std::optional<Shape> input_shape() const { return std::nullopt; }
  [[nodiscard]] Shape output_shape(const Shape& in) const { return in; }
  void declare(LayoutBuilder&) const {}
  template <class Scalar>
  void initialize(const InitializeArgs<Scalar>&) const {}
  [[nodiscard]] Index cache_size(Index) const { return 0; }
  [[nodiscard]] Index workspace_size(Index) const { return 0; }
};

}  // namespace lmc
