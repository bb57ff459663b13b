// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
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
#include <lmc/simd/detail/sparse_rows.hpp>
#include <lmc/simd/detail/xsimd.hpp>
#include <lmc/simd/product.hpp>
#include <lmc/simd/transpose.hpp>
#include <lmc/simd/vectors.hpp>

namespace lmc::simd {

/// The shares of entries up to which a product that skips zeros is used instead of the dense one, at most 2/3 each.
struct SparseLimits {
  double forward = 2.0 / 3;   // of X in X Wᵀ
  double backward = 2.0 / 3;  // of X in Dᵀ X
};

/// A batch as a background that its rows have in common and the few entries in which each row differs from it, X = 1 sᵀ + S:
/// images of ink on paper, counts of words, what is behind ReLU. s_j is the value that most of the first twelve rows agree upon.
///
/// Products with S skip what is zero (benchmarks/sparse_product.cpp). Where s = 0, every entry of the result is summed in the
/// order of product(), block by block, so that it has the bits of the dense product, as long as all numbers are finite and no
/// term underflows: which of the two is used may depend on the machine. Where s ≠ 0, the order is one of its own, which
/// depends on the batch alone, and so does the choice: it is taken up to a share of 2/3.
template <std::floating_point T>
class SparseBatch {
 public:
  /// Size of the workspace in scalars, for X [rows, inputs] and that number of units; never smaller for more rows.
  static Index workspace_size(Index rows, Index inputs, Index units) {
    rows = std::min(rows, most_listed_);  // larger batches are not taken, smaller ones have to find their memory
    return may_fit(rows, inputs, units) ? Memory(nullptr, size(rows), size(inputs)).scalars() + padded<T>(1) : 0;
  }
  /// workspace: of no meaning before or after, and not kept between calls. limits: called where the background is zero, and
  /// only then.
  SparseBatch(std::span<T> workspace, SparseLimits (*limits)()) : workspace_(from_cache_line(workspace)), limits_(limits) {}
  explicit SparseBatch(std::span<T> workspace) : workspace_(from_cache_line(workspace)) {}

  /// Y = X Wᵀ + 1 bᵀ, W [units, in], b [units]. Returns false, and leaves Y as it is, where it does not pay: for fewer rows,
  /// inputs or units, or a larger share of differing entries.
  bool affine(MatrixView<const T> x, MatrixView<const T> weight, std::span<const T> bias, MatrixView<T> y) {
    if (!may_fit(x, weight.rows(), &SparseLimits::forward) || !list_rows(x)) return false;
    for (std::size_t first = 0; first < size(weight.rows()); first += units_) affine_units(weight, bias, y, first);
    return true;
  }

  /// dW += Dᵀ X, or dW = Dᵀ X, and db += Dᵀ 1, D [N, units]. Returns false, and leaves both as they are, where affine does.
  bool affine_backward(MatrixView<const T> x, MatrixView<const T> dy, MatrixView<T> dweight, std::span<T> dbias,
                       WriteMode weights) {
    if (!may_fit(x, dy.cols(), &SparseLimits::backward) || !list_columns(x)) return false;
    for (std::size_t first = 0; first < size(dy.cols()); first += units_) backward_units(dy, dweight, dbias, weights, first);
    return true;
  }

 private:
  using V = xsimd::batch<T>;

  static std::size_t size(Index n) { return static_cast<std::size_t>(n); }
  static Index most_entries(Index entries) { return entries * 2 / 3; }

  static bool may_fit(Index rows, Index inputs, Index units) {
    constexpr Index least_inputs = 64, least_units = 32;
    return rows >= least_rows_ && inputs >= least_inputs && units >= least_units && inputs <= most_listed_ &&
           rows <= most_listed_;
  }
  // Before anything is listed: a few rows tell dense batches, the common case, apart. Takes the background and the limit.
  bool may_fit(MatrixView<const T> x, Index units, double SparseLimits::*pass) {
    if (!may_fit(x.rows(), x.cols(), units)) return false;
    m_ = Memory(workspace_.data(), size(x.rows()), size(x.cols()));
    assert(static_cast<Index>(workspace_.size()) >= m_.scalars());
    take_background(x);
    zero_background_ = std::all_of(m_.background, m_.background + x.cols(), [](T s) { return s == T(0); });
    const Index sampled = 8, step = x.rows() / sampled;
    const Index differing = count(x, sampled, step);
    if (differing > most_entries(sampled * x.cols())) return false;
    most_ = most_entries(x.size());
    if (zero_background_ && limits_) {
      const double limit = limits_().*pass;
      if (static_cast<double>(differing) > limit * static_cast<double>(sampled * x.cols())) return false;
      most_ = std::min(most_, static_cast<Index>(limit * static_cast<double>(x.size())));
    }
    return true;
  }

