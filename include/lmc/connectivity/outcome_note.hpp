// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <string>

#include <lmc/connectivity/curve.hpp>

namespace lmc {

/// What to ask about the outcomes of single examples (Metrics::wrong) that somebody gives: a line of text where more than half of the
/// examples are wrong at both ends, as they are when an array says which predictions are right. "" otherwise, and where the loss is the
/// cross-entropy of logits, from which outcomes are computed.
/// Throws: Error when the curve is none that a barrier can be computed from (make_curve).
inline std::string outcome_note(const Curve& curve) {
  detail::require_curve("outcome_note", curve);
  const auto is_doubtful = [](const CurvePoint& end) {
    const Metrics& m = end.metrics;
    return !m.wrong.empty() && m.loss_name != "cross-entropy" && m.error > 0.5;
  };
  if (!is_doubtful(curve.points.front()) || !is_doubtful(curve.points.back())) return {};
  return "errors at both ends above ½: 1 (true) means wrong; if your array says what is right, give its negation";
}

}  // namespace lmc
