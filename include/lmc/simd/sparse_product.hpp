// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <bit>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

#include <lmc/core/shape.hpp>
#include <lmc/matrix/strided.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/matrix/write_mode.hpp>
#include <lmc/simd/detail/xsimd.hpp>
#include <lmc/simd/transpose.hpp>
#include <lmc/simd/vectors.hpp>

namespace lmc::simd {

namespace detail {

/// Lists the entries j of a row that differ from what background(part, j) gives, in order: positions first + j and, unless
/// values is null, differences. Returns how many; up to a register's entries behind them are overwritten.
template <std::floating_point T, class Background>
std::size_t list_differences(const T* row, Background background, std::size_t n, std::size_t first, std::uint16_t* positions,
                             std::type_identity_t<T>* values) {
  std::size_t count = 0;
  for_each_row_vector<T>(n, [&](auto part, std::size_t j) {
    const auto x = part.load(row + j), s = background(part, j);
    // Not x != s: that of xsimd 8.1 for AVX-512 says that NaN is equal to everything.
    const std::uint64_t bits = ~bits_of<T>(x == s) & part.all();
#ifdef __AVX512F__
    // Compressed in registers: there is no branch to predict, and a compressing store takes more than a hundred cycles on
    // Zen 4. As in transpose.hpp, the constant masks are for GCC 12's warnings alone.
    const auto at = static_cast<int>(first + j);
    if constexpr (std::is_same_v<T, float>) {
      const auto mask = static_cast<__mmask16>(bits);
      const __m512i all =
          _mm512_add_epi32(_mm512_set1_epi32(at), _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(positions + count),
                          _mm512_maskz_cvtepi32_epi16(0xffff, _mm512_maskz_compress_epi32(mask, all)));
      if (values != nullptr) _mm512_storeu_ps(values + count, _mm512_maskz_compress_ps(mask, x - s));
    } else {
      const auto mask = static_cast<__mmask8>(bits);
      const __m512i all = _mm512_add_epi64(_mm512_set1_epi64(at), _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(positions + count),
                       _mm512_maskz_cvtepi64_epi16(0xff, _mm512_maskz_compress_epi64(mask, all)));
      if (values != nullptr) _mm512_storeu_pd(values + count, _mm512_maskz_compress_pd(mask, x - s));
    }
    count += static_cast<std::size_t>(std::popcount(bits));
#else
    if (bits == 0) return;
    alignas(64) T differences[xsimd::batch<T>::size];
    (x - s).store_aligned(differences);
    for (std::uint64_t rest = bits; rest != 0; rest &= rest - 1) {
      const auto k = static_cast<std::size_t>(std::countr_zero(rest));
      if (values != nullptr) values[count] = differences[k];
      positions[count++] = static_cast<std::uint16_t>(first + j + k);
    }
#endif
  });
  return count;
}

/// The block of units that a pass of the sparse products computes: as many sums as hide the latency of one.
template <class T>
inline constexpr Index sparse_vectors = 4;
template <class T>
inline constexpr Index sparse_units = sparse_vectors<T> * static_cast<Index>(xsimd::batch<T>::size);

/// The sum of `start` and of the rows row(p) of `table`, sparse_units wide, each times value(p), p = 0 … count − 1: one chain
/// of multiply-adds in that order.
template <class T, class Row, class Value>
[[gnu::always_inline]] inline void add_rows(std::size_t count, Row row, Value value, const T* table, const T* start, T* sums) {
  using V = xsimd::batch<T>;
  constexpr std::size_t lanes = V::size, vectors = sparse_vectors<T>;
  V sum[vectors];
#pragma GCC unroll 4
  for (std::size_t i = 0; i < vectors; ++i) sum[i] = V::load_aligned(start + i * lanes);
  for (std::size_t p = 0; p < count; ++p) {
    const V v(value(p));
    const T* const from = table + row(p) * (vectors * lanes);
#pragma GCC unroll 4
    for (std::size_t i = 0; i < vectors; ++i) sum[i] = multiply_add(v, V::load_aligned(from + i * lanes), sum[i]);
  }
#pragma GCC unroll 4
  for (std::size_t i = 0; i < vectors; ++i) sum[i].store_aligned(sums + i * lanes);
}

}  // namespace detail

/// A batch as a background that its rows have in common and the few entries in which each row differs from it, X = 1 sᵀ + S:
/// images of ink on paper, counts of words. s_j is the value that most of the first twelve rows agree upon.
///
/// Products with S skip what is zero: at 19 % of the entries, MNIST's share, 2.6 times as fast as the dense product
/// (benchmarks/sparse_product.cpp). They sum in an order of their own, which depends on the batch alone.
template <std::floating_point T>
class SparseBatch {
 public:
  /// Size of the workspace in scalars, for X [rows, inputs] and that number of units; never smaller for more rows.
  static Index workspace_size(Index rows, Index inputs, Index units) {
    rows = std::min(rows, most_listed_);  // larger batches are not taken, smaller ones have to find their memory
    return may_fit(rows, inputs, units) ? Memory(nullptr, size(rows), size(inputs)).scalars() + padded<T>(1) : 0;
  }
  /// workspace: of no meaning before or after, and not kept between calls.
  explicit SparseBatch(std::span<T> workspace) : workspace_(from_cache_line(workspace)) {}

