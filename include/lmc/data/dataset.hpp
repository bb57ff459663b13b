// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cassert>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/shared_bytes.hpp>
#include <lmc/data/read_report.hpp>
#include <lmc/data/targets.hpp>
#include <lmc/matrix/views.hpp>

namespace lmc {

/// Mean and standard deviation per channel, of pixels scaled to [0, 1]. Empty for data that are not pixels.
struct Standardization {
  std::vector<double> mean;                // per channel, in [0, 1]
  std::vector<double> standard_deviation;  // per channel, positive
  friend bool operator==(const Standardization&, const Standardization&) = default;
};

/// What the standardization of pixels with interleaved channels is computed from. Sums are of integers, so that parts that are
/// added up give the same bits in any order.
class ChannelSums {
 public:
  /// Throws: Error when channels is not positive.
  explicit ChannelSums(Index channels) {
    require(channels > 0, "ChannelSums: channels = ", channels, "; expected a positive number");
    total_.resize(static_cast<std::size_t>(channels));
    squares_.resize(static_cast<std::size_t>(channels));
  }

  /// Adds pixels. Throws: Error when there are not as many values of each channel.
  void add(std::span<const std::uint8_t> pixels) {
    const std::size_t channels = total_.size();
    require(pixels.size() % channels == 0, "ChannelSums: ", pixels.size(), " pixel values of ", channels,
            " channels; expected a multiple");
    // One sum for each position in a row of some whole number of pixels: a loop that compilers vectorize for any number of
    // channels.
    const std::size_t row = channels * (1 + 1024 / channels);
    constexpr int rows = 65536;  // 65536 · 255² is below 2³²
    std::vector<std::uint32_t> s(row), q(row);
    for (std::size_t begin = 0; begin < pixels.size();) {
      std::fill(s.begin(), s.end(), 0U);
      std::fill(q.begin(), q.end(), 0U);
      for (int r = 0; r < rows && begin < pixels.size(); ++r, begin += row) {
        const std::uint8_t* p = pixels.data() + begin;
        const std::size_t n = std::min(row, pixels.size() - begin);
        for (std::size_t j = 0; j < n; ++j) {
          const std::uint32_t byte = p[j];
          s[j] += byte;
          q[j] += byte * byte;
        }
      }
      for (std::size_t j = 0; j < row; ++j) {
        total_[j % channels] += s[j];
        squares_[j % channels] += q[j];
      }
    }
    count_ += static_cast<std::int64_t>(pixels.size() / channels);
  }

  /// Adds the sums of other pixels, of as many channels.
  ChannelSums& operator+=(const ChannelSums& other) {
    assert(total_.size() == other.total_.size());
    count_ += other.count_;
    for (std::size_t c = 0; c < total_.size(); ++c) {
      total_[c] += other.total_[c];
      squares_[c] += other.squares_[c];
    }
    return *this;
  }

  ///   mean_c = Σ p / n,   deviation_c = √(Σ (p − mean_c)² / n)   over the n values p = byte / 255 of channel c.
  /// Only the last operations round. A constant channel gets the deviation 1, and is 0 once standardized. Throws: Error when
  /// there are no pixels.
  [[nodiscard]] Standardization standardization() const {
    require(count_ > 0, "ChannelSums: there are no pixels to standardize by");
    Standardization result;
    for (std::size_t c = 0; c < total_.size(); ++c) {
      // About the integer m nearest to the mean, so that nothing cancels: Σ(b − m)² = Σb² − 2mΣb + nm².
      const std::int64_t n = count_, total = total_[c], m = (total + n / 2) / n;
      const double offset = static_cast<double>(total - n * m) / static_cast<double>(n);
      const double variance =
          static_cast<double>(squares_[c] - 2 * m * total + n * m * m) / static_cast<double>(n) - offset * offset;
      result.mean.push_back(static_cast<double>(total) / static_cast<double>(n) / 255);
      result.standard_deviation.push_back(variance > 0 ? std::sqrt(variance) / 255 : 1.0);
    }
    return result;
  }

