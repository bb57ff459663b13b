// SPDX-License-Identifier: BSD-3-Clause
#include "registry/updates.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/names.hpp>
#include <lmc/loss/cross_entropy.hpp>
#include <lmc/loss/squared_error.hpp>
#include <lmc/optim/parameter_group.hpp>

#include "registry/lists.hpp"
#include "registry/named.hpp"

namespace registry {

namespace {

constexpr std::array<std::string_view, 2> losses{lmc::CrossEntropy::kind, lmc::SquaredError::kind};
constexpr std::array<std::string_view, 2> decayed_names{"all", "weights"};

/// "dense1/*=0.1" as a group.
lmc::ParameterGroup parse_rate(std::string_view prefix, const std::string& rates, const std::string& part) {
  const std::size_t equals = part.find('=');
  lmc::require(equals != std::string::npos && equals > 0, prefix, "rates ", rates, ": '", part,
               "'; expected a name and a factor, as in dense1/*=0.1; * stands for any characters");
  const std::vector<double> factor =
      named(lmc::concat(prefix, "rates ", rates), [&] { return parse_list(part.substr(0, equals), part.substr(equals + 1)); });
  lmc::require(factor.size() == 1 && std::isfinite(factor[0]) && factor[0] >= 0, prefix, "rates ", rates, ": '", part,
               "'; expected one factor of the learning rate, at least 0");
  return {.segments = part.substr(0, equals), .rate = factor[0]};
}

}  // namespace

void set_updates(const UpdateChoice& choice, std::string_view prefix, lmc::TrainOptions<float>& options) {
  const bool squared = choice.loss && lmc::find_name(lmc::concat(prefix, "loss"), *choice.loss, losses) == 1;
  const double smoothing = choice.label_smoothing.value_or(0);
  lmc::require(smoothing >= 0 && smoothing < 1, prefix, "label-smoothing ", smoothing, "; expected a number in [0, 1)");
  lmc::require(!squared || smoothing == 0, prefix, "label-smoothing ", smoothing, " is no option of the loss squared-error");
  if (squared)
    options.loss = lmc::SquaredError();
  else
    options.loss = lmc::CrossEntropy{.label_smoothing = smoothing};
  lmc::require(!choice.clip_norm || *choice.clip_norm > 0, prefix, "clip-norm ", choice.clip_norm.value_or(0),
               "; expected a positive number");
  options.clip_norm = choice.clip_norm;
  options.groups.clear();
  if (choice.decayed && lmc::find_name(lmc::concat(prefix, "decayed"), *choice.decayed, decayed_names) == 1)
    options.groups = lmc::decay_of_weights_only();
  if (choice.rates)
    for (const std::string& part : split_list(*choice.rates)) options.groups.push_back(parse_rate(prefix, *choice.rates, part));
}

void require_groups(const UpdateChoice& choice, std::string_view prefix, const lmc::TrainOptions<float>& options,
                    const lmc::ParameterLayout& layout) {
  const std::string given = all_typed(prefix, [&](const auto& visit) { for_each_update_option(choice, visit); });
  named(given, [&] {
    const std::vector<lmc::UpdateRange> ranges = update_ranges(layout, options.groups);
    lmc::require(ranges.empty() || std::ranges::any_of(ranges, [](const lmc::UpdateRange& range) { return range.rate > 0; }),
                 "nothing would be trained; expected a positive factor for some of the parameters");
  });
}

UpdateChoice canonical(const UpdateChoice& choice) {
  lmc::TrainOptions<float> options;
  set_updates(choice, "", options);
  UpdateChoice one = choice;
  if (one.loss == lmc::CrossEntropy::kind) one.loss.reset();
  if (one.label_smoothing == 0) one.label_smoothing.reset();
  if (one.decayed == "all") one.decayed.reset();
  if (one.rates && one.rates->empty()) one.rates.reset();
  return one;
}

}  // namespace registry
