// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstddef>
#include <span>

#include <lmc/core/shape.hpp>
#include <lmc/layers/tangent.hpp>

namespace lmc::detail {

/// Which entries a layer normalizes together: group g has `entries` entries from g · group_stride on, entry_stride apart; the entry k of
/// group g has the scale and the bias g · group_unit + k · entry_unit.
struct NormalizedGroups {
  Index groups, entries;
  Index group_stride, entry_stride;
  Index group_unit, entry_unit;
  bool of_batch = true;  // mean and variance are those of the group's entries; else they are constants
};

/// The moments that the forward pass used, for every group, and the layer's parameters with their tangents.
template <std::floating_point T>
struct NormalizationState {
  std::span<const T> mean, inverse_deviation;
  std::span<const T> scale, scale_tangent, bias_tangent;
};

/// Group g of a normalization, with r = 1 / √(v + ε), x̂ = r (x − μ), and means over the group, which are left out where its moments are
/// constants:
///   (x̂)˙ = r (ẋ − mean ẋ − x̂ mean(x̂ ẋ))        ṙ = −r² mean(x̂ ẋ)
template <std::floating_point T>
struct GroupTangent {
  const NormalizedGroups& at;
  Index g;
  const T *x, *x_tangent;
  double mu, r, mean_of_tangent = 0, mean_of_product = 0;

  GroupTangent(const NormalizedGroups& groups, Index group, const NormalizationState<T>& s, const T* x_, const T* x_tangent_)
      : at(groups),
        g(group),
        x(x_),
        x_tangent(x_tangent_),
        mu(static_cast<double>(s.mean[static_cast<std::size_t>(group)])),
        r(static_cast<double>(s.inverse_deviation[static_cast<std::size_t>(group)])) {
    if (!at.of_batch) return;
    for (Index k = 0; k < at.entries; ++k) {
      mean_of_tangent += value(x_tangent, k);
      mean_of_product += value(x_tangent, k) * normal(k);
    }
    mean_of_tangent /= static_cast<double>(at.entries);
    mean_of_product /= static_cast<double>(at.entries);
  }
  [[nodiscard]] Index place(Index k) const { return g * at.group_stride + k * at.entry_stride; }
  [[nodiscard]] std::size_t unit(Index k) const { return static_cast<std::size_t>(g * at.group_unit + k * at.entry_unit); }
  [[nodiscard]] double value(const T* values, Index k) const { return static_cast<double>(values[place(k)]); }
  [[nodiscard]] double normal(Index k) const { return r * (value(x, k) - mu); }
  [[nodiscard]] double normal_tangent(Index k) const {
    return r * (value(x_tangent, k) - mean_of_tangent - normal(k) * mean_of_product);
  }
};

/// ẏ = s (x̂)˙ + ṡ x̂ + ḃ, with s the scale and b the bias of an entry.
template <std::floating_point T>
void normalization_forward_tangent(const NormalizedGroups& groups, const NormalizationState<T>& s, const T* x,
                                   const T* x_tangent, T* y_tangent) {
  for (Index g = 0; g < groups.groups; ++g) {
    const GroupTangent<T> group(groups, g, s, x, x_tangent);
    for (Index k = 0; k < groups.entries; ++k) {
      const std::size_t unit = group.unit(k);
      y_tangent[group.place(k)] = static_cast<T>(static_cast<double>(s.scale[unit]) * group.normal_tangent(k) +
                                                 static_cast<double>(s.scale_tangent[unit]) * group.normal(k) +
                                                 static_cast<double>(s.bias_tangent[unit]));
    }
  }
}

/// With D = ∂L/∂y, G = s D and Ġ = s Ḋ + ṡ D:
///   dx = r (G − mean G − x̂ mean(G x̂))
///   ḋx = ṙ/r dx + r (Ġ − mean Ġ − (x̂)˙ mean(G x̂) − x̂ mean(Ġ x̂ + G (x̂)˙))
///   the gradient of s has the tangent Σ Ḋ x̂ + D (x̂)˙, that of b Σ Ḋ
/// dx and dx_tangent are null where nobody asks for them.
template <std::floating_point T>
void normalization_backward_tangent(const NormalizedGroups& groups, const NormalizationState<T>& s, const T* x,
                                    const T* x_tangent, const T* dy, const T* dy_tangent, T* dx, T* dx_tangent,
                                    std::span<T> dscale_tangent, std::span<T> dbias_tangent) {
  for (Index g = 0; g < groups.groups; ++g) {
    const GroupTangent<T> group(groups, g, s, x, x_tangent);
    const auto slope = [&](Index k) { return static_cast<double>(s.scale[group.unit(k)]) * group.value(dy, k); };
    const auto slope_tangent = [&](Index k) {
      return static_cast<double>(s.scale[group.unit(k)]) * group.value(dy_tangent, k) +
             static_cast<double>(s.scale_tangent[group.unit(k)]) * group.value(dy, k);
    };
    double mean = 0, mean_tangent = 0, product = 0, product_tangent = 0;
    for (Index k = 0; k < groups.entries; ++k) {
      const double normal = group.normal(k), normal_tangent = group.normal_tangent(k);
      const double d = group.value(dy, k), d_tangent = group.value(dy_tangent, k);
      dscale_tangent[group.unit(k)] += static_cast<T>(d_tangent * normal + d * normal_tangent);
      dbias_tangent[group.unit(k)] += static_cast<T>(d_tangent);
      mean += slope(k);
      mean_tangent += slope_tangent(k);
      product += slope(k) * normal;
      product_tangent += slope_tangent(k) * normal + slope(k) * normal_tangent;
    }
    if (dx == nullptr) continue;
    const double share = groups.of_batch ? 1 / static_cast<double>(groups.entries) : 0;
    for (Index k = 0; k < groups.entries; ++k) {
      const double normal = group.normal(k), r = group.r;
      const double value = r * (slope(k) - share * mean - normal * share * product);
      dx[group.place(k)] = static_cast<T>(value);
      dx_tangent[group.place(k)] =
          static_cast<T>(r * (slope_tangent(k) - share * mean_tangent - group.normal_tangent(k) * share * product -
                              normal * share * product_tangent - group.mean_of_product * value));
    }
  }
}

}  // namespace lmc::detail
