// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <span>
#include <utility>

#include <lmc/core/window.hpp>
#include <lmc/simd/detail/xsimd.hpp>
#include <lmc/simd/vectors.hpp>

namespace lmc::simd {

namespace detail {

/// The taps of a window that lie over the input: of most windows all, and of most kernels a number known beforehand.
template <Index Rows, Index Cols>
struct WholeWindow {
  static constexpr IndexRange rows{0, Rows}, cols{0, Cols};
  static constexpr Index kernel_cols = Cols;
};
struct PartWindow {
  IndexRange rows, cols;
  Index kernel_cols;
};

/// Windows of one row of outputs, next to each other and with the same taps over the input. Places are of the first window's
/// first channel.
struct WindowRun {
  Index count, channels;
  Index in;        // place of tap (0, 0), which may be outside the input
  Index out;       // place of the output
  Index step;      // to the next window in the input
  Index row_step;  // to the next tap of a column; to the next of a row it is channels
};

/// Calls body(taps, run) for runs that hold every output position once. One call per run, not per window: a call and what it
/// passes cost as much as a window of 2×2 taps over 32 channels.
template <class Body>
void for_each_window_run(const Window& w, Index channels, Body body) {
  Index last = 0;
  for (Index first = 0; first < w.out.cols; first = last) {
    const IndexRange cols = w.col_taps(first);
    for (last = first + 1; last < w.out.cols && w.col_taps(last) == cols;) ++last;
    for (Index r = 0; r < w.out.rows; ++r) {
      const IndexRange rows = w.row_taps(r);
      const WindowRun run{.count = last - first,
                          .channels = channels,
                          .in = (w.in_row(r, 0) * w.in.cols + w.in_col(first, 0)) * channels,
                          .out = (r * w.out.cols + first) * channels,
                          .step = w.stride.cols * channels,
                          .row_step = w.in.cols * channels};
      const bool whole = Extent(rows.size(), cols.size()) == w.kernel;
      if (whole && w.kernel == Extent(2))
        body(WholeWindow<2, 2>{}, run);
      else if (whole && w.kernel == Extent(3))
        body(WholeWindow<3, 3>{}, run);
      else
        body(PartWindow{rows, cols, w.kernel.cols}, run);
    }
  }
}

/// Calls body(part, in, out) for every part of channels of every window of the run, in and out being the places of its first
/// one.
template <std::floating_point T, class Body>
void for_each_vector_of_run(const WindowRun& run, Body body) {
  Index in = run.in, out = run.out;
  for (Index n = 0; n < run.count; ++n, in += run.step, out += run.channels)
    for_each_row_vector<T>(static_cast<std::size_t>(run.channels), [&](auto part, std::size_t j) {
      const auto channel = static_cast<Index>(j);
      body(part, in + channel, out + channel);
    });
}

/// Calls body(place, tap) for the taps in order, from the place of tap (0, 0).
template <class Taps, class Body>
void for_each_tap(Taps taps, Index in, const WindowRun& run, Body body) {
  for (Index i = taps.rows.first; i < taps.rows.last; ++i)
    for (Index k = taps.cols.first; k < taps.cols.last; ++k)
      body(in + i * run.row_step + k * run.channels, i * taps.kernel_cols + k);
}

/// dx ← Σ over all windows of value(part, place of the output)(tap) for the taps over each entry, windows in a fixed order.
template <std::floating_point T, class Value>
void spread_over_windows(const Window& w, Index channels, T* dx, Value value) {
  const bool disjoint = w.stride.rows >= w.kernel.rows && w.stride.cols >= w.kernel.cols;
  const bool tiled = w.stride == w.kernel && w.padding == Extent(0) && w.out.rows * w.kernel.rows == w.in.rows &&
                     w.out.cols * w.kernel.cols == w.in.cols;
  if (!tiled) std::fill_n(dx, w.in.size() * channels, T(0));
  for_each_window_run(w, channels, [=](auto taps, WindowRun run) {
    for_each_vector_of_run<T>(run, [=](auto part, Index in, Index out) {
      const auto of_tap = value(part, out);
      for_each_tap(taps, in, run, [=](Index place, Index tap) {
        part.store(dx + place, disjoint ? of_tap(tap) : part.load(dx + place) + of_tap(tap));
      });
    });
  });
}

}  // namespace detail

/// The greatest value under each window, channel by channel, of one example x [rows, cols, channels]:
///   y [out rows, out cols, channels]    taps, of the shape of y: which tap it lies under, i · kernel.cols + j
/// The padding is left out. Of equal values the first counts; a NaN is greater than any number, the last NaN than the others,
/// as in PyTorch. Memory bound: reads x, writes y and taps.
template <std::floating_point T>
void max_pool(const Window& w, Index channels, std::span<const T> x, std::span<T> y, std::span<T> taps) {
  assert(static_cast<Index>(x.size()) == w.in.size() * channels && static_cast<Index>(y.size()) == w.out.size() * channels &&
         taps.size() == y.size());
  using V = xsimd::batch<T>;
  detail::for_each_window_run(w, channels, [=, from = x.data(), to = y.data(), at = taps.data()](auto window, auto run) {
    detail::for_each_vector_of_run<T>(run, [=](auto part, Index in, Index out) {
      const auto [i, k] = std::pair(window.rows.first, window.cols.first);
      V best = part.load(from + in + i * run.row_step + k * run.channels), best_at(static_cast<T>(i * window.kernel_cols + k));
      detail::for_each_tap(window, in, run, [&](Index place, Index tap) {
        const V v = part.load(from + place);
        const auto better = v > best || xsimd::isnan(v);  // not v != v, which is false in xsimd 8.1 on AVX-512
        best = xsimd::select(better, v, best);
        best_at = xsimd::select(better, V(static_cast<T>(tap)), best_at);
      });
      part.store(to + out, best);
      part.store(at + out, best_at);
    });
  });
}

/// The derivative of max_pool: dx ← the dy of the windows whose greatest value the entry is. Memory bound: reads dy and taps,
/// writes dx; where windows overlap, once per tap.
template <std::floating_point T>
void max_pool_backward(const Window& w, Index channels, std::span<const T> taps, std::span<const T> dy, std::span<T> dx) {
  assert(static_cast<Index>(dx.size()) == w.in.size() * channels && static_cast<Index>(dy.size()) == w.out.size() * channels &&
         taps.size() == dy.size());
  using V = xsimd::batch<T>;
  detail::spread_over_windows<T>(w, channels, dx.data(), [d = dy.data(), at = taps.data()](auto part, Index out) {
    return [value = part.load(d + out), greatest = part.load(at + out)](Index tap) {
      return xsimd::select(greatest == V(static_cast<T>(tap)), value, V(T(0)));
    };
  });
}

/// The mean under each window, channel by channel, of one example: y ← Σ x / kernel.size(), the padding counted as zeros. Taps
/// are added in order. Memory bound: reads x, writes y.
template <std::floating_point T>
void average_pool(const Window& w, Index channels, std::span<const T> x, std::span<T> y) {
  assert(static_cast<Index>(x.size()) == w.in.size() * channels && static_cast<Index>(y.size()) == w.out.size() * channels);
  using V = xsimd::batch<T>;
  const T share = T(1) / static_cast<T>(w.kernel.size());
  detail::for_each_window_run(w, channels, [=, from = x.data(), to = y.data()](auto window, auto run) {
    detail::for_each_vector_of_run<T>(run, [=](auto part, Index in, Index out) {
      V sum(T(0));
      detail::for_each_tap(window, in, run, [&](Index place, Index) { sum += part.load(from + place); });
      part.store(to + out, V(share) * sum);
    });
  });
}

/// The derivative of average_pool: dx ← Σ dy / kernel.size() over the windows that the entry is under.
template <std::floating_point T>
void average_pool_backward(const Window& w, Index channels, std::span<const T> dy, std::span<T> dx) {
  assert(static_cast<Index>(dx.size()) == w.in.size() * channels && static_cast<Index>(dy.size()) == w.out.size() * channels);
  using V = xsimd::batch<T>;
  const T share = T(1) / static_cast<T>(w.kernel.size());
  detail::spread_over_windows<T>(w, channels, dx.data(), [=, d = dy.data()](auto part, Index out) {
    return [part = V(share) * part.load(d + out)](Index) { return part; };
  });
}

/// y[c] ← the mean of x [rows, channels] over its rows, added in order; rows > 0.
template <std::floating_point T>
void average_rows(std::span<const T> x, std::span<T> y) {
  const auto channels = static_cast<Index>(y.size()), size = static_cast<Index>(x.size()), rows = size / channels;
  assert(size > 0 && size % channels == 0);
  const xsimd::batch<T> share(T(1) / static_cast<T>(rows));
  for_each_row_vector<T>(static_cast<std::size_t>(channels), [&](auto part, std::size_t j) {
    xsimd::batch<T> sum(T(0));
    for (auto i = static_cast<Index>(j); i < size; i += channels) sum += part.load(x.data() + i);
    part.store(y.data() + j, share * sum);
  });
}

/// The derivative of average_rows: every row of dx [rows, channels] ← dy / rows.
template <std::floating_point T>
void average_rows_backward(std::span<const T> dy, std::span<T> dx) {
  const auto channels = static_cast<Index>(dy.size()), size = static_cast<Index>(dx.size()), rows = size / channels;
  assert(size > 0 && size % channels == 0);
  const xsimd::batch<T> share(T(1) / static_cast<T>(rows));
  for_each_row_vector<T>(static_cast<std::size_t>(channels), [&](auto part, std::size_t j) {
    const xsimd::batch<T> value = share * part.load(dy.data() + j);
    for (auto i = static_cast<Index>(j); i < size; i += channels) part.store(dx.data() + i, value);
  });
}

}  // namespace lmc::simd