 private:
  std::int64_t count_ = 0;  // values per channel
  std::vector<std::int64_t> total_, squares_;
};

/// The standardization of pixels with interleaved channels, as ChannelSums. Throws: Error when there are no pixels, or not as
/// many of each channel.
inline Standardization standardization_of(std::span<const std::uint8_t> pixels, Index channels) {
  require(channels > 0 && !pixels.empty() && static_cast<Index>(pixels.size()) % channels == 0,
          "standardization_of: ", pixels.size(), " pixel values of ", channels, " channels; expected a positive multiple");
  ChannelSums sums(channels);
  sums.add(pixels);
  return sums.standardization();
}

/// Example after example: 8-bit pixels, or values as they are.
template <std::floating_point Scalar>
using Features = std::variant<SharedBytes, std::vector<Scalar>>;

/// What a Dataset is made of: examples with labels, or with numbers as targets (a regression), or with both.
template <std::floating_point Scalar>
struct DatasetParts {
  Shape shape;                           // shape of one example, channels last: [28, 28, 1]
  Index classes = 0;                     // labels are below it; 0 without labels
  std::vector<std::int32_t> labels;      // one per example, or none
  Features<Scalar> features;             // example after example, each row-major
  Standardization standardization = {};  // of pixels
  std::vector<Scalar> targets = {};      // numbers that outputs are to be, example after example, as many for each; or none
};

namespace detail {

/// Throws: Error that names the first value that is not finite; `what` each example has `size` of.
template <std::floating_point Scalar>
void require_finite(std::string_view what, const std::vector<Scalar>& values, Index size) {
  const auto wrong = std::find_if(values.begin(), values.end(), [](Scalar x) { return !std::isfinite(x); });
  if (wrong == values.end()) return;
  const auto at = static_cast<Index>(wrong - values.begin());
  throw Error(concat("Dataset: example ", at / size, " has the ", what, ' ', *wrong, " at position ", at % size, " of its ",
                     size, "; expected finite numbers; replace or leave out what is missing"));
}

/// Throws: Error that names the first example whose label is not in [0, classes); `what` begins the message.
inline void require_labels(std::string_view what, std::span<const std::int32_t> labels, Index classes) {
  const auto wrong = std::find_if(labels.begin(), labels.end(), [&](std::int32_t y) { return y < 0 || y >= classes; });
  if (wrong == labels.end()) return;
  throw Error(concat(what, ": example ", wrong - labels.begin(), " has the label ", *wrong, "; expected 0 to ", classes - 1));
}

}  // namespace detail

/// Examples and what is to be said of them, in memory, immutable, so that any number of runs can share them; copies share features
/// and targets, also those with other labels or another standardization. 8-bit pixels stay 8-bit, and are standardized while a batch is
/// gathered:
///   x = (byte / 255 − mean_c) / deviation_c,   computed as byte · scale_c + shift_c.
template <std::floating_point Scalar>
class Dataset {
 public:
  /// Throws: Error when there is no example, or neither labels nor targets, features, targets or standardization do not fit the
  /// shape and the number of examples, a feature or target is not finite, a deviation is not positive, or a label is out of range.
  explicit Dataset(DatasetParts<Scalar> parts)
      : Dataset(parts.shape, parts.classes, std::move(parts.labels),
                std::make_shared<const Features<Scalar>>(std::move(parts.features)), std::move(parts.standardization),
                std::make_shared<const std::vector<Scalar>>(std::move(parts.targets))) {
    if (const auto* values = std::get_if<std::vector<Scalar>>(features_.get()))
      detail::require_finite("value", *values, shape_.size());
    detail::require_finite("target", *targets_, target_size());
  }

  /// Number of examples.
  [[nodiscard]] Index size() const { return size_; }
  /// The shape of one example, channels last.
  [[nodiscard]] const Shape& shape() const { return shape_; }
  /// Number of classes; labels are below it. 0 where there are no labels.
  [[nodiscard]] Index classes() const { return classes_; }
  /// One per example; none where there are no classes.
  [[nodiscard]] std::span<const std::int32_t> labels() const { return labels_; }
  /// The numbers that outputs are to be, [size(), target_size()], row-major; none where there are labels alone.
  [[nodiscard]] std::span<const Scalar> targets() const { return *targets_; }
  /// How many such numbers each example has; 0 where there are labels alone.
  [[nodiscard]] Index target_size() const { return static_cast<Index>(targets_->size()) / size_; }
  /// Example after example, as they are stored.
  [[nodiscard]] const Features<Scalar>& features() const { return *features_; }
  /// By which pixels are standardized; empty for data that are not pixels.
  [[nodiscard]] const Standardization& standardization() const { return standardization_; }
  /// What black pixels are once standardized, for each channel; 0 for data that are not pixels: what an augmentation fills
  /// with.
  [[nodiscard]] std::span<const Scalar> background() const { return background_; }

  /// The same examples with other labels. Throws: Error when there are not as many, or one is not in [0, classes).
  [[nodiscard]] Dataset with_labels(std::vector<std::int32_t> labels, Index classes) const {
    return Dataset(shape_, classes, std::move(labels), features_, standardization_, targets_);
  }
  /// The same pixels, standardized by other numbers, such as those of the data that a network was trained on. Throws: Error
  /// when the data are not pixels, or the numbers do not fit the channels.
  [[nodiscard]] Dataset with_standardization(Standardization standardization) const {
    require(
        std::holds_alternative<SharedBytes>(*features_),
        "Dataset: a standardization is for 8-bit pixels, but the features are numbers as they are; standardize them before");
    return Dataset(shape_, classes_, labels_, features_, std::move(standardization), targets_);
  }

