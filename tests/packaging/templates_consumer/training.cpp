// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>
#include <filesystem>
#include <span>
#include <sstream>
#include <variant>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/plane/random_plane.hpp>
#include <lmc/data/dataset_digest.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/data/targets.hpp>
#include <lmc/loss/any_loss.hpp>
#include <lmc/loss/cross_entropy.hpp>
#include <lmc/loss/loss.hpp>
#include <lmc/loss/squared_error.hpp>
#include <lmc/measure/complexity.hpp>
#include <lmc/measure/early_stopping.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/gradient.hpp>
#include <lmc/measure/importance.hpp>
#include <lmc/measure/logits.hpp>
#include <lmc/measure/onset.hpp>
#include <lmc/measure/path_training.hpp>
#include <lmc/measure/paths.hpp>
#include <lmc/measure/plane_file.hpp>
#include <lmc/measure/point_training.hpp>
#include <lmc/measure/position_blocks.hpp>
#include <lmc/measure/robustness.hpp>
#include <lmc/measure/simplex_training.hpp>
#include <lmc/measure/soup.hpp>
#include <lmc/measure/star_training.hpp>
#include <lmc/measure/stop_at_loss.hpp>
#include <lmc/measure/sweep.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/lcn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/optim/adam.hpp>
#include <lmc/optim/clip.hpp>
#include <lmc/optim/layerwise_adam.hpp>
#include <lmc/optim/muon.hpp>
#include <lmc/optim/optimizer.hpp>
#include <lmc/optim/orthogonalize.hpp>
#include <lmc/optim/parameter_group.hpp>
#include <lmc/optim/sgd.hpp>
#include <lmc/optim/sign.hpp>
#include <lmc/optim/update_range.hpp>
#include <lmc/train/average.hpp>
#include <lmc/train/batch_memory.hpp>
#include <lmc/train/calibrate_buffers.hpp>
#include <lmc/train/checkpoint_file.hpp>
#include <lmc/train/events.hpp>
#include <lmc/train/lockstep.hpp>
#include <lmc/train/perturbation.hpp>
#include <lmc/train/run.hpp>
#include <lmc/train/save_every.hpp>
#include <lmc/train/shared_gradient.hpp>
#include <lmc/train/spawn.hpp>
#include <lmc/train/step.hpp>
#include <lmc/train/train.hpp>
#include <lmc/train/train_options.hpp>
#include <lmc/train/train_resumable.hpp>
#include <lmc/train/training_bytes.hpp>
#include <lmc/train/trajectory.hpp>
#include <lmc/transfer/lift.hpp>
#include <lmc/transfer/lift_checkpoint.hpp>

#include "parts.hpp"

