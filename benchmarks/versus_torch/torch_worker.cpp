// SPDX-License-Identifier: BSD-3-Clause
// libtorch's side of the comparison: a program of its own, so that neither library's threads, allocator or memory meet the
// other's. Parameters, data and order of the data are lmc's. What can be done in several ways is a knob of the job's choice;
// which way is the fastest is found out by measuring.
#include <dlfcn.h>
#include <link.h>
#include <torch/torch.h>
#include <torch/version.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <lmc/core/error.hpp>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../versus/opponent.hpp"

namespace {

using torch::Tensor;
using versus::Choice;
using versus::chosen;
using versus::Family;
using versus::Index;
using versus::Job;
using versus::Outcome;
using versus::Update;
using versus::Workload;

/// A network: its parameters, as its way of computing wants them, and logits [N, 10] of images [N, pixels].
struct Model {
  std::vector<Tensor> parameters;
  std::function<Tensor(const std::vector<Tensor>&, const Tensor&)> forward;
  std::vector<Tensor> statistics = {};                            // of its batch norms: running mean and variance of each
  std::shared_ptr<bool> training = std::make_shared<bool>(true);  // whether batch norms take the batch's statistics
  [[nodiscard]] Tensor operator()(const Tensor& x) const { return forward(parameters, x); }
};

/// Cuts a flat θ into arrays, in lmc's order and shapes.
class Reader {
 public:
  explicit Reader(std::span<const float> theta) : theta_(theta) {}
  Tensor take(at::IntArrayRef shape) {
    const auto count = static_cast<std::size_t>(c10::multiply_integers(shape));
    lmc::require(count <= theta_.size(), "θ is too short for this network");
    const Tensor part = torch::from_blob(const_cast<float*>(theta_.data()), shape, torch::kFloat).clone();
    theta_ = theta_.subspan(count);
    return part;
  }
  void finish() const { lmc::require(theta_.empty(), "θ is ", theta_.size(), " floats too long for this network"); }

