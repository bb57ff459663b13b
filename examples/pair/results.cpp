// SPDX-License-Identifier: BSD-3-Clause
#include "pair/results.hpp"

#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include <lmc/connectivity/curve_csv.hpp>
#include <lmc/core/machine.hpp>
#include <lmc/simd/instruction_set.hpp>
#include <lmc/simd/sparse_limits.hpp>

#include "registry/read_report.hpp"
#include "registry/results_json.hpp"

lmc::Metadata metadata(const Results& r, std::size_t initialization, std::size_t run_number) {
  const lmc::Run<float>& run = r.runs[initialization][run_number];
  const nlohmann::json input = registry::input_json(r.options.data, r.input);
  lmc::Metadata all{{"dataset", r.options.data.dataset},
                    {"network", r.network},
                    {"init", r.options.init},
                    {"loss", r.loss.name()},
                    {"optimizer", r.optimizer},
                    {"schedule", r.schedule},
                    {"epochs", std::to_string(r.options.epochs)},
                    {"batch_size", std::to_string(r.options.batch_size)},
                    {"init_seed", std::to_string(r.init_seeds[initialization][run_number])},
                    {"order_seed", std::to_string(run.seeds.order)},
                    {"augmentation", r.augmentation},
                    {"augmentation_seed", std::to_string(run.seeds.augmentation)},
                    {"label_noise", lmc::concat(r.options.label_noise)},
                    {"label_noise_seed", std::to_string(run.seeds.label_noise)},
                    {"steps", std::to_string(run.steps)},
                    {"diverged_at", run.diverged_at ? std::to_string(*run.diverged_at) : ""},
                    {"digest", run.digest()},
                    {"input_mean", input.at("mean").dump()},
                    {"input_std", input.at("std").dump()},
                    {"training_examples", r.train_digest}};
  registry::for_each_update_option(r.options.updates, [&](std::string_view name, const char*, const auto& value) {
    if (value && name != "loss") all[registry::key(name)] = lmc::concat(*value);
  });
  return all;
}

nlohmann::json setting_json(const Results& r) {
  const Options& o = r.options;
  nlohmann::json training = {
      {"loss", r.loss.name()},      {"optimizer", r.optimizer},       {"schedule", r.schedule},       {"epochs", o.epochs},
      {"batch_size", o.batch_size}, {"augmentation", r.augmentation}, {"label_noise", o.label_noise}, {"init", o.init}};
  registry::for_each_update_option(o.updates, [&](std::string_view name, const char*, const auto& value) {
    if (value && name != "loss") training[registry::key(name)] = *value;
  });
  const lmc::simd::SparseLimits sparse = lmc::simd::measured_sparse_limits<float>();
  return {{"dataset", o.data.dataset},
          {"data", registry::dataset_json(o.data)},
          {"examples", {{"train", r.examples[0]}, {"test", r.examples[1]}}},
          {"classes", r.classes},
          {"read", registry::read_report_json(r.read)},
          {"network", r.network},
          {"parameters", r.parameters},
          {"training", training},
          {"runs_differ_in", r.differing},
          {"input", registry::input_json(r.options.data, r.input)},
          {"machine",
           {{"processor", lmc::processor_name()},
            {"threads", r.threads},
            {"instruction_set", lmc::simd::instruction_set()},
            {"compiler", lmc::compiler_name()},
            {"sparse_limits", {{"forward", sparse.forward}, {"backward", sparse.backward}}}}}};
}

