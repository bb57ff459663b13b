// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/compiled/declarations.hpp>

namespace lmc {

LMC_TRANSFORMERS(, float)
LMC_TRANSFORMERS(, double)

}  // namespace lmc
