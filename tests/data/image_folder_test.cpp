// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/core/random.hpp>
#include <lmc/data/sources/image_folder.hpp>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <unistd.h>

#include <support/image_files.hpp>
#include <support/skip.hpp>
#include <support/temporary_directory.hpp>

namespace data_image_folder_test {

namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using Bytes = std::vector<std::uint8_t>;
using lmc::Index;
using lmc::load_image_folder;
using testing::pattern;
using testing::plain;
using testing::png_file;

constexpr const char* cache_name = ".lmc-images-3.cache";

// A tree of files in a directory of its own.
class Tree {
 public:
  void write(const std::string& name, const Bytes& bytes) const {
    fs::create_directories((directory_ / name).parent_path());
    directory_.write(name, bytes);
  }
  // An image of one value.
  void image(const std::string& name, std::uint8_t value) const { write(name, png_file(plain(2, 2, {value}))); }
  // Two classes; the values tell the order of the examples.
  void two_classes(const std::string& prefix, std::uint8_t from) const {
    image(prefix + "cat/1.png", from);
    image(prefix + "cat/2.png", static_cast<std::uint8_t>(from + 1));
    image(prefix + "dog/1.png", static_cast<std::uint8_t>(from + 2));
  }

  [[nodiscard]] const fs::path& path() const { return directory_.path(); }
  fs::path operator/(const std::string& name) const { return directory_ / name; }

 private:
  testing::TemporaryDirectory directory_;
};

const lmc::SharedBytes& pixels(const lmc::Dataset<float>& data) { return std::get<lmc::SharedBytes>(data.features()); }

// The first value of each example.
Bytes values(const lmc::Dataset<float>& data) {
  Bytes result;
  for (Index i = 0; i < data.size(); ++i) result.push_back(pixels(data)[static_cast<std::size_t>(i * data.shape().size())]);
  return result;
}

std::vector<int> labels(const lmc::Dataset<float>& data) { return {data.labels().begin(), data.labels().end()}; }

lmc::ImageFolderOptions without_cache() { return {.cache = false}; }

}  // namespace

TEST_CASE("load_image_folder: labels are class folders by name, and images lie anywhere below them", "[data]") {
  const Tree tree;
  tree.image("train/b/2.PNG", 12);
  tree.image("train/b/10.png", 11);
  tree.image("train/b/z.png", 13);
  tree.image("train/b/deep/er/0.png", 16);
  tree.image("train/b/deep/1.png", 14);
  tree.image("train/b/deep-/1.png", 15);  // before what is below `deep`: torchvision sorts whole paths, and - comes before /
  tree.write("train/A/1.JpEg", testing::jpeg_file(plain(2, 2, {10, 10, 10})));
  tree.image("train/c/1.png", 17);
  tree.write("train/c/notes.txt", {1});
  tree.write("train/c/.hidden.png", {1});
  tree.write("train/.git/1.png", {1});
  tree.write("train/beside.png", {1});
  tree.image("test/c/1.png", 20);
  tree.image("test/A/1.png", 21);
  tree.image("val/c/1.png", 99);  // there is a test part
  const auto data = load_image_folder<float>(tree.path(), without_cache());
  CHECK(data.train.shape() == lmc::Shape{2, 2, 3});
  CHECK(data.train.classes() == 3);
  CHECK(values(data.train) == Bytes{10, 11, 12, 13, 14, 15, 16, 17});
  CHECK(labels(data.train) == std::vector{0, 1, 1, 1, 1, 1, 1, 2});
  CHECK(values(data.test) == Bytes{21, 20});
  CHECK(labels(data.test) == std::vector{0, 2});
  CHECK(!fs::exists(tree / cache_name));
}

TEST_CASE("load_image_folder: standardizes both parts by the training part, for any number of threads", "[data]") {
  const Tree tree;
  for (int i = 0; i < 100; ++i) {
    const std::string name = std::string(i % 3 == 0 ? "x/" : "y/") + std::to_string(i) + ".png";
    tree.write("train/" + name, png_file(pattern(6, 5, i % 5 == 0 ? 1 : 3, i)));
    tree.write("val/" + name, png_file(pattern(6, 5, 3, i + 100)));
  }
  const auto one = load_image_folder<float>(tree.path(), {.threads = 1, .cache = false});
  CHECK(one.train.standardization() == lmc::standardization_of(pixels(one.train), 3));
  CHECK(one.test.standardization() == one.train.standardization());
  CHECK(one.train.standardization() != lmc::standardization_of(pixels(one.test), 3));
  for (const int threads : {2, 3, 7}) {
    const auto many = load_image_folder<float>(tree.path(), {.threads = threads, .cache = false});
    CHECK(pixels(many.train) == pixels(one.train));
    CHECK(pixels(many.test) == pixels(one.test));
    CHECK(many.train.standardization() == one.train.standardization());
  }
}