nlohmann::json to_json(const Results& r) {
  const auto of_metrics = [](const lmc::Metrics& m) -> nlohmann::json {
    return {{"loss", m.loss}, {"error", m[lmc::Metric::error]}};
  };
  const auto numbers = [&](const lmc::CurvePoint& p) { return of_metrics(p.metrics); };
  nlohmann::json curve = nlohmann::json::array(), endpoints = nlohmann::json::array();
  const auto &train = r.first().train.curve.points, &test = r.first().test.curve.points;
  for (std::size_t i = 0; i < test.size(); ++i)
    curve.push_back({{"alpha", test[i].alpha}, {"train", numbers(train[i])}, {"test", numbers(test[i])}});
  for (const auto& [run, end] : {std::pair(&r.a(), std::size_t{0}), std::pair(&r.b(), test.size() - 1)})
    endpoints.push_back({{"train", numbers(train[end])},
                         {"test", numbers(test[end])},
                         {"steps", run->steps},
                         {"diverged_at", run->diverged_at ? nlohmann::json(*run->diverged_at) : nullptr}});
  for (std::size_t i = 0; i < r.stored.size(); ++i)
    endpoints[i]["stored_statistics"] = {{"train", of_metrics(r.stored[i].train)}, {"test", of_metrics(r.stored[i].test)}};
  nlohmann::json all = setting_json(r);
  all.update(
      {{"seeds",
        {{"init", r.init_seeds[0][0]},
         {"init_of_runs", {r.init_seeds[0][0], r.init_seeds[0][1]}},
         {"subset", r.options.data.subset_seed},
         {"order", {r.a().seeds.order, r.b().seeds.order}},
         {"augmentation", {r.a().seeds.augmentation, r.b().seeds.augmentation}},
         {"label_noise", {r.a().seeds.label_noise, r.b().seeds.label_noise}}}},
       {"endpoints", endpoints},
       {"curve", curve},
       {"barrier", {{"train", to_json(r.first().train)}, {"test", to_json(r.first().test)}}},
       {"seconds", {{"train", r.train_seconds}, {"curve_train", r.curve_train_seconds}, {"curve_test", r.curve_test_seconds}}},
       {"images_per_second", r.images_per_second},
       {"digest", {r.a().digest(), r.b().digest()}}});
  if (!r.resumed_at.empty()) all["resumed_at"] = r.resumed_at;
  if (r.account) all["explain"] = to_json(*r.account);
  if (!r.aligned.empty()) {
    all["alignment"] = to_json(r.aligned.front());
    all["permutation_share"] = shares_json(r);
  }
  if (!r.train_summary) return all;
  all["summary"] = {{"train", registry::summary_json(*r.train_summary)}, {"test", registry::summary_json(*r.test_summary)}};
  for (std::size_t i = 0; i < r.pairs.size(); ++i) {
    const PairMeasurement& pair = r.pairs[i];
    const auto &a = r.runs[pair.initialization][pair.a], &b = r.runs[pair.initialization][pair.b];
    all["pairs"].push_back({{"init_seed", r.init_seeds[pair.initialization][pair.a]},
                            {"order", {a.seeds.order, b.seeds.order}},
                            {"digest", {a.digest(), b.digest()}},
                            {"barrier", {{"train", to_json(pair.train)}, {"test", to_json(pair.test)}}}});
    if (!r.aligned.empty()) all["pairs"].back()["alignment"] = to_json(r.aligned[i]);
  }
  return all;
}

void write_curves(std::ostream& out, const Results& r) {
  bool first = true;
  const auto write = [&](const std::string& pair, const std::string& order, const auto& measured) {
    std::stringstream lines;
    lmc::write_curve_csv(lines, measured.train.curve, measured.test.curve);
    std::string line;
    for (bool header = true; std::getline(lines, line); header = false)
      if (!header || first)
        out << (r.pairs.size() == 1 ? ""
                : header            ? "pair,"
                                    : pair)
            << (r.aligned.empty() ? ""
                : header          ? "method,repair,"
                                  : order)
            << line << '\n';
    first = false;
  };
  for (std::size_t i = 0; i < r.pairs.size(); ++i) {
    const std::string pair = std::to_string(i + 1) + ',';
    write(pair, "none,none,", r.pairs[i]);
    if (r.aligned.empty()) continue;
    for (const AlignedMeasurement& row : r.aligned[i]) write(pair, row.method + ',' + row.repair + ',', row);
  }
}
