// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <string>

#include <lmc/core/error.hpp>
#include <lmc/core/window.hpp>

namespace lmc::detail {

/// As in `32 -> 64, 3x3, stride 2x2`, from the options of a layer of filters; what is as usual is left out.
template <class Options>
std::string describe_filters(const Options& o) {
  std::string text = concat(o.inputs[2], " -> ", o.outputs, ", ", o.kernel);
  if (o.stride != Extent(1)) text += concat(", stride ", o.stride);
  if (o.padding != Extent(0)) text += concat(", padding ", o.padding);
  if (o.groups != 1) text += concat(", groups ", o.groups);
  if constexpr (requires { o.sharing; })
    if (o.sharing != Extent(1)) text += concat(", sharing ", o.sharing);
  if (!o.bias) text += ", no bias";
  return text;
}

}  // namespace lmc::detail
