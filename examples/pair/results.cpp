// SPDX-License-Identifier: BSD-3-Clause
#include "pair/results.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <lmc/core/machine.hpp>
#include <lmc/simd/instruction_set.hpp>

namespace {

// One number for each channel, without a list where there is one channel; `otherwise` for data taken as they are.
nlohmann::json input_json(const std::vector<double>& channels, double otherwise) {
  if (channels.empty()) return otherwise;
  return channels.size() == 1 ? nlohmann::json(channels[0]) : nlohmann::json(channels);
}

nlohmann::json barrier_json(const lmc::Curve& curve, const lmc::ErrorBarrier& error) {
  const lmc::LossBarrier loss = lmc::loss_barrier(curve);
  const auto bound = [&](double lmc::Interval::*end) {
    return error.interval ? nlohmann::json((*error.interval).*end) : nullptr;
  };
  return {{"error", error.value},
          {"alpha", error.alpha},
          {"normalized", error.normalized},
          {"interval_low", bound(&lmc::Interval::low)},
          {"interval_high", bound(&lmc::Interval::high)},
          {"verdict", lmc::concat(error.verdict)},
          {"loss", loss.value},
          {"loss_alpha", loss.alpha},
          {"loss_normalized", loss.normalized},
          {"instability", lmc::instability(curve)},
          {"git_rebasin", lmc::git_rebasin_barrier(curve)},
          {"argmax", lmc::argmax_barrier(curve)},
          {"midpoint", lmc::midpoint_barrier(curve)}};
}

// `label-smoothing` as the files name it.
std::string key(std::string_view option) {
  std::string name(option);
  std::ranges::replace(name, '-', '_');
  return name;
}

}  // namespace

lmc::Metadata metadata(const Results& r, const lmc::Run<float>& run) {
  lmc::Metadata all{{"dataset", r.options.data.dataset},
                    {"network", r.network},
                    {"init", r.options.init},
                    {"loss", r.loss.name()},
                    {"optimizer", r.optimizer},
                    {"schedule", r.schedule},
                    {"epochs", std::to_string(r.options.epochs)},
                    {"batch_size", std::to_string(r.options.batch_size)},
                    {"init_seed", std::to_string(r.options.init_seed)},
                    {"order_seed", std::to_string(run.seeds.order)},
                    {"augmentation", r.augmentation},
                    {"augmentation_seed", std::to_string(run.seeds.augmentation)},
                    {"label_noise", lmc::concat(r.options.label_noise)},
                    {"label_noise_seed", std::to_string(run.seeds.label_noise)},
                    {"steps", std::to_string(run.steps)},
                    {"diverged_at", run.diverged_at ? std::to_string(*run.diverged_at) : ""},
                    {"digest", run.digest()},
                    {"input_mean", input_json(r.input.mean, 0).dump()},
                    {"input_std", input_json(r.input.standard_deviation, 1).dump()}};
  registry::for_each_update_option(r.options.updates, [&](std::string_view name, const char*, const auto& value) {
    if (value && name != "loss") all[key(name)] = lmc::concat(*value);
  });
  return all;
}

nlohmann::json to_json(const Results& r) {
  const auto of_metrics = [](const lmc::Metrics& m) -> nlohmann::json {
    return {{"loss", m.loss}, {"error", m[lmc::Metric::error]}};
  };
  const auto numbers = [&](const lmc::CurvePoint& p) { return of_metrics(p.metrics); };
  nlohmann::json curve = nlohmann::json::array(), endpoints = nlohmann::json::array();
  for (std::size_t i = 0; i < r.test.points.size(); ++i)
    curve.push_back(
        {{"alpha", r.test.points[i].alpha}, {"train", numbers(r.train.points[i])}, {"test", numbers(r.test.points[i])}});
  for (const auto& [run, end] : {std::pair(&r.pair.a, std::size_t{0}), std::pair(&r.pair.b, r.test.points.size() - 1)})
    endpoints.push_back({{"train", numbers(r.train.points[end])},
                         {"test", numbers(r.test.points[end])},
                         {"steps", run->steps},
                         {"diverged_at", run->diverged_at ? nlohmann::json(*run->diverged_at) : nullptr}});
  for (std::size_t i = 0; i < r.stored.size(); ++i)
    endpoints[i]["stored_statistics"] = {{"train", of_metrics(r.stored[i].train)}, {"test", of_metrics(r.stored[i].test)}};
  const Options& o = r.options;
  nlohmann::json training = {
      {"loss", r.loss.name()},      {"optimizer", r.optimizer},       {"schedule", r.schedule},       {"epochs", o.epochs},
      {"batch_size", o.batch_size}, {"augmentation", r.augmentation}, {"label_noise", o.label_noise}, {"init", o.init}};
  registry::for_each_update_option(o.updates, [&](std::string_view name, const char*, const auto& value) {
    if (value && name != "loss") training[key(name)] = *value;
  });
  return {
      {"dataset", o.data.dataset},
      {"examples", {{"train", r.examples[0]}, {"test", r.examples[1]}}},
      {"classes", r.classes},
      {"network", r.network},
      {"parameters", r.parameters},
      {"training", training},
      {"seeds",
       {{"init", o.init_seed},
        {"subset", o.data.subset_seed},
        {"order", {r.pair.a.seeds.order, r.pair.b.seeds.order}},
        {"augmentation", {r.pair.a.seeds.augmentation, r.pair.b.seeds.augmentation}},
        {"label_noise", {r.pair.a.seeds.label_noise, r.pair.b.seeds.label_noise}}}},
      {"runs_differ_in", lmc::differing_noise(r.pair.a.seeds, r.pair.b.seeds)},
      {"input", {{"mean", input_json(r.input.mean, 0)}, {"std", input_json(r.input.standard_deviation, 1)}}},
      {"endpoints", endpoints},
      {"curve", curve},
      {"barrier", {{"train", barrier_json(r.train, r.train_error)}, {"test", barrier_json(r.test, r.test_error)}}},
      {"seconds", {{"train", r.train_seconds}, {"curve_train", r.curve_train_seconds}, {"curve_test", r.curve_test_seconds}}},
      {"images_per_second", r.images_per_second},
      {"digest", {r.pair.a.digest(), r.pair.b.digest()}},
      {"machine",
       {{"processor", lmc::processor_name()},
        {"threads", r.threads},
        {"instruction_set", lmc::simd::instruction_set()},
        {"compiler", lmc::compiler_name()}}}};
}
