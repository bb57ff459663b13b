// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/compiled/declarations.hpp>

namespace lmc {

LMC_LOCAL_LAYERS(, float)
LMC_LOCAL_LAYERS(, double)

}  // namespace lmc
