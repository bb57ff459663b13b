// SPDX-License-Identifier: BSD-3-Clause
#include "study/running/measurements.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/block_path.hpp>
#include <lmc/connectivity/causes/attribution.hpp>
#include <lmc/core/rank_correlation.hpp>
#include <lmc/data/subset.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/gradient.hpp>
#include <lmc/measure/importance.hpp>
#include <lmc/measure/paths.hpp>
#include <lmc/measure/position_blocks.hpp>
#include <lmc/measure/robustness.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/train.hpp>
#include <lmc/train/train_options.hpp>
#include <lmc/transfer/lift.hpp>

#include "study/running/training.hpp"
#include "study/store/checkpoint_file.hpp"

#include "registry/updates.hpp"

namespace lmc::study {

PairEnds read_ends(const PairSpec& s, const TrainTest<float>& data, const std::array<const std::string*, 2>& bytes) {
  TrainOptions<float> training;
  registry::set_updates(s.a.update, "", training);
  PairEnds ends{.network = final_network(s.a, data.train.shape(), data.train.classes()).network,
                .states = {},
                .loss = training.loss,
                .optimizers = {}};
  const std::array<const RunSpec*, 2> specs{&s.a, &s.b};
  for (std::size_t i = 0; i < 2; ++i) {
    const std::string who = "the checkpoint of run " + id_of(*specs[i]);
    const Safetensors file = read_checkpoint(*bytes[i]);
    ends.diverged = ends.diverged || file.metadata.contains("diverged_at");
    if (specs[i]->keep_optimizer) {
      Checkpoint<float> at = checkpoint_of<float>(file, ends.network.layout(), who);
      ends.states[i] = std::move(at.state);
      ends.optimizers[i] = std::move(at.optimizer);
    } else {
      ends.states[i] = state_of<float>(file, ends.network.layout(), who);
    }
  }
  return ends;
}

namespace {

/// A random sample of a data set, the same for all pairs on it; 0: all of it.
Dataset<float> sample_of(const Dataset<float>& data, Index examples) {
  return examples == 0 || examples >= data.size() ? data : random_subset(data, examples, 0);
}

/// Calls measure(α ↦ curve) for both parts.
template <class MeasureCurve>
std::array<PartResult, 2> both_parts(const PairSpec& s, const TrainTest<float>& data, const MeasureCurve& curve) {
  return {part_result(curve(sample_of(data.train, s.curve_train_examples))), part_result(curve(data.test))};
}

}  // namespace

std::array<PartResult, 2> measure_curves(const PairSpec& s, const PairEnds& ends, const TrainTest<float>& data) {
  return both_parts(s, data, [&](const Dataset<float>& part) {
    Curve curve = linear_path(ends.states[0], ends.states[1],
                              evaluator(ends.network, part, data.train, ThreadTeam(1), {}, ends.loss), {.alphas = s.alphas});
    curve.diverged = ends.diverged;
    return curve;
  });
}

nlohmann::json measure_robustness(const PairEnds& ends, const TrainTest<float>& data) {
  nlohmann::json result;
  const Dataset<float> sample = sample_of(data.test, 2000);
  const auto mean = [&](const auto& error_of) { return (error_of(ends.states[0]) + error_of(ends.states[1])) / 2; };
  for (const auto& [name, strength] : {std::pair("0.1", 0.1), std::pair("0.3", 0.3), std::pair("1", 1.0)})
    result["noise"][name] = number_json(mean([&, deviation = strength](const ModelState<float>& state) {
      return evaluate_under_noise(ends.network, state, sample, {.standard_deviation = deviation}, ThreadTeam(1), ends.loss)
          .error.value();
    }));
  for (const auto& [name, strength] : {std::pair("0.01", 0.01), std::pair("0.03", 0.03), std::pair("0.1", 0.1)})
    result["fgsm"][name] = number_json(mean([&, epsilon = strength](const ModelState<float>& state) {
      return evaluate_under_fgsm(ends.network, state, sample, {.epsilon = epsilon}, ThreadTeam(1), ends.loss).error.value();
    }));
  return result;
}

nlohmann::json measure_attribution(const PairSpec& s, const PairEnds& ends, const TrainTest<float>& data) {
  const Index examples = s.curve_train_examples == 0 ? 2000 : std::min<Index>(2000, s.curve_train_examples);
  const Dataset<float> sample = sample_of(data.train, examples);
  const ThreadTeam team(1);
  const std::vector<float>&a = ends.states[0].parameters, &b = ends.states[1].parameters;
  const BarrierContributions c = barrier_contributions(a, b, gradient_function(ends.network, sample, team, ends.loss));
  std::vector<double> size;
  for (const double contribution : c.contributions) size.push_back(std::abs(contribution));
  nlohmann::json result{{"sum", number_json(c.sum)}, {"height", number_json(c.height)}};
  const auto correlate = [&](const char* name, const std::vector<double>& importance) {
    nlohmann::json& to = result["correlation"][name];
    to["all"] = number_json(rank_correlation(size, importance));
    for (const NamedValue& layer : rank_correlation_by_layer(ends.network.layout(), size, importance))
      to[layer.name] = number_json(layer.value);
  };
  const auto mean_of_ends = [&](const auto& measure) {
    std::vector<double> mean = measure(std::size_t{0});
    const std::vector<double> other = measure(std::size_t{1});
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] = (mean[i] + other[i]) / 2;
    return mean;
  };
  correlate("gradient", mean_of_ends([&](std::size_t i) {
              return gradient_magnitude(ends.network, ends.states[i], sample, team, ends.loss);
            }));
  correlate("fisher",
            mean_of_ends([&](std::size_t i) { return diagonal_fisher(ends.network, ends.states[i], sample, {}, team); }));
  const auto has_moment = [&](std::size_t i) {
    return ends.optimizers[i] && std::visit([](const auto& m) { return has_second_moment<std::remove_cvref_t<decltype(m)>>; },
                                            ends.optimizers[i]->method);
  };
  if (has_moment(0) && has_moment(1))
    correlate("second-moment", mean_of_ends([&](std::size_t i) { return second_moment(*ends.optimizers[i]); }));
  std::vector<double> movement;
  for (std::size_t i = 0; i < a.size(); ++i)
    movement.push_back(std::abs(static_cast<double>(b[i]) - static_cast<double>(a[i])));
  correlate("movement", movement);
  return result;
}