  // Blocks of the summed dimension, as product() has them, and pieces of a block.
  struct Pieces {
    std::size_t blocks, block, per_block, piece;

    explicit Pieces(std::size_t depth)
        : blocks((depth + product_block - 1) / product_block),
          block((depth + blocks - 1) / blocks),
          per_block((block + most - 1) / most),
          piece((block + per_block - 1) / per_block) {}
    [[nodiscard]] std::size_t count() const { return blocks * per_block; }

   private:
    static constexpr auto product_block = static_cast<std::size_t>(detail::product_depth);
    // All rows go through the inputs of a piece before the next: their part of the table, 32 KiB, stays in a first-level cache.
    static constexpr std::size_t most = 128;
  };

  // The units from `first` on, as many as a pass computes.
  void affine_units(MatrixView<const T> weight, std::span<const T> bias, MatrixView<T> y, std::size_t first) {
    const auto rows = size(y.rows()), in = size(weight.cols()), all_units = size(y.cols());
    const std::size_t units = std::min(units_, all_units - first);
    const Pieces pieces(in);
    T *const table = m_.table, *const start = m_.start;
    if (units < units_) std::fill_n(table, in * units_, T(0));
    transpose(weight.data() + first * in, in, units, in, table, units_);
    std::fill_n(start, units_, T(0));
    if (!zero_background_) {
      std::copy_n(bias.data() + first, units, start);
      // b + W s: the rows of the table, times the background.
      add_background(in, table, start);
    }
    for (std::size_t k = 0; k < pieces.blocks; ++k) {
      for (std::size_t q = 0; q < pieces.per_block; ++q) {
        const bool begins = q == 0 && (k == 0 || zero_background_);
        const std::size_t piece = k * pieces.per_block + q;
        const auto begin = [&](std::size_t n) { return m_.begin[n * pieces.count() + piece]; };
        const auto sum = [&](std::size_t n) {
          T* const sums = m_.sums + n * units_;
          return detail::SparseSum<T>{m_.positions + begin(n), m_.begin[n * pieces.count() + piece + 1] - begin(n),
                                      begins ? start : sums, sums};
        };
        std::size_t n = 0;
        for (; n + 2 <= rows; n += 2) {
          const T* const values[] = {m_.values + begin(n), m_.values + begin(n + 1)};
          detail::add_rows<2, T>(
              {sum(n), sum(n + 1)}, [&](std::size_t s, std::size_t p) { return values[s][p]; }, table);
        }
        for (; n < rows; ++n) {
          const T* const values = m_.values + begin(n);
          detail::add_rows<1, T>(
              {sum(n)}, [&](std::size_t, std::size_t p) { return values[p]; }, table);
        }
      }
      if (!zero_background_ && k + 1 < pieces.blocks) continue;
      for (std::size_t n = 0; n < rows; ++n) {
        const T* const sums = m_.sums + n * units_;
        T* const to = y.data() + n * all_units + first;
        for_each_row_vector<T>(units, [&](auto part, std::size_t u) {
          V sum = part.load(sums + u);
          if (zero_background_ && k > 0) sum += part.load(to + u);
          if (zero_background_ && k + 1 == pieces.blocks) sum += part.load(bias.data() + first + u);
          part.store(to + u, sum);
        });
      }
    }
  }

  // start += Wᵀ's rows in the table, times the background, in order.
  void add_background(std::size_t inputs, const T* table, T* start) const {
    V sum[detail::sparse_vectors];
    for (std::size_t i = 0; i < detail::sparse_vectors; ++i) sum[i] = V::load_aligned(start + i * V::size);
    for (std::size_t j = 0; j < inputs; ++j)
      for (std::size_t i = 0; i < detail::sparse_vectors; ++i)
        sum[i] = multiply_add(V(m_.background[j]), V::load_aligned(table + j * units_ + i * V::size), sum[i]);
    for (std::size_t i = 0; i < detail::sparse_vectors; ++i) sum[i].store_aligned(start + i * V::size);
  }