  /// Y = X Wᵀ + 1 bᵀ, W [units, in], b [units]. Returns false, and leaves Y as it is, where it does not pay: for fewer rows,
  /// inputs or units, or a larger share of differing entries.
  bool affine(MatrixView<const T> x, MatrixView<const T> weight, std::span<const T> bias, MatrixView<T> y) {
    if (!may_fit(x, weight.rows()) || !list_rows(x)) return false;
    const auto rows = size(x.rows()), in = size(x.cols()), all_units = size(weight.rows());
    const std::size_t blocks = (in + depth_ - 1) / depth_;
    T *const table = m_.table, *const start = m_.start, *const all_sums = m_.sums;
    for (std::size_t first = 0; first < all_units; first += units_) {
      const std::size_t units = std::min(units_, all_units - first);
      if (units < units_) std::fill_n(table, in * units_, T(0));
      transpose(weight.data() + first * in, in, units, in, table, units_);
      std::fill_n(start, units_, T(0));
      std::copy_n(bias.data() + first, units, start);
      // b + W s: the rows of the table, times the background.
      detail::add_rows(
          in, [](std::size_t j) { return j; }, [&](std::size_t j) { return m_.background[j]; }, table, start, start);
      for (std::size_t n = 0; n < rows; ++n) std::copy_n(start, units_, all_sums + n * units_);
      for (std::size_t k = 0; k < blocks; ++k)
        for (std::size_t n = 0; n < rows; ++n) {
          const std::size_t begin = m_.begin[n * blocks + k], end = m_.begin[n * blocks + k + 1];
          const std::uint16_t* const list = m_.positions + begin;
          const T* const values = m_.values + begin;
          T* const sums = all_sums + n * units_;
          detail::add_rows(
              end - begin, [=](std::size_t p) { return list[p]; }, [=](std::size_t p) { return values[p]; }, table, sums, sums);
        }
      for (std::size_t n = 0; n < rows; ++n) std::copy_n(all_sums + n * units_, units, y.data() + n * all_units + first);
    }
    return true;
  }

  /// dW += Dᵀ X, or dW = Dᵀ X, and db += Dᵀ 1, D [N, units]. Returns false, and leaves both as they are, where affine does.
  bool affine_backward(MatrixView<const T> x, MatrixView<const T> dy, MatrixView<T> dweight, std::span<T> dbias,
                       WriteMode weights) {
    if (!may_fit(x, dy.cols()) || !list_columns(x)) return false;
    const auto rows = size(x.rows()), in = size(x.cols()), all_units = size(dy.cols());
    T *const table = m_.table, *const start = m_.start, *const sums = m_.sums, *const tile = m_.tile, *const turned = m_.turned;
    for (std::size_t first = 0; first < all_units; first += units_) {
      const std::size_t units = std::min(units_, all_units - first);
      if (units < units_) std::fill_n(table, rows * units_, T(0));
      std::fill_n(sums, units_, T(0));
      for (std::size_t n = 0; n < rows; ++n) {
        const T* const from = dy.data() + n * all_units + first;
        T* const to = table + n * units_;
        for (std::size_t u = 0; u < units; ++u) {
          to[u] = from[u];
          sums[u] += from[u];
        }
      }
      for (std::size_t u = 0; u < units; ++u) dbias[first + u] += sums[u];
      // s_j Dᵀ 1 is what the background adds to column j.
      for (std::size_t j = 0; j < in; j += columns_) {
        const std::size_t columns = std::min(columns_, in - j);
        for (std::size_t c = 0; c < columns; ++c) {
          const T s = m_.background[j + c];
          for (std::size_t u = 0; u < units_; ++u) start[u] = s * sums[u];
          const std::uint16_t* const list = m_.positions + m_.begin[j + c];
          const T* const column = m_.transposed + (j + c) * rows;
          detail::add_rows(
              m_.begin[j + c + 1] - m_.begin[j + c], [=](std::size_t p) { return list[p]; },
              [=](std::size_t p) { return column[list[p]] - s; }, table, start, tile + c * units_);
        }
        T* const to = dweight.data() + first * in + j;
        if (weights == WriteMode::overwrite) {
          transpose(tile, units_, columns, units, to, in);
        } else {
          transpose(tile, units_, columns, units, turned, columns_);
          for (std::size_t u = 0; u < units; ++u)
            for (std::size_t c = 0; c < columns; ++c) to[u * in + c] += turned[u * columns_ + c];
        }
      }
    }
    return true;
  }