TEST_CASE("load_image_folder: puts a share aside, by a seed, where there is no training part", "[data]") {
  const Tree tree;
  for (int i = 0; i < 50; ++i)
    tree.image((i < 20 ? "a/" : "b/") + std::to_string(100 + i) + ".png", static_cast<std::uint8_t>(i));
  const auto load = [&](double share, std::uint64_t seed) {
    return load_image_folder<float>(tree.path(), {.test_share = share, .split_seed = seed, .cache = false});
  };
  const auto data = load(0.3, 1);
  CHECK(data.test.size() == 15);
  Bytes all = values(data.train), aside = values(data.test);
  CHECK(std::is_sorted(all.begin(), all.end()));
  CHECK(std::is_sorted(aside.begin(), aside.end()));
  for (Index i = 0; i < 15; ++i)
    CHECK(data.test.labels()[static_cast<std::size_t>(i)] == (aside[static_cast<std::size_t>(i)] < 20 ? 0 : 1));
  all.insert(all.end(), aside.begin(), aside.end());
  CHECK(std::set<int>(all.begin(), all.end()).size() == 50);
  CHECK(values(load(0.3, 1).test) == aside);
  CHECK(values(load(0.3, 2).test) != aside);
  CHECK(load(0.001, 1).test.size() == 1);
  CHECK_THROWS_WITH(load(0.999, 1),
                    Contains("all images of the class '") && Contains("' were put aside to test with (test_share = 0.999, "
                                                                      "split_seed = 1); expected training images"));
  CHECK_THROWS_WITH(load(0, 1), Contains("test_share = 0; expected a number between 0 and 1"));
  CHECK_THROWS_WITH(load(1, 1), Contains("test_share = 1;"));
}

TEST_CASE("load_image_folder: puts aside the first images of an order that the seed shuffles", "[data][determinism]") {
  const Tree tree;
  Bytes order;
  for (std::uint8_t i = 0; i < 40; ++i) {
    tree.image((i < 20 ? "a/" : "b/") + std::to_string(100 + i) + ".png", i);
    order.push_back(i);
  }
  lmc::shuffle({.seed = 6, .purpose = lmc::Purpose::split}, std::span(order));
  order.resize(10);
  std::sort(order.begin(), order.end());
  CHECK(values(load_image_folder<float>(tree.path(), {.test_share = 0.25, .split_seed = 6, .cache = false}).test) == order);
}

TEST_CASE("load_image_folder: brings images to one channel or one size", "[data]") {
  const Tree tree;
  tree.write("train/a/1.png", png_file(plain(4, 6, {255, 0, 0})));
  tree.write("train/b/2.png", png_file(plain(9, 3, {7})));
  tree.write("val/a/1.png", png_file(plain(3, 3, {0, 255, 0})));
  const auto data = load_image_folder<float>(tree.path(), {.channels = 1, .size = 3, .cache = false});
  CHECK(data.train.shape() == lmc::Shape{3, 3, 1});
  CHECK(pixels(data.train) == Bytes{76, 76, 76, 76, 76, 76, 76, 76, 76, 7, 7, 7, 7, 7, 7, 7, 7, 7});
  CHECK(values(data.test) == Bytes{150});
  CHECK_THROWS_WITH(
      load_image_folder<float>(tree.path(), without_cache()),
      Contains("train/b/2.png' has 3×9 pixels, and 'train/a/1.png' has 6×4; 2 of 3 images differ from that one") &&
          Contains("expected images of one size: bring them to one with the option size, as in size = 64"));
  CHECK_THROWS_WITH(load_image_folder<float>(tree.path(), {.cache = false, .wording = lmc::Wording::command_line}),
                    Contains("bring them to one with --image-size 64"));
  CHECK_THROWS_WITH(load_image_folder<float>(tree.path(), {.channels = 2}), Contains("channels = 2; expected 1"));
  CHECK_THROWS_WITH(load_image_folder<float>(tree.path(), {.size = -1}), Contains("size = -1; expected at most 16384"));
  CHECK_THROWS_WITH(load_image_folder<float>(tree.path(), {.threads = -1}), Contains("threads = -1"));
}

TEST_CASE("load_image_folder: follows links, but not in a circle", "[data]") {
  const Tree tree, elsewhere;
  elsewhere.image("cats/1.png", 5);
  elsewhere.image("1.png", 6);
  tree.two_classes("train/", 10);
  tree.two_classes("val/", 20);
  fs::create_directory_symlink(elsewhere / "cats", tree / "train/zebra");
  fs::create_symlink(elsewhere / "1.png", tree / "train/cat/0.png");
  CHECK(values(load_image_folder<float>(tree.path(), without_cache()).train) == Bytes{6, 10, 11, 12, 5});
  fs::create_symlink("nowhere", tree / "train/dog/2.png");
  CHECK_THROWS_WITH(load_image_folder<float>(tree.path(), without_cache()), Contains("dog/2.png': there is no such file"));
  CHECK_THROWS_WITH(load_image_folder<float>(tree.path()), Contains("dog/2.png': there is no such file"));
  fs::remove(tree / "train/dog/2.png");
  fs::create_directory_symlink("..", tree / "train/dog/circle");
  CHECK_THROWS_WITH(load_image_folder<float>(tree.path(), without_cache()),
                    Contains("train/dog/circle/dog' is a link to a folder that it lies in"));
}

TEST_CASE("load_image_folder: says what is wrong with a tree", "[data]") {
  const Tree tree;
  const auto load = [&] { return load_image_folder<float>(tree.path(), without_cache()); };
  CHECK_THROWS_WITH(load_image_folder<float>(tree / "absent"), Contains("there is no directory '") && Contains("absent'"));
  CHECK_THROWS_WITH(load(), Contains("there is no folder in '") && Contains("expected one folder per class"));
  tree.two_classes("train/", 10);
  CHECK_THROWS_WITH(load(),
                    Contains("has a folder 'train', but neither 'test' nor 'val'; load '") && Contains("/train' to put"));
  fs::create_directory(tree / "val");
  CHECK_THROWS_WITH(load(), Contains("there is no folder in '") && Contains("/val'"));
  fs::create_directory(tree / "val/dog");
  CHECK_THROWS_WITH(load(), Contains("the class folder '") && Contains("/val/dog' has no image (.jpg, .jpeg or .png)"));
  tree.image("val/dog/1.png", 1);
  CHECK_NOTHROW(load());
  for (const std::string name : {"ant", "horse"}) {  // before and behind those that there are
    tree.image("val/" + name + "/1.png", 1);
    CHECK_THROWS_WITH(
        load(), Contains("val/" + name + "', but no '") && Contains("train/" + name + "'; expected the test part's classes"));
    fs::remove_all(tree / ("val/" + name));
  }
  fs::create_directory(tree / "train/empty");
  CHECK_THROWS_WITH(load(), Contains("train/empty' has no image (.jpg, .jpeg or .png); remove it, or add images"));
  tree.write("train/empty/1.bmp", {1});
  CHECK_THROWS_WITH(
      load(),
      Contains("train/empty' has no image (.jpg, .jpeg or .png), but other files, as 'train/empty/1.bmp'; remove it, or "
               "convert them to PNG or JPEG"));
}

