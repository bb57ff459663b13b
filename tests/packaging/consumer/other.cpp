// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/lmc.hpp>

lmc::Index entries(const lmc::Shape& shape) { return shape.size(); }
