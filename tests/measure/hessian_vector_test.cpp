// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <lmc/curvature/difference_hessian.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/recipes.hpp>
#include <lmc/layers/sequential.hpp>
#include <lmc/loss/squared_error.hpp>
#include <lmc/measure/gradient.hpp>
#include <lmc/measure/hessian_vector.hpp>
#include <lmc/models/transformer_block.hpp>
#include <span>
#include <string>
#include <vector>

namespace measure_hessian_vector_test {

using Catch::Matchers::WithinAbs;
using lmc::Index;
using lmc::Shape;
using lmc::ThreadTeam;

namespace {

struct Reference {
  std::string network, loss;
  std::vector<double> product;
};
const std::vector<Reference> references{
#include "hessian_vector_reference.inc"
};

template <class T>
lmc::Network<T> network_named(const std::string& name) {
  const auto mlp = [](const lmc::LayerRecipe<T>& activation) {
    return lmc::sequential<T>(7, {lmc::dense(6), activation, lmc::dense(5), activation, lmc::dense(3)});
  };
  if (name == "relu") return mlp(lmc::relu());
  if (name == "leaky relu") return mlp(lmc::leaky_relu(0.1));
  if (name == "tanh") return mlp(lmc::tanh());
  if (name == "gelu") return mlp(lmc::gelu());
  if (name == "cnn")
    return lmc::sequential<T>({9, 8, 2}, {lmc::conv2d(4, {.kernel = 3, .stride = 2, .padding = 1}), lmc::batch_norm(),
                                          lmc::relu(), lmc::max_pool2d(), lmc::dense(3)});
  return lmc::sequential<T>({5, 4}, {lmc::transformer_block<T>({.inputs = {5, 4}, .heads = 2, .mlp_ratio = 3}),
                                     lmc::global_average_pool(), lmc::dense(3)});
}
lmc::AnyLoss<double> loss_named(const std::string& name) {
  if (name == "squared error") return lmc::SquaredError();
  return lmc::CrossEntropy{.label_smoothing = name == "cross-entropy" ? 0 : 0.1};
}
template <class T>
lmc::Dataset<T> examples(const Shape& shape, bool labels, Index count = 12) {
  lmc::DatasetParts<T> parts{.shape = shape, .classes = labels ? 3 : 0, .labels = {}, .features = std::vector<T>()};
  std::vector<T> x;
  for (Index i = 0; i < count * shape.size(); ++i)
    x.push_back(static_cast<T>(2 * std::sin(1.0 + 0.7 * static_cast<double>(i))));
  parts.features = std::move(x);
  for (Index i = 0; i < count && labels; ++i) parts.labels.push_back(static_cast<std::int32_t>(i % 3));
  for (Index i = 0; i < 3 * count && !labels; ++i) parts.targets.push_back(static_cast<T>(std::cos(static_cast<double>(i))));
  return lmc::Dataset<T>(std::move(parts));
}
template <class T>
lmc::ModelState<T> state_of(const lmc::Network<T>& network) {
  lmc::ModelState<T> state = network.initialize();
  for (std::size_t i = 0; i < state.parameters.size(); ++i)
    state.parameters[i] = static_cast<T>(0.6 * std::sin(1.0 + static_cast<double>(i)));
  for (std::size_t i = 0; i < state.buffers.size(); ++i)
    state.buffers[i] = static_cast<T>(i < state.buffers.size() / 2 ? 0.1 : 1.5);
  return state;
}
std::vector<double> direction(std::size_t n, double frequency = 0.3) {
  std::vector<double> v;
  for (std::size_t i = 0; i < n; ++i) v.push_back(std::cos(frequency * static_cast<double>(i)));
  return v;
}
double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}
double norm(const std::vector<double>& v) { return std::sqrt(dot(v, v)); }
double distance(std::vector<double> a, const std::vector<double>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] -= b[i];
  return norm(a);
}

}  // namespace

