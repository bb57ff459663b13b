// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/matrix/detail/eigen.hpp>

namespace lmc {

/// A row-major matrix in memory that somebody else owns; each row is one example.
template <class Scalar>
using MatrixView = Eigen::Map<std::conditional_t<
    std::is_const_v<Scalar>, const Eigen::Matrix<std::remove_const_t<Scalar>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>,
    Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>>;

/// The first rows·cols entries of values as a matrix; asserted to be there.
template <class Scalar>
MatrixView<Scalar> matrix_view(std::span<Scalar> values, Index rows, Index cols) {
  assert(rows >= 0 && cols >= 0 && static_cast<Index>(values.size()) >= rows * cols);
  return MatrixView<Scalar>(values.data(), rows, cols);
}

/// All entries of a matrix view as one span.
template <class Plain>
auto span_of(Eigen::Map<Plain> view) {
  return std::span(view.data(), static_cast<std::size_t>(view.size()));
}

/// Row i of a matrix view as a span.
template <class Plain>
auto row_of(Eigen::Map<Plain> view, Index i) {
  return span_of(view).subspan(static_cast<std::size_t>(i * view.cols()), static_cast<std::size_t>(view.cols()));
}

/// values[offset, offset + count). Throws: Error when that is not inside.
template <class Scalar>
std::span<Scalar> slice(std::span<Scalar> values, Index offset, Index count) {
  require(offset >= 0 && count >= 0 && count <= static_cast<Index>(values.size()) - offset, "slice: entries ", offset, " to ",
          offset, " + ", count, " of ", values.size(), "; expected some that are there");
  return values.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(count));
}

/// size rounded up so that what follows an array of that size begins on a cache line of its own, if the array does.
template <class Scalar>
constexpr Index padded(Index size) {
  constexpr Index line = 64 / sizeof(Scalar);
  return (size + line - 1) / line * line;
}

/// values from the first cache line on that begins there; it leaves out less than padded<Scalar>(1) entries.
template <class Scalar>
std::span<Scalar> from_cache_line(std::span<Scalar> values) {
  const auto past = reinterpret_cast<std::uintptr_t>(values.data()) % 64;
  return values.subspan(std::min(values.size(), static_cast<std::size_t>(past == 0 ? 0 : (64 - past) / sizeof(Scalar))));
}

/// A view that can only be read.
template <class Plain>
MatrixView<const typename Plain::Scalar> as_const(Eigen::Map<Plain> view) {
  return {view.data(), view.rows(), view.cols()};
}

}  // namespace lmc
