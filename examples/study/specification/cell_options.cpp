// SPDX-License-Identifier: BSD-3-Clause
#include "study/specification/cell_options.hpp"

#include <toml++/toml.h>
#include <optional>

#include <lmc/core/names.hpp>

namespace lmc::study {

namespace {

template <class Visit>
void for_each_cell_option(CellOptions& o, const Visit& visit) {
  for_each_option(o.run, visit);
  visit("rate", o.rate);
  visit("noise", o.noise);
  visit("alphas", o.alphas);
  visit("curve-train-examples", o.curve_train_examples);
}

}  // namespace

const std::vector<std::string_view>& cell_option_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    CellOptions options;
    for_each_cell_option(options, [&](const char* name, const auto&) { all.emplace_back(name); });
    return all;
  }();
  return names;
}

void apply(CellOptions& options, const Setting& s) {
  for_each_cell_option(options, [&](const char* name, auto& field) {
    if (s.option == name) assign(field, s);
  });
}

}  // namespace lmc::study
