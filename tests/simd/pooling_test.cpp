// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cstddef>
#include <lmc/core/window.hpp>
#include <lmc/simd/pooling.hpp>
#include <utility>
#include <vector>

#include "simd/arrays.hpp"

namespace simd_pooling_test {

using lmc::Index;
using lmc::Window;
using testing::dyadic;
using testing::matches;
using testing::Placed;

namespace {

struct Geometry {
  lmc::Extent in, kernel, stride, padding;
};
// Side by side; with a rest; overlapping, with padding; with gaps.
const std::vector<Geometry> geometries{
    {{4, 6}, 2, 2, 0}, {{5, 7}, {2, 3}, {2, 3}, 0}, {{5, 4}, 3, {2, 1}, 1}, {{7, 5}, {1, 2}, 3, {0, 1}}};

// Every number of channels past two vectors, at a few alignments.
template <class T, class Check>
void for_each_case(Check check) {
  for (const Geometry& g : geometries)
    for (Index channels = 1; channels <= 2 * static_cast<Index>(xsimd::batch<T>::size) + 3; ++channels)
      for (const std::size_t offset : {std::size_t{0}, std::size_t{1}})
        check(Window("test", {g.in.rows, g.in.cols, channels}, g.kernel, g.stride, g.padding), channels, offset);
}

// Calls visit(output position, input position, tap) for every tap over the input, output positions and taps in order.
template <class Visit>
void for_each_tap(const Window& w, Visit visit) {
  for (Index r = 0; r < w.out.rows; ++r)
    for (Index c = 0; c < w.out.cols; ++c)
      for (Index i = 0; i < w.kernel.rows; ++i)
        for (Index j = 0; j < w.kernel.cols; ++j)
          if (w.inside(w.in_row(r, i), w.in_col(c, j)))
            visit(r * w.out.cols + c, w.in_row(r, i) * w.in.cols + w.in_col(c, j), i * w.kernel.cols + j);
}

template <class T>
struct Images {
  std::size_t channels, inputs, outputs;
  Placed<T> x, y, taps, dy, dx;
  Images(const Window& w, Index channels_, std::size_t offset)
      : channels(static_cast<std::size_t>(channels_)),
        inputs(static_cast<std::size_t>(w.in.size()) * channels),
        outputs(static_cast<std::size_t>(w.out.size()) * channels),
        x(inputs, offset, [](std::size_t i) { return static_cast<double>(i * 7 % 13); }),  // with ties
        y(outputs, offset),
        taps(outputs, 1 - offset),
        dy(outputs, offset, dyadic),
        dx(inputs, offset, [](std::size_t) { return 99; }) {}
  std::size_t at(Index position, std::size_t channel) const { return static_cast<std::size_t>(position) * channels + channel; }
};

}  // namespace

TEMPLATE_TEST_CASE("max_pool: finds the first greatest value of a window, and its backward goes there", "[simd]", float,
                   double) {
  for_each_case<TestType>([](const Window& w, Index channels, std::size_t offset) {
    CAPTURE(w.kernel, channels, offset);
    Images<TestType> a(w, channels, offset);
    std::vector<TestType> best(a.outputs, -1), tap(a.outputs), dx(a.inputs);
    std::vector<std::size_t> from(a.outputs);
    for_each_tap(w, [&](Index out, Index in, Index t) {
      for (std::size_t k = 0; k < a.channels; ++k)
        if (a.x[a.at(in, k)] > best[a.at(out, k)]) {
          best[a.at(out, k)] = a.x[a.at(in, k)];
          tap[a.at(out, k)] = static_cast<TestType>(t);
          from[a.at(out, k)] = a.at(in, k);
        }
    });
    for (std::size_t i = 0; i < a.outputs; ++i) dx[from[i]] += a.dy[i];
    lmc::simd::max_pool<TestType>(w, channels, a.x.view(), a.y.span(), a.taps.span());
    lmc::simd::max_pool_backward<TestType>(w, channels, a.taps.view(), a.dy.view(), a.dx.span());
    CHECK(matches(a.y.view(), [&](std::size_t i) { return best[i]; }));
    CHECK(matches(a.taps.view(), [&](std::size_t i) { return tap[i]; }));
    CHECK(matches(a.dx.view(), [&](std::size_t i) { return dx[i]; }));  // sums of a few multiples of 1/64: exact
    CHECK((a.y.surroundings_intact() && a.taps.surroundings_intact() && a.dx.surroundings_intact()));
  });
}

TEMPLATE_TEST_CASE("average_pool: is the mean of a window with its padding, backward spreads it", "[simd]", float, double) {
  for_each_case<TestType>([](const Window& w, Index channels, std::size_t offset) {
    CAPTURE(w.kernel, channels, offset);
    Images<TestType> a(w, channels, offset);
    const TestType share = TestType(1) / static_cast<TestType>(w.kernel.size());
    std::vector<TestType> sum(a.outputs), dx(a.inputs);
    for_each_tap(w, [&](Index out, Index in, Index) {
      for (std::size_t k = 0; k < a.channels; ++k) {
        sum[a.at(out, k)] += a.x[a.at(in, k)];
        const TestType part = share * a.dy[a.at(out, k)];
        dx[a.at(in, k)] += part;
      }
    });
    lmc::simd::average_pool<TestType>(w, channels, a.x.view(), a.y.span());
    lmc::simd::average_pool_backward<TestType>(w, channels, a.dy.view(), a.dx.span());
    CHECK(matches(a.y.view(), [&](std::size_t i) { return share * sum[i]; }));
    // Whether a product is rounded before it is added is the compiler's choice.
    CHECK(testing::nearly_matches(a.dx.view(), 4, 4, [&](std::size_t i) { return static_cast<long double>(dx[i]); }));
    CHECK((a.y.surroundings_intact() && a.dx.surroundings_intact()));
  });
}

TEMPLATE_TEST_CASE("average_rows: is the mean of the rows, backward spreads it", "[simd]", float, double) {
  testing::for_each_length<TestType>([](std::size_t channels, std::size_t offset) {
    if (channels == 0) return;
    for (const std::size_t rows : {std::size_t{1}, std::size_t{2}, std::size_t{7}}) {
      CAPTURE(channels, rows, offset);
      Placed<TestType> x(rows * channels, offset, dyadic), y(channels, offset), dx(rows * channels, offset / 2);
      lmc::simd::average_rows<TestType>(x.view(), y.span());
      lmc::simd::average_rows_backward<TestType>(x.view().first(channels), dx.span());
      const TestType share = TestType(1) / static_cast<TestType>(rows);
      CHECK(matches(y.view(), [&](std::size_t c) {
        TestType sum = 0;
        for (std::size_t r = 0; r < rows; ++r) sum += x[r * channels + c];
        return share * sum;
      }));
      CHECK(matches(dx.view(), [&](std::size_t i) { return share * x[i % channels]; }));
      CHECK((y.surroundings_intact() && dx.surroundings_intact()));
    }
  });
}

}  // namespace simd_pooling_test
