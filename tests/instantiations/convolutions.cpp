// SPDX-License-Identifier: BSD-3-Clause
#include "instantiations.hpp"

namespace lmc {

LMC_CONVOLUTIONS(, float)
LMC_CONVOLUTIONS(, double)

}  // namespace lmc
