// SPDX-License-Identifier: BSD-3-Clause
// You train with libtorch: how is the barrier between two networks with BatchNorm measured?
// Link lmc::connectivity, whose headers know nothing of torch.
//   libtorch_trainer            trains a pair, and prints its barrier
//   libtorch_trainer --check    compares curve and barriers with a loop that is written by hand, and ends with 1 where they differ
#include <torch/torch.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <iostream>
#include <lmc/connectivity/connectivity.hpp>
#include <memory>
#include <random>
#include <span>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

using torch::Tensor;

// Your data: points in the plane, of class 1 inside a circle and of class 0 outside.
struct Data {
  Tensor x, labels;  // [examples, 2] in double, and [examples]
};
Data make_data(unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  std::vector<double> x(4000);
  std::vector<std::int64_t> labels;
  for (double& value : x) value = normal(random);
  for (std::size_t i = 0; i < x.size(); i += 2) labels.push_back(std::hypot(x[i], x[i + 1]) < 1.2 ? 1 : 0);
  return {torch::tensor(x, torch::kDouble).view({-1, 2}), torch::tensor(labels, torch::kLong)};
}

// Your model, in double so that rounding moves no example across the decision boundary, and --check can be strict.
struct NetImpl : torch::nn::Cloneable<NetImpl> {
  torch::nn::Linear first = nullptr, second = nullptr;
  torch::nn::BatchNorm1d norm = nullptr;
  NetImpl() { reset(); }
  void reset() override {
    first = register_module("first", torch::nn::Linear(torch::nn::LinearOptions(2, 32).bias(false)));
    // Without a momentum, running statistics are plain means over the batches seen since reset_running_stats().
    norm = register_module("norm", torch::nn::BatchNorm1d(torch::nn::BatchNorm1dOptions(32).momentum(c10::nullopt)));
    second = register_module("second", torch::nn::Linear(32, 2));
    to(torch::kDouble);
  }
  Tensor forward(const Tensor& x) { return second(torch::relu(norm(first(x)))); }
};
TORCH_MODULE(Net);

Net copy_of(const Net& model) { return Net(std::dynamic_pointer_cast<NetImpl>(model->clone())); }

// Your trainer: SGD with momentum on the cross-entropy, in batches of 50.
Net train(const Net& start, const Data& data, unsigned order_seed) {
  Net model = copy_of(start);
  torch::optim::SGD optimizer(model->parameters(), torch::optim::SGDOptions(0.1).momentum(0.9));
  std::vector<std::int64_t> order(static_cast<std::size_t>(data.x.size(0)));
  std::iota(order.begin(), order.end(), 0);
  std::mt19937 random(order_seed);
  for (int epoch = 0; epoch < 10; ++epoch) {
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
    for (const Tensor& batch : torch::tensor(order, torch::kLong).split(50)) {
      optimizer.zero_grad();
      torch::nn::functional::cross_entropy(model->forward(data.x.index_select(0, batch)), data.labels.index_select(0, batch))
          .backward();
      optimizer.step();
    }
  }
  return model;
}

// Running statistics belong to the parameters that they were estimated with: those of θ(α) are estimated anew.
void calibrate(Net& model, const Data& data) {
  model->norm->reset_running_stats();
  model->train();
  for (const Tensor& batch : data.x.split(500)) model->forward(batch);
  model->eval();
}

// The model's parameters, in several tensors, as one flat θ.
lmc::SplitVector<double> parameters_of(Net& model) {
  std::vector<std::span<double>> parts;
  for (const Tensor& tensor : model->parameters()) {
    lmc::require(tensor.is_contiguous(), "a parameter is not contiguous");
    parts.emplace_back(tensor.data_ptr<double>(), static_cast<std::size_t>(tensor.numel()));
  }
  return lmc::SplitVector<double>(parts);
}

// Measures θ, and whole paths with a copy of the model for each thread.
class Evaluator {
 public:
  Evaluator(const Net& model, const Data& training, const Data& test, unsigned threads) : training_(training), test_(test) {
    for (unsigned thread = 0; thread < threads; ++thread) models_.push_back(copy_of(model));
  }

  lmc::Metrics operator()(std::span<const double> theta) const { return measure(models_.front(), theta); }

  // Where an evaluator has this member, linear_path hands it all α at once.
  std::vector<lmc::Metrics> evaluate_path(std::span<const double> a, std::span<const double> b,
                                          std::span<const lmc::PathWeights> points) const {
    std::vector<lmc::Metrics> measured(points.size());
    std::atomic<std::size_t> next = 0;
    const auto work = [&](Net model) {
      std::vector<double> theta(a.size());
      for (std::size_t i = next++; i < points.size(); i = next++) {
        lmc::interpolate<double>(a, b, points[i], theta);
        measured[i] = measure(model, theta);
      }
    };
    std::vector<std::jthread> threads;
    for (const Net& model : models_) threads.emplace_back(work, model);
    threads.clear();  // waits
    return measured;
  }

