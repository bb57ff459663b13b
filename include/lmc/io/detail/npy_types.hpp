// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace lmc::detail {

/// What NumPy calls a type: its kind and its bytes. Empty for others than those that are read.
template <class T>
inline constexpr std::string_view npy_dtype = [] {
  if constexpr (std::is_same_v<T, bool>) return "b1";
  if constexpr (std::is_same_v<T, std::int8_t>) return "i1";
  if constexpr (std::is_same_v<T, std::int16_t>) return "i2";
  if constexpr (std::is_same_v<T, std::int32_t>) return "i4";
  if constexpr (std::is_same_v<T, std::int64_t>) return "i8";
  if constexpr (std::is_same_v<T, std::uint8_t>) return "u1";
  if constexpr (std::is_same_v<T, std::uint16_t>) return "u2";
  if constexpr (std::is_same_v<T, std::uint32_t>) return "u4";
  if constexpr (std::is_same_v<T, std::uint64_t>) return "u8";
  if constexpr (std::is_same_v<T, float>) return "f4";
  if constexpr (std::is_same_v<T, double>) return "f8";
  return "";
}();

/// A half, which has no type of its own in C++20.
struct NpyHalf {
  std::uint16_t bits = 0;
};

/// The number that a half stands for: a float holds each of them.
inline float widened(NpyHalf half) {
  const std::uint32_t exponent = half.bits >> 10 & 31U, fraction = half.bits & 1023U,
                      sign = std::uint32_t{half.bits} >> 15 << 31;
  if (exponent == 0) {  // zero and subnormal numbers, in steps of 2⁻²⁴
    const float size = std::ldexp(static_cast<float>(fraction), -24);
    return sign != 0 ? -size : size;
  }
  return std::bit_cast<float>(sign | (exponent == 31 ? 255U : exponent + 112) << 23 | fraction << 13);
}

/// Calls visit with a value of the type that a dtype names; false where it names none that can be read.
template <class Visit>
bool with_npy_type(std::string_view dtype, Visit visit) {
  if (dtype == "f2") {
    visit(NpyHalf{});
    return true;
  }
  const auto try_type = [&]<class T>(T zero) {
    if (dtype != npy_dtype<T>) return false;
    visit(zero);
    return true;
  };
  return try_type(bool{}) || try_type(std::int8_t{}) || try_type(std::int16_t{}) || try_type(std::int32_t{}) ||
         try_type(std::int64_t{}) || try_type(std::uint8_t{}) || try_type(std::uint16_t{}) || try_type(std::uint32_t{}) ||
         try_type(std::uint64_t{}) || try_type(float{}) || try_type(double{});
}

/// A value of another type, where it is one of T; nothing where it is not.
template <class T, class From>
std::optional<T> npy_exactly(From value) {
  if constexpr (std::is_same_v<From, NpyHalf>) {
    return npy_exactly<T>(widened(value));
  } else if constexpr (std::is_same_v<T, bool>) {
    if (value == From{0} || value == From{1}) return value == From{1};
    return std::nullopt;
  } else if constexpr (std::is_same_v<From, bool>) {
    return static_cast<T>(value ? 1 : 0);
  } else if constexpr (std::is_floating_point_v<T> && std::is_floating_point_v<From>) {
    if (sizeof(From) > sizeof(T)) return std::nullopt;  // whatever the value: a file is of one type, or of the other
    return static_cast<T>(value);
  } else if constexpr (std::is_floating_point_v<T>) {
    constexpr auto most = std::int64_t{1} << std::numeric_limits<T>::digits;
    const bool below = std::cmp_greater_equal(value, -most), above = std::cmp_less_equal(value, most);
    if (below && above) return static_cast<T>(value);
    return std::nullopt;
  } else if constexpr (std::is_floating_point_v<From>) {
    constexpr double most = 9007199254740992;  // 2⁵³
    if (std::abs(value) <= static_cast<From>(most) && std::trunc(value) == value) return static_cast<T>(value);
    return std::nullopt;
  } else {
    if (std::in_range<T>(value)) return static_cast<T>(value);
    return std::nullopt;
  }
}

}  // namespace lmc::detail
