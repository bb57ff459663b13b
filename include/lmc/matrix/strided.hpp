// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <lmc/core/shape.hpp>
#include <lmc/matrix/detail/eigen.hpp>

namespace lmc {

/// A matrix in memory that somebody else owns: entry (i, j) lies at data[i * row_stride + j * col_stride].
template <class T>
struct Strided {
  T* data;
  Index rows, cols;
  Index row_stride, col_stride;

  Strided(T* data_, Index rows_, Index cols_, Index row_stride_, Index col_stride_ = 1)
      : data(data_), rows(rows_), cols(cols_), row_stride(row_stride_), col_stride(col_stride_) {}
  template <class Plain>
  Strided(Eigen::Map<Plain> m)  // NOLINT(google-explicit-constructor): a view of a view
      : Strided(m.data(), m.rows(), m.cols(), m.rowStride(), m.colStride()) {}

  [[nodiscard]] Strided transposed() const { return {data, cols, rows, col_stride, row_stride}; }
};

}  // namespace lmc
