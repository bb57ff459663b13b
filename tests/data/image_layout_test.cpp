// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/data/sources/detail/image_layout.hpp>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include <support/temporary_directory.hpp>

namespace data_image_layout_test {

namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using lmc::detail::differ_in_unicode_form;
using lmc::detail::ImageLayout;
using lmc::detail::part_name;
using lmc::detail::PartName;

// Empty files in a directory of its own.
class Tree {
 public:
  explicit Tree(const std::vector<std::string>& files) { add(files); }
  void add(const std::vector<std::string>& files) const {
    for (const std::string& file : files) {
      fs::create_directories((directory_ / file).parent_path());
      directory_.write(file, "");
    }
  }
  [[nodiscard]] ImageLayout find() const { return lmc::detail::ImageLayoutFinder(directory_.path().string()).find(); }
  fs::path operator/(const std::string& name) const { return directory_ / name; }

 private:
  testing::TemporaryDirectory directory_;
};

// Where the parts are: "train/ test/", or "train/ -" without a test part.
std::string parts(const std::vector<std::string>& files) {
  const ImageLayout layout = Tree(files).find();
  return layout.train + " " + (layout.has_test ? layout.test : "-");
}

// The phrases of its notes.
std::string notes(const std::vector<std::string>& files) {
  std::string text;
  for (const lmc::ReadNote& note : Tree(files).find().notes)
    text += std::to_string(note.count) + " " + note.what + " " + note.first + "\n";
  return text;
}

}  // namespace

TEST_CASE("part_name: by the whole name or its last word, in any case", "[data]") {
  for (const char* name : {"train", "Train", "TRAINING", "training_set", "train_images", "seg_train", "asl_alphabet_train",
                           "Train Data", "train2"})
    CHECK(part_name(name) == PartName::train);
  for (const char* name : {"val", "Valid", "validation", "val_set", "dev"}) CHECK(part_name(name) == PartName::validation);
  for (const char* name : {"test", "Testing", "test-set", "seg_test", "eval"}) CHECK(part_name(name) == PartName::test);
  for (const char* name : {"cat", "trainer", "train_station", "contest", "value", "set", "images", "", "7"})
    CHECK(part_name(name) == PartName::none);
}

TEST_CASE("image layout: finds the parts by their names", "[data]") {
  CHECK(parts({"cat/1.png", "dog/1.png"}) == " -");
  CHECK(parts({"train/cat/1.png", "train/dog/1.png", "test/cat/1.png"}) == "train/ test/");
  CHECK(parts({"Train/cat/1.png", "Train/dog/1.png", "Test/dog/1.png"}) == "Train/ Test/");
  CHECK(parts({"training/cat/1.png", "training/dog/1.png", "testing/dog/1.png"}) == "training/ testing/");
  for (const std::string name : {"val", "valid", "validation", "Validation"})
    CHECK(parts({"train/cat/1.png", "train/dog/1.png", name + "/dog/1.png"}) == "train/ " + name + "/");
  CHECK(parts({"train/cat/1.png", "train/dog/1.png", "val/dog/1.png", "test/dog/1.png"}) == "train/ test/");
  CHECK(parts({"seg_train/seg_train/a/1.png", "seg_train/seg_train/b/1.png", "seg_test/seg_test/a/1.png",
               "seg_pred/seg_pred/1.png"}) == "seg_train/seg_train/ seg_test/seg_test/");
}

TEST_CASE("image layout: opens folders around all others, and no class", "[data]") {
  CHECK(parts({"animals/cat/1.png", "animals/dog/1.png"}) == "animals/ -");
  CHECK(notes({"animals/cat/1.png", "animals/dog/1.png"}) == "1 folders around all others were opened animals\n");
  CHECK(parts({"data/train/cat/1.png", "data/train/dog/1.png", "data/test/cat/1.png"}) == "data/train/ data/test/");
  CHECK(parts({"a/b/cat/1.png", "a/b/dog/1.png", "__MACOSX/a/._1.png", ".git/x", "a/Thumbs.db"}) == "a/b/ -");
  CHECK_THROWS_WITH(parts({"cat/1.png"}), Contains("/cat' is the only class; expected two or more"));
  CHECK_THROWS_WITH(parts({"cat/sub/1.png", "cat/2.png"}), Contains("/cat' is the only class"));
  const Tree circle({});
  fs::create_directory_symlink(".", circle / "up");
  CHECK_THROWS_WITH(circle.find(), Contains("is a link to a folder that it lies in"));
}

TEST_CASE("image layout: a test part without labels is passed over where there is another", "[data]") {
  const std::vector<std::string> train{"train/cat/1.png", "train/dog/1.png"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.end(), train.begin(), train.end());
    return more;
  };
  CHECK(parts(with({"test/1.png", "val/cat/1.png"})) == "train/ val/");
  CHECK(parts(with({"test/unknown/1.png", "val/cat/1.png"})) == "train/ val/");
  CHECK(notes(with({"test/1.png", "val/cat/1.png", "extra/1.png"})) ==
        "1 test parts without labels were passed over test\n1 folders beside the two parts were passed over extra\n");
  CHECK(notes(with({"test/cat/1.png", "val/cat/1.png", "stray.png"})) ==
        "1 folders beside the two parts were passed over val\n1 images outside the class folders were passed over stray.png\n");
  CHECK_THROWS_WITH(parts(with({"test/1.png", "test/2.png", "sample_submission.csv"})),
                    Contains("/test' has 2 images and no folder per class: they have no labels; load '") &&
                        Contains("/train' to put a share"));
  CHECK_THROWS_WITH(parts(with({"test/ant/1.png"})), Contains("/test/ant', but no '") && Contains("/train' to put a share"));
  CHECK_THROWS_WITH(parts(with({"car/1.png"})),
                    Contains("but neither 'test' nor 'val'; load '") && Contains("or rename it where it is a class"));
}

