// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <lmc/core/detail/reserve_large.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/io/detail/luma.hpp>

namespace lmc {

namespace detail {

template <std::floating_point Scalar>
void require_images(std::string_view who, const Dataset<Scalar>& data, std::string_view expected, bool ok = true) {
  require(data.shape().rank() == 3 && ok, who, ": an example has the shape ", data.shape(), "; expected ", expected);
}

/// A data set of images made from images, one by one: convert(from, to) appends an image to `to`, whose values are of the type
/// that `from` points to. 8-bit images get the standardization of the result.
template <std::floating_point Scalar, class Convert>
Dataset<Scalar> convert_images(const Dataset<Scalar>& data, const Shape& shape, Convert convert) {
  return std::visit(
      [&](const auto& from) {
        std::vector<typename std::remove_cvref_t<decltype(from)>::value_type> to;
        reserve_large(to, static_cast<std::size_t>(data.size() * shape.size()));
        for (Index i = 0; i < data.size(); ++i) convert(from.data() + i * data.shape().size(), to);
        Standardization standardization;
        if constexpr (std::is_same_v<decltype(to), std::vector<std::uint8_t>>)
          standardization = standardization_of(to, shape[2]);
        return Dataset<Scalar>({.shape = shape,
                                .classes = data.classes(),
                                .labels = {data.labels().begin(), data.labels().end()},
                                .features = std::move(to),
                                .standardization = std::move(standardization),
                                .targets = {data.targets().begin(), data.targets().end()}});
      },
      data.features());
}

/// Both parts changed in the same way, and standardized by the training part.
template <std::floating_point Scalar, class Change>
TrainTest<Scalar> change_both(const TrainTest<Scalar>& data, Change change) {
  TrainTest<Scalar> result{change(data.train), change(data.test), data.report};
  if (std::holds_alternative<SharedBytes>(result.test.features()))
    result.test = result.test.with_standardization(result.train.standardization());
  return result;
}

// For sums that fit into an Index: those of fewer than 2⁵⁵ bytes.
inline std::uint8_t rounded_mean(Index sum, Index count) { return static_cast<std::uint8_t>((2 * sum + count) / (2 * count)); }
template <std::floating_point Scalar>
Scalar rounded_mean(Scalar sum, Index count) {
  return sum / static_cast<Scalar>(count);
}

}  // namespace detail

/// Images of one channel from images of red, green and blue: [h, w, 3] to [h, w, 1], by
///   Y = (19595 R + 38470 G + 7471 B) / 2¹⁶,   rounded to nearest for 8-bit images,
/// the luma of ITU-R BT.601 as Pillow and torchvision compute it. 8-bit images stay 8-bit and get their own standardization.
/// Throws: Error when an example is no [h, w, 3]. Checked against Pillow: tests/data/pixels_reference.inc.
template <std::floating_point Scalar>
Dataset<Scalar> grayscale(const Dataset<Scalar>& data) {
  const Shape& s = data.shape();
  detail::require_images("grayscale", data, "[rows, columns, 3], images of red, green and blue", s.rank() == 3 && s[2] == 3);
  return detail::convert_images(data, {s[0], s[1], 1}, [&](const auto* from, auto& to) {
    for (Index p = 0; p < s[0] * s[1]; ++p) to.push_back(detail::luma(from + 3 * p));
  });
}

/// Images of three equal channels from images of one: [h, w, 1] to [h, w, 3]. 8-bit images stay 8-bit and get their own
/// standardization. Throws: Error when an example is no [h, w, 1].
template <std::floating_point Scalar>
Dataset<Scalar> color(const Dataset<Scalar>& data) {
  const Shape& s = data.shape();
  detail::require_images("color", data, "[rows, columns, 1], images of one channel", s.rank() == 3 && s[2] == 1);
  return detail::convert_images(data, {s[0], s[1], 3}, [&](const auto* from, auto& to) {
    for (Index p = 0; p < s[0] * s[1]; ++p) to.insert(to.end(), 3, from[p]);
  });
}

/// Smaller images, each value the mean of a square of factor × factor: [h, w, c] to [h / factor, w / factor, c]. Of 8-bit
/// images the mean is rounded to nearest, halves up; they stay 8-bit and get their own standardization. Throws: Error when an
/// example is no [h, w, c], or factor does not divide h and w.
template <std::floating_point Scalar>
Dataset<Scalar> downsample(const Dataset<Scalar>& data, Index factor) {
  const Shape& s = data.shape();
  detail::require_images("downsample", data, "[rows, columns, channels]");
  require(factor > 0 && s[0] % factor == 0 && s[1] % factor == 0, "downsample: factor = ", factor,
          "; expected a positive divisor of the images' ", s[0], " rows and ", s[1], " columns");
  const Shape smaller = {s[0] / factor, s[1] / factor, s[2]};
  return detail::convert_images(data, smaller, [&](const auto* from, auto& to) {
    using Value = std::remove_cvref_t<decltype(*from)>;
    using Sum = std::conditional_t<std::is_integral_v<Value>, Index, Value>;
    for_each_index(smaller, [&](std::span<const Index> at) {
      Sum sum = 0;
      for (Index y = at[0] * factor; y < (at[0] + 1) * factor; ++y)
        for (Index x = at[1] * factor; x < (at[1] + 1) * factor; ++x) sum += from[(y * s[1] + x) * s[2] + at[2]];
      to.push_back(detail::rounded_mean(sum, factor * factor));
    });
  });
}

/// The same of both parts; 8-bit images are standardized by the training part of the result.
template <std::floating_point Scalar>
TrainTest<Scalar> grayscale(const TrainTest<Scalar>& data) {
  return detail::change_both(data, [](const Dataset<Scalar>& part) { return grayscale(part); });
}
/// color() of both parts, as grayscale().
template <std::floating_point Scalar>
TrainTest<Scalar> color(const TrainTest<Scalar>& data) {
  return detail::change_both(data, [](const Dataset<Scalar>& part) { return color(part); });
}
/// downsample() of both parts, as grayscale().
template <std::floating_point Scalar>
TrainTest<Scalar> downsample(const TrainTest<Scalar>& data, Index factor) {
  return detail::change_both(data, [&](const Dataset<Scalar>& part) { return downsample(part, factor); });
}

}  // namespace lmc
