// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include "study/store/store.hpp"

namespace lmc::study {

/// Everything of `from`, rows and checkpoints, that `to` lacks. What both have must be equal but for its provenance. `from` may
/// be written to meanwhile. Throws: Error when two rows disagree, and when a checkpoint does not match its row; what `to` had
/// is as it was.
void merge(const Store& from, Store& to);

}  // namespace lmc::study