 private:
  using V = xsimd::batch<T>;

  static std::size_t size(Index n) { return static_cast<std::size_t>(n); }
  // Measured on 128 × 784 × 512: with 70 % of the entries, the sparse products take as long as the dense ones; with 64 units
  // instead of 512, with 60 %.
  static Index limit(Index entries) { return entries * 2 / 3; }

  static bool may_fit(Index rows, Index inputs, Index units) {
    constexpr Index least_inputs = 64, least_units = 32;
    return rows >= least_rows_ && inputs >= least_inputs && units >= least_units && inputs <= most_listed_ &&
           rows <= most_listed_;
  }
  // Before anything is listed: a few rows tell dense batches, the common case, apart. Takes the background.
  bool may_fit(MatrixView<const T> x, Index units) {
    if (!may_fit(x.rows(), x.cols(), units)) return false;
    m_ = Memory(workspace_.data(), size(x.rows()), size(x.cols()));
    assert(static_cast<Index>(workspace_.size()) >= m_.scalars());
    take_background(x);
    const Index sampled = 8, step = x.rows() / sampled;
    return count(x, sampled, step) <= limit(sampled * x.cols());
  }

  // Twelve rows: with three, a quarter of MNIST's entries differ; with twelve 19.6 %, and 19.1 % are not black. Without two
  // rows that agree it is zero, and likewise where it is not finite, or so large beside the other values that x − s would cost
  // them digits.
  void take_background(MatrixView<const T> x) {
    constexpr std::size_t voters = 12;
    static_assert(voters <= least_rows_);
    const auto in = size(x.cols());
    for_each_row_vector<T>(in, [&](auto part, std::size_t j) {
      const V zero(T(0)), one(T(1));
      V value[voters], chosen(zero), most(zero), largest(zero);
#pragma GCC unroll 12
      for (std::size_t n = 0; n < voters; ++n) {
        value[n] = part.load(x.data() + n * in + j);
        V equal(zero);  // rows before this one that have its value: most for the last of the most frequent value
#pragma GCC unroll 12
        for (std::size_t m = 0; m < n; ++m) equal = xsimd::select(value[m] == value[n], equal + one, equal);
        chosen = xsimd::select(equal > most, value[n], chosen);
        most = xsimd::select(equal > most, equal, most);
      }
#pragma GCC unroll 12
      for (const V& v : value) {
        const V other = xsimd::select(v == chosen, zero, xsimd::abs(v));
        largest = xsimd::select(other > largest, other, largest);
      }
      const V magnitude = xsimd::abs(chosen);
      const auto fits = largest == zero || magnitude <= V(T(8)) * largest;
      part.store(m_.background + j, xsimd::select(magnitude <= V(std::numeric_limits<T>::max()) && fits, chosen, zero));
    });
  }

  // Entries that differ in `rows` rows, `step` apart.
  Index count(MatrixView<const T> x, Index rows, Index step) const {
    Index equal = 0;
    for (Index r = 0; r < rows; ++r) {
      const T* const row = x.data() + r * step * x.cols();
      for_each_row_vector<T>(size(x.cols()), [&](auto part, std::size_t j) {
        equal += std::popcount(bits_of<T>(part.load(row + j) == part.load(m_.background + j)) & part.all());
      });
    }
    return rows * x.cols() - equal;
  }

