// SPDX-License-Identifier: BSD-3-Clause
#include "study/running/task.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include <lmc/core/machine.hpp>
#include <lmc/measure/complexity.hpp>
#include <lmc/simd/instruction_set.hpp>
#include <lmc/transfer/lift_checkpoint.hpp>

#include "study/running/training.hpp"
#include "study/specification/spec_digest.hpp"
#include "study/store/checkpoint_file.hpp"
#include "study/store/store.hpp"

namespace lmc::study {

namespace {

std::string machine_text() { return processor_name() + "; " + simd::instruction_set() + "; " + compiler_name(); }

nlohmann::json complexity_json(const ComplexityRecord& r) {
  return {{"classes", r.classes},
          {"train-examples", r.train_examples},
          {"test-examples", r.test_examples},
          {"dimension", r.dimension},
          {"label-entropy", r.label_entropy},
          {"majority-error", r.majority_error},
          {"logistic-error", r.logistic_error},
          {"mlp-error", r.mlp_error}};
}

Outcome execute_run(const Task& task, const LoadedData& loaded, const std::vector<std::string>& inputs,
                    const std::vector<Observer<float>>& observers) {
  const RunSpec& s = task.run;
  const Dataset<float>& data = loaded.data.train;
  std::optional<Checkpoint<float>> start;
  bool prefix_diverged = false;
  if (!inputs.empty()) {
    const registry::ChosenNetwork before = first_network(s, data.shape(), data.classes());
    start = checkpoint_of<float>(read_checkpoint(inputs[0]), before.network.layout(), "the prefix of run " + task.id);
    prefix_diverged = start->step < (s.until > 0 ? 0 : s.prefix);
  }
  const registry::ChosenNetwork network = final_network(s, data.shape(), data.classes());
  Trained trained{.end = {{}, Optimizer<float>(registry::optimizer_options(s.optimizer, ""), ParameterLayout()), 0}};
  if (prefix_diverged) {
    trained.diverged_at = start->step + 1;
    trained.end = std::move(*start);
    if (s.lift != "none") trained.end = lift(lift_of(s, first_network(s, data.shape(), data.classes()).network), trained.end);
  } else {
    trained = train_run(s, data, start, observers);
  }
  Outcome outcome{.row = RunRow{}, .checkpoint = {}, .data = loaded.row};
  Metadata metadata{{"run", task.id}, {"network", network.description}, {"specification", to_json(s).dump()}};
  if (trained.diverged_at) metadata["diverged_at"] = std::to_string(*trained.diverged_at);
  outcome.checkpoint = checkpoint_bytes(network.network.layout(), trained.end, s.keep_optimizer, std::move(metadata));
  outcome.row = RunRow{.id = task.id,
                       .spec = s,
                       .network = network.description,
                       .parameters = network.network.layout().parameter_count(),
                       .steps = trained.end.step,
                       .diverged_at = trained.diverged_at,
                       .reached_at = trained.reached_at,
                       .epoch_losses = std::move(trained.epoch_losses),
                       .digest = digest(std::span<const float>(trained.end.state.parameters)),
                       .checkpoint = SpecDigest().add(outcome.checkpoint).text()};
  return outcome;
}

}  // namespace

Outcome execute(const Task& task, DataSets& data_sets, const std::vector<std::string>& inputs, const std::string& program,
                const std::vector<Observer<float>>& observers) {
  const LoadedData& loaded = data_sets.get(task.data);
  const auto start = std::chrono::steady_clock::now();
  Outcome outcome;
  if (task.kind == Task::Kind::run) {
    outcome = execute_run(task, loaded, inputs, observers);
  } else if (task.kind == Task::Kind::complexity) {
    outcome = {.row = MeasurementRow{.subject = task.id,
                                     .name = "complexity",
                                     .value = complexity_json(complexity_of(loaded.data, {}, ThreadTeam(1)))},
               .checkpoint = {},
               .data = loaded.row};
  } else {
    const PairEnds ends = read_ends(task.pair, loaded.data, {&inputs.at(0), &inputs.at(1)});
    outcome.data = loaded.row;
    if (task.kind == Task::Kind::pair) {
      auto [train, test] = measure_curves(task.pair, ends, loaded.data);
      outcome.row = PairRow{.id = task.id, .spec = task.pair, .train = std::move(train), .test = std::move(test)};
    } else {
      outcome.row =
          MeasurementRow{.subject = task.id, .name = task.name, .value = measure(task.name, task.pair, ends, loaded.data)};
    }
  }
  const Provenance made{.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
                        .machine = machine_text(),
                        .version = program};
  std::visit([&](auto& row) { row.made = made; }, outcome.row);
  return outcome;
}

}  // namespace lmc::study
