// SPDX-License-Identifier: BSD-3-Clause
// What stands in the place of LMC_STUDY_EXTRA where there is no such file.
#include "registry/extra.hpp"

void registry::register_extra(Registry&) {}