 private:
  std::span<const float> theta_;
};

/// ReLU in place: what products and convolutions give is not needed for their derivatives.
Tensor rectified(Tensor x) { return torch::relu_(x); }

Model mlp(const Workload& w, Reader& theta) {
  Model model;
  Index in = 784;
  std::vector<Index> widths = w.layers;
  widths.push_back(10);
  for (const Index out : widths) {
    model.parameters.push_back(theta.take({out, in}));
    model.parameters.push_back(theta.take({out}));
    in = out;
  }
  model.forward = [](const std::vector<Tensor>& p, const Tensor& images) {
    Tensor x = images;
    for (std::size_t i = 0; i + 2 < p.size(); i += 2) x = rectified(at::linear(x, p[i], p[i + 1]));
    return at::linear(x, p[p.size() - 2], p.back());
  };
  return model;
}

/// [N, C, rows, cols] patches of 3×3 under every output position, [N, rows out, cols out, C · 9]: one copy.
Tensor patches_of(const Tensor& x, Index stride) {
  const Tensor windows = x.unfold(2, 3, stride).unfold(3, 3, stride);  // [N, C, rows out, cols out, 3, 3]
  return windows.permute({0, 2, 3, 1, 4, 5}).reshape({x.size(0), windows.size(2), windows.size(3), x.size(1) * 9});
}

/// Formulations: "nchw" and "nhwc", conv2d in either memory format; "products", patches and one product for all positions.
Model cnn(const Workload& w, const Choice& choice, Reader& theta) {
  const bool nhwc = chosen(choice, "formulation", "nhwc"), products = chosen(choice, "formulation", "products");
  Model model;
  Index side = 28, in = 1;
  for (const Index out : w.layers) {
    const Tensor filters = theta.take({out, 3, 3, in}).permute({0, 3, 1, 2});
    if (products)
      model.parameters.push_back(filters.reshape({out, in * 9}).contiguous());
    else
      model.parameters.push_back(filters.contiguous(nhwc ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous));
    model.parameters.push_back(theta.take({out}));
    side = (side - 3) / w.stride + 1;
    in = out;
  }
  const Tensor readout = theta.take({10, side, side, in});
  model.parameters.push_back((nhwc || products ? readout : readout.permute({0, 3, 1, 2})).reshape({10, -1}).contiguous());
  model.parameters.push_back(theta.take({10}));
  model.forward = [=, stride = w.stride](const std::vector<Tensor>& p, const Tensor& images) {
    Tensor x = images.view({-1, 1, 28, 28});
    if (nhwc) x = x.contiguous(at::MemoryFormat::ChannelsLast);  // a view, since there is one channel
    std::size_t i = 0;
    for (; i + 2 < p.size(); i += 2) {
      if (products)
        x = rectified(at::linear(patches_of(x, stride).flatten(0, 2), p[i], p[i + 1]))
                .view({images.size(0), (x.size(2) - 3) / stride + 1, (x.size(3) - 3) / stride + 1, -1})
                .permute({0, 3, 1, 2});
      else
        x = rectified(at::conv2d(x, p[i], p[i + 1], stride));
    }
    return at::linear((nhwc || products ? x.permute({0, 2, 3, 1}) : x).flatten(1), p[i], p[i + 1]);
  };
  return model;
}

/// Formulations: "unfold", patches by im2col and one batched product with a matrix at each position; "einsum", the same patches
/// through einsum; "positions", activations with positions in front of examples, so that products write what the next layer
/// reads.
Model lcn(const Workload& w, const Choice& choice, Reader& theta) {
  const bool einsum = chosen(choice, "formulation", "einsum"), positions = chosen(choice, "formulation", "positions");
  Model model;
  Index side = 28, in = 1;
  for (const Index out : w.layers) {
    side = (side - 3) / w.stride + 1;
    const Tensor filters = theta.take({side * side, out, 3, 3, in}), biases = theta.take({side * side, 1, out});
    if (einsum) {
      model.parameters.push_back(filters.permute({0, 1, 4, 2, 3}).reshape({side * side, out, in * 9}).contiguous());
      model.parameters.push_back(biases.view({side * side, out}).t().contiguous());
    } else {
      model.parameters.push_back(filters.permute({0, 4, 2, 3, 1}).reshape({side * side, in * 9, out}).contiguous());
      model.parameters.push_back(biases);
    }
    in = out;
  }
  const Tensor readout = theta.take({10, side, side, in});
  model.parameters.push_back((positions ? readout : readout.permute({0, 3, 1, 2})).reshape({10, -1}).contiguous());
  model.parameters.push_back(theta.take({10}));
  model.forward = [=, stride = w.stride](const std::vector<Tensor>& p, const Tensor& images) {
    const Index n = images.size(0);
    std::size_t i = 0;
    if (positions) {
      Tensor x = images.view({n, 28, 28}).permute({1, 2, 0}).unsqueeze(3);  // [rows, cols, N, channels]
      for (; i + 2 < p.size(); i += 2) {
        const Tensor windows = x.unfold(0, 3, stride).unfold(1, 3, stride);  // [rows out, cols out, N, channels, 3, 3]
        const Index rows = windows.size(0), cols = windows.size(1);
        x = rectified(at::baddbmm(p[i + 1], windows.reshape({rows * cols, n, -1}), p[i])).view({rows, cols, n, -1});
      }
      return at::linear(x.permute({2, 0, 1, 3}).flatten(1), p[i], p[i + 1]);
    }
    Tensor x = images.view({n, 1, 28, 28});
    for (; i + 2 < p.size(); i += 2) {
      const Index grid = (x.size(2) - 3) / stride + 1;
      const Tensor patches = at::im2col(x, {3, 3}, {1, 1}, {0, 0}, {stride, stride});  // [N, channels · 9, positions]
      if (einsum)
        x = rectified(at::einsum("nkl,lok->nol", {patches, p[i]}) + p[i + 1]).view({n, -1, grid, grid});
      else
        x = rectified(at::baddbmm(p[i + 1], patches.permute({2, 0, 1}), p[i])).permute({1, 2, 0}).reshape({n, -1, grid, grid});
    }
    return at::linear(x.flatten(1), p[i], p[i + 1]);
  };
  return model;
}

/// One pre-norm block, mean pooling. Tokens are rows of matrices throughout. Formulations: how patches become tokens, "conv2d"
/// or "linear" on copied patches.
Model vit(const Choice& choice, Reader& theta) {
  using versus::heads, versus::patch, versus::width;
  constexpr Index grid = 28 / patch, tokens = grid * grid, depth = width / heads, hidden = versus::mlp_ratio * width;
  const bool linear = chosen(choice, "formulation", "linear");
  Model model;
  const auto add = [&](at::IntArrayRef shape) { model.parameters.push_back(theta.take(shape)); };
  const auto filters = theta.take({width, patch, patch, 1});
  model.parameters.push_back(linear ? filters.view({width, patch * patch}) : filters.view({width, 1, patch, patch}));
  add({width});
  add({tokens, width});                          // positions
  for (const Index rows : {3 * width, width}) {  // attention after its norm, and under it the output matrix
    if (rows == 3 * width) {
      add({width});
      add({width});
    }
    add({rows, width});
    add({rows});
  }
  add({width});
  add({width});
  add({hidden, width});
  add({hidden});
  add({width, hidden});
  add({width});
  add({width});
  add({width});
  add({10, width});
  add({10});
  model.forward = [linear](const std::vector<Tensor>& p, const Tensor& images) {
    const Index n = images.size(0);
    const auto norm = [&](const Tensor& x, std::size_t i) { return at::layer_norm(x, {width}, p[i], p[i + 1]); };
    Tensor x = linear
                   ? at::linear(images.view({n, grid, patch, grid, patch}).transpose(2, 3).reshape({n * tokens, patch * patch}),
                                p[0], p[1])
                         .view({n, tokens, width})
                   : at::conv2d(images.view({n, 1, 28, 28}), p[0], p[1], patch).flatten(2).transpose(1, 2);
    x = (x + p[2]).reshape({n * tokens, width});  // conv2d leaves channels in front
    const Tensor qkv =
        at::linear(norm(x, 3), p[5], p[6]).view({n, tokens, 3, heads, depth}).permute({2, 0, 3, 1, 4}).contiguous();
    const auto part = [&](Index i) { return qkv.select(0, i).view({n * heads, tokens, depth}); };
    const Tensor none = at::empty({1}, qkv.options());  // times 0: not read
    const Tensor scores = at::baddbmm(none, part(0), part(1).transpose(1, 2), 0, 1 / std::sqrt(static_cast<double>(depth)));
    const Tensor mixed = at::bmm(at::softmax(scores, 2), part(2)).view({n, heads, tokens, depth}).transpose(1, 2);
    x = x + at::linear(mixed.reshape({n * tokens, width}), p[7], p[8]);
    x = x + at::linear(at::gelu(at::linear(norm(x, 9), p[11], p[12])), p[13], p[14]);
    return at::linear(norm(x, 15).view({n, tokens, width}).mean(1), p[17], p[18]);
  };
  return model;
}

/// 32×32 images as the data set has them, channels last, as convolutions want them.
Tensor convolution_input(const Tensor& images, bool nhwc) {
  const Tensor x = images.view({-1, 32, 32, 3}).permute({0, 3, 1, 2});
  return nhwc ? x : x.contiguous();
}

/// Convolutions, batch norms and what is behind them on 32×32 images. Takes parameters from θ in the order in which a builder adds
/// them, and gives a function from the activations before to those behind. Formulations: "nchw" and "nhwc".
class ImageLayers {
 public:
  using Function = std::function<Tensor(const std::vector<Tensor>&, const Tensor&)>;