  // positions and values become those of the entries in which each row differs, row after row and block after block of depth_
  // inputs. (The columns' values are taken from transposed: listing them takes longer than that, unless units are many.) False
  // where there are too many.
  bool list_rows(MatrixView<const T> x) {
    const auto rows = size(x.rows()), in = size(x.cols()), most = size(limit(x.size()));
    const T* const background = m_.background;
    std::uint16_t* const positions = m_.positions;
    T* const values = m_.values;
    std::uint32_t* end = m_.begin;
    *end = 0;
    std::size_t count = 0;
    for (std::size_t n = 0; n < rows; ++n) {
      for (std::size_t k = 0; k < in; k += depth_) {
        count += detail::list_differences(
            x.data() + n * in + k, [=](auto part, std::size_t j) { return part.load(background + k + j); },
            std::min(depth_, in - k), k, positions + count, values + count);
        *++end = static_cast<std::uint32_t>(count);
      }
      if (count > most) return false;
    }
    return true;
  }

  // positions become those of the rows in which each column differs, column after column. False where there are
  // too many.
  bool list_columns(MatrixView<const T> x) {
    const auto rows = size(x.rows()), in = size(x.cols()), most = size(limit(x.size()));
    transpose(x.data(), in, rows, in, m_.transposed, rows);
    std::uint16_t* const positions = m_.positions;
    std::uint32_t* end = m_.begin;
    *end = 0;
    std::size_t count = 0;
    for (std::size_t j = 0; j < in; ++j) {
      const V background(m_.background[j]);
      count += detail::list_differences(
          m_.transposed + j * rows, [=](auto, std::size_t) { return background; }, rows, 0, positions + count, nullptr);
      *++end = static_cast<std::uint32_t>(count);
      if (count > most) return false;
    }
    return true;
  }

  static constexpr Index least_rows_ = 16, most_listed_ = std::numeric_limits<std::uint16_t>::max();
  static constexpr auto units_ = static_cast<std::size_t>(detail::sparse_units<T>);
  static constexpr std::size_t columns_ = 16;  // columns of dW that are turned together
  // Inputs that all rows go through before the next: their part of the table, 32 KiB, stays in a first-level cache.
  static constexpr std::size_t depth_ = 128;

  // What the workspace holds for a batch.
  struct Memory {
    T *background = nullptr, *table = nullptr, *start = nullptr, *sums = nullptr, *tile = nullptr, *turned = nullptr;
    T *values = nullptr, *transposed = nullptr;  // one for each of the two passes, in one place
    std::uint32_t* begin = nullptr;              // where each list in positions begins
    std::uint16_t* positions = nullptr;

    Memory() = default;
    Memory(T* at, std::size_t rows, std::size_t in) : first_(at) {
      const std::size_t longest = std::max(rows, in), lists = std::max(rows * ((in + depth_ - 1) / depth_), in);
      // Behind the last list a register more may be overwritten.
      const std::size_t listed = size(limit(static_cast<Index>(rows * in))) + longest + V::size;
      background = take<T>(in);
      table = take<T>(longest * units_);
      start = take<T>(units_);
      sums = take<T>(rows * units_);
      tile = take<T>(columns_ * units_);
      turned = take<T>(columns_ * units_);
      values = transposed = take<T>(std::max(listed, rows * in));
      begin = take<std::uint32_t>(lists + 1);
      positions = take<std::uint16_t>(listed);
    }
    [[nodiscard]] Index scalars() const { return static_cast<Index>(taken_); }

   private:
    // Each array begins on a cache line.
    template <class Entry>
    Entry* take(std::size_t entries) {
      const auto begins = taken_;
      taken_ += size(padded<T>(static_cast<Index>((entries * sizeof(Entry) + sizeof(T) - 1) / sizeof(T))));
      if (first_ == nullptr) return nullptr;
      return std::is_same_v<Entry, T> ? reinterpret_cast<Entry*>(first_ + begins) : new (first_ + begins) Entry[entries];
    }
    T* first_ = nullptr;
    std::size_t taken_ = 0;
  };

  std::span<T> workspace_;
  Memory m_;
};

}  // namespace lmc::simd
