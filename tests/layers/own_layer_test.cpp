// SPDX-License-Identifier: BSD-3-Clause
// Layers as a user writes them, with the members that they need and no others.
#include <catch2/catch.hpp>
#include <lmc/align/permute.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/layers/any_layer.hpp>
#include <lmc/layers/conv2d.hpp>
#include <lmc/layers/dense.hpp>
#include <lmc/layers/for_each_layer.hpp>
#include <lmc/layers/locally_connected2d.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/recipes.hpp>
#include <lmc/layers/relu.hpp>
#include <lmc/layers/sequential.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/paths.hpp>
#include <lmc/testing/gradient_error.hpp>
#include <lmc/transfer/lift.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace layers_own_layer_test {

using Catch::Contains;
using lmc::Index;
using lmc::Shape;

namespace {

// y_j = x_j p_j.
struct Scale {
  Index width;
  [[nodiscard]] std::string_view kind() const { return "scale"; }
  void declare(lmc::LayoutBuilder& layout) const { layout.add_parameter("weight", width); }
  void initialize(const lmc::InitializeArgs<double>& a) const { std::ranges::fill(a.params, 2.0); }
  void forward(lmc::ForwardArgs<double> a) const {
    for (Index i = 0; i < a.x.rows(); ++i)
      for (Index j = 0; j < width; ++j) a.y(i, j) = a.x(i, j) * a.params[static_cast<std::size_t>(j)];
  }
  void backward(lmc::BackwardArgs<double> a) const {
    for (Index i = 0; i < a.x.rows(); ++i)
      for (Index j = 0; j < width; ++j) {
        a.dparams[static_cast<std::size_t>(j)] += a.dy(i, j) * a.x(i, j);
        if (a.dx) (*a.dx)(i, j) = a.dy(i, j) * a.params[static_cast<std::size_t>(j)];
      }
  }
};

// y_j = x_2j + x_2j+1: half as many values, without parameters.
struct AddNeighbors {
  [[nodiscard]] std::string_view kind() const { return "add_neighbors"; }
  [[nodiscard]] Shape output_shape(const Shape& in) const { return in.size() / 2; }
  void forward(lmc::ForwardArgs<double> a) const {
    for (Index j = 0; j < a.y.cols(); ++j) a.y.col(j) = a.x.col(2 * j) + a.x.col(2 * j + 1);
  }
  void backward(lmc::BackwardArgs<double> a) const {
    for (Index j = 0; a.dx && j < a.dx->cols(); ++j) a.dx->col(j) = a.dy.col(j / 2);
  }
};

// y_j = x_(n−1−j): as many values, of which none is where it was.
struct Mirror {
  [[nodiscard]] std::string_view kind() const { return "mirror"; }
  void forward(lmc::ForwardArgs<double> a) const { a.y = a.x.rowwise().reverse(); }
  void backward(lmc::BackwardArgs<double> a) const {
    if (a.dx) *a.dx = a.dy.rowwise().reverse();
  }
};

// y = x in another shape.
struct Reshape {
  Shape shape;
  [[nodiscard]] std::string_view kind() const { return "reshape"; }
  [[nodiscard]] Shape output_shape(const Shape&) const { return shape; }
  void forward(lmc::ForwardArgs<double> a) const { a.y = a.x; }
  void backward(lmc::BackwardArgs<double> a) const {
    if (a.dx) *a.dx = a.dy;
  }
};

// y = x, with a buffer for each unit.
struct Remember {
  [[nodiscard]] std::string_view kind() const { return "remember"; }
  void declare(lmc::LayoutBuilder& layout) const { layout.add_buffer("last", 6, lmc::Role::mean); }
  void initialize(const lmc::InitializeArgs<double>& a) const { std::ranges::fill(a.buffers, 0.0); }
  void forward(lmc::ForwardArgs<double> a) const { a.y = a.x; }
  void backward(lmc::BackwardArgs<double> a) const {
    if (a.dx) *a.dx = a.dy;
  }
};

// y = W x + x, whose input it says nothing of.
struct Plain {
  [[nodiscard]] std::string_view kind() const { return "plain"; }
  void declare(lmc::LayoutBuilder& layout) const {
    const lmc::GroupId units = layout.add_group(6);
    layout.add_parameter("weight", {6, 6}, lmc::Role::weight, {units, std::nullopt});
    layout.activation.groups = {units};
  }
  void forward(lmc::ForwardArgs<double>) const {}
  void backward(lmc::BackwardArgs<double>) const {}
};

struct Nameless : Mirror {
  [[nodiscard]] std::string_view kind() const { return ""; }
};

// Declares what cannot be.
struct Wrong {
  void (*declare_)(lmc::LayoutBuilder&);
  [[nodiscard]] std::string_view kind() const { return "wrong"; }
  void declare(lmc::LayoutBuilder& layout) const { declare_(layout); }
  void forward(lmc::ForwardArgs<double>) const {}
  void backward(lmc::BackwardArgs<double>) const {}
};

// A container of one layer, of which nobody can make another one.
struct Sealed {
  lmc::AnyLayer<double> layer;
  Shape input;
  [[nodiscard]] std::string_view kind() const { return "inside"; }
  [[nodiscard]] Shape output_shape(const Shape& in) const { return layer.output_shape(in); }
  void declare(lmc::LayoutBuilder& layout) const { lmc::declare_child(layout, "inner", layer, layer.output_shape(input)); }
  void initialize(const lmc::InitializeArgs<double>& a) const { layer.initialize(a); }
  [[nodiscard]] Index cache_size(Index batch) const { return layer.cache_size(batch); }
  [[nodiscard]] Index workspace_size(Index batch) const { return layer.workspace_size(batch); }
  void forward(const lmc::ForwardArgs<double>& a) const { layer.forward(a); }
  void backward(const lmc::BackwardArgs<double>& a) const { layer.backward(a); }
  [[nodiscard]] std::vector<lmc::ChildLayer<double>> children() const {
    lmc::LayoutBuilder builder(input);
    layer.declare(builder);
    return {{.name = "inner",
             .layer = layer,
             .input = input,
             .output = layer.output_shape(input),
             .first = 0,
             .parameters = builder.parameter_count()}};
  }
};

// The same, with what a user's container needs to be lifted.
struct Inside : Sealed {
  [[nodiscard]] Inside with_children(const std::vector<lmc::AnyLayer<double>>& layers) const { return {{layers.at(0), input}}; }
};

struct NoStart {
  [[nodiscard]] std::string_view kind() const { return "no_start"; }
  void declare(lmc::LayoutBuilder& layout) const { layout.add_parameter("weight", 3); }
  void forward(lmc::ForwardArgs<double>) const {}
  void backward(lmc::BackwardArgs<double>) const {}
};

std::string summary(const lmc::Network<double>& network) {
  std::ostringstream out;
  out << network;
  return out.str();
}

}  // namespace