  ImageLayers(Model& model, Reader& theta, bool nhwc) : model_(model), theta_(theta), nhwc_(nhwc) {}

  /// Convolution without bias and batch norm.
  Function convolution(Index in, Index out, Index kernel, Index stride) {
    const std::size_t i = model_.parameters.size(), s = model_.statistics.size();
    model_.parameters.push_back(theta_.take({out, kernel, kernel, in})
                                    .permute({0, 3, 1, 2})
                                    .contiguous(nhwc_ ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous));
    model_.parameters.push_back(theta_.take({out}));
    model_.parameters.push_back(theta_.take({out}));
    model_.statistics.push_back(torch::zeros({out}));
    model_.statistics.push_back(torch::ones({out}));
    const Tensor mean = model_.statistics[s], variance = model_.statistics[s + 1];
    return [=, training = model_.training](const std::vector<Tensor>& p, const Tensor& x) {
      const Tensor y = at::conv2d(x, p[i], {}, stride, kernel / 2);
      return at::batch_norm(y, p[i + 1], p[i + 2], mean, variance, *training, 0.1, 1e-5, false);
    };
  }
  Function readout(Index side, Index in) {
    const std::size_t i = model_.parameters.size();
    const Tensor weights = theta_.take({10, side, side, in});
    model_.parameters.push_back((nhwc_ ? weights : weights.permute({0, 3, 1, 2})).reshape({10, -1}).contiguous());
    model_.parameters.push_back(theta_.take({10}));
    return [i, nhwc = nhwc_](const std::vector<Tensor>& p, const Tensor& x) {
      return at::linear((nhwc ? x.permute({0, 2, 3, 1}) : x).flatten(1), p[i], p[i + 1]);
    };
  }

