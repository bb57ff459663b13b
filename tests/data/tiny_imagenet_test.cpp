// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/data/sources/tiny_imagenet.hpp>

#include <zlib.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <lmc/io/image_file.hpp>
#include <support/image_files.hpp>
#include <support/skip.hpp>
#include <support/temporary_directory.hpp>

namespace data_tiny_imagenet_test {

namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using Bytes = std::vector<std::uint8_t>;
using lmc::Index;
using testing::plain;

struct Golden {
  std::string path;
  unsigned long crc;         // check sum of the pixels
  std::vector<int> corners;  // red, green, blue: upper left, upper right, lower left, lower right
};
#include "tiny_imagenet_reference.inc"

// Two classes, not in the order of their names; three training and two test images, whose values tell their order.
class Tree {
 public:
  Tree() {
    write("wnids.txt", "n2\nn1");
    image("train/n2/images/n2_0.JPEG", plain(8, 8, {10}));
    image("train/n2/images/n2_1.JPEG", plain(8, 8, {20, 20, 20}));
    write("train/n2/n2_boxes.txt", "n2_0.JPEG\t0\t0\t7\t7\n");
    image("train/n1/images/n1_5.JPEG", plain(8, 8, {30}));
    image("val/images/val_0.JPEG", plain(8, 8, {40}));
    image("val/images/val_10.JPEG", plain(8, 8, {50}));
    write("val/val_annotations.txt", annotations);
    write("test/images/test_0.JPEG", "unlabeled: not read");
  }
  void write(const std::string& name, std::string_view text) const {
    fs::create_directories((directory_ / name).parent_path());
    directory_.write(name, text);
  }
  void image(const std::string& name, const lmc::Image& image) const {
    const auto bytes = testing::jpeg_file(image);
    write(name, std::string(bytes.begin(), bytes.end()));
  }
  [[nodiscard]] lmc::TrainTest<float> load(const lmc::TinyImagenetOptions& options = {.cache = false}) const {
    return lmc::load_tiny_imagenet<float>(directory_.path(), options);
  }
  fs::path operator/(const std::string& name) const { return directory_ / name; }

  static constexpr std::string_view annotations = "val_10.JPEG\tn1\t0\t0\t7\t7\nval_0.JPEG\tn2\t1\t1\t5\t5\n";

 private:
  testing::TemporaryDirectory directory_;
};

const lmc::SharedBytes& pixels(const lmc::Dataset<float>& data) { return std::get<lmc::SharedBytes>(data.features()); }

Bytes values(const lmc::Dataset<float>& data) {
  Bytes result;
  for (Index i = 0; i < data.size(); ++i) result.push_back(pixels(data)[static_cast<std::size_t>(i * data.shape().size())]);
  return result;
}

std::vector<int> labels(const lmc::Dataset<float>& data) { return {data.labels().begin(), data.labels().end()}; }

unsigned long crc(std::span<const std::uint8_t> bytes) { return crc32_z(0, bytes.data(), bytes.size()); }

}  // namespace

TEST_CASE("load_tiny_imagenet: labels in the order of wnids.txt, validation images in that of their annotations", "[data]") {
  const Tree tree;
  const auto data = tree.load();
  CHECK(data.train.shape() == lmc::Shape{8, 8, 3});
  CHECK(data.train.classes() == 2);
  CHECK(values(data.train) == Bytes{10, 20, 30});
  CHECK(labels(data.train) == std::vector{0, 0, 1});
  CHECK(values(data.test) == Bytes{50, 40});
  CHECK(labels(data.test) == std::vector{1, 0});
  CHECK(data.test.standardization() == data.train.standardization());
  CHECK(tree.load({.channels = 1, .cache = false}).train.shape() == lmc::Shape{8, 8, 1});
  tree.write("wnids.txt", "n1\r\nn2\r\n");
  CHECK(labels(tree.load().train) == std::vector{0, 1, 1});
}

