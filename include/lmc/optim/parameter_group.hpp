// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/optim/update_range.hpp>

namespace lmc {

/// Parameters that are updated in another way than the others: `{.segments = "*bias", .rate = 0.1}`. Of several groups that name a
/// segment, the last one that sets a factor decides about it.
struct ParameterGroup {
  std::string segments = "*";        // by name; * stands for any characters: `*bias`
  std::optional<Role> role = {};     // and of this role alone
  std::optional<double> rate = {};   // times the learning rate, at least 0; with 0 they stay as they are
  std::optional<double> decay = {};  // times the weight decay, at least 0
  friend bool operator==(const ParameterGroup&, const ParameterGroup&) = default;
};

/// The groups with which only weights decay: not biases, scales and embeddings.
inline std::vector<ParameterGroup> decay_of_weights_only() { return {{.decay = 0}, {.role = Role::weight, .decay = 1}}; }

namespace detail {

/// Whether name is pattern, in which * stands for any characters, or none.
inline bool matches(std::string_view pattern, std::string_view name) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == name;
  if (!name.starts_with(pattern.substr(0, star))) return false;
  name.remove_prefix(star);
  pattern.remove_prefix(star + 1);
  for (std::size_t skipped = 0; skipped <= name.size(); ++skipped)
    if (matches(pattern, name.substr(skipped))) return true;
  return false;
}

}  // namespace detail

/// What the groups say of the parameters of a layout, range by range; none where there are no groups. Throws: Error when a factor is
/// negative or not finite, or a group names no segment that there is.
inline std::vector<UpdateRange> update_ranges(const ParameterLayout& layout, std::span<const ParameterGroup> groups) {
  for (const ParameterGroup& g : groups) {
    require(g.rate || g.decay, "ParameterGroup '", g.segments, "' sets neither a rate nor a decay; set one of them");
    const auto is_factor = [](double x) { return std::isfinite(x) && x >= 0; };
    require(is_factor(g.rate.value_or(1)), "ParameterGroup '", g.segments, "': rate = ", g.rate.value_or(1),
            "; expected a finite factor of the learning rate, at least 0");
    require(is_factor(g.decay.value_or(1)), "ParameterGroup '", g.segments, "': decay = ", g.decay.value_or(1),
            "; expected a finite factor of the weight decay, at least 0");
  }
  std::vector<bool> used(groups.size());
  std::vector<UpdateRange> ranges;
  for (const Segment& s : layout.parameters) {
    UpdateRange range{.first = static_cast<std::size_t>(s.offset), .count = static_cast<std::size_t>(s.size())};
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const ParameterGroup& g = groups[i];
      if (!detail::matches(g.segments, s.name) || g.role.value_or(s.role) != s.role) continue;
      used[i] = true;
      range.rate = g.rate.value_or(range.rate);
      range.decay = g.decay.value_or(range.decay);
    }
    if (groups.empty()) continue;
    if (!ranges.empty() && ranges.back().rate == range.rate && ranges.back().decay == range.decay)
      ranges.back().count += range.count;
    else
      ranges.push_back(range);
  }
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (used[i]) continue;
    constexpr std::array<std::string_view, 6> roles{"weight", "bias", "scale", "embedding", "mean", "variance"};
    const std::string role =
        groups[i].role ? concat(" with the role ", roles.at(static_cast<std::size_t>(*groups[i].role))) : "";
    std::string names;
    for (const Segment& s : layout.parameters) names += (names.empty() ? "" : ", ") + s.name;
    throw Error(concat("ParameterGroup '", groups[i].segments, "'", role, " names no segment; there are: ", names,
                       "; * stands for any characters"));
  }
  return ranges;
}

}  // namespace lmc
