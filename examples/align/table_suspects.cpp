// SPDX-License-Identifier: BSD-3-Clause
#include "align/table_suspects.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <set>

#include <lmc/core/error.hpp>

using lmc::concat;

namespace {

// The groups of an axis; none where all of it is fixed, split or not.
std::vector<std::string> groups_of(const lmc::TableAxis& axis) {
  const bool fixed = std::ranges::all_of(axis.groups, [](const std::string& group) { return group.empty(); });
  return fixed ? std::vector<std::string>() : axis.groups;
}

std::string text_of(const std::vector<std::string>& groups) {
  std::string text;
  for (const std::string& group : groups) text += (text.empty() ? "'" : ", '") + (group.empty() ? "null" : group) + "'";
  return groups.empty() ? "no group" : (groups.size() == 1 ? "the group " : "the groups ") + text;
}

// Groups that lie on the axes of outputs alone. A vector, as a bias, makes its units' values and reads none.
std::vector<std::string> unread_groups(const std::vector<lmc::TableEntry>& table) {
  std::set<std::string> made, read;
  for (const lmc::TableEntry& entry : table)
    for (std::size_t axis = 0; axis < entry.axes.size(); ++axis)
      for (const std::string& group : groups_of(entry.axes[axis]))
        if (!group.empty()) (axis == 0 ? made : read).insert(group);
  std::vector<std::string> unread;
  std::ranges::set_difference(made, read, std::back_inserter(unread));
  return unread;
}

// Whether a bias can belong to the second axis of its weight, as that of a transposed convolution does.
bool has_outputs_second(const lmc::TableEntry& weight, const std::vector<std::string>& bias) {
  return weight.axes.size() > 2 && groups_of(weight.axes[1]) == bias;
}

}  // namespace

std::vector<std::string> table_suspects(const std::vector<lmc::TableEntry>& table, const std::vector<std::string>& fixed) {
  std::vector<std::string> found;
  for (const std::string& group : unread_groups(table))
    found.push_back(concat("nothing reads the units of group '", group,
                           "': it lies on axis 0 of its tensors alone, and another order of units there changes the network's "
                           "function; name it where the units are read, or put null in its place"));
  const std::string suffix = "bias";
  for (const lmc::TableEntry& bias : table) {
    if (!bias.tensor.ends_with(suffix) || bias.axes.size() != 1) continue;
    const std::string name = bias.tensor.substr(0, bias.tensor.size() - suffix.size()) + "weight";
    const auto weight = std::ranges::find(table, name, &lmc::TableEntry::tensor);
    const bool is_fixed = weight == table.end() || weight->axes.empty();
    if (is_fixed && std::ranges::find(fixed, name) == fixed.end()) continue;  // there is no such weight
    const std::vector<std::string> own = groups_of(bias.axes[0]);
    const std::vector<std::string> outputs = is_fixed ? std::vector<std::string>() : groups_of(weight->axes[0]);
    if (own == outputs || (!is_fixed && has_outputs_second(*weight, own))) continue;
    found.push_back(concat("'", bias.tensor, "' has ", text_of(own), ", and axis 0 of '", name, "' has ", text_of(outputs),
                           "; expected the same, since each unit has a bias of its own"));
  }
  return found;
}