TEST_CASE("load_image_folder: refuses classes that nothing can be learned of", "[data]") {
  const Tree one, few;
  one.image("cat/1.png", 1);
  one.image("cat/2.png", 2);
  CHECK_THROWS_WITH(load_image_folder<float>(one.path(), without_cache()),
                    Contains("/cat' is the only class; expected two or more"));
  one.image("train/cat/1.png", 1);
  one.image("val/cat/1.png", 1);
  CHECK_THROWS_WITH(load_image_folder<float>(one / "train", without_cache()), Contains("/cat' is the only class"));
  for (int i = 0; i < 10; ++i) few.image("class" + std::to_string(i) + "/1.png", 1);
  CHECK_THROWS_WITH(
      load_image_folder<float>(few.path(), {.cache = false, .wording = lmc::Wording::command_line}),
      Contains("all images of the class 'class") &&
          Contains(
              "' were put aside to test with (--test-share 0.2, --split-seed 0); expected training images of every class"));
}

TEST_CASE("load_image_folder: says that two names differ in their Unicode form alone", "[data]") {
  const std::string composed = "M\u00e4dchen", decomposed = "Ma\u0308dchen";
  const Tree parts, together;
  for (const std::string& name : {std::string("train/Junge"), "train/" + composed, "test/" + decomposed})
    parts.image(name + "/1.png", 1);
  CHECK_THROWS_WITH(load_image_folder<float>(parts.path(), without_cache()),
                    Contains("look alike and are written in two Unicode forms (NFC and NFD)") && Contains("convmv"));
  for (const std::string& name : {composed, decomposed}) together.image(name + "/1.png", 1);
  CHECK_THROWS_WITH(load_image_folder<float>(together.path(), without_cache()),
                    Contains("look alike and are written in two Unicode forms; move their images together"));
}

TEST_CASE("load_image_folder: notes classes that differ in case alone", "[data]") {
  const Tree parts;
  std::uint8_t gray = 0;
  for (const char* name : {"train/Cat/1.png", "train/cat/2.png", "train/dog/3.png", "test/cat/4.png"})
    parts.image(name, ++gray);
  const auto notes = load_image_folder<float>(parts.path(), {.channels = 1, .cache = false}).report.notes;
  REQUIRE(notes.size() == 1);
  CHECK(notes[0].what == "the folders 'Cat' and 'cat' are two classes");
}

TEST_CASE("load_image_folder: refuses folders that are one number", "[data]") {
  const Tree tree;
  for (const char* name : {"1/1.png", "01/2.png", "2/3.png"}) tree.image(name, 1);
  CHECK_THROWS_WITH(load_image_folder<float>(tree.path(), without_cache()),
                    Contains("the class folders '01' and '1' in '") && Contains("are one number"));
}

TEST_CASE("load_image_folder: refuses masks among the images of a class", "[data]") {
  const auto load = [](const std::vector<std::string>& more) {
    const Tree tree;
    std::uint8_t value = 0;
    for (const char* name : {"cat/1.png", "cat/2.png", "cat/3.png", "cat/4.png", "dog/1.png", "dog/2.png", "dog/3.png"})
      tree.image(name, ++value);
    for (const std::string& name : more) tree.image(name, ++value);
    return load_image_folder<float>(tree.path(), {.cache = false, .wording = lmc::Wording::command_line}).train.size();
  };
  CHECK_THROWS_WITH(load({"cat/1_mask.png", "cat/2_mask.png"}),
                    Contains("/cat' has 4 images and 2 masks of them, as '1_mask.png'; a mask is no image of a class: move"));
  CHECK_THROWS_WITH(load({"cat/1-SEG.png", "cat/3.gt.png"}), Contains("has 4 images and 2 masks of them"));
  CHECK_THROWS_WITH(load({"cat/deep/1.png", "cat/deep/1_label.png", "cat/deep/2.png", "cat/deep/2_label.png"}),
                    Contains("/cat/deep' has 2 images and 2 masks"));
  CHECK_THROWS_WITH(load({"cat/masks/1.png"}),
                    Contains("/cat/masks' holds no images of a class by its name; move it out of '"));
  CHECK(load({"cat/1_mask.png"}) > 0);                      // one may be called so
  CHECK(load({"cat/5_mask.png", "cat/6_mask.png"}) > 0);    // of no image there
  CHECK(load({"cat/1_copy.png", "cat/2_unmask.png"}) > 0);  // no masks
}

