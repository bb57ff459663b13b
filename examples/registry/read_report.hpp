// SPDX-License-Identifier: BSD-3-Clause
// What a loader found in the files, as programs show and store it.
#pragma once
#include <iosfwd>
#include <nlohmann/json.hpp>

#include <lmc/data/read_report.hpp>

namespace registry {

/// A few short lines: classes and columns, missing values, sizes, notes. Long lists are abbreviated, with their count.
void print_read_report(std::ostream& out, const lmc::ReadReport& report);

/// The whole report; a part that is empty is left out.
nlohmann::json read_report_json(const lmc::ReadReport& report);

}  // namespace registry