  /// Features and targets of the given examples, in that order. x [examples, shape().size()], y: overwritten, as far as y asks.
  /// Sizes, positions, and that the data set has what y asks for are asserted.
  void gather(std::span<const Index> examples, MatrixView<Scalar> x, TargetsOutput<Scalar> y) const {
    assert(static_cast<Index>(examples.size()) == x.rows());
    gather_rows([&](std::size_t row) { return examples[row]; }, x, y);
  }
  /// The same with labels [examples] alone.
  void gather(std::span<const Index> examples, MatrixView<Scalar> x, std::span<std::int32_t> labels) const {
    gather(examples, x, TargetsOutput<Scalar>{.labels = labels});
  }

  /// The same of the x.rows() examples from first on.
  void gather_range(Index first, MatrixView<Scalar> x, TargetsOutput<Scalar> y) const {
    gather_rows([&](std::size_t row) { return first + static_cast<Index>(row); }, x, y);
  }
  /// The same with labels [examples] alone.
  void gather_range(Index first, MatrixView<Scalar> x, std::span<std::int32_t> labels) const {
    gather_range(first, x, TargetsOutput<Scalar>{.labels = labels});
  }

  /// A data set of the given examples, in that order. Throws: Error when there are none; positions are asserted.
  [[nodiscard]] Dataset subset(std::span<const Index> examples) const {
    DatasetParts<Scalar> parts{shape_, classes_, {}, {}, standardization_};
    parts.labels.reserve(labels_.empty() ? 0 : examples.size());
    parts.targets.reserve(examples.size() * static_cast<std::size_t>(target_size()));
    for (const Index i : examples) {
      assert(i >= 0 && i < size());
      if (!labels_.empty()) parts.labels.push_back(labels_[static_cast<std::size_t>(i)]);
      const std::span<const Scalar> target = target_of(i);
      parts.targets.insert(parts.targets.end(), target.begin(), target.end());
    }
    parts.features = std::visit(
        [&](const auto& all) -> Features<Scalar> {
          std::vector<typename std::remove_cvref_t<decltype(all)>::value_type> some;
          some.reserve(examples.size() * static_cast<std::size_t>(shape_.size()));
          for (const Index i : examples) some.insert(some.end(), example(all, i), example(all, i + 1));
          return some;
        },
        *features_);
    return Dataset(std::move(parts));
  }

 private:
  Dataset(Shape shape, Index classes, std::vector<std::int32_t> labels, std::shared_ptr<const Features<Scalar>> features,
          Standardization standardization, std::shared_ptr<const std::vector<Scalar>> targets)
      : shape_(std::move(shape)),
        classes_(classes),
        labels_(std::move(labels)),
        features_(std::move(features)),
        standardization_(std::move(standardization)),
        targets_(std::move(targets)) {
    const auto count = std::visit([](const auto& f) { return static_cast<Index>(f.size()); }, *features_);
    require(shape_.rank() > 0 && std::all_of(shape_.axes().begin(), shape_.axes().end(), [](Index n) { return n > 0; }),
            "Dataset: the shape of an example is ", shape_, "; expected positive lengths");
    // Where there are labels, they say how many examples there are.
    size_ = labels_.empty() && !targets_->empty() ? count / shape_.size() : static_cast<Index>(labels_.size());
    require(size_ > 0 || count == 0, "Dataset: there are ", count,
            " feature values, but neither labels nor targets; expected a label, or as many targets, for each example");
    require(size_ > 0, "Dataset: there are no examples");
    require(count == size_ * shape_.size(), "Dataset: there are ", count, " feature values; expected ", size_,
            " examples × shape ", shape_, " = ", size_ * shape_.size());
    require(static_cast<Index>(targets_->size()) % size_ == 0, "Dataset: there are ", targets_->size(), " targets for ", size_,
            " examples; expected as many for each");
    if (labels_.empty())
      require(classes_ == 0, "Dataset: classes = ", classes_,
              ", but there are no labels; expected 0 classes where there are none");
    else
      require(classes_ > 0, "Dataset: classes = ", classes_, "; expected a positive number");
    detail::require_labels("Dataset", labels_, classes_);
    if (std::holds_alternative<SharedBytes>(*features_)) prepare_scaling();
    background_.resize(static_cast<std::size_t>(shape_[shape_.rank() - 1]));
    std::copy_n(shift_.begin(), shift_.empty() ? 0 : background_.size(), background_.begin());
  }

