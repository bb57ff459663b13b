// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <numeric>
#include <span>
#include <utility>

#include <lmc/simd/detail/xsimd.hpp>
#include <lmc/simd/vectors.hpp>

namespace lmc::simd {

/// How the kernels for rows [n, channels] walk through them: few channels in stretches of as many rows as it takes to fill
/// whole vectors, and at least four, since that many chains of additions run side by side; many channels row by row, with a
/// part of a vector at the end. Position i of the flat array belongs to channel i mod channels, and to column i mod period.
template <std::floating_point T>
struct ChannelColumns {
  std::size_t period;  // a multiple of channels
  std::size_t room;    // entries of an array with one value per column: period, rounded up to whole vectors

  explicit constexpr ChannelColumns(std::size_t channels) : period(channels) {
    constexpr std::size_t lanes = xsimd::batch<T>::size;
    if (channels < 4 * lanes) {
      period = std::lcm(channels, lanes);
      period *= (4 * lanes + period - 1) / period;
    }
    room = (period + lanes - 1) / lanes * lanes;
  }
};

namespace detail {

/// total + rest ← total + rest + value, where rest is what rounding took from total: the error of a long sum is that of its
/// terms.
template <std::floating_point T>
void add_exactly(T* total, T* rest, const xsimd::batch<T>& value) {
  using V = xsimd::batch<T>;
  const V before = V::load_unaligned(total), sum = before + value, added = sum - before;
  sum.store_unaligned(total);
  (V::load_unaligned(rest) + ((before - (sum - added)) + (value - added))).store_unaligned(rest);
}

/// Σ u and Σ u v over the rows of each channel, where terms(part, i, j) gives (u, v) at the positions from i on, whose columns
/// are those from j on, and u = 0 beyond the part. Calls result(c, Σ u, Σ u v) for every channel, in double.
///
/// Order: every column by itself, in blocks of rows one after another, the blocks' sums with what rounding took
/// from them; then the columns of a channel in order, in double. workspace: 4 · room.
template <std::floating_point T, class Terms, class Result>
void channel_sums(std::size_t size, std::size_t channels, Terms terms, std::span<T> workspace, Result result) {
  using V = xsimd::batch<T>;
  constexpr std::size_t lanes = V::size, side_by_side = 4;
  const ChannelColumns<T> columns(channels);
  const std::size_t period = columns.period, room = columns.room;
  const std::size_t rows = size / period;
  // As many rows as stay in a first-level cache: the columns of a block are read one after another.
  const std::size_t block = std::max<std::size_t>(16, 32768 / (sizeof(T) * period));
  T* const u_total = workspace.data();
  T *const u_rest = u_total + room, *const uv_total = u_rest + room, *const uv_rest = uv_total + room;
  assert(workspace.size() >= 4 * room);
  std::fill_n(u_total, 4 * room, T(0));
  const auto add_block = [=]<std::size_t Vectors>(std::integral_constant<std::size_t, Vectors>, auto part, std::size_t first,
                                                  std::size_t last, std::size_t j) {
    V u_sum[Vectors], uv_sum[Vectors];
    for (std::size_t k = 0; k < Vectors; ++k) u_sum[k] = uv_sum[k] = V(T(0));
    for (std::size_t row = first; row < last; ++row) {
#pragma GCC unroll 4
      for (std::size_t k = 0; k < Vectors; ++k) {
        const auto [u, v] = terms(part, row * period + j + k * lanes, j + k * lanes);
        u_sum[k] += u;
        uv_sum[k] = multiply_add(u, v, uv_sum[k]);
      }
    }
    for (std::size_t k = 0; k < Vectors; ++k) {
      add_exactly(u_total + j + k * lanes, u_rest + j + k * lanes, u_sum[k]);
      add_exactly(uv_total + j + k * lanes, uv_rest + j + k * lanes, uv_sum[k]);
    }
  };
  for (std::size_t first = 0; first < rows; first += block) {
    const std::size_t last = std::min(rows, first + block);
    std::size_t j = 0;
    for (; j + side_by_side * lanes <= period; j += side_by_side * lanes)
      add_block(std::integral_constant<std::size_t, side_by_side>{}, FullVector<T>{}, first, last, j);
    const std::integral_constant<std::size_t, 1> alone{};
    for (; j + lanes <= period; j += lanes) add_block(alone, FullVector<T>{}, first, last, j);
    if (j < period) add_block(alone, MaskedVector<T>{period - j}, first, last, j);
  }
  const auto add_last = [&](auto part, std::size_t i) {
    const std::size_t j = i - rows * period;
    const auto [u, v] = terms(part, i, j);
    add_exactly<T>(u_total + j, u_rest + j, u);
    add_exactly<T>(uv_total + j, uv_rest + j, u * v);
  };
  std::size_t i = rows * period;
  for (; i + lanes <= size; i += lanes) add_last(FullVector<T>{}, i);
  if (i < size) add_last(MaskedVector<T>{size - i}, i);

  for (std::size_t c = 0; c < channels; ++c) {
    double u = 0, uv = 0;
    for (std::size_t j = c; j < period; j += channels) {
      u += static_cast<double>(u_total[j]) + static_cast<double>(u_rest[j]);
      uv += static_cast<double>(uv_total[j]) + static_cast<double>(uv_rest[j]);
    }
    result(c, u, uv);
  }
}

/// Calls body(part, i, j) for the lanes that cover 0 … size − 1, of column j.
template <std::floating_point T, class Body>
void for_each_column_vector(std::size_t size, std::size_t period, Body body) {
  constexpr std::size_t lanes = xsimd::batch<T>::size;
  for (std::size_t row = 0; row < size; row += period) {
    const std::size_t columns = std::min(period, size - row);
    std::size_t j = 0;
    for (; j + lanes <= columns; j += lanes) body(FullVector<T>{}, row + j, j);
    if (j < columns) body(MaskedVector<T>{columns - j}, row + j, j);
  }
}

/// columns[j] = value(j mod channels).
template <std::floating_point T, class Value>
void fill_columns(std::span<T> columns, std::size_t channels, Value value) {
  for (std::size_t c = 0; c < channels; ++c) columns[c] = value(c);
  for (std::size_t j = channels; j < columns.size(); ++j) columns[j] = columns[j - channels];
}

}  // namespace detail

/// Scalars of memory that the kernels below need, of no meaning before or after.
template <std::floating_point T>
constexpr std::size_t batch_norm_workspace(std::size_t channels) {
  return 5 * ChannelColumns<T>(channels).room;
}

/// Mean and variance of every channel of x [n, channels], n > 0: result(c, μ, M / n) with M = Σ (x − μ)², in double.
///
/// Computed in one sweep, about a value s near the mean, that of the first few rows: μ = s + Σ (x − s) / n,
/// M = Σ (x − s)² − (Σ (x − s))² / n, so that a mean far from 0 costs no digits. Sums are in T over fixed blocks and in more
/// than T beyond: a function of x alone. A NaN in a channel makes that channel's results NaN. Memory bound: reads x once.
template <std::floating_point T, class Result>
void channel_moments(std::span<const T> x, std::size_t channels, std::span<T> workspace, Result result) {
  assert(channels > 0 && !x.empty() && x.size() % channels == 0);
  using V = xsimd::batch<T>;
  const ChannelColumns<T> columns(channels);
  const std::size_t period = columns.period, room = columns.room;
  const std::span<T> shift = workspace.subspan(0, room), sums = workspace.subspan(room);
  const T *const in = x.data(), *const near = shift.data();
  const std::size_t first = std::min(x.size(), 16 * period), n = x.size() / channels, first_rows = first / channels;
  detail::channel_sums<T>(
      first, channels, [=](auto part, std::size_t i, std::size_t) { return std::pair(part.load(in + i), V(T(0))); }, sums,
      [&](std::size_t c, double sum, double) { shift[c] = static_cast<T>(sum / static_cast<double>(first_rows)); });
  detail::fill_columns(shift, channels, [&](std::size_t c) { return shift[c]; });
  detail::channel_sums<T>(
      x.size(), channels,
      [=](auto part, std::size_t i, std::size_t j) {
        const V d = part.load(in + i) - part.load(near + j);
        return std::pair(d, d);
      },
      sums,
      [&](std::size_t c, double d, double squares) {
        const double count = static_cast<double>(n), variance = (squares - d * d / count) / count;
        result(c, static_cast<double>(shift[c]) + d / count, variance < 0 ? 0 : variance);
      });
}

/// y = (x − mean[c]) · inverse_deviation[c] · scale[c] + bias[c] over x [n, channels]; y may be x. What is computed of a scalar
/// depends on nothing but it and its channel. Memory bound: reads n·channels scalars, writes as many.
template <std::floating_point T>
void normalize_channels(std::span<const T> x, std::span<const T> mean, std::span<const T> inverse_deviation,
                        std::span<const T> scale, std::span<const T> bias, std::span<T> y, std::span<T> workspace) {
  const std::size_t channels = mean.size();
  const ChannelColumns<T> columns(channels);
  const std::size_t period = columns.period, room = columns.room;
  assert(x.size() == y.size() && x.size() % channels == 0 && workspace.size() >= 3 * room);
  const auto column = [=](std::size_t k) { return workspace.subspan(k * room, room); };
  detail::fill_columns(column(0), channels, [&](std::size_t c) { return mean[c]; });
  detail::fill_columns(column(1), channels, [&](std::size_t c) { return inverse_deviation[c] * scale[c]; });
  detail::fill_columns(column(2), channels, [&](std::size_t c) { return bias[c]; });
  const T *const in = x.data(), *const m = column(0).data(), *const a = column(1).data(), *const b = column(2).data();
  detail::for_each_column_vector<T>(x.size(), period, [=, out = y.data()](auto part, std::size_t i, std::size_t j) {
    part.store(out + i, multiply_add(part.load(in + i) - part.load(m + j), part.load(a + j), part.load(b + j)));
  });
}

/// The derivative of normalize_channels, with x̂ = (x − mean) · inverse_deviation and D = ∂L/∂y [n, channels]:
///   dscale[c] += Σ D x̂        dbias[c] += Σ D        sums as in channel_moments
///   dx = scale · inverse_deviation · (D − (Σ D + x̂ Σ D x̂) / n)   where mean and deviation are those of x (of_batch),
///   dx = scale · inverse_deviation · D                            where they are constants;
/// dx is overwritten, may be dy, and is left out when empty. Memory bound: reads x and dy twice, writes dx.
template <std::floating_point T>
void normalize_channels_backward(std::span<const T> x, std::span<const T> dy, std::span<const T> mean,
                                 std::span<const T> inverse_deviation, std::span<const T> scale, bool of_batch, std::span<T> dx,
                                 std::span<T> dscale, std::span<T> dbias, std::span<T> workspace) {
  using V = xsimd::batch<T>;
  const std::size_t channels = mean.size(), n = x.size() / channels;
  const ChannelColumns<T> columns(channels);
  const std::size_t period = columns.period, room = columns.room;
  assert(x.size() == dy.size() && (dx.empty() || dx.size() == x.size()) && x.size() % channels == 0);
  const auto column = [=](std::size_t k) { return workspace.subspan(k * room, room); };
  detail::fill_columns(column(0), channels, [&](std::size_t c) { return mean[c]; });
  const T *const in = x.data(), *const d = dy.data(), *const m = column(0).data();
  // The results go where their channel's sums were, so that they need no room of their own.
  const auto mean_of_d = column(1), slope = column(3);
  detail::channel_sums<T>(
      x.size(), channels,
      [=](auto part, std::size_t i, std::size_t j) {
        return std::pair<V, V>(part.load(d + i), part.load(in + i) - part.load(m + j));
      },
      workspace.subspan(room),
      [&](std::size_t c, double sum, double sum_of_products) {
        const double inverse = static_cast<double>(inverse_deviation[c]), count = static_cast<double>(n);
        dscale[c] += static_cast<T>(inverse * sum_of_products);
        dbias[c] += static_cast<T>(sum);
        mean_of_d[c] = of_batch ? static_cast<T>(sum / count) : T(0);
        slope[c] = of_batch ? static_cast<T>(inverse * inverse * sum_of_products / count) : T(0);
      });
  if (dx.empty()) return;
  detail::fill_columns(mean_of_d, channels, [&](std::size_t c) { return mean_of_d[c]; });
  detail::fill_columns(slope, channels, [&](std::size_t c) { return slope[c]; });
  detail::fill_columns(column(2), channels, [&](std::size_t c) { return scale[c] * inverse_deviation[c]; });
  const T *const e = mean_of_d.data(), *const s = slope.data(), *const a = column(2).data();
  detail::for_each_column_vector<T>(x.size(), period, [=, out = dx.data()](auto part, std::size_t i, std::size_t j) {
    const V centered = part.load(in + i) - part.load(m + j), rest = part.load(d + i) - part.load(e + j);
    part.store(out + i, part.load(a + j) * negative_multiply_add(centered, part.load(s + j), rest));
  });
}

}  // namespace lmc::simd