TEST_CASE("load_tiny_imagenet: passes over a byte order mark and blanks in wnids.txt", "[data]") {
  const Tree tree;
  tree.write("wnids.txt", "\xEF\xBB\xBFn2 \n\tn1\t\r\n  \n");
  tree.write("val/val_annotations.txt", "val_10.JPEG\tn1 \t0\t0\t7\t7\nval_0.JPEG\tn2 \n");
  CHECK(labels(tree.load().train) == std::vector{0, 0, 1});
  CHECK(labels(tree.load().test) == std::vector{1, 0});
}

TEST_CASE("load_tiny_imagenet: reads what others made of the tree to the same data", "[data]") {
  const Tree tree;
  const auto whole = tree.load();
  const auto same = [&](const lmc::TrainTest<float>& data, const Bytes& test) {
    CHECK(values(data.train) == values(whole.train));
    CHECK(labels(data.train) == labels(whole.train));
    CHECK(values(data.test) == test);
    CHECK(labels(data.test) == std::vector{test[0] == 50 ? 1 : 0, test[0] == 50 ? 0 : 1});
  };
  const auto move = [&](const std::string& from, const std::string& to) {
    fs::create_directories((tree / to).parent_path());
    fs::rename(tree / from, tree / to);
  };
  SECTION("images in the folders of the training classes") {
    for (const std::string name : {"n2/images/n2_0.JPEG", "n2/images/n2_1.JPEG", "n1/images/n1_5.JPEG"})
      move("train/" + name, "train/" + name.substr(0, 3) + fs::path(name).filename().string());
    same(tree.load(), values(whole.test));
  }
  SECTION("validation images in folders of their classes, with annotations: in their order") {
    const auto inner = GENERATE(as<std::string>{}, "", "images/");
    move("val/images/val_10.JPEG", "val/n1/" + inner + "val_10.JPEG");
    move("val/images/val_0.JPEG", "val/n2/" + inner + "val_0.JPEG");
    fs::remove(tree / "val/images");
    same(tree.load(), values(whole.test));
    tree.write("val/val_annotations.txt", "val_10.JPEG\tn2\nval_0.JPEG\tn2\n");
    CHECK_THROWS_WITH(tree.load(), Contains("line 1: 'val_10.JPEG' has the WordNet id 'n2', and is 'val/n1/"));
    fs::remove(tree / "val/val_annotations.txt");
    same(tree.load(), {40, 50});  // by classes: n2 comes first in wnids.txt
  }
  SECTION("all in the archive's folder") {
    for (const char* part : {"train", "val", "wnids.txt"}) move(part, "tiny-imagenet-200/" + std::string(part));
    same(tree.load(), values(whole.test));
  }
  SECTION("without the annotations of images in one folder: refused") {
    fs::remove(tree / "val/val_annotations.txt");
    CHECK_THROWS_WITH(tree.load(),
                      Contains("there are images in '") && Contains("val_annotations.txt', which says what they are"));
  }
}

TEST_CASE("load_tiny_imagenet: hides no images behind others", "[data]") {
  const Tree tree;
  const lmc::Image stray = plain(8, 8, {60});
  SECTION("beside the folder of a class's images") {
    tree.image("train/n2/thumb.JPEG", stray);
    CHECK_THROWS_WITH(tree.load(),
                      Contains("/train/n2', as 'thumb.JPEG', and in '") &&
                          Contains("/train/n2/images', as 'n2_0.JPEG'; expected a class's images in one of the two"));
  }
  SECTION("in val, beside the folder of all images") {
    tree.image("val/n1/val_1.JPEG", stray);
    CHECK_THROWS_WITH(tree.load(), Contains("/val/images' and '") && Contains("/val/n1'; expected the validation images in"));
  }
  SECTION("of one name in two folders of val") {
    fs::rename(tree / "val/images", tree / "val/n1");
    tree.image("val/n2/val_0.JPEG", stray);
    CHECK_THROWS_WITH(tree.load(), Contains("/val/n2/val_0.JPEG' and '") && Contains("/val/n1/val_0.JPEG' have one name"));
  }
  SECTION("passed over: noted") {
    tree.write("train/n1/images/extra.webp", "");
    tree.image("train/n1/more/n1_6.JPEG", stray);
    tree.image("train/beside.JPEG", stray);
    const auto notes = tree.load().report.notes;
    REQUIRE(notes.size() == 4);  // the last on the color image among gray ones
    CHECK(notes[0].first == "train/beside.JPEG");
    CHECK_THAT(notes[1].what, Contains("files with the suffix .webp were passed over"));
    CHECK(notes[2].first == "train/n1/more");
  }
}