  void prepare_scaling() {
    const Index channels = shape_[shape_.rank() - 1];
    const Standardization& s = standardization_;
    require(static_cast<Index>(s.mean.size()) == channels && static_cast<Index>(s.standard_deviation.size()) == channels,
            "Dataset: the standardization has ", s.mean.size(), " means and ", s.standard_deviation.size(),
            " deviations; expected ", channels, " each, the last axis of the shape ", shape_);
    for (std::size_t j = 0; j < static_cast<std::size_t>(shape_.size()); ++j) {
      const std::size_t c = j % s.mean.size();
      require(s.standard_deviation[c] > 0 && std::isfinite(s.standard_deviation[c]) && std::isfinite(s.mean[c]),
              "Dataset: channel ", c, " has the mean ", s.mean[c], " and the deviation ", s.standard_deviation[c],
              "; expected finite, and the deviation positive");
      scale_.push_back(static_cast<Scalar>(1 / (255 * s.standard_deviation[c])));
      shift_.push_back(static_cast<Scalar>(-s.mean[c] / s.standard_deviation[c]));
    }
  }

  template <class Values>
  auto example(const Values& features, Index i) const {
    return features.data() + i * shape_.size();
  }

  // A scale and a shift for every position of an example: one loop that compilers vectorize whatever the number of channels, in
  // stretches of a constant length, without which GCC does not at -O2.
  void convert(const std::uint8_t* bytes, Scalar* __restrict x) const {
    const Scalar *scale = scale_.data(), *shift = shift_.data();
    const Index n = shape_.size();
    constexpr Index stretch = 64;
    Index j = 0;
    for (; j + stretch <= n; j += stretch)
      for (Index k = 0; k < stretch; ++k) x[j + k] = static_cast<Scalar>(bytes[j + k]) * scale[j + k] + shift[j + k];
    for (; j < n; ++j) x[j] = static_cast<Scalar>(bytes[j]) * scale[j] + shift[j];
  }
  void convert(const Scalar* values, Scalar* x) const { std::copy_n(values, shape_.size(), x); }

  static void prefetch(const void* begin, const void* end) {
    constexpr std::ptrdiff_t line = 64;
    for (auto p = static_cast<const char*>(begin); p < end; p += line) __builtin_prefetch(p);
  }

  [[nodiscard]] std::span<const Scalar> target_of(Index i) const { return slice(targets(), i * target_size(), target_size()); }

  template <class At>
  void gather_rows(At at, MatrixView<Scalar> x, TargetsOutput<Scalar> y) const {
    const auto rows = static_cast<std::size_t>(x.rows());
    assert(x.cols() == shape_.size());
    assert(y.labels.empty() || (!labels_.empty() && y.labels.size() == rows));
    assert(y.values.empty() || (target_size() > 0 && static_cast<Index>(y.values.size()) == x.rows() * target_size()));
    std::visit(
        [&](const auto& features) {
          for (std::size_t row = 0; row < rows; ++row) {
            // Examples in random order come from memory: without this, three quarters of the time of a batch of MNIST is
            // waiting.
            constexpr std::size_t ahead = 4;
            if (row + ahead < rows) prefetch(example(features, at(row + ahead)), example(features, at(row + ahead) + 1));
            const Index i = at(row);
            assert(i >= 0 && i < size());
            convert(example(features, i), x.data() + static_cast<Index>(row) * x.cols());
            if (!y.labels.empty()) y.labels[row] = labels_[static_cast<std::size_t>(i)];
            if (!y.values.empty()) std::ranges::copy(target_of(i), y.values.begin() + static_cast<Index>(row) * target_size());
          }
        },
        *features_);
  }

  Shape shape_;
  Index classes_, size_ = 0;
  std::vector<std::int32_t> labels_;
  std::shared_ptr<const Features<Scalar>> features_;
  Standardization standardization_;
  std::shared_ptr<const std::vector<Scalar>> targets_;
  std::vector<Scalar> scale_, shift_;  // for pixels, one per position in an example
  std::vector<Scalar> background_;
};

namespace detail {

/// Throws: Error, begun by `who`, when examples have no labels.
template <std::floating_point Scalar>
void require_classes(std::string_view who, const Dataset<Scalar>& data) {
  require(data.classes() > 0, who, ": the data set has no classes, only numbers as targets; expected labels");
}

}  // namespace detail

/// Data to train on, and data of the same kind to test with.
template <std::floating_point Scalar>
struct TrainTest {
  Dataset<Scalar> train;   // to train on
  Dataset<Scalar> test;    // of the same shape and classes, to test with
  ReadReport report = {};  // what a loader found in the files; empty for data that were made
};

}  // namespace lmc
