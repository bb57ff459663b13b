// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <ostream>
#include <span>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/data/targets.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/simd/normal_noise.hpp>

namespace lmc {

/// Random changes of an example, made in this order. All but noise are for images [height, width, channels].
struct AugmentationOptions {
  Index crop_padding = 0;  // pixels p ≥ 0: pad by p on each side and crop at random, a shift by whole pixels of {−p, …, p}
  bool flip = false;       // left to right, with probability ½
  double translation = 0;  // pixels t ≥ 0: a shift by real numbers uniform on [−t, t), between pixels bilinear
  double noise = 0;        // standard deviation ≥ 0 of normal noise on every standardized value
  friend bool operator==(const AugmentationOptions&, const AugmentationOptions&) = default;
};

/// As `crop 4 flip noise 0.1`, or `none`.
inline std::ostream& operator<<(std::ostream& out, const AugmentationOptions& o) {
  if (o == AugmentationOptions()) return out << "none";
  const char* between = "";
  const auto next = [&]() -> std::ostream& { return out << std::exchange(between, " "); };
  if (o.crop_padding > 0) next() << "crop " << o.crop_padding;
  if (o.flip) next() << "flip";
  if (o.translation > 0) next() << "translation " << o.translation;
  if (o.noise > 0) next() << "noise " << o.noise;
  return out;
}

/// The examples of a data set, each changed at random whenever it is gathered. What becomes of an example is a function of
/// (seed, epoch, its position in the data set), not of the batch that it is in or of the thread. What comes into view at an
/// edge is black (Dataset::background). Holds the memory of one example: each thread needs an object of its own. The data set
/// must outlive it.
template <std::floating_point Scalar>
class AugmentedDataset {
 public:
  /// Throws: Error when an option is negative or not finite, is for images and the examples are none, or moves them out of
  /// sight.
  AugmentedDataset(const Dataset<Scalar>& data, const AugmentationOptions& options, std::uint64_t seed)
      : data_(&data), o_(options), seed_(seed) {
    const Shape& shape = data.shape();
    require(o_.crop_padding >= 0 && o_.translation >= 0 && o_.noise >= 0 && std::isfinite(o_.translation) &&
                std::isfinite(o_.noise),
            "augmentation: crop_padding = ", o_.crop_padding, ", translation = ", o_.translation, ", noise = ", o_.noise,
            "; expected finite numbers, none negative");
    if (!moves()) return;
    require(shape.rank() == 3, "augmentation: '", o_,
            "' is for images [height, width, channels], but an example has the shape ", shape, "; noise alone is for any data");
    const Index side = std::min(shape[0], shape[1]);
    require(o_.crop_padding < side && o_.translation < static_cast<double>(side), "augmentation: '", o_,
            "' can move all of an image of shape ", shape, " out of sight; expected less than ", side, " pixels");
    before_.resize(static_cast<std::size_t>(shape.size()));
  }

  /// Epoch 0 until it is called.
  void set_epoch(std::uint32_t epoch) { epoch_ = epoch; }

  /// That of the data set.
  [[nodiscard]] Index classes() const { return data_->classes(); }
  /// That of the data set.
  [[nodiscard]] Index target_size() const { return data_->target_size(); }

  /// As Dataset::gather, and then changed; targets stay as they are.
  void gather(std::span<const Index> examples, MatrixView<Scalar> x, TargetsOutput<Scalar> y) {
    data_->gather(examples, x, y);
    for (std::size_t row = 0; row < examples.size(); ++row)
      change(static_cast<std::uint64_t>(examples[row]),
             {x.data() + static_cast<Index>(row) * x.cols(), static_cast<std::size_t>(x.cols())});
  }
  /// The same with labels [examples] alone.
  void gather(std::span<const Index> examples, MatrixView<Scalar> x, std::span<std::int32_t> labels) {
    gather(examples, x, TargetsOutput<Scalar>{.labels = labels});
  }