TEST_CASE("hessian_vector_product: is PyTorch's", "[measure][golden]") {
  REQUIRE(references.size() == 6);
  for (const Reference& reference : references) {
    CAPTURE(reference.network);
    const auto network = network_named<double>(reference.network);
    const auto loss = loss_named(reference.loss);
    const auto data = examples<double>(*network.input_shape(), loss.targets() == lmc::TargetKind::labels);
    const auto state = state_of(network);
    REQUIRE(state.parameters.size() == reference.product.size());
    const auto product =
        lmc::hessian_vector_product<double>(network, state, data, direction(reference.product.size()), ThreadTeam(1), loss);
    // Sums of some dozen terms in another order, through up to eight layers.
    const double scale = *std::max_element(reference.product.begin(), reference.product.end());
    for (std::size_t i = 0; i < product.size(); ++i)
      REQUIRE_THAT(product[i], WithinAbs(reference.product[i], 1e-12 * std::max(1.0, scale)));
  }
}

TEST_CASE("hessian_vector_product: of a float network is near that of the double one", "[measure]") {
  for (const std::string name : {"relu", "cnn", "transformer"}) {
    CAPTURE(name);
    const auto network = network_named<float>(name);
    const auto data = examples<float>(*network.input_shape(), true);
    const auto found =
        std::find_if(references.begin(), references.end(), [&](const Reference& r) { return r.network == name; });
    const auto state = state_of(network);
    // A direction may have any length, since it is brought into the range of float before.
    std::vector<double> v = direction(state.parameters.size());
    for (double& x : v) x *= 1e-60;
    auto product = lmc::hessian_vector_product<float>(network, state, data, v, ThreadTeam(1));
    for (double& x : product) x *= 1e60;
    CHECK(distance(product, found->product) < 1e-5 * norm(found->product));
  }
}

TEST_CASE("hessian_function: is symmetric, and what gradient differences give, for smooth networks", "[measure]") {
  for (const std::string name : {"tanh", "gelu", "transformer"}) {
    CAPTURE(name);
    const auto network = network_named<double>(name);
    const auto data = examples<double>(*network.input_shape(), true, 300);  // more than one chunk
    const auto theta = state_of(network).parameters;
    const auto hessian = lmc::hessian_function(network, data, ThreadTeam(1));
    const auto u = direction(theta.size(), 1.7), v = direction(theta.size());
    std::vector<double> hu(theta.size()), hv(theta.size()), differences(theta.size());
    hessian(theta, u, hu);
    hessian(theta, v, hv);
    CHECK_THAT(dot(u, hv), WithinAbs(dot(v, hu), 1e-12 * norm(u) * norm(hv)));
    auto by_differences = lmc::difference_hessian<double>(lmc::gradient_function(network, data, ThreadTeam(1)));
    const double error = by_differences(theta, v, differences);
    CHECK(error < 1e-5 * norm(hv));
    CHECK(distance(hv, differences) <= error);
  }
}

TEST_CASE("hessian_function: the bits depend neither on the team nor on the call", "[measure][determinism]") {
  const auto network = network_named<float>("relu");
  const auto data = examples<float>(7, true, 2500);
  const auto theta = state_of(network).parameters;
  const auto v = direction(theta.size());
  std::vector<double> serial(theta.size()), again(theta.size());
  const auto one = lmc::hessian_function(network, data, ThreadTeam(1));
  one(theta, v, serial);
  one(theta, v, again);
  CHECK(again == serial);
  for (const int threads : {2, 3, 16}) {
    lmc::hessian_function(network, data, ThreadTeam(threads))(theta, v, again);
    CHECK(again == serial);
  }
}

