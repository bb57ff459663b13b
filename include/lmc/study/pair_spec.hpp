// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <lmc/connectivity/alpha_grid.hpp>
#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/curve.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/study/run_spec.hpp>
#include <lmc/study/spec_digest.hpp>

namespace lmc::study {

/// Two trainings, and how the line between them is measured.
struct PairSpec {
  RunSpec a = {}, b = {};
  Index alphas = 25;               // even steps from 0 to 1
  Index curve_train_examples = 0;  // the training curve is measured on so many examples, a random sample; 0: on all
  friend bool operator==(const PairSpec& x, const PairSpec& y);
};

/// Of a canonical pair: `{"a": …, "b": …, "alphas": …, "curve-train-examples": …}`.
inline nlohmann::json to_json(const PairSpec& s) {
  return {{"a", to_json(s.a)}, {"b", to_json(s.b)}, {"alphas", s.alphas}, {"curve-train-examples", s.curve_train_examples}};
}

/// The pair of two canonical runs. Throws: Error as canonical(RunSpec), when the runs are not of one network and data set, and
/// for numbers out of range.
inline PairSpec canonical(PairSpec s) {
  s.a = canonical(std::move(s.a));
  s.b = canonical(std::move(s.b));
  require(s.alphas >= 2, "alphas = ", s.alphas, "; expected at least 2, since a barrier is measured from both ends");
  require(s.curve_train_examples >= 0, "curve-train-examples = ", s.curve_train_examples,
          "; expected a number that is not negative");
  nlohmann::json a = nlohmann::json::object(), b = a;
  const auto put = [](nlohmann::json& to) {
    return [&to](const char* name, const auto& value) {
      if constexpr (detail::is_optional<std::remove_cvref_t<decltype(value)>>)
        to[name] = value ? nlohmann::json(*value) : nlohmann::json();
      else
        to[name] = value;
    };
  };
  for (const auto& [spec, to] : {std::pair(&s.a, &a), std::pair(&s.b, &b)}) {
    detail::for_each_data_option(spec->data, put(*to));
    detail::for_each_network_option(spec->network, put(*to));
    put (*to)("embed", spec->embed);
  }
  require(a == b, "a pair needs two runs of one network on one data set, but they are ", a.dump(), " and ", b.dump());
  return s;
}

inline PairSpec pair_spec_from_json(const nlohmann::json& json) {
  try {
    return {.a = run_spec_from_json(json.at("a")),
            .b = run_spec_from_json(json.at("b")),
            .alphas = json.at("alphas").get<Index>(),
            .curve_train_examples = json.at("curve-train-examples").get<Index>()};
  } catch (const nlohmann::json::exception& e) {
    throw Error(lmc::detail::concat("a pair's specification cannot be read: ", e.what()));
  }
}

/// Names a pair: 32 hexadecimal digits, a function of the canonical specification alone.
inline std::string id_of(const PairSpec& spec) {
  return SpecDigest().add("pair\n").add(to_json(canonical(spec)).dump()).text();
}

inline bool operator==(const PairSpec& x, const PairSpec& y) { return to_json(x) == to_json(y); }

/// A curve on one part of the data, and every number that it gives.
struct PartResult {
  Curve curve;  // without the outcomes of single examples
  ErrorBarrier error;
  LossBarrier loss;
  double instability = 0, git_rebasin = 0, argmax = 0, midpoint = 0;

