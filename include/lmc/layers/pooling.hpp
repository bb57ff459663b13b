// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/window.hpp>
#include <lmc/layers/detail/channel_groups.hpp>

namespace lmc {

/// The window of a MaxPool2d or an AveragePool2d.
struct Pool2dOptions {
  Shape inputs = {};   // shape of one example: [rows, cols, channels], every axis > 0
  Extent kernel = 2;   // size of the window
  Extent stride = 0;   // input positions from one output position to the next; 0: the kernel, so that windows lie side by side
  Extent padding = 0;  // rows and columns around the image, less than kernel
};

namespace detail {

inline Window pool_window(std::string_view layer, const Pool2dOptions& o) {
  return {layer, o.inputs, o.kernel, o.stride == Extent(0) ? o.kernel : o.stride, o.padding};
}

/// As in `3x3, stride 2x2, padding 1x1`; what is as usual is left out.
inline std::string describe_pool(const Window& w) {
  std::string text = concat(w.kernel);
  if (w.stride != w.kernel) text += concat(", stride ", w.stride);
  if (w.padding != Extent(0)) text += concat(", padding ", w.padding);
  return text;
}

/// The channels of an output are a mean or a maximum over those of the window's positions: where these can be permuted at each
/// position on their own, they are one group in a window.
inline void declare_pool(LayoutBuilder& layout, const Window& w) {
  fix_positions(layout);
  const ActivationLayout in = std::exchange(layout.activation, {});
  const Index channels = in.shape[2];
  const AxisGroups& groups = in.groups[2];
  layout.activation = {Shape{w.out.rows, w.out.cols, channels}, {{}, {}, {}}};
  if (groups.over.empty()) {
    layout.activation.groups[2] = groups;
    return;
  }
  std::vector<GroupId> ids;
  for (Index r = 0; r < w.out.rows; ++r)
    for (Index c = 0; c < w.out.cols; ++c) {
      const IndexRange rows = w.row_taps(r), cols = w.col_taps(c);
      const auto under = [&](Index i, Index k) {
        const Index index[] = {w.in_row(r, i), w.in_col(c, k), 0};
        return groups.at(in.shape, index);
      };
      const GroupId first = under(rows.first, cols.first);
      for (Index i = rows.first; i < rows.last; ++i)
        for (Index k = cols.first; k < cols.last; ++k) layout.unify(first, under(i, k));
      ids.push_back(first);
    }
  layout.activation.groups[2] = AxisGroups({0, 1}, std::move(ids));
}

}  // namespace detail
}  // namespace lmc
