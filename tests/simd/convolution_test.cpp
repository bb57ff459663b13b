// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <lmc/core/random.hpp>
#include <lmc/simd/convolution.hpp>

namespace simd_convolution_test {

namespace {

using lmc::Extent;
using lmc::Index;
using lmc::Window;
using lmc::simd::ConvolutionShape;

// Multiples of 1/8 in [-2, 2): sums of ten thousand products are exact in float, so that the right answer is one number. The
// first entry lies one scalar past the start of the memory, so that nothing is aligned.
template <class T>
class Numbers {
 public:
  Numbers(Index n, std::uint64_t seed) : values_(static_cast<std::size_t>(n + 1)) {
    for (std::size_t i = 1; i < values_.size(); ++i)
      values_[i] = static_cast<T>(static_cast<double>(lmc::uniform_below({.seed = seed}, i, 32)) / 8 - 2);
  }
  std::span<T> all() { return std::span(values_).subspan(1); }
  [[nodiscard]] std::span<const T> all() const { return std::span(values_).subspan(1); }
  [[nodiscard]] const T& operator[](Index i) const { return values_[static_cast<std::size_t>(i + 1)]; }
  T& operator[](Index i) { return values_[static_cast<std::size_t>(i + 1)]; }
  friend bool operator==(const Numbers&, const Numbers&) = default;

