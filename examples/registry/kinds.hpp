// SPDX-License-Identifier: BSD-3-Clause
// What networks and data sets have in common: kinds with a name, each of which takes some of all options.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/names.hpp>

#include "registry/named.hpp"

namespace registry {

/// The kind of that name. `what` says what is named. Throws: lmc::Error that lists the names.
template <class Kind>
const Kind& find_kind(std::string_view what, std::string_view name, const std::vector<Kind>& kinds) {
  std::vector<std::string_view> names;
  for (const Kind& kind : kinds) names.push_back(kind.name);
  return kinds[lmc::find_name(what, name, names)];
}

/// Throws: OptionError for an option that was given, but that `chosen` does not take. `by` is what chose it, as in "--dataset".
template <class Kind>
void require_taken(std::string_view option, const Kind& chosen, const std::vector<Kind>& kinds, std::string_view by) {
  const auto takes = [&](const Kind& kind) {
    return std::find(kind.options.begin(), kind.options.end(), option) != kind.options.end();
  };
  std::string owners;
  for (const Kind& kind : kinds)
    if (takes(kind)) (owners += ' ') += kind.name;
  require_option(takes(chosen), by.starts_with("--") ? "--" : "", option, " is an option of", owners, ", not of ", by, ' ',
                 chosen.name, "; leave it out");
}

}  // namespace registry
