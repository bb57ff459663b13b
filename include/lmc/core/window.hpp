// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <ostream>
#include <string_view>
#include <utility>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {

/// Rows and columns in the plane of an image; a single number stands for both.
struct Extent {
  Index rows;  // down
  Index cols;  // across

  /// As many rows as columns.
  Extent(Index both) : rows(both), cols(both) {}  // NOLINT(google-explicit-constructor): `.kernel = 3` should read as it does
  /// Rows first, as in a shape.
  Extent(Index rows_, Index cols_) : rows(rows_), cols(cols_) {}
  /// rows · cols.
  [[nodiscard]] Index size() const { return rows * cols; }
  friend bool operator==(const Extent&, const Extent&) = default;
};

/// Prints `3x3`.
inline std::ostream& operator<<(std::ostream& out, const Extent& e) { return out << e.rows << 'x' << e.cols; }

/// Consecutive numbers first, …, last − 1.
struct IndexRange {
  Index first = 0;  // the first number
  Index last = 0;   // one past the last

  /// How many numbers these are.
  [[nodiscard]] Index size() const { return last - first; }
  friend bool operator==(const IndexRange&, const IndexRange&) = default;
};

/// A window of kernel.rows × kernel.cols taps that slides over the plane of an image [rows, cols, channels] with zeros around
/// it. Tap (i, j) of output position (r, c) lies over input position
///   (r · stride.rows + i − padding.rows,  c · stride.cols + j − padding.cols),
/// and there are ⌊(in + 2 padding − kernel) / stride⌋ + 1 output positions along each axis.
class Window {
 public:
  Extent in;       // plane of the input
  Extent kernel;   // taps
  Extent stride;   // input positions from one output position to the next
  Extent padding;  // rows of zeros above and below, columns of zeros left and right
  Extent out;      // plane of the output

  /// layer names the user of the window in errors. Throws: Error when image is not [rows, cols, channels] with positive
  /// lengths, kernel or stride are not positive, padding is negative or not below kernel, or there is no output position.
  Window(std::string_view layer, const Shape& image, Extent kernel_, Extent stride_, Extent padding_)
      : in(0), kernel(kernel_), stride(stride_), padding(padding_), out(0) {
    require(image.rank() == 3 && image[0] > 0 && image[1] > 0 && image[2] > 0, layer, ": inputs = ", image,
            "; expected an image [rows, cols, channels] with positive lengths");
    in = {image[0], image[1]};
    require(kernel.rows > 0 && kernel.cols > 0, layer, ": kernel = ", kernel, "; expected positive numbers");
    require(stride.rows > 0 && stride.cols > 0, layer, ": stride = ", stride, "; expected positive numbers");
    require(padding.rows >= 0 && padding.cols >= 0 && padding.rows < kernel.rows && padding.cols < kernel.cols, layer,
            ": padding = ", padding, " with kernel = ", kernel, "; expected at least 0 and less than the kernel");
    const Index rows = in.rows + 2 * padding.rows, cols = in.cols + 2 * padding.cols;
    require(kernel.rows <= rows && kernel.cols <= cols, layer, ": the kernel, ", kernel,
            ", is larger than the input with its padding, ", in, " + 2 * ", padding, " = ", Extent(rows, cols),
            "; there would be no output: use a smaller kernel or more padding");
    out = {(rows - kernel.rows) / stride.rows + 1, (cols - kernel.cols) / stride.cols + 1};
  }

  /// Input row under tap i of output row r; outside [0, in.rows) in the padding.
  [[nodiscard]] Index in_row(Index r, Index i) const { return r * stride.rows + i - padding.rows; }
  /// Input column under tap j of output column c; outside [0, in.cols) in the padding.
  [[nodiscard]] Index in_col(Index c, Index j) const { return c * stride.cols + j - padding.cols; }
  /// Whether an input position lies in the image, not in its padding.
  [[nodiscard]] bool inside(Index row, Index col) const { return row >= 0 && row < in.rows && col >= 0 && col < in.cols; }

  /// The taps i of output row r that lie over the input and not over its padding.
  [[nodiscard]] IndexRange row_taps(Index r) const { return taps(in_row(r, 0), kernel.rows, in.rows); }
  /// The taps j of output column c that lie over the input and not over its padding.
  [[nodiscard]] IndexRange col_taps(Index c) const { return taps(in_col(c, 0), kernel.cols, in.cols); }

  friend bool operator==(const Window&, const Window&) = default;

 private:
  static IndexRange taps(Index first_input, Index kernel, Index in) {
    const Index first = std::max<Index>(0, -first_input);
    return {first, std::max(first, std::min(kernel, in - first_input))};
  }
};

}  // namespace lmc