TEST_CASE("load_image_folder: refuses domains with classes in them", "[data]") {
  const auto load = [](const std::vector<std::string>& files) {
    const Tree tree;
    std::uint8_t value = 0;
    for (const std::string& name : files)
      for (const char* file : {"/1.png", "/2.png", "/3.png", "/4.png"}) tree.image(name + file, ++value);
    return load_image_folder<float>(tree.path(), without_cache()).train.classes();
  };
  const std::string both = "have folders of the same names, 'bike' and 'mug' among them: these look like the classes";
  CHECK_THROWS_WITH(load({"amazon/bike", "amazon/mug", "webcam/bike", "webcam/mug", "webcam/pen"}),
                    Contains("/amazon' and '") && Contains("/webcam' " + both) &&
                        Contains("give the folder of one domain, '") && Contains("/amazon', or, where the outer"));
  CHECK_THROWS_WITH(load({"amazon/images/bike", "amazon/images/mug", "pen", "webcam/bike", "webcam/mug"}),
                    Contains("/amazon/images' and '") && Contains("/webcam' " + both));
  CHECK(load({"train/bike", "train/mug", "test/bike", "test/mug"}) == 2);
  CHECK(load({"cat/day", "dog/day"}) == 2);
  CHECK(load({"cat/part1", "cat/part2", "dog/part1", "dog/part2"}) == 2);
  CHECK(load({"cat/a", "cat/b", "cat/c", "cat/d", "cat/e", "dog/a", "dog/b", "dog/x", "dog/y", "dog/z"}) == 2);
}

TEST_CASE("load_image_folder: notes a test part of one class", "[data]") {
  const Tree tree;
  tree.two_classes("train/", 10);
  for (int i = 0; i < 9; ++i) tree.image("test/cat/" + std::to_string(i) + ".png", static_cast<std::uint8_t>(20 + i));
  const auto notes = [&] { return load_image_folder<float>(tree.path(), {.channels = 1, .cache = false}).report.notes; };
  CHECK(notes().empty());
  tree.image("test/cat/9.png", 30);
  REQUIRE(notes().size() == 1);
  CHECK(notes()[0].what == "test examples are all of one class: their error says nothing of the others");
  CHECK(notes()[0].count == 10);
  CHECK(notes()[0].first == "cat");
}

TEST_CASE("load_image_folder: reads a folder once, however many links lead to it", "[data]") {
  const Tree tree;
  tree.two_classes("", 10);
  // 30 levels, each with two links to the next: 2^30 ways.
  for (int i = 0; i < 30; ++i) fs::create_directory(tree / ("level" + std::to_string(i)));
  for (int i = 0; i < 30; ++i)
    for (const char* way : {"/a", "/b"})
      fs::create_directory_symlink(i < 29 ? tree / ("level" + std::to_string(i + 1)) : tree / "cat",
                                   tree / ("level" + std::to_string(i) + way));
  const Tree root;
  fs::create_directory(root / "many");
  fs::create_directory_symlink(tree / "level0", root / "many/ways");
  for (const char* name : {"one/1.png", "one/2.png", "one/3.png"}) root.image(name, 1);
  const auto data = load_image_folder<float>(root.path(), without_cache());
  CHECK(data.train.size() + data.test.size() == 5);
  const auto& notes = data.report.notes;
  const auto links =
      std::find_if(notes.begin(), notes.end(), [](const auto& n) { return n.what.find("links to folders") != n.what.npos; });
  REQUIRE(links != notes.end());
  CHECK(links->count == 30);
}

TEST_CASE("load_image_folder: refuses one file as an image of two classes or of both parts, through whatever link", "[data]") {
  const Tree tree;
  tree.two_classes("train/", 10);
  tree.two_classes("test/", 20);
  const auto load = [&] { return load_image_folder<float>(tree.path(), without_cache()); };
  SECTION("a folder under two classes") {
    fs::create_directory_symlink("cat", tree / "train/emu");
    CHECK_THROWS_WITH(load(), Contains("/train/emu/1.png' and '") && Contains("/train/cat/1.png' are one file, by a link") &&
                                  Contains("of the classes 'emu' and 'cat'; expected each image in one class"));
  }
  SECTION("a file under two classes") {
    fs::create_symlink("../cat/2.png", tree / "train/dog/2.png");
    CHECK_THROWS_WITH(load(), Contains("/train/dog/2.png' and '") && Contains("/train/cat/2.png' are one file"));
  }
  SECTION("a hard link, in the test part") {
    fs::create_hard_link(tree / "test/cat/2.png", tree / "test/dog/2.png");
    CHECK_THROWS_WITH(load(), Contains("/test/dog/2.png' and '") && Contains("/test/cat/2.png' are one file"));
  }
  SECTION("a folder in both parts") {
    fs::remove_all(tree / "test/cat");
    fs::create_directory_symlink("../train/cat", tree / "test/cat");
    CHECK_THROWS_WITH(load(), Contains("/test/cat/1.png' and '") && Contains("/train/cat/1.png' are one file") &&
                                  Contains("in the training and in the test part; expected each image in one part"));
  }
  SECTION("a file in both parts") {
    fs::create_hard_link(tree / "train/dog/1.png", tree / "test/dog/2.png");
    CHECK_THROWS_WITH(load(), Contains("/test/dog/2.png' and '") && Contains("/train/dog/1.png' are one file"));
  }
  SECTION("a class folder under two classes, of images that are put aside at random") {
    fs::create_directory_symlink("cat", tree / "train/emu");
    CHECK_THROWS_WITH(load_image_folder<float>(tree / "train", without_cache()), Contains("of the classes 'emu' and 'cat'"));
  }
  SECTION("within a class: read once") {
    fs::create_symlink("1.png", tree / "train/cat/3.png");
    const auto data = load();
    CHECK(values(data.train) == Bytes{10, 11, 12});
    REQUIRE(data.report.notes.size() == 2);
    CHECK(data.report.notes[1].what.starts_with("images are gray, all of them"));
    CHECK(data.report.notes[0].what == "links to images that were read already were passed over");
    CHECK(data.report.notes[0].first == "train/cat/3.png");
  }
}

