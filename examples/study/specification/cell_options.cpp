// SPDX-License-Identifier: BSD-3-Clause
#include "study/specification/cell_options.hpp"

#include <toml++/toml.h>
#include <optional>

#include <lmc/core/names.hpp>
#include <lmc/train/noise_seeds.hpp>

#include "registry/lists.hpp"

namespace lmc::study {

namespace {

template <class Visit>
void for_each_cell_option(CellOptions& o, const Visit& visit) {
  for_each_option(o.run, visit);
  for_each_table_option(o.run.data, visit);
  for_each_pair_option(o, visit);
}

}  // namespace

const char* noise_help() {
  static const std::string help = "what the two runs of a pair differ in: " + registry::one_of(pair_noise_names);
  return help.c_str();
}

const std::vector<std::string_view>& cell_option_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    CellOptions options;
    for_each_cell_option(options, [&](const char* name, const char*, const auto&) { all.emplace_back(name); });
    return all;
  }();
  return names;
}

void apply(CellOptions& options, const Setting& s) {
  for_each_cell_option(options, [&](std::string_view name, const char*, auto& field) {
    if (s.option == name) assign(field, s);
  });
}

}  // namespace lmc::study
