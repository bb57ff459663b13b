// SPDX-License-Identifier: BSD-3-Clause
// A thousand networks, data sets and options drawn at random: what the library computes of them, against plain loops, and against
// itself where two ways must agree.
#include <catch2/catch.hpp>
#include <lmc/align/permute.hpp>
#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/exact/exact_barrier.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/data/batches.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/gradient.hpp>
#include <lmc/measure/logits.hpp>
#include <lmc/measure/traced_curve.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/lcn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/testing/permutation_effect.hpp>
#include <lmc/train/train.hpp>
#include <lmc/transfer/lift.hpp>

#include <random>
#include <support/exact_outcomes.hpp>
#include <support/plain_network.hpp>

namespace measure_random_networks_test {

using lmc::Index;
using testing::PlainNetwork;

namespace {

// Without optimization, as under the address sanitizer, a case takes 50 times as long.
#ifdef __OPTIMIZE__
constexpr unsigned cases = 1000;
#else
constexpr unsigned cases = 20;
#endif

class Draw {
 public:
  explicit Draw(unsigned seed) : generator_(seed) {}
  Index number(Index low, Index high) { return std::uniform_int_distribution<Index>(low, high)(generator_); }
  double real(double low, double high) { return std::uniform_real_distribution<double>(low, high)(generator_); }
  template <class T>
  T one_of(std::initializer_list<T> values) {
    return *(values.begin() + number(0, static_cast<Index>(values.size()) - 1));
  }
  std::vector<Index> numbers(Index count, Index low, Index high) {
    std::vector<Index> all;
    for (Index i = 0; i < count; ++i) all.push_back(number(low, high));
    return all;
  }
  lmc::Extent extent(Index low, Index high) { return {number(low, high), number(low, high)}; }

 private:
  std::mt19937_64 generator_;
};

enum class Builder { mlp, cnn, lcn };

struct Case {
  Builder builder = Builder::mlp;
  lmc::MlpOptions mlp = {};
  lmc::CnnOptions cnn = {};
  lmc::LcnOptions lcn = {};
  std::vector<double> features = {};
  std::vector<std::int32_t> labels = {};