TEST_CASE("load_image_folder: reports classes, sizes and what is odd, from the cache as well", "[data]") {
  const Tree tree;
  tree.write("train/cat/1.png", png_file(plain(2, 2, {1})));
  tree.write("train/cat/2.png", png_file(plain(4, 3, {2})));
  tree.write("train/dog/1.png", png_file(plain(4, 3, {3})));
  tree.write("train/dog/sub/1.png", png_file(plain(4, 3, {4})));
  tree.write("val/dog/1.png", png_file(plain(2, 2, {5})));
  tree.write("train/cat/3.webp", {1});
  tree.write("train/dog/4.webp", {1});
  tree.write("train/dog/LICENSE", {1});
  tree.write("train/__MACOSX/cat/1.png", {1});
  auto jpeg = testing::jpeg_file(plain(2, 2, {10}));
  jpeg[11] = 2;  // the version of its JFIF header
  tree.write("val/dog/2.jpg", jpeg);
  for (int i = 0; i < 2; ++i) {
    CAPTURE(i);
    const auto report = load_image_folder<float>(tree.path(), {.size = 2}).report;
    CHECK(fs::exists(tree / ".lmc-images-2x2x3.cache"));
    REQUIRE(report.classes.size() == 2);
    CHECK(report.classes[0].name == "cat");
    CHECK(report.classes[0].train == 2);
    CHECK(report.classes[0].test == 0);
    CHECK(report.classes[1].name == "dog");
    CHECK(report.classes[1].train == 2);
    CHECK(report.classes[1].test == 2);
    REQUIRE(report.sizes.size() == 2);
    CHECK(std::vector{report.sizes[0].height, report.sizes[0].width, report.sizes[0].count} == std::vector<Index>{2, 2, 3});
    CHECK(std::vector{report.sizes[1].height, report.sizes[1].width, report.sizes[1].count} == std::vector<Index>{4, 3, 3});
    std::map<std::string, std::pair<Index, std::string>> notes;
    for (const lmc::ReadNote& note : report.notes) notes[note.what] = {note.count, note.first};
    CHECK(
        notes ==
        std::map<std::string, std::pair<Index, std::string>>{
            {"files with the suffix .webp were passed over: they are no .jpg, .jpeg or .png", {2, "train/cat/3.webp"}},
            {"files without a suffix were passed over", {1, "train/dog/LICENSE"}},
            {"images are gray, all of them, and their values stand for red, green and blue alike; for one channel: channels = 1",
             {6, "train/cat/1.png"}},
            {"images in folders below those of their classes were read", {1, "train/dog/sub/1.png"}},
            {"images are not square: what lies beyond the middle square is cut off, at most 25 % of the pixels, in images of 3×4",
             {3, ""}},
            {"JPEG images of an unknown JFIF revision", {1, "val/dog/2.jpg"}}});
  }
}

TEST_CASE("load_image_folder: notes transparency, 16 bits, and gray among color or the reverse, from the cache as well",
          "[data]") {
  const Tree tree;
  const auto rgba = [](std::uint8_t value, int depth) {
    return png_file({.height = 1,
                     .width = 1,
                     .color_type = PNG_COLOR_TYPE_RGB_ALPHA,
                     .bit_depth = depth,
                     .rows = Bytes(static_cast<std::size_t>(depth / 2), value)});
  };
  tree.write("train/cat/1.png", rgba(1, 8));
  tree.write("train/cat/2.png", png_file(plain(1, 1, {2})));
  tree.write("train/dog/1.png", rgba(3, 16));
  tree.write("test/dog/1.jpg", testing::jpeg_file(plain(1, 1, {40, 50, 60})));
  using Notes = std::map<std::string, std::pair<Index, std::string>>;
  const auto notes = [&](Index channels) {
    Notes all;
    for (const lmc::ReadNote& note : load_image_folder<float>(tree.path(), {.channels = channels}).report.notes)
      all[note.what] = {note.count, note.first};
    return all;
  };
  const Notes dropped{{"PNG images with transparency, which was dropped: a pixel keeps the color that is stored with it",
                       {2, "train/cat/1.png"}},
                      {"PNG images of 16 bits, which were reduced to 8", {1, "train/dog/1.png"}}};
  for (int i = 0; i < 2; ++i) {
    Notes expected = dropped;
    expected["gray images among color ones: their values stand for red, green and blue alike"] = {1, "train/cat/2.png"};
    CHECK(notes(3) == expected);
    CHECK(notes(1) == dropped);
    // A cache of a version that looked for less is none.
    const std::string tree_digest = testing::content(tree / cache_name).substr(8, 16);
    const lmc::ThreadTeam team(1);
    auto images = lmc::detail::read_image_cache(tree / cache_name, tree_digest, team);
    REQUIRE(images);
    images->findings.odd.resize(4);
    lmc::detail::write_image_cache(tree / cache_name, tree_digest, *images, team);
  }
  for (const char* name : {"3.jpg", "4.jpg", "5.jpg"})
    tree.write(std::string("train/dog/") + name, testing::jpeg_file(plain(1, 1, {static_cast<std::uint8_t>(name[0])})));
  CHECK(notes(3)["color images among gray ones"] == std::pair<Index, std::string>{3, "train/cat/1.png"});
}

