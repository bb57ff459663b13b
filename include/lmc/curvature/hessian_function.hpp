// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <span>

namespace lmc {

/// The product of a symmetric matrix with a vector: a callable (std::span<const double> v, std::span<double> Hv) that overwrites Hv,
/// on the caller's thread. It may return something, which is not read.
template <class H>
concept HessianOperator = std::invocable<H&, std::span<const double>, std::span<double>>;

/// The same at any θ: a callable (std::span<const T> θ, std::span<const double> v, std::span<double> Hv).
template <class H, class T>
concept HessianFunction = std::invocable<H&, std::span<const T>, std::span<const double>, std::span<double>>;

}  // namespace lmc