void require_measurable(std::string_view name, const PairSpec& s, const Network<float>& network) {
  require(name != "block-path" || !output_grids(network).empty(), "measure = [\"block-path\"]: the network ",
          s.a.network.network, " has no filters at positions; it is for cnn, tied and lcn");
}

nlohmann::json measure_block_path(const PairSpec& s, const PairEnds& ends, const TrainTest<float>& data) {
  require_measurable("block-path", s, ends.network);
  const Lift<float> e = lift_to_local(ends.network);
  const auto a = e.lift(std::span<const float>(ends.states[0].parameters)),
             b = e.lift(std::span<const float>(ends.states[1].parameters));
  const BlockOfParameter blocks = position_blocks(e.network);
  nlohmann::json result;
  for (const auto& [name, spread] : {std::pair("0.1", 0.1), std::pair("0.3", 0.3)}) {
    double error = 0, loss = 0;
    constexpr std::uint64_t draws = 3;
    for (std::uint64_t seed = 0; seed < draws; ++seed) {
      const Curve curve = block_path(a, b, blocks, evaluator(e.network, data.test, data.train, ThreadTeam(1), {}, ends.loss),
                                     {.spread = spread, .seed = seed, .path = {.alphas = s.alphas}});
      error += error_barrier(curve).value / draws;
      loss += loss_barrier(curve).value / draws;
    }
    result[name] = {{"error-barrier", number_json(error)}, {"loss-barrier", number_json(loss)}};
  }
  return result;
}

nlohmann::json measure(std::string_view name, const PairSpec& s, const PairEnds& ends, const TrainTest<float>& data) {
  if (name == "robustness") return measure_robustness(ends, data);
  if (name == "attribution") return measure_attribution(s, ends, data);
  require(name == "block-path", "unknown measurement '", name, "'");
  return measure_block_path(s, ends, data);
}

}  // namespace lmc::study