 private:
  // Which draws of Purpose::augmentation are which.
  enum class Part : std::uint32_t { crop_and_flip, translation, noise };
  [[nodiscard]] Stream stream(Part part) const {
    return {.seed = seed_, .purpose = Purpose::augmentation, .epoch = epoch_, .part = static_cast<std::uint32_t>(part)};
  }
  [[nodiscard]] bool moves() const { return o_.crop_padding > 0 || o_.flip || o_.translation > 0; }

  void change(std::uint64_t example, std::span<Scalar> x) {
    if (o_.crop_padding > 0 || o_.flip) {
      const auto bits = random_bits(stream(Part::crop_and_flip), example);
      const auto shift = [&](std::uint32_t word) {
        return static_cast<Index>(word * static_cast<std::uint64_t>(2 * o_.crop_padding + 1) >> 32) - o_.crop_padding;
      };
      crop_and_flip(shift(bits[0]), shift(bits[1]), o_.flip && bits[2] >> 31 == 1, x);
    }
    if (o_.translation > 0) {
      const auto bits = random_bits(stream(Part::translation), example);
      const auto shift = [&](std::uint32_t high, std::uint32_t low) {
        return o_.translation * (2 * detail::unit_interval(high, low) - 1);
      };
      translate(shift(bits[0], bits[1]), shift(bits[2], bits[3]), x);
    }
    if (o_.noise > 0)
      simd::add_normal_noise(stream(Part::noise), example * simd::normal_noise_draws(x.size()), static_cast<Scalar>(o_.noise),
                             x);
  }

  /// x[r, c] ← x[r + down, c + right], c counted from the right when flipped, or background.
  void crop_and_flip(Index down, Index right, bool flipped, std::span<Scalar> x) {
    if (down == 0 && right == 0 && !flipped) return;
    std::copy(x.begin(), x.end(), before_.begin());
    const Index height = data_->shape()[0], width = data_->shape()[1], channels = data_->shape()[2];
    Scalar* to = x.data();
    for (Index r = 0; r < height; ++r) {
      const bool row_in_sight = r + down >= 0 && r + down < height;
      for (Index c = 0; c < width; ++c, to += channels) {
        const Index column = (flipped ? width - 1 - c : c) + right;
        const Scalar* from = row_in_sight && column >= 0 && column < width
                                 ? before_.data() + ((r + down) * width + column) * channels
                                 : data_->background().data();
        std::copy_n(from, channels, to);
      }
    }
  }

  /// x[r, c] ← x[r + down, c + right], bilinear between pixels, with background around the image.
  void translate(double down, double right, std::span<Scalar> x) {
    std::copy(x.begin(), x.end(), before_.begin());
    const Index height = data_->shape()[0], width = data_->shape()[1], channels = data_->shape()[2];
    const auto top = static_cast<Index>(std::floor(down)), left = static_cast<Index>(std::floor(right));
    const auto v = static_cast<Scalar>(down - std::floor(down)), h = static_cast<Scalar>(right - std::floor(right));
    const auto pixel = [&](Index r, Index c) {
      return r >= 0 && r < height && c >= 0 && c < width ? before_.data() + (r * width + c) * channels
                                                         : data_->background().data();
    };
    Scalar* to = x.data();
    for (Index r = top; r < top + height; ++r)
      for (Index c = left; c < left + width; ++c, to += channels) {
        const Scalar *a = pixel(r, c), *b = pixel(r, c + 1), *d = pixel(r + 1, c), *e = pixel(r + 1, c + 1);
        for (Index k = 0; k < channels; ++k) to[k] = (1 - v) * ((1 - h) * a[k] + h * b[k]) + v * ((1 - h) * d[k] + h * e[k]);
      }
  }

  const Dataset<Scalar>* data_;
  AugmentationOptions o_;
  std::uint64_t seed_;
  std::uint32_t epoch_ = 0;
  std::vector<Scalar> before_;  // an example as it was
};

}  // namespace lmc