TEST_CASE("image layout: counts images beside the class folders, wherever", "[data]") {
  CHECK(notes({"1.png", "cat/1.png", "dog/1.png"}) == "1 images outside the class folders were passed over 1.png\n");
  CHECK(notes({"train/1.png", "train/2.png", "train/cat/1.png", "train/dog/1.png", "val/3.png", "val/cat/1.png"}) ==
        "3 images outside the class folders were passed over train/1.png\n");
}

TEST_CASE("image layout: refuses what would become classes by accident", "[data]") {
  CHECK_THROWS_WITH(parts({"images/1.png", "images/2.png", "labels.csv"}), Contains("the folder 'images' in '") &&
                                                                               Contains("is no class by its name") &&
                                                                               Contains("the table 'labels.csv' may say"));
  for (const std::string name : {"fold", "Batch_", "split-", "part "})
    CHECK_THROWS_WITH(parts({name + "1/cat/1.png", name + "1/dog/1.png", name + "2/cat/1.png"}),
                      Contains("the folder '" + name + "1' in '") && Contains("is no class by its name"));
  CHECK(parts({"part/1.png", "partridge/1.png", "3/1.png", "7fold/1.png"}) == " -");
  for (const std::string name : {"masks", "gt", "Ground_Truth"})
    CHECK_THROWS_WITH(parts({"train/image/1.png", "train/" + name + "/1.png", "test/image/1.png"}),
                      Contains("' in '") && Contains("/train' is no class by its name"));
  CHECK_THROWS_WITH(parts({"images/1.png", "annotations/1.png"}), Contains("the folder 'annotations' in '"));
  CHECK_THROWS_WITH(parts({"cat/1.png", "dog/1.png", "Masks/1.png"}), Contains("where it is a class, rename it"));
  CHECK_THROWS_WITH(parts({"1.png", "2.png", "train.csv"}), Contains("there is no folder in '") &&
                                                                Contains("', but 2 images; expected one folder per class") &&
                                                                Contains("the table 'train.csv'"));
  CHECK_THROWS_WITH(parts({"train/1.png", "train/2.png", "train.csv"}),
                    Contains("/train', but 2 images; expected one folder per class"));
  CHECK_THROWS_WITH(parts({"test/a/1.png", "val/a/1.png"}),
                    Contains("there is a folder '") && Contains("but none named train"));
  CHECK_THROWS_WITH(parts({"cat/1.png", "dog/1.png", "test/cat/1.png"}), Contains("there is a folder 'test' in '"));
  CHECK_THROWS_WITH(parts({"train/a/1.png", "Training/a/1.png", "test/a/1.png"}),
                    Contains("there are 'Training' and 'train' in '"));
  CHECK_THROWS_WITH(parts({"wnids.txt", "train/n1/images/1.png", "train/n2/images/1.png", "val/images/1.png"}),
                    Contains("is the tree of Tiny ImageNet; read it with load_tiny_imagenet"));
  CHECK(parts({"wnids.txt", "train/n1/1.png", "train/n2/1.png", "val/n1/1.png"}) == "train/ val/");
  const Tree same({"train/cat/1.png", "train/dog/1.png"});
  fs::create_directory_symlink("train", same / "test");
  CHECK_THROWS_WITH(same.find(), Contains("/test' and '") && Contains("/train' are the same folder; load '"));
}

TEST_CASE("image layout: a folder of images named as a part is a class among others", "[data]") {
  CHECK(parts({"bus/1.png", "car/1.png", "train/1.png"}) == " -");
  CHECK_THROWS_WITH(parts({"bus/1.png", "car/1.png", "test/1.png"}),
                    Contains("there is a folder 'test' in '") && Contains("where it is a class, rename it"));
}

TEST_CASE("differ_in_unicode_form: composed and decomposed letters of several scripts", "[data]") {
  // Each pair as unicodedata.normalize gives it: NFC, NFD.
  CHECK(differ_in_unicode_form("M\u00e4dchen", "Ma\u0308dchen"));
  CHECK(differ_in_unicode_form("\u00c9t\u00e9", "E\u0301te\u0301"));
  CHECK(differ_in_unicode_form("\u1ebf", "e\u0302\u0301"));
  CHECK(differ_in_unicode_form("\u0439\u0451", "\u0438\u0306\u0435\u0308"));
  CHECK(differ_in_unicode_form("\u03ae", "\u03b7\u0301"));
  CHECK(differ_in_unicode_form("\uace0\uc591", "\u1100\u1169\u110b\u1163\u11bc"));
  CHECK(differ_in_unicode_form("\u304c\u3071\u30d6", "\u304b\u3099\u306f\u309a\u30d5\u3099"));
  for (const auto& [a, b] : {std::pair("cat", "cat"),
                             {"cat", "Cat"},
                             {"M\u00e4dchen", "Madchen"},
                             {"\u00e4", "\u00e1"},
                             {"a\u0308", "b\u0308"},
                             {"\xff", "\xfe"}})
    CHECK(!differ_in_unicode_form(a, b));
}

}  // namespace data_image_layout_test
