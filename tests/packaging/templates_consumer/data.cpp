// SPDX-License-Identifier: BSD-3-Clause
#include <vector>

#include <lmc/data/augmentation.hpp>
#include <lmc/data/character_ngrams.hpp>
#include <lmc/data/class_counts.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/data/label_noise.hpp>
#include <lmc/data/merge_classes.hpp>
#include <lmc/data/pixels.hpp>
#include <lmc/data/sources/cifar.hpp>
#include <lmc/data/sources/mnist.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/data/sources/table.hpp>
#include <lmc/data/sources/text_dataset.hpp>
#include <lmc/data/sources/tsv_text.hpp>
#include <lmc/data/sources/words.hpp>
#include <lmc/data/split.hpp>
#include <lmc/data/standardize.hpp>
#include <lmc/data/subset.hpp>
#include <lmc/io/file_kind.hpp>
#include <lmc/matrix/views.hpp>

#include "parts.hpp"

namespace {

template <class T>
void use_data_with(T) {
  const auto points = lmc::gaussian_mixture<T>({.examples = 40, .classes = 4, .dimension = 48, .separation = 2});
  lmc::Dataset<T> images({.shape = {4, 4, 3},
                          .classes = 2,
                          .labels = std::vector<std::int32_t>(10, 1),
                          .features = std::vector<std::uint8_t>(480, 7),
                          .standardization = {{0.1, 0.2, 0.3}, {1, 1, 1}}});
  const lmc::TrainTest<T> both{images, images};
  check(lmc::downsample(lmc::grayscale(both), 2).train.shape() == lmc::Shape{2, 2, 1}, "grayscale");
  check(lmc::color(lmc::grayscale(images)).shape() == images.shape(), "color");
  check(lmc::standardize(both).train.size() == 10, "standardize");
  check(lmc::class_subset(points, {0, 3}).classes() == 2, "class_subset");
  check(lmc::per_class_subset(points, 3, 1).size() == 12, "per_class_subset");
  check(lmc::random_subset(points, 7, 1).size() == 7, "random_subset");
  check(lmc::with_label_noise(points, {.share = 0.5, .seed = 1}).size() == 40, "with_label_noise");
  check(lmc::merge_classes(both, 1, 1).train.classes() == 1, "merge_classes");
  check(lmc::split(points, {.validation = 10}).train.size() == 30, "split");
  lmc::TrainTest<T> parts{points, points};
  parts.report.classes = lmc::read_classes(parts.train, parts.test);
  lmc::recount_classes(parts);
  check(parts.report.classes[0].train == lmc::class_counts(points)[0], "class_counts");
  check(lmc::spirals<T>({}).classes() > 1, "spirals");

  lmc::AugmentedDataset<T> augmented(images, {.crop_padding = 1, .flip = true, .translation = 0.5, .noise = 0.1}, 1);
  augmented.set_epoch(0);
  std::vector<T> x(480);
  std::vector<std::int32_t> y(10);
  const std::vector<lmc::Index> examples{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  augmented.gather(examples, lmc::matrix_view(std::span(x), 10, 48), y);
  check(x[0] != x[3], "noise");

  instantiate(lmc::load_cifar10<T>, lmc::load_cifar100<T>, lmc::load_mnist<T>, lmc::load_fashion_mnist<T>, lmc::load_table<T>,
              lmc::load_csv<T>, lmc::load_tsv_text<T>, lmc::load_words<T>);
}

}  // namespace

void use_data() {
  for_each_scalar([](auto scalar) { use_data_with(scalar); });
  check(lmc::ngram_bucket("th", 16) < 16, "ngram_bucket");
  check(!lmc::file_kind("a,b\n1,2\n"), "file_kind");
}