TEST_CASE("A layer of one's own: five members are enough, or four without parameters", "[layers]") {
  CHECK(lmc::testing::gradient_error(Scale{4}, {.batch = 3, .inputs = {4}}) < 1e-7);
  CHECK(lmc::testing::gradient_error(AddNeighbors{}, {.batch = 3, .inputs = {4}}) < 1e-7);
  const auto network = lmc::sequential<double>(4, {lmc::dense(6), Scale{6}, AddNeighbors{}, lmc::dense(2)});
  CHECK_THAT(summary(network), Contains("scale1                           output [6]                    6 parameters") &&
                                   Contains("add_neighbors1") && Contains("dense2          3 -> 2"));
  CHECK(network.initialize({.seed = 1}).parameters[4 * 6 + 6] == 2);
}

TEST_CASE("A layer of one's own: no unit that it reads or gives is permuted, unless it says how", "[layers][permutation]") {
  const auto groups = [](const lmc::AnyLayer<double>& between) {
    return lmc::sequential<double>(4, {lmc::dense(6), between, lmc::dense(5), lmc::relu(), lmc::dense(2)}).layout().groups;
  };
  CHECK(groups(lmc::Relu<double>()).size() == 2);
  using Any = lmc::AnyLayer<double>;
  for (const Any& own : {Any(Scale{6}), Any(AddNeighbors{}), Any(Mirror{}), Any(Remember{}), Any(Reshape{{2, 3}})}) {
    CAPTURE(own.kind());
    REQUIRE(groups(own).size() == 1);
    CHECK(groups(own)[0].name == "dense2");
  }
  REQUIRE(groups(Plain{}).size() == 2);
  CHECK(groups(Plain{})[0].name == "plain1");
}

TEST_CASE("A layer of one's own: what comes behind it knows the shape that it gives", "[layers]") {
  const auto behind = [](const lmc::AnyLayer<double>& own) {
    return lmc::sequential<double>(4, {lmc::dense(6), own, lmc::dense(5)}).layout().at("dense2/weight").shape;
  };
  CHECK(behind(AddNeighbors{}) == Shape{5, 3});
  CHECK(behind(Reshape{{2, 3}}) == Shape{5, 2, 3});
  CHECK(
      lmc::sequential<double>(4, {lmc::dense(6), Reshape{{2, 3}}, lmc::layer_norm()}).layout().at("layer_norm1/scale").shape ==
      Shape(3));
}

