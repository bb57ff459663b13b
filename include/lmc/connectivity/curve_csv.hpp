// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstddef>
#include <ostream>
#include <string>
#include <utility>

#include <lmc/connectivity/curve.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/text.hpp>

namespace lmc {

/// Writes a curve, one line per α, with the header `alpha,loss,error`, or `alpha,loss` where the error was not measured. Each
/// number is the shortest text that reads back as the same double; a diverged one is `nan` or `inf`.
/// Throws: Error when the curve is none that a barrier can be computed from (make_curve).
inline void write_curve_csv(std::ostream& out, const Curve& curve) {
  detail::require_curve("write_curve_csv", curve);
  const bool with_error = curve.points.front().metrics.error.has_value();
  out << (with_error ? "alpha,loss,error\n" : "alpha,loss\n");
  for (const CurvePoint& p : curve.points) {
    out << shortest(p.alpha) << ',' << shortest(p.metrics.loss);
    if (with_error) out << ',' << shortest(*p.metrics.error);
    out << '\n';
  }
}

/// Writes the same path as measured on two data sets, with the header
///   alpha,train_loss,train_error,test_loss,test_error   or   alpha,train_loss,test_loss   where the error was not measured
/// Otherwise as for one curve. Throws: Error also when the curves have different α, or one of them has an error and the other none.
inline void write_curve_csv(std::ostream& out, const Curve& train, const Curve& test) {
  detail::require_curve("write_curve_csv: train", train);
  detail::require_curve("write_curve_csv: test", test);
  const bool with_error = train.points.front().metrics.error.has_value();
  require(with_error == test.points.front().metrics.error.has_value(), "write_curve_csv: ", with_error ? "test" : "train",
          " has no error, but ", with_error ? "train" : "test", " has; write each curve by itself");
  const std::string &loss = train.points.front().metrics.loss_name, &other = test.points.front().metrics.loss_name;
  require(loss == other, "write_curve_csv: train is measured in the loss '", loss, "' and test in '", other,
          "'; write each curve by itself");
  require(train.points.size() == test.points.size(), "write_curve_csv: train has ", train.points.size(), " points and test ",
          test.points.size(), "; expected one grid");
  for (std::size_t i = 0; i < test.points.size(); ++i)
    require(train.points[i].alpha == test.points[i].alpha, "write_curve_csv: point ", i, " has α = ", train.points[i].alpha,
            " in train and ", test.points[i].alpha, " in test; expected one grid");
  out << (with_error ? "alpha,train_loss,train_error,test_loss,test_error\n" : "alpha,train_loss,test_loss\n");
  for (std::size_t i = 0; i < test.points.size(); ++i) {
    const CurvePoint &a = train.points[i], &b = test.points[i];
    out << shortest(b.alpha);
    for (const Metrics* m : {&a.metrics, &b.metrics}) {
      out << ',' << shortest(m->loss);
      if (with_error) out << ',' << shortest((*m)[Metric::error]);
    }
    out << '\n';
  }
}

}  // namespace lmc
