// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cassert>
#include <concepts>
#include <span>
#include <utility>

#include <lmc/core/shape.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/matrix/write_mode.hpp>
#include <lmc/simd/convolution_shape.hpp>
#include <lmc/simd/product.hpp>
#include <lmc/simd/vector.hpp>

namespace lmc::simd {

/// Convolution as matrix products: the patches of a few images are unfolded into one matrix P [positions, patch] per group, so
/// that
///   Y = P Wᵀ,   ∂L/∂W += Dᵀ P,   ∂L/∂P = D W, folded back into ∂L/∂x by addition.
/// The members are those of Convolution.
template <std::floating_point T>
class ConvolutionProduct {
 public:
  explicit ConvolutionProduct(const ConvolutionShape& shape) : s_(shape) {}

  [[nodiscard]] Index workspace_size() const {
    const Index rows = images() * s_.positions(), units = s_.out_channels / s_.groups;
    return patches_size() +
           std::max({product_workspace<T>(rows, units, s_.patch()), product_workspace<T>(rows, s_.patch(), units),
                     product_workspace<T>(units, s_.patch(), rows)});
  }

  void forward(std::span<const T> weight, std::span<const T> bias, MatrixView<const T> x, MatrixView<T> y,
               std::span<T> workspace) const {
    for_each_chunk(x.rows(), workspace, [&](Index first, Index count, T* patches) {
      for (Index n = 0; n < count; ++n) unfold(row_of(x, first + n), patches + n * s_.positions() * row());
      for (Index g = 0; g < s_.groups; ++g)
        product<T>(Strided<const T>(patches + g * s_.patch(), count * s_.positions(), s_.patch(), row()),
                   filters(weight, g).transposed(), outputs(y, first, count, g), WriteMode::overwrite, packing(workspace));
      if (bias.empty()) return;
      for (Index i = 0; i < count * s_.positions(); ++i)
        axpy<T>(T(1), bias, slice(span_of(y), (first * s_.positions() + i) * s_.out_channels, s_.out_channels));
    });
  }

  void backward_input(std::span<const T> weight, MatrixView<const T> dy, MatrixView<T> dx, std::span<T> workspace) const {
    std::ranges::fill(span_of(dx), T(0));
    for_each_chunk(dy.rows(), workspace, [&](Index first, Index count, T* patches) {
      for (Index g = 0; g < s_.groups; ++g)
        product<T>(outputs(dy, first, count, g), filters(weight, g),
                   Strided<T>(patches + g * s_.patch(), count * s_.positions(), s_.patch(), row()), WriteMode::overwrite,
                   packing(workspace));
      for (Index n = 0; n < count; ++n) fold(patches + n * s_.positions() * row(), row_of(dx, first + n));
    });
  }

  void backward_weights(MatrixView<const T> x, MatrixView<const T> dy, std::span<T> dweight, std::span<T> dbias,
                        std::span<T> workspace) const {
    for_each_chunk(x.rows(), workspace, [&](Index first, Index count, T* patches) {
      for (Index n = 0; n < count; ++n) unfold(row_of(x, first + n), patches + n * s_.positions() * row());
      for (Index g = 0; g < s_.groups; ++g)
        product<T>(outputs(dy, first, count, g).transposed(),
                   Strided<const T>(patches + g * s_.patch(), count * s_.positions(), s_.patch(), row()), filters(dweight, g),
                   WriteMode::add, packing(workspace));
      if (dbias.empty()) return;
      for (Index i = 0; i < count * s_.positions(); ++i)
        axpy<T>(T(1), slice(span_of(dy), (first * s_.positions() + i) * s_.out_channels, s_.out_channels), dbias);
    });
  }

 private:
  // Patches of so many images at a time that they stay in a second-level cache.
  [[nodiscard]] Index images() const {
    constexpr Index room = 256 * 1024 / sizeof(T);
    return std::max<Index>(1, room / (s_.positions() * row()));
  }
  [[nodiscard]] Index row() const { return s_.groups * s_.patch(); }
  [[nodiscard]] Index patches_size() const { return padded<T>(images() * s_.positions() * row()); }
  [[nodiscard]] std::span<T> packing(std::span<T> workspace) const {
    return workspace.subspan(static_cast<std::size_t>(patches_size()));
  }

  template <class Body>
  void for_each_chunk(Index batch, std::span<T> workspace, Body body) const {
    assert(static_cast<Index>(workspace.size()) >= workspace_size());
    for (Index first = 0; first < batch; first += images()) body(first, std::min(images(), batch - first), workspace.data());
  }
  template <class U>
  Strided<U> filters(std::span<U> weight, Index g) const {
    const Index out = s_.out_channels / s_.groups;
    return {slice(weight, g * out * s_.patch(), out * s_.patch()).data(), out, s_.patch(), s_.patch()};
  }
  template <class Plain>
  auto outputs(Eigen::Map<Plain> y, Index first, Index count, Index g) const {
    const Index out = s_.out_channels / s_.groups;
    return Strided(y.data() + first * y.cols() + g * out, count * s_.positions(), out, s_.out_channels);
  }

  // Calls body(entries of the patches, entries of the image, how many) for stretches that lie side by side in both.
  template <class Body>
  void for_each_stretch(Body body) const {
    const Window& w = s_.window;
    const Index channels = s_.in_channels / s_.groups;
    for (Index r = 0; r < w.out.rows; ++r)
      for (Index c = 0; c < w.out.cols; ++c) {
        const IndexRange rows = w.row_taps(r), cols = w.col_taps(c);
        for (Index i = rows.first; i < rows.last; ++i) {
          const Index tap = i * w.kernel.cols + cols.first;
          const Index patch = (r * w.out.cols + c) * row() + tap * channels;
          const Index image = (w.in_row(r, i) * w.in.cols + w.in_col(c, cols.first)) * s_.in_channels;
          if (s_.groups == 1) {
            body(patch, image, cols.size() * channels);
          } else {
            for (Index j = 0; j < cols.size(); ++j)
              for (Index g = 0; g < s_.groups; ++g)
                body(patch + g * s_.patch() + j * channels, image + j * s_.in_channels + g * channels, channels);
          }
        }
      }
  }
  void unfold(std::span<const T> image, T* patches) const {
    if (s_.window.padding != Extent(0)) std::fill_n(patches, s_.positions() * row(), T(0));
    for_each_stretch([&](Index patch, Index from, Index size) { std::copy_n(image.data() + from, size, patches + patch); });
  }
  void fold(const T* patches, std::span<T> image) const {
    for_each_stretch([&](Index patch, Index to, Index size) {
      axpy<T>(T(1), std::span<const T>(patches + patch, static_cast<std::size_t>(size)), slice(image, to, size));
    });
  }

  ConvolutionShape s_;
};

}  // namespace lmc::simd
