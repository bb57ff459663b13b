// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/io/file_kind.hpp>

#include <array>
#include <catch2/catch.hpp>
#include <string>
#include <string_view>

#include <lmc/io/gzip.hpp>
#include <support/temporary_directory.hpp>

namespace io_file_kind_test {

namespace {

using namespace std::string_view_literals;
using Catch::Matchers::Contains;
using lmc::describe_start;
using lmc::file_kind;

std::string name(std::string_view start) {
  const auto kind = file_kind(start);
  return kind ? std::string(kind->name) : "";
}

// A zip archive up to the name of its first file.
std::string zip(std::string_view first_file) {
  std::string bytes = "PK\3\4";
  bytes.resize(30);
  bytes[26] = static_cast<char>(first_file.size());
  return bytes.append(first_file);
}

std::string tar(std::string_view first_file) {
  std::string bytes(first_file);
  bytes.resize(512);
  return bytes.replace(257, 5, "ustar");
}

}  // namespace

TEST_CASE("file_kind: names formats by their first bytes", "[io]") {
  CHECK(name("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 3\n") == "a Git LFS pointer");
  CHECK(name("/annex/objects/MD5E-s3--900150983cd24fb0d6963f7d28e17f72\n") == "a git-annex pointer");
  for (const char* page :
       {"<!DOCTYPE html>\n<html>", "\xEF\xBB\xBF\n<!doctype HTML>", " <HTML>", "<?xml version='1.0'?>\n<html>"})
    CHECK_THAT(name(page), Contains("an HTML page"));
  CHECK_THAT(name("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>"), Contains("an XML text"));
  CHECK(name("{\n \"metadata\": {}, \"weight_map\": {\"w\": \"a\"}}") == "the index of a model in several files");
  for (const char* text : {"{\"a\": 1}", "[{\"a\": 1}]", "[ [1, 2] ]", "{}"}) CHECK(name(text) == "a JSON text");
  CHECK(name("% from a thesis\n%\n@RELATION iris\n") == "an ARFF table, as of Weka");
  CHECK(name("-1 3:1 11:0.5\n") == "a table in libsvm's format");
  CHECK(name("P6 # made by hand\n8 8\n255\n") == "a PPM, PGM or PBM image");

  CHECK(name("PAR1\x15\x04"sv) == "a Parquet file");
  CHECK(name(zip("[Content_Types].xml")) == "an Office file, as .xlsx and .ods files are");
  CHECK(name(zip("xl/workbook.xml")) == "an Office file, as .xlsx and .ods files are");
  CHECK(name(zip("mimetype") + "application/vnd.oasis.opendocument.spreadsheet") ==
        "an Office file, as .xlsx and .ods files are");
  CHECK(name(zip("archive/data.pkl")) == "a PyTorch file");
  CHECK(name(zip("model/version")) == "a PyTorch file");
  CHECK(name(zip("x_train.npy")) == "a zip file of NumPy arrays (.npz)");
  CHECK(name(zip("train/cat/1.png")) == "a zip archive");
  CHECK(name("PK\3\4") == "a zip archive");
  CHECK(name("\x80\x02\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19.\x80\x02M\xe9\x03."sv) == "a PyTorch file");
  CHECK(name("\x80\x04\x95\x10\0\0\0\0\0\0\0}"sv) == "a Python pickle");
  CHECK(name("\x93NUMPY\1\0"sv) == "a NumPy array (.npy)");
  CHECK(name("\x89HDF\r\n\x1a\n"sv) == "an HDF5 file");
  CHECK(name("\x1f\x8b\x08\0"sv) == "a gzip file");
  CHECK(name("\xfd"
             "7zXZ\0\0"sv) == "an xz file");
  CHECK(name("BZh91AY&SY"sv) == "a bzip2 file");
  CHECK(name("\x28\xb5\x2f\xfd\x04"sv) == "a zstd file");
  CHECK(name(tar("cifar-10-batches-bin/")) == "a tar archive");
  CHECK(name("%PDF-1.5\n") == "a PDF document");
  CHECK(name("\0\0\x08\x03\0\0\xea\x60"sv) == "an IDX file, as MNIST's are");
  CHECK(name("\x10\0\0\0\0\0\0\0{\"w\":{\"dtype\""sv) == "a safetensors file");

  CHECK(name("\x89PNG\r\n\x1a\n"sv) == "a PNG image");
  CHECK(name("\xff\xd8\xff\xe0"sv) == "a JPEG image");
  CHECK(name("GIF89a\x08\0"sv) == "a GIF image");
  CHECK(name("RIFF\x24\0\0\0WEBPVP8 "sv) == "a WebP image");
  CHECK(name("BM\xf6\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x08\0\0\0"sv) == "a BMP image");
  for (const std::string_view tiff : {"II*\0\x08"sv, "MM\0*\0"sv}) CHECK(name(tiff) == "a TIFF image");
  CHECK(name("\0\0\0\x18"
             "ftypheic\0\0\0\0"sv) == "a HEIC image");
  CHECK(name("\0\0\0\x1c"
             "ftypmif1\0\0\0\0"sv) == "a HEIC image");
  CHECK(name("\0\0\0\x1c"
             "ftypavif\0\0\0\0"sv) == "an AVIF image");

  for (const std::string_view text : {"\xff\xfe"
                                      "a\0,\0b\0"sv,
                                      "\xfe\xff\0a\0,"sv, "a\0g\0e\0,\0b\0\n\0"sv, "\0a\0g\0e\0,\0b\0\n"sv})
    CHECK(name(text) == "a text in UTF-16");
  CHECK(name("\xff\xfe\0\0a\0\0\0"sv) == "a text in UTF-32");
}

TEST_CASE("file_kind: takes tables and texts for nothing else, also those that begin like a format's name", "[io]") {
  for (const std::string_view text : {"",
                                      "age,height,label\n1,2,cat\n",
                                      "BMI,age\n20,30\n",
                                      "PAR1,PAR2\n1,2\n",
                                      "P1 2019,P2 2020\n",
                                      "P5,P6\n1,2\n",
                                      "P1\t12 34\nP2\t5 6\n",
                                      "shelftype,class\n1,a\n",
                                      "BZh,x\n",
                                      "PK,name\n",
                                      "1 2:3\n",
                                      "0.5,1:2 3:4\n",
                                      "[a],[b]\n1,2\n",
                                      "{a},b\n",
                                      "5\t12:30 is late 13:00\n",
                                      "RIFF\tmusic\n",
                                      "<b>,x\n",
                                      "@user\thello\n",
                                      "\"version https://git-lfs\"\n",
                                      "\xEF\xBB\xBFname,age\n",
                                      "\xEF\xBB\xBF",
                                      "Mädchen,Junge\n"}) {
    CAPTURE(text);
    CHECK(name(text).empty());
  }
}

TEST_CASE("describe_start: gives the way out, or what the file begins with", "[io]") {
  CHECK(describe_start("version https://git-lfs.github.com/spec/v1\n") ==
        "it is a Git LFS pointer; run `git lfs pull`, which puts the file in its place");
  CHECK_THAT(describe_start("{\"weight_map\""), Contains("load_safetensors reads all of them by it"));
  CHECK(describe_start("Entry not found\nor moved") == "it begins with the text 'Entry not found'");
  CHECK(describe_start(std::string(39, 'a') + "ä and more") == "it begins with the text '" + std::string(39, 'a') + "'");
  CHECK(describe_start("\1\2\xab"sv) == "it begins with the bytes 01 02 ab");
  CHECK(describe_start("\0\0\0\0\0\0\0\0\0"sv) == "it begins with the bytes 00 00 00 00 00 00 00 00");
  CHECK(describe_start("") == "it is empty; fetch it again");
}

TEST_CASE("file_kind: whatever a file begins with, it reads no further than that", "[io]") {
  // Every beginning of a few formats whose fields lie behind their first bytes; sanitizers look at what is read.
  for (const std::string& whole : {zip("archive/data.pkl"), tar("x"), std::string("BM\xf6\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0"sv),
                                   std::string("P6 8 8 255\n"), std::string("1 2:3 4:5\n"),
                                   std::string("\0\0\0\x18"
                                               "ftypheic"sv)})
    for (std::size_t n = 0; n <= whole.size(); ++n) CHECK_NOTHROW(describe_start(whole.substr(0, n)));
}

TEST_CASE("require_text_start: names the file and what it is", "[io]") {
  CHECK_THROWS_WITH(lmc::require_text_start("a/b.csv", zip("xl/styles.xml")),
                    Contains("cannot read 'a/b.csv': it is an Office file") && Contains("save the table as CSV, in UTF-8"));
  CHECK_NOTHROW(lmc::require_text_start("a/b.csv", "a,b\n"));
}

TEST_CASE("start_of_content: unpacks gzip, and takes no more than it needs", "[io]") {
  const testing::TemporaryDirectory directory;
  CHECK(lmc::detail::start_of_content(directory.write("short", "abc")) == "abc");
  CHECK(lmc::detail::start_of_content(directory.write("long", std::string(10'000, 'x'))) ==
        std::string(lmc::file_kind_bytes, 'x'));
  CHECK(lmc::detail::start_of_content(directory / "absent").empty());
}

}  // namespace io_file_kind_test