 private:
  Model& model_;
  Reader& theta_;
  bool nhwc_;
};

Model resnet(const Choice& choice, Reader& theta) {
  struct Block {
    ImageLayers::Function first, second, shortcut;
  };
  const bool nhwc = chosen(choice, "formulation", "nhwc");
  Model model;
  ImageLayers layers(model, theta, nhwc);
  const auto first = layers.convolution(3, versus::resnet_width, 3, 1);
  std::vector<Block> blocks;
  Index in = versus::resnet_width;
  for (const Index stage : {0, 1, 2})
    for (Index block = 0; block < versus::resnet_blocks; ++block) {
      const Index out = versus::resnet_width << stage, stride = in == out ? 1 : 2;
      blocks.push_back({layers.convolution(in, out, 3, stride), layers.convolution(out, out, 3, 1), {}});
      if (stride != 1) blocks.back().shortcut = layers.convolution(in, out, 1, stride);
      in = out;
    }
  const auto readout = layers.readout(1, in);
  model.forward = [nhwc, first, blocks, readout](const std::vector<Tensor>& p, const Tensor& images) {
    Tensor x = rectified(first(p, convolution_input(images, nhwc)));
    for (const Block& block : blocks) {
      const Tensor y = block.second(p, rectified(block.first(p, x)));
      x = rectified(y + (block.shortcut ? block.shortcut(p, x) : x));
    }
    return readout(p, x.mean({2, 3}, true));
  };
  return model;
}

Model vgg(const Workload& w, const Choice& choice, Reader& theta) {
  const bool nhwc = chosen(choice, "formulation", "nhwc");
  Model model;
  ImageLayers layers(model, theta, nhwc);
  std::vector<std::vector<ImageLayers::Function>> stages;
  Index in = 3, side = 32;
  for (const Index out : w.layers) {
    stages.push_back({layers.convolution(in, out, 3, 1)});
    if (stages.size() > 2) stages.back().push_back(layers.convolution(out, out, 3, 1));
    in = out;
    side /= 2;
  }
  const auto readout = layers.readout(side, in);
  model.forward = [nhwc, stages, readout](const std::vector<Tensor>& p, const Tensor& images) {
    Tensor x = convolution_input(images, nhwc);
    for (const auto& stage : stages) {
      for (const auto& convolution : stage) x = rectified(convolution(p, x));
      x = at::max_pool2d(x, 2);
    }
    return readout(p, x);
  };
  return model;
}

Model make_model(const Workload& w, const Choice& choice, std::span<const float> theta) {
  Reader reader(theta);
  Model model;
  switch (w.family) {
    case Family::mlp:
      model = mlp(w, reader);
      break;
    case Family::cnn:
      model = cnn(w, choice, reader);
      break;
    case Family::lcn:
      model = lcn(w, choice, reader);
      break;
    case Family::vit:
      model = vit(choice, reader);
      break;
    case Family::resnet:
      model = resnet(choice, reader);
      break;
    case Family::vgg:
      model = vgg(w, choice, reader);
      break;
  }
  reader.finish();
  return model;
}

/// One update of all parameters from their gradients.
using Step = std::function<void()>;

/// The update by libtorch's own optimizer classes.
Step optimizer_class(Update update, const std::vector<Tensor>& parameters) {
  std::shared_ptr<torch::optim::Optimizer> optimizer;
  if (update == Update::adam)
    optimizer = std::make_shared<torch::optim::Adam>(parameters, torch::optim::AdamOptions(versus::adam_rate));
  else if (update == Update::momentum)
    optimizer = std::make_shared<torch::optim::SGD>(parameters,
                                                    torch::optim::SGDOptions(versus::momentum_rate).momentum(versus::momentum));
  else
    optimizer = std::make_shared<torch::optim::SGD>(parameters, torch::optim::SGDOptions(versus::sgd_rate));
  return [optimizer] { optimizer->step(); };
}

/// The same formulas by in-place operations, as few passes over memory as there are operations for; with `lists` on lists of
/// tensors (_foreach_), else tensor by tensor. Adam takes the bias corrections into the rate and ε:
///   θ ← θ − r √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε √(1 − β₂ᵗ)).
Step in_place(Update update, const std::vector<Tensor>& parameters, bool lists) {
  constexpr double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  std::vector<Tensor> mean, square, root;
  for (const Tensor& p : parameters)
    for (std::vector<Tensor>* state : {&mean, &square, &root}) state->push_back(torch::zeros_like(p));
  return [=, t = 0]() mutable {
    std::vector<Tensor> gradients;
    for (const Tensor& p : parameters) gradients.push_back(p.grad());
    ++t;
    const double root2 = std::sqrt(1 - std::pow(beta2, t)), rate = versus::adam_rate * root2 / (1 - std::pow(beta1, t));
    if (update == Update::sgd) {
      if (lists) return at::_foreach_add_(parameters, gradients, -versus::sgd_rate);
      for (std::size_t i = 0; i < parameters.size(); ++i) parameters[i].add_(gradients[i], -versus::sgd_rate);
    } else if (update == Update::momentum) {
      if (lists) {
        at::_foreach_mul_(mean, versus::momentum);
        at::_foreach_add_(mean, gradients, 1);
        return at::_foreach_add_(parameters, mean, -versus::momentum_rate);
      }
      for (std::size_t i = 0; i < parameters.size(); ++i) {
        at::add_out(mean[i], gradients[i], mean[i], versus::momentum);  // one pass: g + μ v
        parameters[i].add_(mean[i], -versus::momentum_rate);
      }
    } else if (lists) {
      at::_foreach_mul_(mean, beta1);
      at::_foreach_add_(mean, gradients, 1 - beta1);
      at::_foreach_mul_(square, beta2);
      at::_foreach_addcmul_(square, gradients, gradients, 1 - beta2);
      std::vector<Tensor> denominator = at::_foreach_sqrt(square);
      at::_foreach_add_(denominator, epsilon * root2);
      at::_foreach_addcdiv_(parameters, mean, denominator, -rate);
    } else {
      for (std::size_t i = 0; i < parameters.size(); ++i) {
        mean[i].lerp_(gradients[i], 1 - beta1);
        square[i].mul_(beta2).addcmul_(gradients[i], gradients[i], 1 - beta2);
        at::sqrt_out(root[i], square[i]).add_(epsilon * root2);
        parameters[i].addcdiv_(mean[i], root[i], -rate);
      }
    }
  };
}

Step make_step(Update update, const Choice& choice, const std::vector<Tensor>& parameters) {
  if (chosen(choice, "update", "torch::optim")) return optimizer_class(update, parameters);
  return in_place(update, parameters, chosen(choice, "update", "foreach"));
}

/// Pixels as standardized floats, and labels, in memory in one piece: `part` of what export_data() wrote.
struct Images {
  Tensor x, y;
  Images(const std::string& folder, const std::string& part) {
    const auto pixels = versus::read_numbers<float>(folder + "/" + part + ".images");
    const auto labels = versus::read_numbers<std::int64_t>(folder + "/" + part + ".labels");
    x = torch::tensor(pixels).view({static_cast<Index>(labels.size()), -1});
    y = torch::tensor(labels);
  }
};

/// One training after another from the same start. What a user could prepare once is prepared once.
class Run {
 public:
  Run(const Workload& w, const Job& job, const std::string& order, const Images& images, std::span<const float> theta)
      : update_(w.update),
        choice_(job.choice),
        images_(images),
        batch_(w.batch),
        order_(versus::read_numbers<std::int64_t>(order)),
        model_(make_model(w, job.choice, theta)),
        x_(torch::empty({w.batch, images.x.size(1)})),
        y_(torch::empty({w.batch}, torch::kLong)) {
    for (const Tensor& p : values()) start_.push_back(p.clone(p.suggest_memory_format()));
    for (Tensor& p : model_.parameters) p.requires_grad_();
  }

