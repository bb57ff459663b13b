// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace lmc {

/// What a kernel does with the values at its destination: it overwrites them, or adds to them.
enum class WriteMode { overwrite, add };

}  // namespace lmc
