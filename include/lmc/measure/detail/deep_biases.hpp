// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/network.hpp>

namespace lmc::detail {

/// The biases of a network of ReLUs and weights, with the number ℓ of the layer of weights that they are of.
struct DeepBias {
  Index offset = 0;  // position in θ
  Index size = 0;    // number of entries
  int depth = 0;     // ℓ, from 1
};

/// Throws: Error when a layer is none of weights, or does not keep a positive factor of what it gets.
template <std::floating_point Scalar>
void append_deep_biases(const ParameterLayout& layout, const std::vector<ChildLayer<Scalar>>& children, Index first,
                        std::vector<DeepBias>& biases, int& depth) {
  for (const ChildLayer<Scalar>& child : children) {
    if (child.layer.template target<Network<Scalar>>() != nullptr) {
      append_deep_biases(layout, child.layer.children(), first + child.first, biases, depth);
      continue;
    }
    const Index begin = first + child.first, end = begin + child.parameters;
    bool weights = false;
    for (const Segment& s : layout.parameters)
      if (s.offset >= begin && s.offset < end && s.role == Role::weight) weights = true;
    require(child.layer.scales_units() && child.layer.children().empty() && (weights || child.parameters == 0), "repair: '",
            child.name, "' (", child.layer.kind(),
            ") is no layer of weights and biases, nor one that hands a positive "
            "factor on; biases by homogeneity are those of a chain of such layers, without normalization and shortcuts: use "
            "Repair::moments or, with BatchNorm, Repair::buffers");
    if (weights) ++depth;
    for (const Segment& s : layout.parameters)
      if (s.offset >= begin && s.offset < end && s.role == Role::bias) biases.push_back({s.offset, s.size(), depth});
  }
}

}  // namespace lmc::detail
