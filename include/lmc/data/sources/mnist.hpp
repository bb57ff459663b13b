// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/data/sources/detail/find_file.hpp>
#include <lmc/io/idx.hpp>

namespace lmc {

namespace detail {

struct LabelledImages {
  std::filesystem::path path;  // path of the images
  IdxArray images;             // [examples, rows, columns]
  std::vector<std::int32_t> labels;
};

inline LabelledImages read_mnist_part(const std::filesystem::path& directory, const std::string& part, Index classes,
                                      std::string_view advice) {
  const auto images_path = find_plain_or_gzip(directory, part + "-images-idx3-ubyte", advice);
  const auto labels_path = find_plain_or_gzip(directory, part + "-labels-idx1-ubyte", advice);
  LabelledImages result{images_path, read_idx(images_path), {}};
  const Shape& shape = result.images.shape;
  require(shape.rank() == 3 && shape.size() > 0, "'", images_path.string(), "' has the shape ", shape,
          "; expected [images, rows, columns], none of them 0");
  const IdxArray labels = read_idx(labels_path);
  require(labels.shape.rank() == 1, "'", labels_path.string(), "' has the shape ", labels.shape, "; expected [labels]");
  require(labels.shape[0] == shape[0], "'", images_path.string(), "' has ", shape[0], " images and '", labels_path.string(),
          "' ", labels.shape[0], " labels; expected as many of each");
  result.labels.assign(labels.values.begin(), labels.values.end());
  require_labels("'" + labels_path.string() + "'", result.labels, classes);
  return result;
}

/// Four files under MNIST's names. advice: how to get them.
template <std::floating_point Scalar>
TrainTest<Scalar> load_mnist_format(const std::filesystem::path& directory, Index classes, std::string_view advice) {
  LabelledImages train = read_mnist_part(directory, "train", classes, advice);
  LabelledImages test = read_mnist_part(directory, "t10k", classes, advice);
  const auto example_shape = [](const LabelledImages& part) { return Shape{part.images.shape[1], part.images.shape[2], 1}; };
  require(example_shape(train) == example_shape(test), "'", train.path.string(), "' has the shape ", train.images.shape,
          " and '", test.path.string(), "' ", test.images.shape, "; expected images of one size");
  const Standardization standardization = standardization_of(train.images.values, 1);
  const auto dataset = [&](LabelledImages& part) {
    return Dataset<Scalar>({.shape = example_shape(part),
                            .classes = classes,
                            .labels = std::move(part.labels),
                            .features = std::move(part.images.values),
                            .standardization = standardization});
  };
  return {dataset(train), dataset(test)};
}

}  // namespace detail

/// MNIST from {train,t10k}-{images-idx3,labels-idx1}-ubyte in a directory, each plain or with .gz: examples of shape [28, 28,
/// 1] (or whatever the files hold), ten classes, the pixels of both parts standardized by the training part's mean and standard
/// deviation. Throws: Error when a file is missing (which, and how to get it) or wrong (as read_idx), images and labels differ
/// in number, or a label is above 9 (which example's).
template <std::floating_point Scalar>
TrainTest<Scalar> load_mnist(const std::filesystem::path& directory) {
  return detail::load_mnist_format<Scalar>(directory, 10, "for MNIST run `bash examples/get-data.sh mnist`, which fetches it");
}

/// Fashion-MNIST, which has MNIST's form and file names.
template <std::floating_point Scalar>
TrainTest<Scalar> load_fashion_mnist(const std::filesystem::path& directory) {
  return detail::load_mnist_format<Scalar>(
      directory, 10,
      "for Fashion-MNIST run `bash examples/get-data.sh fashion-mnist`, which fetches it, or install Debian's package "
      "dataset-fashion-mnist, which puts it into /usr/share/datasets/fashion-mnist");
}

}  // namespace lmc
