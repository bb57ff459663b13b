// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <string>
#include <vector>

#include <lmc/align/layout_from_table.hpp>

/// What a table of groups probably has wrong, though its lengths fit: a group that nothing reads, since it lies on axis 0 of its
/// tensors alone; and `X.bias` in another group than axis 0 of `X.weight`. `fixed` has the names of the tensors that the table does not
/// mention. A line each.
std::vector<std::string> table_suspects(const std::vector<lmc::TableEntry>& table, const std::vector<std::string>& fixed);