  template <class Scalar>
  [[nodiscard]] lmc::Network<Scalar> network() const {
    if (builder == Builder::mlp) return lmc::mlp<Scalar>(mlp);
    return builder == Builder::cnn ? lmc::cnn<Scalar>(cnn) : lmc::lcn<Scalar>(lcn);
  }
  template <class Scalar>
  [[nodiscard]] lmc::Dataset<Scalar> data() const {
    return lmc::Dataset<Scalar>({.shape = mlp.inputs,
                                 .classes = mlp.outputs,
                                 .labels = labels,
                                 .features = std::vector<Scalar>(features.begin(), features.end())});
  }
  [[nodiscard]] std::span<const double> example(std::size_t i) const {
    const auto size = static_cast<std::size_t>(mlp.inputs.size());
    return std::span(features).subspan(i * size, size);
  }
};

Case draw_options(Draw& draw) {
  Case c{.builder = draw.one_of({Builder::mlp, Builder::cnn, Builder::lcn})};
  const lmc::Shape image{draw.number(1, 7), draw.number(1, 7), draw.number(1, 3)};
  const Index classes = draw.number(2, 5), layers = draw.number(1, 2);
  const double slope = draw.one_of({0.0, 0.1, 0.5});
  c.mlp = {.inputs = image, .hidden = draw.numbers(draw.number(0, 3), 1, 20), .outputs = classes, .slope = slope};
  c.cnn = {.inputs = image, .channels = draw.numbers(layers, 1, 9), .outputs = classes, .slope = slope};
  for (auto* list : {&c.cnn.kernel, &c.cnn.stride, &c.cnn.padding}) list->clear();
  for (Index i = 0; i < layers; ++i) {
    c.cnn.kernel.push_back(draw.extent(1, 3));
    c.cnn.stride.push_back(draw.extent(1, 2));
    c.cnn.padding.push_back(draw.extent(0, 1));
  }
  c.cnn.pool = draw.extent(1, 2);
  c.lcn = {.inputs = image,
           .channels = c.cnn.channels,
           .outputs = classes,
           .kernel = c.cnn.kernel,
           .stride = c.cnn.stride,
           .padding = c.cnn.padding,
           .sharing = {draw.extent(1, 3)},
           .pool = c.cnn.pool,
           .slope = slope};
  return c;
}

Case draw_case(Draw& draw) {
  for (;;) {
    Case c = draw_options(draw);
    try {
      static_cast<void>(c.network<double>());
    } catch (const lmc::Error&) {
      continue;  // the filters do not fit the image
    }
    const Index examples = draw.number(1, 40);
    for (Index i = 0; i < examples * c.mlp.inputs.size(); ++i) c.features.push_back(draw.one_of({0.0, 1.0}) * draw.real(-2, 2));
    for (Index i = 0; i < examples; ++i) c.labels.push_back(static_cast<std::int32_t>(draw.number(0, c.mlp.outputs - 1)));
    return c;
  }
}

/// The largest difference, relative to 1 + |expected|.
template <class T>
double difference(const std::vector<T>& found, const std::vector<double>& expected) {
  if (found.size() != expected.size()) return std::numeric_limits<double>::infinity();
  double largest = 0;
  for (std::size_t i = 0; i < found.size(); ++i)
    largest = std::max(largest, std::abs(static_cast<double>(found[i]) - expected[i]) / (1 + std::abs(expected[i])));
  return largest;
}

std::vector<double> plain_logits(const Case& c, const PlainNetwork& plain, std::span<const double> theta) {
  std::vector<double> all;
  for (std::size_t i = 0; i < c.labels.size(); ++i) {
    const auto logits = plain.logits(theta, c.example(i));
    all.insert(all.end(), logits.begin(), logits.end());
  }
  return all;
}

template <class Scalar>
std::vector<Scalar> rounded(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

/// Each of the cases, by its number.
template <class Check>
void for_each_case(Check check) {
  for (unsigned seed = 0; seed < cases; ++seed) {
    Draw draw(seed);
    const Case c = draw_case(draw);
    const auto network = c.network<double>();
    CAPTURE(seed, lmc::concat(network), c.labels.size());
    check(c, network, draw);
  }
}

}  // namespace

TEST_CASE("random networks: outputs, losses and gradients are those of plain loops", "[measure][random]") {
  for_each_case([](const Case& c, const lmc::Network<double>& network, Draw&) {
    const PlainNetwork plain(network);
    // Values that float has, so that both start from the same.
    auto state = network.initialize({.seed = 1});
    for (double& value : state.parameters) value = static_cast<double>(static_cast<float>(value));
    Case in_float = c;
    for (double& value : in_float.features) value = static_cast<double>(static_cast<float>(value));
    std::vector<double> gradient(state.parameters.size());
    double loss = 0;
    const double share = 1 / static_cast<double>(c.labels.size());
    for (std::size_t i = 0; i < c.labels.size(); ++i)
      loss += share * plain.add_gradient(state.parameters, in_float.example(i), c.labels[i], share, gradient);
    const auto logits = plain_logits(in_float, plain, state.parameters);

    const auto data = in_float.data<double>();
    CHECK(difference(lmc::logits(network, state, data), logits) < 1e-13);
    const auto found = lmc::mean_gradient(network, state, data);
    CHECK(std::abs(found.loss - loss) < 1e-13 * (1 + loss));
    CHECK(difference(found.gradient, gradient) < 1e-13);

    const auto single = c.network<float>();
    const lmc::ModelState<float> single_state{rounded<float>(state.parameters), {}};
    CHECK(difference(lmc::logits(single, single_state, in_float.data<float>()), logits) < 1e-5);
    CHECK(difference(lmc::mean_gradient(single, single_state, in_float.data<float>()).gradient, gradient) < 1e-5);
  });
}

TEST_CASE("random networks: training is that of plain loops, for any options of SGD", "[measure][random]") {
  for_each_case([](const Case& c, const lmc::Network<double>& network, Draw& draw) {
    const bool nesterov = draw.number(0, 2) == 0;
    const double momentum = nesterov ? 0.9 : draw.one_of({0.0, 0.5, 0.9});
    const lmc::SgdOptions sgd{.learning_rate = draw.real(0.001, 0.1),
                              .momentum = momentum,
                              .dampening = nesterov ? 0.0 : draw.one_of({0.0, 0.3}),
                              .weight_decay = draw.one_of({0.0, 0.01}),
                              .nesterov = nesterov};
    const auto examples = static_cast<Index>(c.labels.size());
    const lmc::TrainOptions<double> options{.epochs = draw.number(1, 3),
                                            .batch_size = draw.number(1, examples),
                                            .drop_last = draw.number(0, 1) == 1,
                                            .optimizer = sgd};
    const auto order = static_cast<std::uint64_t>(draw.number(0, 1000));
    const auto start = network.initialize({.seed = order});
    const auto run = lmc::train(network, c.data<double>(), start, options, {.order = order});

    const PlainNetwork plain(network);
    std::vector<double> theta = start.parameters, velocity(theta.size());
    lmc::Batches batches(examples, {.batch_size = options.batch_size, .order_seed = order, .drop_last = options.drop_last});
    Index steps = 0;
    for (Index epoch = 0; epoch < options.epochs; ++epoch) {
      batches.shuffle(static_cast<std::uint32_t>(epoch));
      for (Index b = 0; b < batches.per_epoch(); ++b, ++steps) {
        std::vector<double> gradient(theta.size());
        for (const Index i : batches.batch(b)) {
          const auto at = static_cast<std::size_t>(i);
          plain.add_gradient(theta, c.example(at), c.labels[at], 1 / static_cast<double>(batches.batch(b).size()), gradient);
        }
        for (std::size_t i = 0; i < theta.size(); ++i) {
          const double g = gradient[i] + sgd.weight_decay * theta[i];
          velocity[i] = steps == 0 ? g : sgd.momentum * velocity[i] + (1 - sgd.dampening) * g;
          const double step = sgd.nesterov ? g + sgd.momentum * velocity[i] : velocity[i];
          theta[i] -= sgd.learning_rate * (sgd.momentum == 0 ? g : step);
        }
      }
    }
    CAPTURE(lmc::concat(sgd), options.epochs, options.batch_size, options.drop_last);
    CHECK(run.steps == steps);
    CHECK_FALSE(run.diverged_at);
    CHECK(difference(run.state.parameters, theta) < 1e-11);
  });
}

TEST_CASE("random networks: curves and barriers are those of plain loops", "[measure][random]") {
  for_each_case([](const Case& c, const lmc::Network<double>& network, Draw& draw) {
    const PlainNetwork plain(network);
    const auto a = network.initialize({.seed = 1}).parameters, b = network.initialize({.seed = 2}).parameters;
    const auto data = c.data<double>();
    const auto alphas = static_cast<std::size_t>(draw.number(2, 9));
    const lmc::Curve curve = lmc::linear_path(a, b, lmc::evaluator(network, data, lmc::ThreadTeam(1)), {.alphas = alphas});
    REQUIRE(curve.points.size() == alphas);
    std::vector<double> losses, errors;
    for (std::size_t k = 0; k < alphas; ++k) {
      const double alpha = static_cast<double>(k) / static_cast<double>(alphas - 1);
      std::vector<double> theta(a.size());
      for (std::size_t i = 0; i < a.size(); ++i) theta[i] = (1 - alpha) * a[i] + alpha * b[i];
      double loss = 0, error = 0;
      for (std::size_t i = 0; i < c.labels.size(); ++i) {
        const auto logits = plain.logits(theta, c.example(i));
        loss += PlainNetwork::cross_entropy(logits, c.labels[i]) / static_cast<double>(c.labels.size());
        const double margin = PlainNetwork::margin(logits, c.labels[i]);
        // Where two logits are equal to within rounding, the library's outcome is as good.
        const bool wrong = std::abs(margin) < 1e-12 ? curve.points[k].metrics.wrong[i] : margin < 0;
        CHECK(curve.points[k].metrics.wrong[i] == wrong);
        error += wrong ? 1 / static_cast<double>(c.labels.size()) : 0;
      }
      CHECK(std::abs(curve.points[k].metrics.loss - loss) < 1e-13 * (1 + loss));
      CHECK(std::abs(*curve.points[k].metrics.error - error) < 1e-13);
      losses.push_back(loss);
      errors.push_back(error);
    }
    const auto height = [&](const std::vector<double>& values) {
      double highest = 0;
      for (std::size_t k = 0; k < alphas; ++k) {
        const double alpha = static_cast<double>(k) / static_cast<double>(alphas - 1);
        highest = std::max(highest, values[k] - (1 - alpha) * values.front() - alpha * values.back());
      }
      return highest;
    };
    CHECK(std::abs(lmc::loss_barrier(curve).value - height(losses)) < 1e-12 * (1 + height(losses)));
    const auto barrier = lmc::error_barrier(curve);
    CHECK(std::abs(barrier.value - height(errors)) < 1e-12);
    const double accuracy = 1 - (errors.front() + errors.back()) / 2;
    if (accuracy > 1e-9) CHECK(std::abs(barrier.normalized - height(errors) / accuracy) < 1e-11);
  });
}

TEST_CASE("random networks: the exact error is the grid's at each α of it, and its barrier no lower", "[measure][random]") {
  unsigned traced = 0;
  for_each_case([&](const Case& c, const lmc::Network<double>& network, Draw& draw) {
    const lmc::Network<double> local = lmc::lift_to_local(network).network;  // whose layers are those that are traced
    if (c.builder != Builder::mlp && c.cnn.pool != lmc::Extent(1)) return;
    ++traced;
    const auto a = local.initialize({.seed = 1}).parameters, b = local.initialize({.seed = 2}).parameters;
    const auto data = c.data<double>();
    const auto exact = lmc::traced_error_curve(local, a, b, data, lmc::ThreadTeam(1)).curve;
    const auto curve = lmc::linear_path(a, b, lmc::evaluator(local, data, lmc::ThreadTeam(1)),
                                        {.alphas = static_cast<std::size_t>(draw.number(3, 60))});
    const auto compared = testing::compare_outcomes(exact, curve);
    CHECK(compared.differing == 0);
    if (!compared.near_a_flip) CHECK(lmc::error_barrier(exact).value >= lmc::error_barrier(curve).value - 1e-12);
  });
  CHECK(traced > cases / 3);
}

TEST_CASE("random networks: a lifted and a permuted network compute what their source does", "[measure][random]") {
  for_each_case([](const Case& c, const lmc::Network<double>& network, Draw& draw) {
    const auto state = network.initialize({.seed = 3});
    const auto data = c.data<double>();
    const auto source = lmc::logits(network, state, data);
    const auto permutations =
        lmc::testing::random_permutations(network.layout(), static_cast<std::uint64_t>(draw.number(0, 1000)));
    CHECK(difference(lmc::logits(network, lmc::permute(network.layout(), permutations, state), data), source) < 1e-13);
    const std::vector lifts{lmc::lift_to_local(network), lmc::lift_to_masked_dense(network), lmc::lift_to_dense(network)};
    for (const lmc::Lift<double>& lift : lifts) {
      CHECK(difference(lmc::logits(lift.network, lift.lift(state), data), source) < 1e-13);
      // The mean of up to 49 copies; a weight that lies over the padding everywhere may have none.
      CHECK(difference(lift.lift(lift.project(lift.lift(state))).parameters, lift.lift(state).parameters) < 1e-14);
    }
  });
}

}  // namespace measure_random_networks_test