  void backward_units(MatrixView<const T> dy, MatrixView<T> dweight, std::span<T> dbias, WriteMode weights, std::size_t first) {
    const auto rows = size(dy.rows()), in = size(dweight.cols()), all_units = size(dy.cols());
    const std::size_t units = std::min(units_, all_units - first);
    const std::size_t block = zero_background_ ? Pieces(rows).block : rows;
    T *const table = m_.table, *const sums = m_.sums, *const tile = m_.tile, *const turned = m_.turned;
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
    for (std::size_t j = 0; j < in; j += columns_) {
      const std::size_t columns = std::min(columns_, in - j);
      std::array<std::size_t, columns_> next{};
      std::copy_n(m_.begin + j, columns, next.begin());
      for (std::size_t row = 0; row < rows; row += block) {
        // The part of column j + c that this block adds to what its background does, s_j Dᵀ 1.
        const auto sum = [&](std::size_t c) {
          T* const to = tile + c * units_;
          for (std::size_t u = 0; u < units_; ++u) to[u] = T(0) + m_.background[j + c] * sums[u];  // 0 times −1 is −0
          const std::uint16_t* const list = m_.positions + next[c];
          const std::uint16_t* const end = m_.positions + m_.begin[j + c + 1];
          const auto count =
              static_cast<std::size_t>((row + block < rows ? std::lower_bound(list, end, row + block) : end) - list);
          next[c] += count;
          return detail::SparseSum<T>{list, count, to, to};
        };
        const auto value = [&](std::size_t c) { return m_.transposed + (j + c) * rows; };
        std::size_t c = 0;
        for (; c + 2 <= columns; c += 2) {
          const std::array<detail::SparseSum<T>, 2> pair{sum(c), sum(c + 1)};
          const T* const column[] = {value(c), value(c + 1)};
          const T background[] = {m_.background[j + c], m_.background[j + c + 1]};
          detail::add_rows<2, T>(
              pair, [&](std::size_t s, std::size_t p) { return column[s][pair[s].rows[p]] - background[s]; }, table);
        }
        for (; c < columns; ++c) {
          const std::array<detail::SparseSum<T>, 1> alone{sum(c)};
          detail::add_rows<1, T>(
              alone, [&](std::size_t, std::size_t p) { return value(c)[alone[0].rows[p]] - m_.background[j + c]; }, table);
        }
        T* const to = dweight.data() + first * in + j;
        // Stores to lines that no cache has wait for them; what comes next is asked for in time.
        if (j + columns_ < in)
          for (std::size_t u = 0; u < units; ++u) __builtin_prefetch(to + u * in + columns_, 1);
        if (weights == WriteMode::overwrite && row == 0) {
          transpose(tile, units_, columns, units, to, in);
        } else {
          transpose(tile, units_, columns, units, turned, columns_);
          for (std::size_t u = 0; u < units; ++u)
            for (std::size_t c0 = 0; c0 < columns; ++c0) to[u * in + c0] += turned[u * columns_ + c0];
        }
      }
    }
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

  // positions and values become those of the entries in which each row differs, row after row and piece after piece of its
  // inputs. (The columns' values are taken from transposed: listing them takes longer than that, unless units are many.) False
  // where there are too many.
  bool list_rows(MatrixView<const T> x) {
    const auto rows = size(x.rows()), in = size(x.cols()), most = size(most_);
    const Pieces pieces(in);
    const T* const background = m_.background;
    std::uint16_t* const positions = m_.positions;
    T* const values = m_.values;
    std::uint32_t* end = m_.begin;
    *end = 0;
    std::size_t count = 0;
    for (std::size_t n = 0; n < rows; ++n) {
      for (std::size_t b = 0; b < pieces.blocks; ++b)
        for (std::size_t q = 0; q < pieces.per_block; ++q) {
          const std::size_t block_end = std::min((b + 1) * pieces.block, in);
          const std::size_t k = std::min(b * pieces.block + q * pieces.piece, block_end);
          count += detail::list_differences(
              x.data() + n * in + k, [=](auto part, std::size_t j) { return part.load(background + k + j); },
              std::min(k + pieces.piece, block_end) - k, k, positions + count, values + count);
          *++end = static_cast<std::uint32_t>(count);
        }
      if (count > most) return false;
    }
    return true;
  }

  // positions become those of the rows in which each column differs, column after column. False where there are
  // too many.
  bool list_columns(MatrixView<const T> x) {
    const auto rows = size(x.rows()), in = size(x.cols()), most = size(most_);
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
  static constexpr std::size_t units_ = detail::sparse_units<T>;
  static constexpr std::size_t columns_ = 16;  // columns of dW that are turned together

  // What the workspace holds for a batch.
  struct Memory {
    T *background = nullptr, *table = nullptr, *start = nullptr, *sums = nullptr, *tile = nullptr, *turned = nullptr;
    T *values = nullptr, *transposed = nullptr;  // one for each of the two passes, in one place
    std::uint32_t* begin = nullptr;              // where each list in positions begins
    std::uint16_t* positions = nullptr;

    Memory() = default;
    Memory(T* at, std::size_t rows, std::size_t in) : first_(at) {
      const std::size_t longest = std::max(rows, in), lists = std::max(rows * Pieces(in).count(), in);
      // Behind the last list a register more may be overwritten.
      const std::size_t listed = size(most_entries(static_cast<Index>(rows * in))) + longest + V::size;
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
  SparseLimits (*limits_)() = nullptr;
  bool zero_background_ = false;
  Index most_ = 0;  // entries that may be listed
  Memory m_;
};

}  // namespace lmc::simd
