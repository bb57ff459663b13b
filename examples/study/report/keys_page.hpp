// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <ostream>

namespace lmc::study {

/// The reference of all keys of grid files, docs/study-keys.md, in Markdown: from what describes them to the parser.
void write_keys_page(std::ostream& out);

}  // namespace lmc::study
