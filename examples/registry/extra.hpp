// SPDX-License-Identifier: BSD-3-Clause
// Data sets and networks of your own, by name, in `study`, `pair` and `describe_data`: define register_extra in a file, and configure
// with -DLMC_STUDY_EXTRA=FILE. examples/study/extra.cpp is such a file.
#pragma once
#include "registry/registry.hpp"

namespace registry {

/// Adds what is your own. The programs call it before anything else; without a file of yours it adds nothing.
void register_extra(Registry& registry);

}  // namespace registry
