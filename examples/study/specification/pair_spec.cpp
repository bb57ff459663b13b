// SPDX-License-Identifier: BSD-3-Clause
#include "study/specification/pair_spec.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include <lmc/connectivity/alpha_grid.hpp>
#include <lmc/connectivity/statistics/cross_fitted_barrier.hpp>

#include "study/specification/spec_digest.hpp"
#include "study/specification/whole_from_json.hpp"

namespace lmc::study {

nlohmann::json to_json(const PairSpec& s) {
  return {{"a", to_json(s.a)}, {"b", to_json(s.b)}, {"alphas", s.alphas}, {"curve-train-examples", s.curve_train_examples}};
}

PairSpec canonical(PairSpec s) {
  s.a = canonical(std::move(s.a));
  s.b = canonical(std::move(s.b));
  require(s.alphas >= 2 && s.alphas <= AlphaGrid::most, "alphas = ", s.alphas, "; expected 2 to ", AlphaGrid::most,
          ", since a barrier is measured from both ends, and each is an evaluation of the network");
  require(s.curve_train_examples >= 0, "curve-train-examples = ", s.curve_train_examples,
          "; expected a number that is not negative");
  const auto common = [](const RunSpec& spec) {
    nlohmann::json json = to_json(spec.data);
    visit_network_options(spec.network, [&](const char* name, const char*, const auto& value) {
      if constexpr (is_optional<std::remove_cvref_t<decltype(value)>>)
        json[name] = value ? nlohmann::json(*value) : nlohmann::json();
      else
        json[name] = value;
    });
    json["lift"] = spec.lift;
    json["loss"] = spec.update.loss.value_or("");
    json["label-smoothing"] = spec.update.label_smoothing.value_or(0);
    return json;
  };
  const nlohmann::json a = common(s.a), b = common(s.b);
  require(a == b, "a pair needs two runs of one network on one data set with one loss, but they are ", a.dump(), " and ",
          b.dump());
  return s;
}

PairSpec pair_spec_from_json(const nlohmann::json& json) {
  try {
    return {.a = run_spec_from_json(json.at("a")),
            .b = run_spec_from_json(json.at("b")),
            .alphas = whole_from_json<Index>(json.at("alphas")),
            .curve_train_examples = whole_from_json<Index>(json.at("curve-train-examples"))};
  } catch (const nlohmann::json::exception& e) {
    throw Error(lmc::concat("a pair's specification cannot be read: ", e.what()));
  }
}

std::string id_of(const PairSpec& spec) { return SpecDigest().add("pair\n").add(to_json(canonical(spec)).dump()).text(); }

bool operator==(const PairSpec& x, const PairSpec& y) { return to_json(x) == to_json(y); }

double PartResult::mean_error() const {
  return mean([](const Metrics& m) { return m[Metric::error]; });
}

double PartResult::mean_loss() const {
  return mean([](const Metrics& m) { return m.loss; });
}

namespace {

std::optional<double> cross_fitted_value(const Curve& curve) {
  const Index examples = curve.points.front().metrics.count;
  if (examples < 2) return std::nullopt;
  const auto barrier = cross_fitted_barrier(curve, {.folds = std::min(CrossFitOptions().folds, examples)});
  return barrier ? std::optional(barrier->value) : std::nullopt;
}

}  // namespace

PartResult part_result(Curve curve) {
  PartResult r{.curve = {},
               .error = error_barrier(curve),
               .cross_fitted = cross_fitted_value(curve),
               .loss = loss_barrier(curve),
               .instability = lmc::instability(curve),
               .git_rebasin = lmc::git_rebasin_barrier(curve),
               .argmax = argmax_barrier(curve),
               .midpoint = midpoint_barrier(curve)};
  const auto keep_numbers = [](Metrics& metrics) {
    metrics.wrong.clear();
    metrics.loss_name.clear();  // the specification has it
  };
  for (CurvePoint& p : curve.points) keep_numbers(p.metrics);
  if (curve.midpoint) keep_numbers(curve.midpoint->metrics);
  r.curve = std::move(curve);
  return r;
}

nlohmann::json number_json(double x) {
  if (std::isfinite(x)) return x;
  return std::isnan(x) ? "nan" : x > 0 ? "inf" : "-inf";
}

double number_from_json(const nlohmann::json& json) {
  if (!json.is_string()) return json.get<double>();
  const auto text = json.get<std::string>();
  const double infinity = std::numeric_limits<double>::infinity();
  if (text == "inf") return infinity;
  if (text == "-inf") return -infinity;
  require(text == "nan", "'", text, "'; expected a number, \"inf\", \"-inf\" or \"nan\"");
  return std::numeric_limits<double>::quiet_NaN();
}

namespace {

nlohmann::json point_json(const CurvePoint& p) {
  return {{"alpha", p.alpha},
          {"alpha-bar", p.alpha_bar},
          {"loss", number_json(p.metrics.loss)},
          {"error", number_json(p.metrics[Metric::error])},
          {"count", p.metrics.count}};
}

CurvePoint point_from_json(const nlohmann::json& json) {
  const CurvePoint p{.alpha = json.at("alpha").get<double>(),
                     .alpha_bar = json.at("alpha-bar").get<double>(),
                     .metrics = {.loss = number_from_json(json.at("loss")),
                                 .error = number_from_json(json.at("error")),
                                 .count = whole_from_json<Index>(json.at("count"))}};
  const double error = p.metrics[Metric::error];
  require(p.alpha >= 0 && p.alpha <= 1 && !(error < 0 || error > 1) && p.metrics.count > 0,
          "a point of a curve has alpha = ", p.alpha, ", error = ", error, ", count = ", p.metrics.count,
          "; expected alpha from 0 to 1, a share of wrong examples, and how many there were");
  return p;
}

Verdict verdict_from_json(const nlohmann::json& json) {
  for (const Verdict verdict : {Verdict::connected, Verdict::broken, Verdict::undecided, Verdict::none})
    if (json == lmc::concat(verdict)) return verdict;
  throw Error(lmc::concat("the verdict ", json.dump(), "; expected \"connected\", \"broken\", \"undecided\" or \"none\""));
}

}  // namespace

nlohmann::json to_json(const PartResult& r) {
  nlohmann::json points = nlohmann::json::array();
  for (const CurvePoint& p : r.curve.points) points.push_back(point_json(p));
  return {{"curve", points},
          {"midpoint-beside", r.curve.midpoint ? point_json(*r.curve.midpoint) : nlohmann::json()},
          {"error-barrier",
           {{"value", number_json(r.error.value)},
            {"alpha", number_json(r.error.alpha)},
            {"normalized", number_json(r.error.normalized)},
            {"low", r.error.interval ? nlohmann::json(r.error.interval->low) : nlohmann::json()},
            {"high", r.error.interval ? nlohmann::json(r.error.interval->high) : nlohmann::json()},
            {"cross-fitted", r.cross_fitted ? nlohmann::json(*r.cross_fitted) : nlohmann::json()},
            {"floor", r.error.floor ? nlohmann::json(r.error.floor->mean) : nlohmann::json()},
            {"floor-quantile", r.error.floor ? nlohmann::json(r.error.floor->quantile) : nlohmann::json()},
            {"verdict", lmc::concat(r.error.verdict)}}},
          {"loss-barrier",
           {{"value", number_json(r.loss.value)},
            {"alpha", number_json(r.loss.alpha)},
            {"normalized", number_json(r.loss.normalized)}}},
          {"instability", number_json(r.instability)},
          {"git-rebasin", number_json(r.git_rebasin)},
          {"argmax", number_json(r.argmax)},
          {"midpoint", number_json(r.midpoint)}};
}

PartResult part_result_from_json(const nlohmann::json& json) {
  try {
    PartResult r;
    for (const auto& point : json.at("curve")) r.curve.points.push_back(point_from_json(point));
    require(r.curve.points.size() >= 2, "a curve has ", r.curve.points.size(), " points; expected at least 2");
    if (!json.at("midpoint-beside").is_null()) r.curve.midpoint = point_from_json(json.at("midpoint-beside"));
    const nlohmann::json &error = json.at("error-barrier"), &loss = json.at("loss-barrier");
    r.error = {.value = number_from_json(error.at("value")),
               .alpha = number_from_json(error.at("alpha")),
               .normalized = number_from_json(error.at("normalized"))};
    if (!error.at("low").is_null()) r.error.interval = Interval{error.at("low").get<double>(), error.at("high").get<double>()};
    if (!error.at("cross-fitted").is_null()) r.cross_fitted = error.at("cross-fitted").get<double>();
    if (!error.at("floor").is_null())
      r.error.floor = NoiseFloor{error.at("floor").get<double>(), error.at("floor-quantile").get<double>()};
    r.error.verdict = verdict_from_json(error.at("verdict"));
    r.loss = {.value = number_from_json(loss.at("value")),
              .alpha = number_from_json(loss.at("alpha")),
              .normalized = number_from_json(loss.at("normalized"))};
    r.instability = number_from_json(json.at("instability"));
    r.git_rebasin = number_from_json(json.at("git-rebasin"));
    r.argmax = number_from_json(json.at("argmax"));
    r.midpoint = number_from_json(json.at("midpoint"));
    return r;
  } catch (const nlohmann::json::exception& e) {
    throw Error(lmc::concat("a pair's result cannot be read: ", e.what()));
  }
}

}  // namespace lmc::study
