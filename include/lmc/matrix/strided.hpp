// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <lmc/core/shape.hpp>
#include <lmc/matrix/detail/eigen.hpp>

namespace lmc {

/// A matrix in memory that somebody else owns: entry (i, j) lies at data[i * row_stride + j * col_stride].
template <class T>
struct Strided {
  T* data;           // entry (0, 0)
  Index rows;        // number of rows
  Index cols;        // number of columns
  Index row_stride;  // in entries, from one row to the next
  Index col_stride;  // in entries, from one column to the next

  /// Columns lie side by side where no stride is given for them.
  Strided(T* data_, Index rows_, Index cols_, Index row_stride_, Index col_stride_ = 1)
      : data(data_), rows(rows_), cols(cols_), row_stride(row_stride_), col_stride(col_stride_) {}
  /// The matrix that an Eigen map shows.
  template <class Plain>
  Strided(Eigen::Map<Plain> m)  // NOLINT(google-explicit-constructor): a view of a view
      : Strided(m.data(), m.rows(), m.cols(), m.rowStride(), m.colStride()) {}

  /// The transposed matrix, in the same memory.
  [[nodiscard]] Strided transposed() const { return {data, cols, rows, col_stride, row_stride}; }
};

}  // namespace lmc
