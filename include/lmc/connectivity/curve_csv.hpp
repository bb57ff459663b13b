// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <ostream>

#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/detail/number_text.hpp>
#include <lmc/core/error.hpp>

namespace lmc {

/// Writes the same path as measured on two data sets, one line an α, with the header
///   alpha,train_loss,train_error,test_loss,test_error
/// Each number is the shortest text that reads back as the same double; a diverged one is `nan` or `inf`.
/// Throws: Error when the curves have different α.
inline void write_curve_csv(std::ostream& out, const Curve& train, const Curve& test) {
  require(train.points.size() == test.points.size(), "write_curve_csv: train has ", train.points.size(), " points and test ",
          test.points.size(), "; expected one grid");
  out << "alpha,train_loss,train_error,test_loss,test_error\n";
  for (std::size_t i = 0; i < test.points.size(); ++i) {
    const CurvePoint &a = train.points[i], &b = test.points[i];
    require(a.alpha == b.alpha, "write_curve_csv: point ", i, " has α = ", a.alpha, " in train and ", b.alpha,
            " in test; expected one grid");
    out << detail::shortest(b.alpha);
    for (const double x : {a.metrics.loss, a.metrics.error, b.metrics.loss, b.metrics.error}) out << ',' << detail::shortest(x);
    out << '\n';
  }
}

}  // namespace lmc