  /// The loss of every step goes to last_loss, as somebody who trains wants to see it. Returns the first batch's.
  double train(Index steps) {
    {
      const torch::NoGradGuard no_gradient;
      const std::vector<Tensor> all = values();
      for (std::size_t i = 0; i < start_.size(); ++i) all[i].copy_(start_[i]);
    }
    *model_.training = true;
    const Step step = make_step(update_, choice_, model_.parameters);
    double first_loss = 0;
    for (Index i = 0; i < steps; ++i) {
      const Tensor examples = torch::from_blob(order_.data() + i * batch_, {batch_}, torch::kLong);
      at::index_select_out(x_, images_.x, 0, examples);
      at::index_select_out(y_, images_.y, 0, examples);
      const Tensor loss = at::cross_entropy_loss(model_(x_), y_);
      loss.backward();
      {
        const torch::NoGradGuard no_gradient;
        step();
      }
      for (Tensor& p : model_.parameters) p.mutable_grad().reset();
      last_loss = loss.item<float>();
      lmc::require(std::isfinite(last_loss), "libtorch's training diverged");
      if (i == 0) first_loss = last_loss;
    }
    return first_loss;
  }
  [[nodiscard]] const Model& model() const { return model_; }

  double last_loss = 0;

 private:
  /// Parameters and statistics.
  [[nodiscard]] std::vector<Tensor> values() const {
    std::vector<Tensor> all = model_.parameters;
    all.insert(all.end(), model_.statistics.begin(), model_.statistics.end());
    return all;
  }

