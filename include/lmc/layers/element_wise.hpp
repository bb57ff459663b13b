// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <lmc/layers/layer.hpp>

namespace lmc {

/// A base for layers that treat every entry of an example alike: what is permuted in front of them is permuted behind them.
class ElementWise {
 public:
  void declare(LayoutBuilder&) const {}
};

}  // namespace lmc
