// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/compiled/declarations.hpp>

namespace lmc::detail {

template <std::size_t Bytes>
void compiled_for_alignment_of() {}
template void compiled_for_alignment_of<EIGEN_MAX_ALIGN_BYTES>();

}  // namespace lmc::detail

namespace lmc {

LMC_PRODUCTS(, float)
LMC_PRODUCTS(, double)

}  // namespace lmc