  Update update_;
  Choice choice_;
  const Images& images_;
  Index batch_;
  std::vector<std::int64_t> order_;
  Model model_;
  std::vector<Tensor> start_;
  Tensor x_, y_;
};

/// Calls work(i) for every i < count: side by side, each in a thread of its own, or one after another.
template <class Work>
void for_each(std::size_t count, bool side_by_side, Work work) {
  if (!side_by_side || count == 1) {
    for (std::size_t i = 0; i < count; ++i) work(i);
    return;
  }
  std::vector<std::exception_ptr> failures(count);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < count; ++i)
    threads.emplace_back([&, i] {
      at::set_num_threads(1);
      try {
        work(i);
      } catch (...) {
        failures[i] = std::current_exception();
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (const std::exception_ptr& failure : failures)
    if (failure) std::rethrow_exception(failure);
}

struct Sum {
  double loss = 0, wrong = 0;
};

/// Sums over all images, evaluated in batches of `at_once`.
Sum evaluate(const Model& model, const Images& images, Index at_once) {
  const torch::InferenceMode inference;
  *model.training = false;
  Sum sum;
  for (Index first = 0; first < images.x.size(0); first += at_once) {
    const Index count = std::min(at_once, images.x.size(0) - first);
    const Tensor y = images.y.narrow(0, first, count), logits = model(images.x.narrow(0, first, count));
    sum.loss += at::cross_entropy_loss(logits, y, {}, at::Reduction::Sum).item<float>();
    sum.wrong += static_cast<double>(logits.argmax(1).ne(y).sum().item<std::int64_t>());
  }
  return sum;
}

Outcome train(const Workload& w, const Job& job) {
  const Images train(job.data, "train"), test(job.data, "test");
  const std::vector<float> theta = versus::read_numbers<float>(job.start);
  std::vector<Run> runs;
  for (const std::string& order : job.orders) runs.emplace_back(w, job, order, train, theta);
  const bool side_by_side = chosen(job.choice, "arrangement", "two threads");

  Outcome outcome;
  outcome.first_losses.resize(runs.size());
  outcome.losses.resize(runs.size());
  for_each(runs.size(), side_by_side, [&](std::size_t i) { outcome.first_losses[i] = runs[i].train(3); });
  versus::wait_for_start();
  outcome.seconds = versus::seconds_of([&] {
    for_each(runs.size(), side_by_side, [&](std::size_t i) {
      for (Index repeat = 0; repeat < job.repeats; ++repeat) runs[i].train(job.steps);
    });
  });
  outcome.peak_megabytes = versus::peak_megabytes();
  if (!job.evaluate) return outcome;
  for_each(runs.size(), side_by_side, [&](std::size_t i) {
    outcome.losses[i] = evaluate(runs[i].model(), test, 250).loss / static_cast<double>(test.x.size(0));
  });
  return outcome;
}

Outcome measure_curve(const Workload& w, const Job& job) {
  const Images images(job.data, "test");
  const std::vector<float> ends = versus::read_numbers<float>(job.start);
  const std::size_t count = ends.size() / 2;
  const Model a = make_model(w, job.choice, std::span(ends).first(count)),
              b = make_model(w, job.choice, std::span(ends).last(count));
  const Index at_once = std::stol(job.choice.at("images at once"));
  const bool side_by_side = chosen(job.choice, "arrangement", "two threads");
  // Side by side: every second point each.
  const std::size_t walkers = side_by_side ? static_cast<std::size_t>(versus::cores) : 1;
  std::vector<Model> between(walkers, a);
  for (Model& model : between)
    for (Tensor& p : model.parameters) p = torch::empty_like(p);

  Outcome outcome;
  outcome.losses.resize(job.points.size());
  outcome.errors.resize(job.points.size());
  const auto walk = [&](std::size_t walker, std::size_t end) {
    const torch::InferenceMode inference;
    for (std::size_t i = walker; i < end; i += walkers) {
      const double alpha = static_cast<double>(job.points[i]) / static_cast<double>(versus::curve_points - 1);
      for (std::size_t k = 0; k < a.parameters.size(); ++k)
        at::lerp_out(between[walker].parameters[k], a.parameters[k], b.parameters[k], alpha);
      const Sum sum = evaluate(between[walker], images, at_once);
      outcome.losses[i] = sum.loss / static_cast<double>(versus::curve_images);
      outcome.errors[i] = sum.wrong / static_cast<double>(versus::curve_images);
    }
  };
  for_each(walkers, side_by_side, [&](std::size_t walker) { walk(walker, walkers); });
  versus::wait_for_start();
  outcome.seconds = versus::seconds_of([&] {
    for_each(walkers, side_by_side, [&](std::size_t walker) {
      for (Index repeat = 0; repeat < job.repeats; ++repeat) walk(walker, job.points.size());
    });
  });
  outcome.peak_megabytes = versus::peak_megabytes();
  return outcome;
}

nlohmann::json versions() {
  std::vector<std::string> libraries;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* all) {
        const std::string name = info->dlpi_name;
        if (name.find("blas") != std::string::npos || name.find("mkl") != std::string::npos)
          static_cast<std::vector<std::string>*>(all)->push_back(name);
        return 0;
      },
      &libraries);
  nlohmann::json result{{"torch", TORCH_VERSION}, {"configuration", at::show_config()}, {"libraries", libraries}};
  using GetConfig = char* (*)();
  if (const auto config = reinterpret_cast<GetConfig>(dlsym(RTLD_DEFAULT, "openblas_get_config")))
    result["openblas"] = config();
  result["optimized_products"] = result.contains("openblas") || at::hasMKL();
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "error: versus_torch runs this program; there is nothing to do for it alone\n";
    return 2;
  }
  return versus::serve(argv[1], [](const Job& job) -> nlohmann::json {
    at::set_num_interop_threads(1);
    at::set_num_threads(job.threads);
    if (job.task == "versions") return versions();
    const Workload w = versus::workload_named(job.workload);
    return w.task == versus::Task::curve ? measure_curve(w, job) : train(w, job);
  });
}