namespace {

template <class T>
void use_training_with(T) {
  const auto data = lmc::spirals<T>({.examples = 60, .classes = 3, .seed = 1});
  const auto net = lmc::mlp<T>({.inputs = 2, .hidden = {4}, .outputs = 3});
  const auto start = net.initialize({});
  auto moved = start;
  check(lmc::perturb<T>(net.layout(), moved.parameters, {.norm = 0.1}) > 0, "perturb");
  for (const lmc::OptimizerOptions& optimizer :
       {lmc::OptimizerOptions(lmc::SgdOptions{.momentum = 0.9}), lmc::OptimizerOptions(lmc::AdamOptions()),
        lmc::OptimizerOptions(lmc::AdamWOptions()), lmc::OptimizerOptions(lmc::SignOptions{.momentum = 0.9}),
        lmc::OptimizerOptions(lmc::MuonOptions()), lmc::OptimizerOptions(lmc::LayerwiseAdamOptions())}) {
    const lmc::TrainOptions<T> options{.epochs = 1, .batch_size = 20, .optimizer = optimizer};
    const auto [a, b] = lmc::train_pair(net, data, start, options, {.order = 1}, {.order = 2});
    const auto evaluate = lmc::evaluator(net, data);
    check(lmc::error_barrier(lmc::linear_path(a, b, evaluate)).verdict != lmc::Verdict::none, "a pair diverged");
    check(lmc::linear_path(a.state, b.state, evaluate).points.size() == 25, "linear_path");
    const auto plane = lmc::random_plane(a.state.parameters);
    const lmc::PlaneGrid grid{.columns = 2, .rows = 2};
    check(lmc::measure_plane(plane, grid, evaluate).complete(), "measure_plane");
    check(lmc::plane_identity(plane, grid, net, data, data, "cross-entropy").size() == 5, "plane_identity");
    check(lmc::onset(net, data, evaluate, options, lmc::onset_seeds(2), {.candidates = {0, 2}}).brackets.size() == 2, "onset");
    check(lmc::slerp_path(a, b, evaluate).points.front() == lmc::linear_path(a, b, evaluate).points.front(), "slerp_path");
    check(lmc::barrier_matrix(std::vector{a, b}, evaluate).size() == 2, "barrier_matrix");
    std::ostringstream out;
    lmc::write_checkpoint(out, net.layout(), a.checkpoint());
    const std::vector<lmc::Index> spawn{1};
    check(lmc::train_spawned<T>(net, data, start, options, spawn, {}, {.order = 1}, {.order = 2}).size() == 1, "train_spawned");
    const std::array seeds{lmc::NoiseSeeds{.order = 3}};
    lmc::TrainOptions<T> longer = options;
    longer.epochs = 2;
    check(lmc::train_many<T>(net, data, a.checkpoint(), longer, seeds).size() == 1, "train_many");
    if (std::holds_alternative<lmc::AdamOptions>(optimizer)) check(!lmc::second_moment(*a.optimizer).empty(), "second_moment");
  }
  check(lmc::training_bytes(net, 20, lmc::SgdOptions{.learning_rate = 0.1}) > sizeof(float), "training_bytes");
  const std::filesystem::path file = "resumable.safetensors";
  for (const lmc::Index resumed_at : {0, 3})
    check(lmc::train_resumable(net, data, start, {.epochs = 1, .batch_size = 20}, {}, {.file = file}).resumed_at == resumed_at,
          "train_resumable");
  std::filesystem::remove(file);
  check(lmc::digest(data).size() == 16, "digest");
  check(lmc::average<T>({start, start}) == start, "average");
  check(lmc::average(net, {start}, data) == start, "average");
  check(lmc::uniform_soup(net, {start, start}, data, data).state == start, "uniform_soup");
  check(lmc::greedy_soup(net, {start, start}, data, data).taken.size() == 2, "greedy_soup");
  const lmc::Permutations identity{{0, 1, 2, 3}};
  check(lmc::barycenter(net, {start, start}, {identity, identity}, data, data).state == start, "barycenter");
  check(lmc::calibrate_buffers(net, start.parameters, data).empty(), "calibrate_buffers");
  check(lmc::evaluate(net, start, data).count == 60, "evaluate");
  check(lmc::evaluate_under_noise(net, start, data, {.standard_deviation = 0.1}).count == 60, "evaluate_under_noise");
  check(lmc::evaluate_under_fgsm(net, start, data, {.epsilon = 0.1}).count == 60, "evaluate_under_fgsm");
  check(lmc::logits(net, start, data).size() == 180, "logits");
  const std::vector<lmc::SweepSetting<T>> settings{{"one", {.epochs = 1, .batch_size = 20}}};
  check(lmc::sweep(net, data, data, settings, {.replicates = 1, .alphas = 3}).size() == 1, "sweep");
  check(lmc::mean_gradient(net, start, data).gradient.size() == start.parameters.size(), "mean_gradient");
  check(!lmc::gradient_magnitude(net, start, data).empty(), "gradient_magnitude");
  check(!lmc::diagonal_fisher(net, start, data).empty(), "diagonal_fisher");
  check(lmc::barrier_contributions(start.parameters, start.parameters, lmc::gradient_function(net, data)).sum == 0, "sum");
  const auto conv = lmc::cnn<T>({.inputs = {4, 4, 1}, .channels = {2}, .outputs = 3});
  const auto local = lmc::lift_to_local(conv);
  const lmc::Checkpoint<T> begun{conv.initialize(), lmc::Optimizer<T>(lmc::AdamOptions(), conv.layout()), 0};
  check(lmc::project(local, lmc::lift(local, begun)).state.parameters.size() == begun.state.parameters.size(), "lift");
  check(lmc::position_blocks(local.network).size() == local.lift(begun.state).parameters.size(), "position_blocks");
  instantiate(lmc::save_checkpoint<T>, lmc::load_checkpoint<T>, lmc::checkpoint_of<T>, lmc::complexity_of<T>,
              lmc::examples_at_once<T>);
}

template <class T>
void use_paths_with(T) {
  const auto data = lmc::spirals<T>({.examples = 60, .classes = 3, .seed = 1});
  const auto net = lmc::mlp<T>({.inputs = 2, .hidden = {4}, .outputs = 3});
  const auto a = net.initialize({.seed = 1}), b = net.initialize({.seed = 2});
  const std::vector<std::vector<T>> ends{a.parameters, b.parameters};
  const lmc::TrainOptions<T> options{.epochs = 1, .batch_size = 20};
  const auto path = lmc::line_with_bends(lmc::PathKind::bezier, a, b, 1);
  check(lmc::train_path(net, data, path, options, {}).losses.size() == 3, "train_path");
  check(lmc::train_star(net, data, ends, options, {}).losses.size() == 3, "train_star");
  check(lmc::train_simplex(net, data, ends, options, {}).vertices.size() == 3, "train_simplex");
  const auto loss = [](std::span<const T> theta, std::span<T> gradient, lmc::Index) {
    std::copy(theta.begin(), theta.end(), gradient.begin());
    return 1.0;
  };
  static_assert(lmc::UpdateLoss<decltype(loss), T>);
  const lmc::OwnTrainOptions own{.updates = 2};
  check(lmc::train_path(path, loss, own).losses.size() == 2, "train_path, own");
  check(lmc::train_star(ends, loss, own).losses.size() == 2, "train_star, own");
  check(lmc::train_simplex(ends, loss, own).losses.size() == 2, "train_simplex, own");
}

// A loss example by example, as a user writes one.
struct AbsoluteError {
  static constexpr std::string_view kind = "absolute-error";
  static constexpr lmc::TargetKind targets = lmc::TargetKind::values;
  template <class T>
  double operator()(std::span<const T> z, const lmc::Target<T>& y, std::span<T> dz) const {
    double sum = 0;
    for (std::size_t j = 0; j < z.size(); ++j) {
      sum += std::abs(static_cast<double>(z[j] - y.values[j]));
      dz[j] = z[j] > y.values[j] ? T(1) : T(-1);
    }
    return sum;
  }
};

// Numbers as targets, other losses, groups, hooks and observers.
template <class T>
void use_interventions_with(T) {
  lmc::DatasetParts<T> parts{.shape = 2, .classes = 0, .labels = {}, .features = std::vector<T>(80, T(1))};
  parts.targets.assign(120, T(2));
  const lmc::Dataset<T> data(parts);
  const auto net = lmc::mlp<T>({.inputs = 2, .hidden = {4}, .outputs = 3});
  const auto start = net.initialize({});
  const lmc::Trajectory<T> way({1, 3});
  const lmc::EarlyStopping<T> stopping(net, data, {.patience = 1}, lmc::ThreadTeam(), lmc::SquaredError());
  const lmc::StopAtLoss<T> at_loss(net, data, {.loss = 0, .every = 2}, lmc::ThreadTeam(), AbsoluteError());
  lmc::TrainOptions<T> options{
      .epochs = 2,
      .batch_size = 10,
      .loss = AbsoluteError(),
      .groups = lmc::decay_of_weights_only(),
      .clip_norm = 1.0,
      .observers = {way, stopping, at_loss, lmc::SaveEvery("checkpoints", net.layout(), {.epochs = 1})}};
  options.gradient_hooks.push_back([](const lmc::GradientEvent<T>& event) {
    for (T& g : event.gradient) g *= T(0.5);
  });
  const auto filters = lmc::lcn<T>({.inputs = {4, 4, 1}, .channels = {2}, .outputs = 2});
  std::vector<T> shared(static_cast<std::size_t>(filters.layout().parameter_count()), T(1));
  lmc::shared_gradient(filters, {.share = 0.5, .keep_norm = true})({.gradient = shared});
  check(shared[0] == 1, "shared_gradient");
  const std::array seeds{lmc::NoiseSeeds{.order = 1}, lmc::NoiseSeeds{.order = 2}};
  const auto runs = lmc::train_lockstep<T>(
      net, data, start, options, seeds, [](const lmc::LockstepEvent<T>& event) { check(event.runs.size() == 2, "lockstep"); });
  check(runs.size() == 2 && !way.points().empty() && stopping.best().step > 0 && !at_loss.crossing(), "observers");
  check(!lmc::evaluate(net, start, data, lmc::ThreadTeam(), lmc::SquaredError()).error, "a regression has no error");
  const std::vector<T> gradient{3, 4};
  check(lmc::gradient_norm<T>(gradient) == 5, "gradient_norm");
  std::vector<T> clipped = gradient;
  check(lmc::clip_by_norm<T>(clipped, 1) == 5, "clip_by_norm");
  check(lmc::update_ranges(net.layout(), options.groups).size() == 4, "update_ranges");
  const lmc::AnyLoss<T> any = lmc::CrossEntropy{.label_smoothing = 0.1};
  check(any.name() == "cross-entropy(label_smoothing = 0.1)", "AnyLoss");
}

}  // namespace

void use_training() {
  for_each_scalar([](auto scalar) { use_training_with(scalar); });
  for_each_scalar([](auto scalar) { use_interventions_with(scalar); });
  for_each_scalar([](auto scalar) { use_paths_with(scalar); });
}
