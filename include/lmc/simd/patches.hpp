// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cassert>
#include <concepts>
#include <cstddef>
#include <span>

#include <lmc/core/shape.hpp>
#include <lmc/core/window.hpp>
#include <lmc/simd/rows.hpp>

namespace lmc::simd {

namespace detail {

/// Calls copy(in_image, in_patches, count) for every row of every patch of an image: stretches of `count` contiguous scalars.
template <class Copy>
void for_each_patch_row(const Window& w, Index channels, Copy copy) {
  const Index count = w.kernel.cols * channels;
  Index in_patches = 0;
  for (Index r = 0; r < w.out.rows; ++r)
    for (Index c = 0; c < w.out.cols; ++c)
      for (Index i = 0; i < w.kernel.rows; ++i, in_patches += count)
        copy((w.in_row(r, i) * w.in.cols + w.in_col(c, 0)) * channels, in_patches, static_cast<std::size_t>(count));
}

template <std::floating_point T>
void copy_row(const T* from, T* to, std::size_t count) {
  // A few scalars in a masked register; a call of memmove would take longer.
  for_each_row_vector<T>(count, [&](auto part, std::size_t j) { part.store(to + j, part.load(from + j)); });
}

}  // namespace detail

/// patches [patch, kernel rows, kernel cols, channels] ← what lies under every position of a window without padding in one
/// image [rows, cols, channels]. Memory bound.
template <std::floating_point T>
void gather_patches(const Window& w, Index channels, std::span<const T> image, std::span<T> patches) {
  assert(static_cast<Index>(image.size()) == w.in.size() * channels && w.padding == Extent(0) &&
         static_cast<Index>(patches.size()) == w.out.size() * w.kernel.size() * channels);
  detail::for_each_patch_row(w, channels, [&](Index in_image, Index in_patches, std::size_t count) {
    detail::copy_row(image.data() + in_image, patches.data() + in_patches, count);
  });
}

/// Puts the patches back where gather_patches took them from; for windows that lie side by side (asserted), so that each pixel
/// under one is written once. The others are left alone.
template <std::floating_point T>
void scatter_patches(const Window& w, Index channels, std::span<const T> patches, std::span<T> image) {
  assert(static_cast<Index>(image.size()) == w.in.size() * channels && w.padding == Extent(0) && w.stride == w.kernel &&
         static_cast<Index>(patches.size()) == w.out.size() * w.kernel.size() * channels);
  detail::for_each_patch_row(w, channels, [&](Index in_image, Index in_patches, std::size_t count) {
    detail::copy_row(patches.data() + in_patches, image.data() + in_image, count);
  });
}

}  // namespace lmc::simd
