// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/compiled/declarations.hpp>

namespace lmc {

LMC_PRODUCTS(, float)
LMC_PRODUCTS(, double)

}  // namespace lmc