TEST_CASE("load_image_folder: notes files of equal content in both parts and in two classes, from the cache as well",
          "[data]") {
  const Tree tree;
  tree.two_classes("train/", 10);
  tree.two_classes("test/", 20);
  const auto notes = [&](int threads) {
    std::vector<lmc::ReadNote> all = load_image_folder<float>(tree.path(), {.channels = 1, .threads = threads}).report.notes;
    return all;
  };
  tree.image("train/cat/3.png", 11);  // a copy within a class and a part says nothing false
  CHECK(notes(1).empty());
  tree.image("test/cat/3.png", 11);
  tree.image("test/dog/3.png", 12);
  tree.image("test/dog/4.png", 11);
  tree.image("train/dog/2.png", 10);
  for (int i = 0; i < 3; ++i) {
    CAPTURE(i);
    if (i == 2) REQUIRE(fs::remove(tree / ".lmc-images-1.cache"));
    const auto found = notes(i + 1);
    REQUIRE(found.size() == 2);
    CHECK(found[0].what == "test images that are training images, too, byte for byte: they say nothing of new images");
    CHECK(found[0].count == 3);
    CHECK(found[0].first == "test/cat/3.png = train/cat/2.png");
    CHECK(found[1].what == "images that are of another class, too, byte for byte: no network can tell which");
    CHECK(found[1].count == 2);
    CHECK(found[1].first == "train/dog/2.png = train/cat/1.png");
  }
}

TEST_CASE("load_image_folder: lists bad images in order with their reasons, for any number of threads", "[data]") {
  const Tree tree;
  for (int i = 0; i < 200; ++i)
    tree.image("train/" + std::string(i < 180 ? "a/" : "b/") + std::to_string(1000 + i) + ".png", 1);
  tree.image("val/a/1.png", 1);
  tree.write("train/a/1177.png", {});
  tree.write("train/a/1133.png", {'n', 'o', 't'});
  tree.write("val/a/0.png", {'G', 'I', 'F', '8', '9', 'a'});
  for (const int threads : {1, 2, 8})
    CHECK_THROWS_WITH(
        load_image_folder<float>(tree.path(), {.threads = threads}),
        Contains("3 of 202 images cannot be read; repair or remove them:\n  cannot decode '") &&
            Contains("train/a/1133.png': it is neither JPEG nor PNG: it begins with the text 'not'\n  cannot decode '") &&
            Contains("train/a/1177.png': the file is empty; expected a JPEG or PNG image\n") &&
            Contains("val/a/0.png': it is neither JPEG nor PNG: it is a GIF image; convert it to PNG or JPEG"));
  for (int i = 0; i < 9; ++i) tree.write("train/b/" + std::to_string(1190 + i) + ".png", {});
  CHECK_THROWS_WITH(load_image_folder<float>(tree.path()), Contains("12 of 202 images cannot be read") &&
                                                               Contains("1197.png': the file is empty") &&
                                                               !Contains("1198.png") && Contains("\n  and 2 more"));
  CHECK(!fs::exists(tree / cache_name));
  for (int i = 0; i < 200; ++i)
    tree.write("train/" + std::string(i < 180 ? "a/" : "b/") + std::to_string(1000 + i) + ".png", {});
  tree.write("val/a/1.png", {});
  CHECK_THROWS_WITH(load_image_folder<float>(tree.path()), Contains("202 of 202 images cannot be read"));
}

TEST_CASE("load_image_folder: reports progress up to the end, once where there is a cache", "[data]") {
  const Tree tree;
  for (int i = 0; i < 70; ++i) tree.image("train/" + std::string(i < 60 ? "a/" : "b/") + std::to_string(i) + ".png", 1);
  tree.image("val/a/1.png", 1);
  std::vector<Index> seen;
  const lmc::ImageFolderOptions options{.progress = [&](Index done, Index all) {
    CHECK(all == 71);
    seen.push_back(done);
  }};
  load_image_folder<float>(tree.path(), options);
  CHECK(seen.size() > 3);
  CHECK(std::is_sorted(seen.begin(), seen.end()));
  CHECK(seen.back() == 71);
  seen.clear();
  load_image_folder<float>(tree.path(), options);
  CHECK(seen == std::vector<Index>{71});
}

TEST_CASE("load_image_folder: reports progress from one thread at a time", "[data]") {
  const Tree tree;
  for (int i = 0; i < 70; ++i) tree.image("train/" + std::string(i < 60 ? "a/" : "b/") + std::to_string(i) + ".png", 1);
  tree.image("val/a/1.png", 1);
  std::atomic<int> inside = 0;
  int most = 0;
  const auto progress = [&](Index, Index) {
    most = std::max(most, ++inside);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    --inside;
  };
  load_image_folder<float>(tree.path(), {.threads = 4, .progress = progress});
  CHECK(most == 1);
}

TEST_CASE("load_image_folder: takes decoded images from the cache, and leaves nothing else", "[data]") {
  const Tree tree;
  tree.two_classes("train/", 10);
  tree.two_classes("val/", 20);
  const auto first = load_image_folder<float>(tree.path());
  REQUIRE(fs::exists(tree / cache_name));
  CHECK(std::distance(fs::directory_iterator(tree.path()), fs::directory_iterator()) == 3);
  // Progress is told once of a cache, and after each few images where they are decoded.
  int told = 0;
  const auto load = [&](lmc::ImageFolderOptions options) {
    told = 0;
    options.threads = 1;
    options.progress = [&told](Index, Index) { ++told; };
    return load_image_folder<float>(tree.path(), options);
  };
  const auto second = load({});
  CHECK(told == 1);
  CHECK(pixels(second.train) == pixels(first.train));
  CHECK(pixels(second.test) == pixels(first.test));
  CHECK(labels(second.train) == labels(first.train));
  CHECK(second.train.standardization() == first.train.standardization());
  for (const lmc::ImageFolderOptions& options :
       {without_cache(), lmc::ImageFolderOptions{.channels = 1}, lmc::ImageFolderOptions{.size = 2}}) {
    CHECK(pixels(load(options).train)[0] == 10);
    CHECK(told == 2);
  }
}