TEST_CASE("load_tiny_imagenet: reports classes by their WordNet ids", "[data]") {
  const auto report = Tree().load().report;
  REQUIRE(report.classes.size() == 2);
  CHECK(report.classes[0].name == "n2");
  CHECK(report.classes[0].train == 2);
  CHECK(report.classes[1].test == 1);
  REQUIRE(report.sizes.size() == 1);
  CHECK(report.sizes[0].count == 5);
  REQUIRE(report.notes.size() == 1);
  CHECK(report.notes[0].what == "color images among gray ones");
  CHECK(report.notes[0].first == "train/n2/images/n2_1.JPEG");
}

TEST_CASE("load_tiny_imagenet: a change of the annotations alone is not covered by the cache", "[data]") {
  const Tree tree;
  CHECK(labels(tree.load({}).test) == std::vector{1, 0});
  CHECK(fs::exists(tree / ".lmc-images-3.cache"));
  tree.write("val/val_annotations.txt", "val_10.JPEG\tn2\t0\t0\t7\t7\nval_0.JPEG\tn2\t1\t1\t5\t5\n");
  CHECK(labels(tree.load({}).test) == std::vector{0, 0});
  tree.write("val/val_annotations.txt", "val_0.JPEG\tn2\t1\t1\t5\t5\nval_10.JPEG\tn1\t0\t0\t7\t7\n");
  CHECK(values(tree.load({}).test) == Bytes{40, 50});
}

TEST_CASE("load_tiny_imagenet: names what is missing or does not fit", "[data]") {
  const Tree tree;
  CHECK_THROWS_WITH(lmc::load_tiny_imagenet<float>(tree / "absent"), Contains("absent'; for Tiny ImageNet unpack"));
  const std::string all(Tree::annotations);
  const auto annotated = [&](const std::string& text) {
    tree.write("val/val_annotations.txt", text);
    return tree.load();
  };
  CHECK_THROWS_WITH(annotated(all + "val_7.JPEG\tn1\t0\t0\t7\t7\n"),
                    Contains("val_annotations.txt', line 3: there is no image 'val_7.JPEG' in '") && Contains("/val/images'"));
  CHECK_THROWS_WITH(annotated("val_0.JPEG\tn1\t0\t0\t7\t7\n"),
                    Contains("the image '") && Contains("/val/images/val_10.JPEG' is not in '"));
  CHECK_THROWS_WITH(annotated("val_0.JPEG\tn3\t0\t0\t7\t7\n"),
                    Contains("line 1: 'val_0.JPEG' has the WordNet id 'n3', which is not in wnids.txt"));
  CHECK_THROWS_WITH(annotated(all + "val_0.JPEG\tn2\n"), Contains("line 3: 'val_0.JPEG' is there twice"));
  CHECK_THROWS_WITH(annotated("val_0.JPEG n2\n"), Contains("line 1: there is no tab"));
  CHECK_THROWS_WITH(annotated(""), Contains("val_0.JPEG' is not in '"));
  CHECK_NOTHROW(annotated("val_0.JPEG\tn1\n\r\nval_10.JPEG\tn1\r\n"));

  tree.write("train/n1/images/n1_5.JPEG", "not an image");
  CHECK_THROWS_WITH(tree.load(), Contains("n1_5.JPEG': it is neither JPEG nor PNG"));
  tree.image("train/n1/images/n1_5.JPEG", plain(8, 9, {1}));
  CHECK_THROWS_WITH(tree.load(), Contains("n1_5.JPEG' has 9×8 pixels, and 'train/n2/images/n2_0.JPEG' has 8×8"));
  fs::remove(tree / "train/n1/images/n1_5.JPEG");
  CHECK_THROWS_WITH(tree.load(), Contains("/train/n1/images' has no images; was the archive unpacked to its end?"));
  fs::remove_all(tree / "train/n1");
  CHECK_THROWS_WITH(tree.load(),
                    Contains("there is no folder '") && Contains("/train/n1'; was the archive unpacked to its end?"));
  tree.write("wnids.txt", "n2\n");
  CHECK_THROWS_WITH(tree.load(), Contains("wnids.txt' has one class, 'n2'; expected two or more"));
  tree.write("wnids.txt", "<!doctype html>\n");
  CHECK_THROWS_WITH(tree.load(), Contains("cannot read '") && Contains("wnids.txt': it is an HTML page"));
  tree.write("wnids.txt", "n2\nn3\n");
  tree.write("train/n9/images/n9_0.JPEG", "");
  CHECK_THROWS_WITH(tree.load(), Contains("/train/n9' is no class: wnids.txt does not have it"));
  tree.write("wnids.txt", "n2\nn2\n");
  CHECK_THROWS_WITH(tree.load(), Contains("wnids.txt', line 2: 'n2' is there twice"));
  tree.write("wnids.txt", "\n");
  CHECK_THROWS_WITH(tree.load(), Contains("wnids.txt' is empty"));
  fs::remove(tree / "wnids.txt");
  CHECK_THROWS_WITH(tree.load(),
                    Contains("wnids.txt': there is no such file; for Tiny ImageNet unpack") && Contains("load_image_folder"));
}