TEST_CASE("A layer of one's own: is measured, and stays as it is in a lifted network", "[layers]") {
  const auto network = lmc::sequential<double>(2, {AddNeighbors{}, lmc::dense(6), AddNeighbors{}, lmc::dense(3)});
  const auto data = lmc::spirals<double>({.examples = 60});
  const auto a = network.initialize({.seed = 1}), b = network.initialize({.seed = 2});
  const auto curve = lmc::linear_path(a, b, lmc::evaluator(network, data), {.alphas = 3});
  CHECK(curve.points[0].metrics.loss == lmc::evaluate(network, a, data).loss);
  CHECK(lmc::lift_to_dense(network).network.layout() == network.layout());
  CHECK(*lmc::lift_to_dense(lmc::sequential<double>({4, 4, 1}, {lmc::flatten(), lmc::dense(2)})).network.input_shape() ==
        Shape{4, 4, 1});
}

TEST_CASE("A container of one's own: summaries, visits and lifting reach what is in it", "[layers]") {
  const Shape image{4, 4, 1};
  const lmc::AnyLayer<double> conv = lmc::Conv2d<double>({.inputs = image, .outputs = 2, .kernel = 3});
  const auto network = lmc::sequential<double>(image, {Inside{{conv, image}}, lmc::relu(), lmc::dense(2)});
  CHECK(network.layout().parameters[0].name == "inside1/inner/weight");
  CHECK_THAT(summary(network), Contains("    inner       conv, 1 -> 2, 3x3"));
  std::vector<std::string> kinds;
  std::vector<Index> firsts;
  lmc::for_each_layer(network, [&](const lmc::AnyLayer<double>& layer, Index first) {
    kinds.emplace_back(layer.kind());
    firsts.push_back(first);
  });
  CHECK(kinds == std::vector<std::string>{"conv", "relu", "dense"});
  CHECK(firsts == std::vector<Index>{0, 20, 20});

  const lmc::Lift<double> lift = lmc::lift_to_local(network);
  CHECK(lift.network.layout().at("inside1/inner/weight").shape[0] == 2);
  const auto theta = network.initialize({.seed = 1}).parameters;
  CHECK(lift.project(lift.lift(theta)) == theta);

  CHECK_THROWS_WITH(lmc::lift_to_local(lmc::sequential<double>(image, {Sealed{conv, image}, lmc::dense(2)})),
                    Contains("the layer 'inside' cannot be made of other layers; expected `with_children("));
}

TEST_CASE("A layer of one's own: parameters without a start are named", "[layers][errors]") {
  CHECK_THROWS_WITH(lmc::sequential<double>(3, {NoStart{}, lmc::dense(2)}).initialize(),
                    Contains("the layer 'no_start' declares 3 parameters and 0 buffer values; expected `void initialize("));
  CHECK_THROWS_WITH(lmc::Network<double>({Scale{3}}), Contains("says which shape it takes") && Contains("after the layers"));
  CHECK_THROWS_WITH(lmc::sequential<double>(3, {Nameless{}}), Contains("kind() is ''; expected a name without '/'"));
}

TEST_CASE("A layer of one's own: groups and segments that cannot be are named", "[layers][errors]") {
  const auto declare = [](void (*how)(lmc::LayoutBuilder&)) { lmc::sequential<double>(3, {Wrong{how}, lmc::dense(2)}); };
  CHECK_THROWS_WITH(declare([](lmc::LayoutBuilder& l) { l.add_parameter("w", 3, lmc::Role::weight, {l.add_group(2)}); }),
                    Contains("axis 0 of 'wrong1/w' has 3 entries, its group 2 units; expected as many"));
  CHECK_THROWS_WITH(declare([](lmc::LayoutBuilder& l) { l.add_parameter("w", 3), l.add_parameter("w", 3); }),
                    Contains("there are two segments 'wrong1/w'"));
  CHECK_THROWS_WITH(declare([](lmc::LayoutBuilder& l) {
                      l.add_parameter("w", {2, 3}, lmc::Role::weight, {{}, lmc::AxisGroups({0}, {l.add_group(3)})});
                    }),
                    Contains("axis 1 of 'wrong1/w' has 1 groups; expected 2"));
}

}  // namespace layers_own_layer_test
