// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/curve.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>

#include "study/specification/run_spec.hpp"

namespace lmc::study {

/// Two trainings, and how the line between them is measured.
struct PairSpec {
  RunSpec a = {}, b = {};
  Index alphas = 25;               // even steps from 0 to 1
  Index curve_train_examples = 0;  // the training curve is measured on so many examples, a random sample; 0: on all
  friend bool operator==(const PairSpec& x, const PairSpec& y);
};

/// A canonical pair as JSON: `{"a": …, "b": …, "alphas": …, "curve-train-examples": …}`.
nlohmann::json to_json(const PairSpec& s);

/// The pair of two canonical runs. Throws: Error as canonical(RunSpec), when the runs are not of one network and data set, and
/// for numbers out of range.
PairSpec canonical(PairSpec s);

PairSpec pair_spec_from_json(const nlohmann::json& json);

/// Names a pair: 32 hexadecimal digits, a function of the canonical specification alone.
std::string id_of(const PairSpec& spec);

bool operator==(const PairSpec& x, const PairSpec& y);

/// A curve on one part of the data, and every number that it gives.
struct PartResult {
  Curve curve;  // without the outcomes of single examples
  ErrorBarrier error;
  std::optional<double> cross_fitted = {};  // error barrier without the bias of a maximum; none where a run diverged
  LossBarrier loss;
  double instability = 0, git_rebasin = 0, argmax = 0, midpoint = 0;

  /// Means over the two ends.
  [[nodiscard]] double mean_error() const;
  [[nodiscard]] double mean_loss() const;

 private:
  template <class Number>
  [[nodiscard]] double mean(Number number) const {
    return (number(curve.points.front().metrics) + number(curve.points.back().metrics)) / 2;
  }
};

/// What was measured of a pair.
struct PairResult {
  PartResult train, test;
  std::map<std::string, nlohmann::json> extra = {};  // further measurements by their names, as study/measurements.hpp has them
};

/// From a measured curve, whose outcomes of single examples are used for the interval and then left out.
PartResult part_result(Curve curve);

// JSON has no NaN and no infinities, which are results here: of a diverged run.
nlohmann::json number_json(double x);

/// The inverse of number_json. Throws: Error for another text, and nlohmann's exceptions for what is neither text nor number.
double number_from_json(const nlohmann::json& json);

nlohmann::json to_json(const PartResult& r);

/// The inverse of to_json. Throws: Error when something is missing or has the wrong type.
PartResult part_result_from_json(const nlohmann::json& json);

}  // namespace lmc::study
