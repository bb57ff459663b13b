// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/parameter_layers.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/curvature/hessian_function.hpp>

namespace lmc {

/// The positions in θ of the parameters of one layer (parameter_layers). Throws: Error when there is no layer of that name; the message
/// lists those that there are.
inline std::vector<std::size_t> layer_entries(const ParameterLayout& layout, std::string_view layer) {
  const std::vector<ParameterLayer> layers = parameter_layers(layout);
  const auto found = std::ranges::find(layers, layer, &ParameterLayer::name);
  if (found == layers.end()) {
    std::string names;
    for (const ParameterLayer& l : layers) names += (names.empty() ? "" : ", ") + std::string(l.name);
    throw Error(concat("layer_entries: there is no layer '", layer, "'; expected one of: ", names));
  }
  std::vector<std::size_t> entries;
  for (const std::size_t s : found->segments) {
    const Segment& segment = layout.parameters[s];
    for (Index i = 0; i < segment.size(); ++i) entries.push_back(static_cast<std::size_t>(segment.offset + i));
  }
  return entries;
}

/// The rows and columns of H that belong to some of the parameters: the Hessian of the loss while the others stay. A HessianOperator on
/// vectors as long as `entries`.
template <HessianOperator H>
class BlockHessian {
 public:
  /// H is held by value and acts on vectors of `size` entries. Throws: Error when entries are none, unordered or beyond size.
  BlockHessian(H hessian, Index size, std::vector<std::size_t> entries)
      : hessian_(std::move(hessian)), entries_(std::move(entries)), v_(static_cast<std::size_t>(size)), product_(v_.size()) {
    require(!entries_.empty() && entries_.back() < v_.size() &&
                std::ranges::adjacent_find(entries_, std::ranges::greater_equal()) == entries_.end(),
            "BlockHessian: ", entries_.size(), " entries of a vector of ", size, "; expected at least 1, rising, below ", size);
  }
  /// Number of parameters in the block.
  [[nodiscard]] Index size() const { return static_cast<Index>(entries_.size()); }
  /// product ← the block's part of H v. Throws: Error when a length is not size().
  void operator()(std::span<const double> v, std::span<double> product) {
    require(v.size() == entries_.size() && product.size() == entries_.size(), "BlockHessian: v has ", v.size(),
            " entries and the product ", product.size(), "; the block has ", entries_.size(), " parameters");
    for (std::size_t i = 0; i < entries_.size(); ++i) v_[entries_[i]] = v[i];
    std::invoke(hessian_, std::span<const double>(v_), std::span<double>(product_));
    for (std::size_t i = 0; i < entries_.size(); ++i) product[i] = product_[entries_[i]];
  }

 private:
  H hessian_;
  std::vector<std::size_t> entries_;
  std::vector<double> v_, product_;  // v_ is 0 outside the block
};

}  // namespace lmc
