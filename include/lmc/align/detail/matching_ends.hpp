// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/text.hpp>

namespace lmc::detail {

/// Throws: Error, begun by `who`, that names the first segment in which two layouts differ.
inline void require_equal_layouts(std::string_view who, const ParameterLayout& a, const ParameterLayout& b) {
  if (a == b) return;
  const auto list = [&](std::string_view kind, const std::vector<Segment>& x, const std::vector<Segment>& y) {
    for (std::size_t s = 0; s < std::min(x.size(), y.size()); ++s) {
      require(x[s].name == y[s].name && x[s].shape == y[s].shape, who, ": ", kind, " ", s, " is '", x[s].name, "' ", x[s].shape,
              " in the first layout and '", y[s].name, "' ", y[s].shape, " in the second; expected two networks of one kind");
      require(x[s] == y[s], who, ": '", x[s].name, "' has the shape ", x[s].shape,
              " in both layouts, but another role, or other permutation groups; expected two networks of one kind");
    }
    const bool longer = x.size() > y.size();
    if (x.size() != y.size())
      throw Error(concat(who, ": the ", longer ? "second" : "first", " layout has no '",
                         (longer ? x : y)[std::min(x.size(), y.size())].name,
                         "', which the other has; expected two networks of one kind"));
  };
  list("segment", a.parameters, b.parameters);
  list("buffer", a.buffers, b.buffers);
  throw Error(
      concat(who, ": the permutation groups of the two layouts differ in name or size; expected two networks of one kind"));
}

/// Throws: Error, begun by `who`, unless a network's vector is the finite parameters of a layout, small enough for dot products.
/// which: `the first network`, say.
template <std::floating_point Scalar>
void require_matching_end(std::string_view who, std::string_view which, const ParameterLayout& layout,
                          std::span<const Scalar> theta) {
  require(static_cast<Index>(theta.size()) == layout.parameter_count(), who, ": ", which, " has ", theta.size(),
          " parameters; the layout has ", layout.parameter_count(), ", up to its last segment '",
          layout.parameters.empty() ? std::string() : layout.parameters.back().name, "'");
  // Products of two numbers below 2⁴⁶⁰, and sums of 2⁴⁰ of these, stay below what an assignment takes, 2⁹⁶⁰.
  const auto wrong = std::ranges::find_if(theta, [](Scalar x) { return !(std::abs(static_cast<double>(x)) <= 0x1p460); });
  if (wrong == theta.end()) return;
  const Index at = wrong - theta.begin();
  const auto segment = std::ranges::find_if(layout.parameters, [&](const Segment& s) { return at < s.offset + s.size(); });
  throw Error(concat(who, ": entry ", at - segment->offset, " of '", segment->name, "' of ", which, " is ",
                     shortest(static_cast<double>(*wrong)),
                     "; expected finite parameters, of at most 2^460: there is nothing to align with a network that diverged"));
}
/// The same of both networks of a pair.
template <std::floating_point Scalar>
void require_matching_ends(std::string_view who, const ParameterLayout& layout, std::span<const Scalar> a,
                           std::span<const Scalar> b) {
  require_matching_end(who, "the first network", layout, a);
  require_matching_end(who, "the second network", layout, b);
}

}  // namespace lmc::detail