 private:
  [[nodiscard]] lmc::Metrics measure(Net model, std::span<const double> theta) const {
    const torch::NoGradGuard no_gradient;  // of this thread alone
    parameters_of(model).scatter(theta);
    calibrate(model, training_);
    const Tensor logits = model->forward(test_.x), wrong = logits.argmax(1) != test_.labels;
    lmc::Metrics metrics{.loss = torch::nn::functional::cross_entropy(logits, test_.labels).item<double>(),
                         .error = wrong.to(torch::kDouble).mean().item<double>(),
                         .count = wrong.numel()};
    metrics.wrong.assign(wrong.data_ptr<bool>(), wrong.data_ptr<bool>() + wrong.numel());  // optional; the interval needs it
    return metrics;
  }

  std::vector<Net> models_;
  Data training_, test_;
};

// The same path without lmc: each tensor by itself, α after α.
struct ByHand {
  std::vector<double> loss, error;
};
ByHand path_by_hand(const Net& a, const Net& b, const Data& training, const Data& test, int steps) {
  const torch::NoGradGuard no_gradient;
  ByHand path;
  Net model = copy_of(a);
  for (int i = 0; i < steps; ++i) {
    const double alpha = static_cast<double>(i) / (steps - 1);
    const auto of_a = a->parameters(), of_b = b->parameters();
    auto between = model->parameters();
    for (std::size_t k = 0; k < between.size(); ++k) between[k].copy_((1 - alpha) * of_a[k] + alpha * of_b[k]);
    calibrate(model, training);
    const Tensor logits = model->forward(test.x);
    path.loss.push_back(torch::nn::functional::cross_entropy(logits, test.labels).item<double>());
    path.error.push_back((logits.argmax(1) != test.labels).to(torch::kDouble).mean().item<double>());
  }
  return path;
}
double barrier_by_hand(const std::vector<double>& values) {
  double highest = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double alpha = static_cast<double>(i) / static_cast<double>(values.size() - 1);
    highest = std::max(highest, values[i] - ((1 - alpha) * values.front() + alpha * values.back()));
  }
  return highest;
}

bool is_near(std::string_view what, double ours, double theirs, double tolerance) {
  if (std::abs(ours - theirs) <= tolerance) return true;
  std::cerr << what << " is " << ours << ", and by hand " << theirs << '\n';
  return false;
}

int check(const lmc::Curve& curve, const ByHand& by_hand) {
  bool same = curve.points.size() == by_hand.loss.size();
  for (std::size_t i = 0; same && i < curve.points.size(); ++i) {
    const lmc::Metrics& metrics = curve.points[i].metrics;
    same = is_near("the error at an α", metrics.error.value(), by_hand.error[i], 1e-12) && same;
    same = is_near("the loss at an α", metrics.loss, by_hand.loss[i], 1e-6) && same;
  }
  same = is_near("the error barrier", lmc::error_barrier(curve).value, barrier_by_hand(by_hand.error), 1e-12) && same;
  same = is_near("the loss barrier", lmc::loss_barrier(curve).value, barrier_by_hand(by_hand.loss), 1e-6) && same;
  // A barrier of 0 would be equal whatever was computed.
  same = barrier_by_hand(by_hand.loss) > 0.001 && same;
  std::cout << (same ? "as by hand\n" : "differs from the loop by hand\n");
  return same ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  torch::set_num_threads(1);  // threads are for different α
  torch::manual_seed(0);
  const Data training = make_data(1), test = make_data(2);
  const Net start;
  Net a = train(start, training, 1), b = train(start, training, 2);
  const std::vector<double> theta_a = parameters_of(a).gather(), theta_b = parameters_of(b).gather();
  const auto curve = lmc::linear_path(theta_a, theta_b, Evaluator(start, training, test, 2), {.alphas = 25});
  std::cout << "test error " << curve.points.front().metrics.error.value() << " and "
            << curve.points.back().metrics.error.value() << "\nerror barrier " << lmc::error_barrier(curve) << "\nloss barrier "
            << lmc::loss_barrier(curve) << '\n';
  if (argc < 2) return 0;
  if (std::string_view(argv[1]) != "--check") {
    std::cerr << "libtorch_trainer: unknown argument '" << argv[1] << "'; expected --check, or none\n";
    return 2;
  }
  const auto alone = lmc::linear_path(theta_a, theta_b, Evaluator(start, training, test, 1), {.alphas = 25});
  if (!(alone == curve)) {
    std::cerr << "one thread gives another curve than two\n";
    return 1;
  }
  return check(curve, path_by_hand(a, b, training, test, 25));
}