TEST_CASE("hessian_function: of logistic regression is Σ (diag p − p pᵀ) ⊗ x xᵀ / n", "[measure]") {
  const auto network = lmc::sequential<double>(7, {lmc::flatten(), lmc::dense(3)});
  const auto data = examples<double>(7, true, 20);
  const auto theta = state_of(network).parameters;
  const auto hessian = lmc::hessian_function(network, data, ThreadTeam(1));
  for (std::size_t column = 0; column < theta.size(); ++column) {
    std::vector<double> v(theta.size()), product(theta.size()), expected(theta.size());
    v[column] = 1;
    hessian(theta, v, product);
    for (Index i = 0; i < 20; ++i) {
      std::vector<double> x, p;  // x with a 1 for the bias
      for (Index k = 0; k < 7; ++k) x.push_back(2 * std::sin(1.0 + 0.7 * static_cast<double>(7 * i + k)));
      x.push_back(1);
      const auto parameter = [](std::size_t c, std::size_t k) { return k < 7 ? 7 * c + k : 21 + c; };
      double sum = 0;
      for (std::size_t c = 0; c < 3; ++c) {
        double z = 0;
        for (std::size_t k = 0; k < 8; ++k) z += theta[parameter(c, k)] * x[k];
        sum += p.emplace_back(std::exp(z));
      }
      for (double& q : p) q /= sum;
      for (std::size_t c = 0; c < 3; ++c)
        for (std::size_t k = 0; k < 8; ++k)
          for (std::size_t d = 0; d < 3; ++d)
            for (std::size_t l = 0; l < 8; ++l)
              if (parameter(d, l) == column) expected[parameter(c, k)] += p[c] * ((c == d ? 1 : 0) - p[d]) * x[k] * x[l] / 20;
    }
    CHECK(distance(product, expected) < 1e-13);
  }
}

namespace {

struct Square {
  [[nodiscard]] std::string_view kind() const { return "square"; }
  void forward(lmc::ForwardArgs<double> a) const { a.y = a.x.cwiseProduct(a.x); }
  void backward(lmc::BackwardArgs<double> a) const {
    if (a.dx) *a.dx = 2 * a.x.cwiseProduct(a.dy);
  }
};
struct Quartic {
  static constexpr std::string_view kind = "quartic";
  static constexpr lmc::TargetKind targets = lmc::TargetKind::either;
  double operator()(std::span<const double> z, const lmc::Target<double>&, std::span<double> dz) const {
    dz[0] = 4 * z[0] * z[0] * z[0];
    return z[0] * z[0] * z[0] * z[0];
  }
};

}  // namespace

TEST_CASE("hessian_function: says what it cannot differentiate, and what does not fit", "[measure][errors]") {
  const auto data = examples<double>(7, true);
  const auto network = network_named<double>("relu");
  const auto hessian = lmc::hessian_function(network, data);
  std::vector<double> theta = state_of(network).parameters, v(theta.size(), 1.0), product(theta.size()), few(3);
  CHECK_THROWS_WITH(hessian(theta, few, product), Catch::Contains("v 3 and the product 101; the network has 101 parameters"));
  v[4] = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(hessian(theta, v, product), Catch::Contains("an entry of v is nan"));
  v[4] = 1;
  theta[0] = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH(hessian(theta, v, product), Catch::Contains("not finite at this θ"));

  const auto own = lmc::sequential<double>(7, {lmc::dense(4), Square(), lmc::dense(3)});
  CHECK_THROWS_WITH(lmc::hessian_function(own, data),
                    Catch::Contains("hessian_function: the layer 'square' has no derivative"));
  CHECK_THROWS_WITH(lmc::hessian_function(network, data, ThreadTeam(), Quartic()), Catch::Contains("the loss quartic has no"));
  const auto normalized = lmc::sequential<double>(7, {lmc::dense(4), lmc::batch_norm(), lmc::dense(3)});
  CHECK_THROWS_WITH(lmc::hessian_function(normalized, data), Catch::Contains("hessian_at takes those of a state as constants"));
  CHECK_THROWS_WITH(lmc::hessian_at(network, {}, data), Catch::Contains("hessian_at: the state has 0 parameters"));
  CHECK_THROWS_WITH(data.subset(std::span<const Index>()), Catch::Contains("there are no examples"));
}

}  // namespace measure_hessian_vector_test
