// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/data/read_report.hpp>
#include <lmc/data/sources/detail/image_copies.hpp>
#include <lmc/data/sources/detail/mnist_files.hpp>
#include <lmc/data/sources/detail/read_notes.hpp>
#include <lmc/io/idx.hpp>

namespace lmc {

namespace detail {

struct LabelledImages {
  std::filesystem::path path;  // path of the images
  IdxArray images;             // [examples, rows, columns]
  std::vector<std::int32_t> labels;
};

inline LabelledImages read_mnist_part(const std::filesystem::path& images_path, const std::filesystem::path& labels_path) {
  LabelledImages result{images_path, read_idx(images_path), {}};
  const Shape& shape = result.images.shape;
  require(shape.rank() == 3 && shape.size() > 0, "'", images_path.string(), "' has the shape ", shape,
          "; expected [images, rows, columns], none of them 0");
  const IdxArray labels = read_idx(labels_path);
  require(labels.shape.rank() == 1, "'", labels_path.string(), "' has the shape ", labels.shape, "; expected [labels]");
  require(labels.shape[0] == shape[0], "'", images_path.string(), "' has ", shape[0], " images and '", labels_path.string(),
          "' ", labels.shape[0], " labels; expected as many of each");
  result.labels.assign(labels.values.begin(), labels.values.end());
  return result;
}

/// The labels of a data set in MNIST's format.
struct MnistLabels {
  std::int32_t first = 0;  // of EMNIST's letters: 1
  Index classes = 10;
};

/// Those that the files' names say, and where they say nothing those of EMNIST of which the training labels have each; else 10 from 0
/// on, so that one damaged label is no data set of other classes.
inline MnistLabels mnist_labels(const std::string& prefix, const std::vector<std::int32_t>& train) {
  constexpr MnistLabels letters{.first = 1, .classes = 26};
  if (prefix.ends_with("letters-")) return letters;
  if (prefix.ends_with("balanced-") || prefix.ends_with("bymerge-")) return {.classes = 47};
  if (prefix.ends_with("byclass-")) return {.classes = 62};
  if (prefix.ends_with("digits-") || prefix.ends_with("mnist-")) return {};
  const std::set<std::int32_t> labels(train.begin(), train.end());
  const auto count = static_cast<Index>(labels.size());
  if (count == 26 && *labels.begin() == 1 && *labels.rbegin() == 26) return letters;
  if ((count == 47 || count == 62) && *labels.begin() == 0 && *labels.rbegin() == count - 1) return {.classes = count};
  return {};
}

/// The data set in four files. advice: how to get them.
template <std::floating_point Scalar>
TrainTest<Scalar> load_mnist_format(const std::filesystem::path& directory, std::string_view advice) {
  const MnistFiles files = find_mnist_files(directory, advice);
  LabelledImages train = read_mnist_part(files.paths[0], files.paths[1]);
  LabelledImages test = read_mnist_part(files.paths[2], files.paths[3]);
  const auto example_shape = [](const LabelledImages& part) { return Shape{part.images.shape[1], part.images.shape[2], 1}; };
  require(example_shape(train) == example_shape(test), "'", train.path.string(), "' has the shape ", train.images.shape,
          " and '", test.path.string(), "' ", test.images.shape, "; expected images of one size");
  const MnistLabels numbers = mnist_labels(files.prefix, train.labels);
  const auto from_zero = [&](std::vector<std::int32_t>& labels, const std::filesystem::path& path) {
    for (std::size_t i = 0; i < labels.size(); ++i)
      require(labels[i] >= numbers.first && labels[i] < numbers.first + numbers.classes, "'", path.string(), "': example ", i,
              " has the label ", labels[i], "; expected ", numbers.first, " to ", numbers.first + numbers.classes - 1);
    for (std::int32_t& label : labels) label -= numbers.first;
  };
  from_zero(train.labels, files.paths[1]);
  from_zero(test.labels, files.paths[3]);
  std::vector<std::string> names;
  for (Index k = 0; k < numbers.classes; ++k) names.push_back(std::to_string(numbers.first + k));
  ReadReport report{.classes = count_classes(std::move(names), train.labels, test.labels),
                    .columns = {},
                    .missing = {},
                    .sizes = {{.height = train.images.shape[1],
                               .width = train.images.shape[2],
                               .count = train.images.shape[0] + test.images.shape[0]}},
                    .notes = {}};
  require_trainable("'" + files.paths[1].string() + "'", report.classes);
  for (const ReadClass& c : report.classes)
    if (c.train == 0) add_note(report.notes, "classes have no examples", c.name);
  if (numbers.first > 0) add_note(report.notes, "labels count from 1; the classes from 0", files.paths[1].string(), 1);
  note_image_copies(train.images.values, test.images.values, static_cast<std::size_t>(example_shape(train).size()),
                    test.path.string(), report.notes);
  const Standardization standardization = standardization_of(train.images.values, 1);
  const auto dataset = [&](LabelledImages& part) {
    return Dataset<Scalar>({.shape = example_shape(part),
                            .classes = numbers.classes,
                            .labels = std::move(part.labels),
                            .features = std::move(part.images.values),
                            .standardization = standardization});
  };
  return {dataset(train), dataset(test), std::move(report)};
}

}  // namespace detail

/// MNIST from {train,t10k}-{images-idx3,labels-idx1}-ubyte in a directory, each plain or with .gz: examples of shape [28, 28,
/// 1] (or whatever the files hold), ten classes, the pixels of both parts standardized by the training part's mean and standard
/// deviation.
///
/// The names of Kaggle's archive (train-images.idx3-ubyte, or a folder of that name around each file) and of EMNIST
/// (emnist-letters-train-images-idx3-ubyte) are understood, and so are folders that libraries make (MNIST/raw). Of several splits in one
/// folder, `DIRECTORY/emnist-letters` is one. EMNIST has 26 classes (letters, of labels 1 to 26), 47 or 62, by the files' names or the
/// training labels; its images are stored lying on their side, and stay so. The report has the numbers of the classes, and
/// notes those without examples, as a subset of a data set has them, and test images half of which are training images, too.
///
/// Throws: Error when a file is missing (which, what there is instead, and how to get it) or wrong (as read_idx), there are several data
/// sets (which), images and labels differ in number, a label is above the classes (which example's), all training examples are of one
/// class, or a class has test examples alone.
template <std::floating_point Scalar>
TrainTest<Scalar> load_mnist(const std::filesystem::path& directory) {
  return detail::load_mnist_format<Scalar>(directory, "for MNIST run `bash examples/get-data.sh mnist`, which fetches it");
}

/// Fashion-MNIST, which has MNIST's form and file names.
template <std::floating_point Scalar>
TrainTest<Scalar> load_fashion_mnist(const std::filesystem::path& directory) {
  return detail::load_mnist_format<Scalar>(
      directory,
      "for Fashion-MNIST run `bash examples/get-data.sh fashion-mnist`, which fetches it, or install Debian's package "
      "dataset-fashion-mnist, which puts it into /usr/share/datasets/fashion-mnist");
}

}  // namespace lmc