  /// Of the two ends.
  [[nodiscard]] double mean_error() const {
    return mean([](const Metrics& m) { return m[Metric::error]; });
  }
  [[nodiscard]] double mean_loss() const {
    return mean([](const Metrics& m) { return m.loss; });
  }

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
inline PartResult part_result(Curve curve) {
  PartResult r{.curve = {},
               .error = error_barrier(curve),
               .loss = loss_barrier(curve),
               .instability = lmc::instability(curve),
               .git_rebasin = lmc::git_rebasin(curve),
               .argmax = argmax_barrier(curve),
               .midpoint = midpoint_barrier(curve)};
  for (CurvePoint& p : curve.points) p.metrics.wrong.clear();
  if (curve.midpoint) curve.midpoint->metrics.wrong.clear();
  r.curve = std::move(curve);
  return r;
}

namespace detail {

// JSON has no NaN and no infinities, which are results here: of a diverged run.
inline nlohmann::json number_json(double x) {
  if (std::isfinite(x)) return x;
  return std::isnan(x) ? "nan" : x > 0 ? "inf" : "-inf";
}
inline double number_from_json(const nlohmann::json& json) {
  if (!json.is_string()) return json.get<double>();
  const auto text = json.get<std::string>();
  const double infinity = std::numeric_limits<double>::infinity();
  return text == "inf" ? infinity : text == "-inf" ? -infinity : std::numeric_limits<double>::quiet_NaN();
}

inline nlohmann::json point_json(const CurvePoint& p) {
  return {{"alpha", p.alpha},
          {"alpha-bar", p.alpha_bar},
          {"loss", number_json(p.metrics.loss)},
          {"error", number_json(p.metrics[Metric::error])},
          {"count", p.metrics.count}};
}
inline CurvePoint point_from_json(const nlohmann::json& json) {
  return {.alpha = json.at("alpha").get<double>(),
          .alpha_bar = json.at("alpha-bar").get<double>(),
          .metrics = {.loss = number_from_json(json.at("loss")),
                      .error = number_from_json(json.at("error")),
                      .count = json.at("count").get<Index>()}};
}

}  // namespace detail

inline nlohmann::json to_json(const PartResult& r) {
  nlohmann::json points = nlohmann::json::array();
  for (const CurvePoint& p : r.curve.points) points.push_back(detail::point_json(p));
  using detail::number_json;
  return {{"curve", points},
          {"midpoint-beside", r.curve.midpoint ? detail::point_json(*r.curve.midpoint) : nlohmann::json()},
          {"error-barrier",
           {{"value", number_json(r.error.value)},
            {"alpha", number_json(r.error.alpha)},
            {"normalized", number_json(r.error.normalized)},
            {"low", r.error.interval ? nlohmann::json(r.error.interval->low) : nlohmann::json()},
            {"high", r.error.interval ? nlohmann::json(r.error.interval->high) : nlohmann::json()},
            {"verdict", lmc::detail::concat(r.error.verdict)}}},
          {"loss-barrier",
           {{"value", number_json(r.loss.value)},
            {"alpha", number_json(r.loss.alpha)},
            {"normalized", number_json(r.loss.normalized)}}},
          {"instability", number_json(r.instability)},
          {"git-rebasin", number_json(r.git_rebasin)},
          {"argmax", number_json(r.argmax)},
          {"midpoint", number_json(r.midpoint)}};
}

/// The inverse of to_json. Throws: Error when something is missing or has the wrong type.
inline PartResult part_result_from_json(const nlohmann::json& json) {
  using detail::number_from_json;
  try {
    PartResult r;
    for (const auto& point : json.at("curve")) r.curve.points.push_back(detail::point_from_json(point));
    require(r.curve.points.size() >= 2, "a curve has ", r.curve.points.size(), " points; expected at least 2");
    if (!json.at("midpoint-beside").is_null()) r.curve.midpoint = detail::point_from_json(json.at("midpoint-beside"));
    const nlohmann::json &error = json.at("error-barrier"), &loss = json.at("loss-barrier");
    r.error = {.value = number_from_json(error.at("value")),
               .alpha = number_from_json(error.at("alpha")),
               .normalized = number_from_json(error.at("normalized"))};
    if (!error.at("low").is_null()) r.error.interval = Interval{error.at("low").get<double>(), error.at("high").get<double>()};
    for (const Verdict verdict : {Verdict::connected, Verdict::broken, Verdict::none})
      if (error.at("verdict") == lmc::detail::concat(verdict)) r.error.verdict = verdict;
    r.loss = {.value = number_from_json(loss.at("value")),
              .alpha = number_from_json(loss.at("alpha")),
              .normalized = number_from_json(loss.at("normalized"))};
    r.instability = number_from_json(json.at("instability"));
    r.git_rebasin = number_from_json(json.at("git-rebasin"));
    r.argmax = number_from_json(json.at("argmax"));
    r.midpoint = number_from_json(json.at("midpoint"));
    return r;
  } catch (const nlohmann::json::exception& e) {
    throw Error(lmc::detail::concat("a pair's result cannot be read: ", e.what()));
  }
}

}  // namespace lmc::study