TEST_CASE("load_tiny_imagenet: reads real images to the bit as Pillow does", "[data][real][long]") {
  const char* directory = std::getenv("LMC_TEST_DATA");
  if (directory == nullptr || !fs::exists(fs::path(directory) / "tiny-imagenet-200"))
    return testing::skip("there is no tiny-imagenet-200 in LMC_TEST_DATA");
  const fs::path root = fs::path(directory) / "tiny-imagenet-200";
  for (const Golden& image : golden) {
    CAPTURE(image.path);
    const Bytes bytes = lmc::load_image(root / image.path, 3).pixels;
    std::vector<int> corners;
    for (const std::size_t i : {0U, 63U, 64U * 63U, 64U * 64U - 1U})
      for (std::size_t c = 0; c < 3; ++c) corners.push_back(bytes[3 * i + c]);
    CHECK(corners == image.corners);
    CHECK(crc(bytes) == image.crc);
  }

  const auto color = lmc::load_tiny_imagenet<float>(root, {.cache = false});
  CHECK(color.train.shape() == lmc::Shape{64, 64, 3});
  CHECK(color.train.classes() == 200);
  CHECK(crc(pixels(color.train)) == train_3);
  CHECK(crc(pixels(color.test)) == val_3);
  std::vector<int> of_class(200);
  for (const int y : color.test.labels()) ++of_class[static_cast<std::size_t>(y)];
  CHECK(of_class == std::vector<int>(200, 5));
  const auto gray_images = [](const lmc::Dataset<float>& data) {
    const lmc::SharedBytes& p = pixels(data);
    std::size_t count = 0;
    for (Index i = 0; i < data.size(); ++i) {
      bool gray = true;
      for (Index j = i * data.shape().size(); j < (i + 1) * data.shape().size(); j += 3) {
        const auto k = static_cast<std::size_t>(j);
        gray = gray && p[k] == p[k + 1] && p[k] == p[k + 2];
      }
      count += gray ? 1 : 0;
    }
    return count;
  };
  CHECK(color.train.size() == static_cast<Index>(train_images));
  CHECK(color.test.size() == static_cast<Index>(val_images));
  CHECK(gray_images(color.train) >= gray_train_images);  // color files may hold gray images, too
  CHECK(gray_images(color.test) >= gray_val_images);

  const auto gray = lmc::load_tiny_imagenet<float>(root, {.channels = 1, .cache = false});
  CHECK(crc(pixels(gray.train)) == train_1);
  CHECK(crc(pixels(gray.test)) == val_1);
}

}  // namespace data_tiny_imagenet_test
