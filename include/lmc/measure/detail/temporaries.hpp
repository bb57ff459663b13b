// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <type_traits>

#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>

namespace lmc::detail {

template <class T>
inline constexpr bool is_pointed_at = false;
template <std::floating_point Scalar>
inline constexpr bool is_pointed_at<Network<Scalar>> = true;
template <std::floating_point Scalar>
inline constexpr bool is_pointed_at<Dataset<Scalar>> = true;

/// Whether one of the forwarded arguments is a network or a data set that is gone at the end of the statement.
template <class... Arguments>
concept HasTemporary = ((!std::is_lvalue_reference_v<Arguments> && is_pointed_at<std::remove_cv_t<Arguments>>) || ...);

template <class>
struct ScalarOf;
template <template <class> class Template, std::floating_point S>
struct ScalarOf<Template<S>> {
  using type = S;
};

/// Fails to compile where one of the arguments is a temporary, and says why; a deleted function could not.
template <class... Arguments>
[[noreturn]] void refuse_temporary() {
  static_assert(
      !HasTemporary<Arguments...>,
      "an evaluator or a gradient_function points at its network and data sets, which must outlive it: give them names "
      "and pass those; what is passed here is gone at the end of the statement");
  throw;  // a value, which the caller need not have then
}

}  // namespace lmc::detail
