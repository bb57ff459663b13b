// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/compiled/declarations.hpp>

namespace lmc {

LMC_CONVOLUTIONS(, float)
LMC_CONVOLUTIONS(, double)

}  // namespace lmc
