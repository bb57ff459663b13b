// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/compiled/declarations.hpp>

namespace lmc {

LMC_TRAINING(, float)
LMC_TRAINING(, double)

}  // namespace lmc