TEST_CASE("load_image_folder: decodes again what has changed since", "[data]") {
  const Tree tree;
  tree.two_classes("train/", 10);
  tree.two_classes("val/", 20);
  const auto loaded = [&] { return values(load_image_folder<float>(tree.path()).train); };
  CHECK(loaded() == Bytes{10, 11, 12});

  SECTION("another file of the same size") {
    const auto time = fs::last_write_time(tree / "train/cat/2.png");
    const auto size = fs::file_size(tree / "train/cat/2.png");
    tree.image("train/cat/2.png", 77);
    REQUIRE(fs::file_size(tree / "train/cat/2.png") == size);
    fs::last_write_time(tree / "train/cat/2.png", time + std::chrono::nanoseconds(100));
    CHECK(loaded() == Bytes{10, 77, 12});
    tree.image("train/cat/2.png", 78);
    fs::last_write_time(tree / "train/cat/2.png", time + std::chrono::nanoseconds(100) + std::chrono::seconds(1));
    CHECK(loaded() == Bytes{10, 78, 12});
  }
  SECTION("another file of the same size, whose time was set back") {
    const auto time = fs::last_write_time(tree / "train/cat/2.png");
    const auto size = fs::file_size(tree / "train/cat/2.png");
    tree.image("train/cat/2.png", 77);
    fs::last_write_time(tree / "train/cat/2.png", time);
    REQUIRE(fs::file_size(tree / "train/cat/2.png") == size);
    CHECK(loaded() == Bytes{10, 77, 12});
  }
  SECTION("another size at the same time") {
    const auto time = fs::last_write_time(tree / "train/cat/2.png");
    tree.write("train/cat/2.png", testing::jpeg_file(plain(2, 2, {77})));
    fs::last_write_time(tree / "train/cat/2.png", time);
    CHECK(loaded() == Bytes{10, 77, 12});
  }
  SECTION("a file more") {
    tree.image("train/dog/0.png", 9);
    CHECK(loaded() == Bytes{10, 11, 9, 12});
  }
  SECTION("a file less") {
    fs::remove(tree / "train/cat/1.png");
    CHECK(loaded() == Bytes{11, 12});
  }
  SECTION("another name") {
    fs::rename(tree / "train/cat/1.png", tree / "train/cat/3.png");
    CHECK(loaded() == Bytes{11, 10, 12});
  }
  SECTION("another class") {
    fs::rename(tree / "train/dog", tree / "train/ant");
    fs::rename(tree / "val/dog", tree / "val/ant");
    CHECK(loaded() == Bytes{12, 10, 11});
  }
  SECTION("a class more, which moves the labels") {
    tree.image("train/bee/1.png", 1);
    CHECK(load_image_folder<float>(tree.path()).test.labels()[0] == 1);
  }
  SECTION("a damaged cache, and puts a sound one in its place") {
    std::string cache = testing::content(tree / cache_name);
    cache.back() = static_cast<char>(cache.back() ^ 1);
    tree.write(cache_name, Bytes(cache.begin(), cache.end()));
    CHECK(loaded() == Bytes{10, 11, 12});
    CHECK(testing::content(tree / cache_name) != cache);
  }
  SECTION("a cut cache") {
    fs::resize_file(tree / cache_name, 150);
    CHECK(loaded() == Bytes{10, 11, 12});
    CHECK(fs::file_size(tree / cache_name) > 150);
  }
}

TEST_CASE("load_image_folder: notes images that lose their sides, and classes of one image or without a test image", "[data]") {
  const Tree tree;
  for (int i = 0; i < 24; ++i) {
    const std::string name = std::to_string(i) + ".png";
    tree.write("train/a/" + name, png_file(pattern(i < 6 ? 20 : 30, 30, 1, i)));
    tree.write("train/b/" + name, png_file(pattern(30, i < 4 ? 40 : 30, 1, i + 50)));
    if (i < 6) tree.write("test/a/" + name, png_file(pattern(30, 30, 1, i + 100)));
    if (i < 6) tree.write("test/b/" + name, png_file(pattern(30, 30, 1, i + 120)));
  }
  tree.write("train/c/1.png", png_file(pattern(30, 30, 1, 200)));
  const auto notes = [&] {
    return load_image_folder<float>(tree.path(), {.channels = 1, .size = 10, .cache = false}).report.notes;
  };
  const auto found = notes();
  REQUIRE(found.size() == 3);
  CHECK(found[0].what ==
        "images are not square: what lies beyond the middle square is cut off, at most 33 % of the pixels, in images of 30×20");
  CHECK(found[0].count == 10);
  CHECK(found[1].what == "classes have one training image");
  CHECK(found[1].first == "c");
  CHECK(found[2].what == "classes have no test examples: the test error says nothing of them");
  CHECK(found[2].first == "c");
  fs::remove_all(tree / "test/b");
  for (int i = 10; i < 14; ++i) tree.write("test/a/" + std::to_string(i) + ".png", png_file(pattern(30, 30, 1, i + 140)));
  CHECK(notes()[2].what == "test examples are all of one class: their error says nothing of the others");
}

TEST_CASE("load_image_folder: notes a class of one training image where the others have more", "[data]") {
  const auto found = [](int of_others, int singles) {
    const Tree tree;
    for (int i = 0; i < of_others + singles; ++i) {
      const std::string folder = i < of_others ? "train/a/" : "train/b/";
      tree.write(folder + std::to_string(i) + ".png", png_file(pattern(10, 10, 1, i)));
    }
    tree.write("test/a/t.png", png_file(pattern(10, 10, 1, 99)));
    return load_image_folder<float>(tree.path(), {.channels = 1, .cache = false}).report.notes;
  };
  const auto five = found(5, 1);
  REQUIRE(five.size() == 1);
  CHECK(five[0].what == "classes have one training image");
  CHECK(five[0].first == "b");
  CHECK(found(4, 1).empty());
  CHECK(found(5, 2).empty());
}