 private:
  std::vector<T> values_;
};

template <class T>
struct Problem {
  ConvolutionShape shape;
  Index batch;
  Index in = shape.window.in.size() * shape.in_channels, out = shape.positions() * shape.out_channels;
  Numbers<T> weight{shape.out_channels * shape.patch(), 1}, bias{shape.out_channels, 2}, x{batch * in, 3}, dy{batch * out, 4};
};

template <class T>
struct Result {
  Numbers<T> y, dx, dweight, dbias;
  // Outputs begin with numbers that the kernels overwrite or add to.
  explicit Result(const Problem<T>& p)
      : y(p.batch * p.out, 5),
        dx(p.batch * p.in, 6),
        dweight(p.shape.out_channels * p.shape.patch(), 7),
        dbias(p.shape.out_channels, 8) {}
};

// One loop for each index of the formula.
template <class T>
Result<T> reference(const Problem<T>& p) {
  const ConvolutionShape& s = p.shape;
  const Window& w = s.window;
  const Index in = s.in_channels / s.groups, out = s.out_channels / s.groups;
  Result<T> result(p);
  for (Index i = 0; i < p.batch * p.in; ++i) result.dx[i] = 0;
  for (Index n = 0; n < p.batch; ++n)
    for (Index r = 0; r < w.out.rows; ++r)
      for (Index c = 0; c < w.out.cols; ++c)
        for (Index o = 0; o < s.out_channels; ++o) {
          const Index at = n * p.out + (r * w.out.cols + c) * s.out_channels + o;
          result.y[at] = p.bias[o];
          result.dbias[o] += p.dy[at];
          for (Index i = 0; i < w.kernel.rows; ++i)
            for (Index j = 0; j < w.kernel.cols; ++j) {
              const Index row = w.in_row(r, i), col = w.in_col(c, j);
              if (!w.inside(row, col)) continue;
              for (Index k = 0; k < in; ++k) {
                const Index weight = o * s.patch() + (i * w.kernel.cols + j) * in + k;
                const Index from = n * p.in + (row * w.in.cols + col) * s.in_channels + o / out * in + k;
                result.y[at] += p.weight[weight] * p.x[from];
                result.dx[from] += p.weight[weight] * p.dy[at];
                result.dweight[weight] += p.dy[at] * p.x[from];
              }
            }
        }
  return result;
}

template <class T>
void run(const auto& kernel, const Problem<T>& p, Result<T>& result, bool with_bias = true) {
  std::vector<T> workspace(static_cast<std::size_t>(kernel.workspace_size()), std::numeric_limits<T>::quiet_NaN());
  const auto view = [&](auto values, Index width) { return lmc::matrix_view(values, p.batch, width); };
  const auto bias = with_bias ? p.bias.all() : std::span<const T>();
  kernel.forward(p.weight.all(), bias, view(p.x.all(), p.in), view(result.y.all(), p.out), workspace);
  std::ranges::fill(workspace, std::numeric_limits<T>::quiet_NaN());
  kernel.backward_input(p.weight.all(), view(p.dy.all(), p.out), view(result.dx.all(), p.in), workspace);
  std::ranges::fill(workspace, std::numeric_limits<T>::quiet_NaN());
  kernel.backward_weights(view(p.x.all(), p.in), view(p.dy.all(), p.out), result.dweight.all(),
                          with_bias ? result.dbias.all() : std::span<T>(), workspace);
}

template <class T>
void check(const Problem<T>& p) {
  const Window& w = p.shape.window;
  CAPTURE(w.in.rows, w.in.cols, p.shape.in_channels, p.shape.out_channels, p.shape.groups, p.batch);
  CAPTURE(w.kernel.rows, w.kernel.cols, w.stride.rows, w.stride.cols, w.padding.rows, w.padding.cols);
  const Result<T> expected = reference(p);
  const auto equal = [&](const auto& kernel) {
    Result<T> result(p);
    run(kernel, p, result);
    CHECK(result.y == expected.y);
    CHECK(result.dx == expected.dx);
    CHECK(result.dweight == expected.dweight);
    CHECK(result.dbias == expected.dbias);
  };
  equal(lmc::simd::ConvolutionDirect<T>(p.shape));
  equal(lmc::simd::ConvolutionProduct<T>(p.shape));
  equal(lmc::simd::Convolution<T>(p.shape));
}

ConvolutionShape shape(const lmc::Shape& image, Index out, Extent kernel, Extent stride = 1, Extent padding = 0,
                       Index groups = 1) {
  return {Window("convolution", image, kernel, stride, padding), image[2], out, groups};
}

}  // namespace

TEMPLATE_TEST_CASE("convolution: equals the loops for every number of channels", "[simd][convolution]", float, double) {
  // Past four vectors of 16 floats, on either side.
  for (Index channels = 1; channels <= 70; ++channels) {
    check(Problem<TestType>{shape({4, 3, 2}, channels, 2), 2});
    check(Problem<TestType>{shape({3, 4, channels}, 3, {2, 3}), 1});
  }
}

TEMPLATE_TEST_CASE("convolution: equals the loops for every window", "[simd][convolution]", float, double) {
  for (const Extent kernel : {Extent(1), Extent(2, 3), Extent(3), Extent(5, 4)})
    for (const Extent stride : {Extent(1), Extent(2), Extent(3, 1), Extent(2, 5)})
      for (const Extent padding : {Extent(0), Extent(1), Extent(0, 2), Extent(4, 3)})
        if (padding.rows < kernel.rows && padding.cols < kernel.cols)
          for (const Index size : {5, 8}) check(Problem<TestType>{shape({size, 7, 2}, 3, kernel, stride, padding), 3});
  check(Problem<TestType>{shape({1, 1, 1}, 1, 1), 1});
  check(Problem<TestType>{shape({1, 2, 3}, 4, 5, 1, 4), 2});
  check(Problem<TestType>{shape({2, 9, 1}, 20, {2, 1}), 2});
}

TEMPLATE_TEST_CASE("convolution: equals the loops for groups of channels", "[simd][convolution]", float, double) {
  for (const Index groups : {2, 3, 6}) {
    check(Problem<TestType>{shape({5, 4, 6}, 12, 3, 1, 1, groups), 2});
    check(Problem<TestType>{shape({4, 5, 18}, 6, 2, {2, 1}, 0, groups), 3});
  }
  check(Problem<TestType>{shape({4, 4, 34}, 70, 2, 1, 1, 2), 2});
}

TEMPLATE_TEST_CASE("convolution: equals the loops where weights and images go through the cache in parts",
                   "[simd][convolution][long]", float, double) {
  check(Problem<TestType>{shape({3, 4, 130}, 68, {2, 3}), 2});   // a row of taps is longer than a part
  check(Problem<TestType>{shape({4, 4, 70}, 20, 3, 2, 1), 70});  // more images than are taken at a time
  check(Problem<TestType>{shape({3, 3, 1}, 2, 3), 300});         // one position per image
  check(Problem<TestType>{shape({60, 45, 3}, 17, 3, 1, 1), 2});  // an image in several bands of rows
  check(Problem<TestType>{shape({2, 400, 4}, 33, 2, 1, {0, 1}), 1});
}

TEST_CASE("convolution: without a bias, adds none and has no gradient of it", "[simd][convolution]") {
  const Problem<float> p{shape({5, 5, 3}, 6, 3, 1, 1), 2};
  Problem<float> zero = p;
  std::ranges::fill(zero.bias.all(), 0.0f);
  const Result<float> expected = reference(zero), untouched(p);
  const auto check_without = [&](const auto& kernel) {
    Result<float> result(p);
    run(kernel, p, result, false);
    CHECK(result.y == expected.y);
    CHECK(result.dweight == expected.dweight);
    CHECK(result.dbias == untouched.dbias);
  };
  check_without(lmc::simd::ConvolutionDirect<float>(p.shape));
  check_without(lmc::simd::ConvolutionProduct<float>(p.shape));
}

TEST_CASE("convolution: NaN and infinity reach exactly what uses them", "[simd][convolution]") {
  Problem<float> p{shape({6, 6, 2}, 21, 3, 1, 1), 2};
  const float infinity = std::numeric_limits<float>::infinity();
  p.x[p.in + (2 * 6 + 3) * 2] = infinity;                                         // second example, (2, 3), channel 0
  p.dy[p.out + (4 * 6 + 5) * 21 + 20] = std::numeric_limits<float>::quiet_NaN();  // second example, (4, 5), channel 20
  for (float& w : p.weight.all()) w = 1;                                          // infinity times 0 is NaN
  Result<float> result(p);
  run(lmc::simd::Convolution<float>(p.shape), p, result);
  Index infinite = 0;
  for (Index i = 0; i < 2 * p.out; ++i) {
    const Index position = i % p.out / 21, row = position / 6, col = position % 6;
    const bool reached = i >= p.out && std::abs(row - 2) <= 1 && std::abs(col - 3) <= 1;
    infinite += reached;
    REQUIRE(std::isfinite(result.y[i]) == !reached);
  }
  CHECK(infinite == 9 * 21);
  for (Index i = 0; i < 2 * p.in; ++i) {
    const Index position = i % p.in / 2, row = position / 6, col = position % 6;
    REQUIRE(std::isnan(result.dx[i]) == (i >= p.in && std::abs(row - 4) <= 1 && std::abs(col - 5) <= 1));
  }
  for (Index o = 0; o < 21; ++o) CHECK(std::isnan(result.dbias[o]) == (o == 20));
}

TEST_CASE("convolution: the bits of an example do not depend on the others", "[simd][convolution]") {
  const auto s = GENERATE(shape({13, 13, 32}, 64, 3, 2), shape({7, 6, 3}, 40, 3, 1, 1), shape({9, 9, 1}, 5, 4));
  Problem<float> whole{s, 11};
  for (auto* numbers : {&whole.x, &whole.dy, &whole.weight})
    for (std::size_t i = 0; float& value : numbers->all()) value = static_cast<float>(lmc::normal({.seed = 3}, i++));
  Result<float> together(whole);
  const lmc::simd::Convolution<float> kernel(s);
  run(kernel, whole, together);
  for (Index n = 0; n < whole.batch; ++n) {
    Problem<float> one{s, 1};
    one.weight = whole.weight;
    std::ranges::copy(lmc::slice(std::as_const(whole).x.all(), n * whole.in, whole.in), one.x.all().begin());
    std::ranges::copy(lmc::slice(std::as_const(whole).dy.all(), n * whole.out, whole.out), one.dy.all().begin());
    Result<float> alone(one);
    run(kernel, one, alone);
    CHECK(std::ranges::equal(alone.y.all(), lmc::slice(together.y.all(), n * whole.out, whole.out)));
    CHECK(std::ranges::equal(alone.dx.all(), lmc::slice(together.dx.all(), n * whole.in, whole.in)));
  }
}

}  // namespace simd_convolution_test