TEST_CASE("load_image_folder: refuses to put aside where there is a test part", "[data]") {
  const Tree tree;
  tree.two_classes("train/", 10);
  tree.two_classes("val/", 20);
  CHECK_THROWS_WITH(load_image_folder<float>(tree.path(), {.test_share = 0.5, .cache = false}),
                    Contains("test_share says what to put aside to test with, and '") && Contains("/val' is the test part"));
  CHECK_THROWS_WITH(
      load_image_folder<float>(tree.path(), {.split_seed = 7, .cache = false, .wording = lmc::Wording::command_line}),
      Contains("--split-seed says what"));
  // The usual ones, too, where they are given.
  CHECK_THROWS_WITH(load_image_folder<float>(tree.path(), {.test_share = 0.2, .cache = false}),
                    Contains("test_share says what"));
  CHECK_THROWS_WITH(load_image_folder<float>(tree.path(), {.split_seed = 0, .cache = false}), Contains("split_seed says what"));
}

TEST_CASE("load_image_folder: refuses inputs and outputs as classes", "[data]") {
  const auto load = [](const std::vector<std::string>& files) {
    const Tree tree;
    for (std::size_t i = 0; i < files.size(); ++i) tree.image(files[i], static_cast<std::uint8_t>(i));
    load_image_folder<float>(tree.path(), without_cache());
  };
  const auto refused =
      Contains("these look like inputs and outputs of a network, not like classes; where they are classes, rename");
  CHECK_THROWS_WITH(load({"input/1.png", "input/2.png", "input/3.png", "target/1.png", "target/2.png", "target/3.png"}),
                    refused);
  CHECK_THROWS_WITH(load({"train/HR/01.png", "train/HR/02.png", "train/LR/01x2.png", "train/LR/02x2.png", "val/HR/3.png"}),
                    refused);
  CHECK_THROWS_WITH(load({"source/a_source.png", "source/b_source.png", "target/a_target.png", "target/b_target.png"}),
                    refused);
  CHECK_NOTHROW(load({"input/1.png", "input/2.png", "input/3.png", "target/a.png", "target/b.png", "target/c.png"}));
  CHECK_NOTHROW(load({"source/source0.png", "source/source1.png", "target/target0.png", "target/target1.png"}));
  CHECK_NOTHROW(load({"cat/1.png", "cat/2.png", "cat/3.png", "dog/1.png", "dog/2.png", "dog/3.png"}));
  CHECK_THROWS_WITH(load({"trainA/1.png", "trainB/2.png", "testA/3.png", "testB/4.png"}),
                    Contains("trainA and trainB; to tell the kinds apart, make them train/A and train/B"));
}

TEST_CASE("load_image_folder: another share put aside is not taken from the cache", "[data]") {
  const Tree tree;
  for (int i = 0; i < 30; ++i)
    tree.image((i < 15 ? "a/" : "b/") + std::to_string(100 + i) + ".png", static_cast<std::uint8_t>(i));
  for (const std::uint64_t seed : {1U, 2U, 2U}) {
    const lmc::ImageFolderOptions options{.split_seed = seed, .cache = false};
    auto cached = options;
    cached.cache = true;
    CHECK(values(load_image_folder<float>(tree.path(), cached).test) ==
          values(load_image_folder<float>(tree.path(), options).test));
  }
}

TEST_CASE("load_image_folder: images that move to the test part, in the same order, are not taken from the cache", "[data]") {
  const Tree tree;
  for (std::uint8_t i = 0; i < 6; ++i) tree.image((i < 2 ? "a/" : "b/") + std::to_string(i) + ".png", i);
  // A seed that puts the last image aside first, and the one before it second.
  std::uint64_t seed = 0;
  for (;; ++seed) {
    Bytes order{0, 1, 2, 3, 4, 5};
    lmc::shuffle({.seed = seed, .purpose = lmc::Purpose::split}, std::span(order));
    if (order[0] == 5 && order[1] == 4) break;
  }
  const auto test = [&](double share) {
    return values(load_image_folder<float>(tree.path(), {.test_share = share, .split_seed = seed}).test);
  };
  CHECK(test(1.0 / 6) == Bytes{5});
  CHECK(test(2.0 / 6) == Bytes{4, 5});
}

TEST_CASE("load_image_folder: does without a cache where none can be written", "[data]") {
  const Tree tree;
  tree.two_classes("train/", 10);
  tree.two_classes("val/", 20);
  SECTION("its name is taken") {
    fs::create_directory(tree / cache_name);
    for (int i = 0; i < 2; ++i) CHECK(values(load_image_folder<float>(tree.path()).train) == Bytes{10, 11, 12});
    CHECK(fs::is_directory(tree / cache_name));
  }
  SECTION("the folder is read-only") {
    if (::geteuid() == 0) return testing::skip("run as root, who can write to every folder");
    fs::permissions(tree.path(), fs::perms::owner_read | fs::perms::owner_exec);
    for (int i = 0; i < 2; ++i) CHECK(values(load_image_folder<float>(tree.path()).train) == Bytes{10, 11, 12});
    CHECK(!fs::exists(tree / cache_name));
    fs::permissions(tree.path(), fs::perms::owner_all);
  }
}

}  // namespace data_image_folder_test
