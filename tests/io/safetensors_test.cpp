// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/io/safetensors.hpp>

#include <catch2/catch.hpp>
#include <cstring>
#include <limits>
#include <numeric>
#include <sstream>
#include <string>

#include <support/temporary_directory.hpp>

namespace io_safetensors_test {

namespace {

using Catch::Matchers::Contains;
using testing::content;

lmc::ParameterLayout two_segments() {
  return {
      .parameters = {{"dense10/weight", {2, 3}, lmc::Role::weight, {{}, {}}, 0}, {"dense2/bias", 2, lmc::Role::bias, {{}}, 6}},
      .buffers = {},
      .groups = {}};
}

template <class T>
std::vector<T> eight_values() {
  return {T(0.5),   T(-1), T(0),   std::numeric_limits<T>::quiet_NaN(), std::numeric_limits<T>::infinity(),
          T(1) / 3, T(7),  T(-0.0)};
}

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

// A file with this header, its length before it, and that many bytes of data.
std::string file_of(const std::string& header, std::size_t data_size) {
  std::string file;
  for (int shift = 0; shift < 64; shift += 8) file += static_cast<char>(std::uint64_t{header.size()} >> shift);
  return file + header + std::string(data_size, '\0');
}

std::string tensor(const std::string& name, const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return "\"" + name + R"(":{"dtype":")" + dtype + R"(","shape":[)" + shape + R"(],"data_offsets":[)" + offsets + "]}";
}

}  // namespace

TEST_CASE("write_safetensors: writes the format byte by byte", "[io]") {
  std::ostringstream out;
  const std::vector<float> theta = {1, 2, 3, 4, 5, 6, 7, 8};
  lmc::write_safetensors<float>(out, two_segments(), {theta, {}}, {{"seed", "7"}, {"digest", "a\"b"}});
  // The layout's order, not the alphabet's; padded to a multiple of 8.
  std::string header = R"({"__metadata__":{"digest":"a\"b","seed":"7"},)"
                       R"("dense10/weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
                       R"("dense2/bias":{"dtype":"F32","shape":[2],"data_offsets":[24,32]}})";
  REQUIRE(header.size() % 8 != 0);
  header.resize((header.size() / 8 + 1) * 8, ' ');
  std::string expected = file_of(header, 32);
  std::memcpy(expected.data() + 8 + header.size(), theta.data(), 32);
  CHECK(out.str() == expected);
}

TEST_CASE("write_safetensors: values begin at a multiple of 8, however long the header is", "[io]") {
  for (std::size_t n = 0; n < 16; ++n) {
    CAPTURE(n);
    std::ostringstream out;
    lmc::write_safetensors<float>(out, two_segments(), {std::vector<float>(8), {}}, {{"text", std::string(n, 'x')}});
    CHECK(out.str().size() % 8 == 0);
    CHECK(out.str().substr(out.str().size() - 32) == std::string(32, '\0'));
  }
}

TEMPLATE_TEST_CASE("save_safetensors: what it writes is read back, bit for bit", "[io]", float, double) {
  const testing::TemporaryDirectory directory;
  const auto path = directory / "a.safetensors";
  const std::vector<TestType> theta = eight_values<TestType>();
  const lmc::Metadata metadata{{"learning rate", "0.1"}, {"empty", ""}, {"Unicode", "α ↦ θ(α)\n"}};
  lmc::save_safetensors<TestType>(path, two_segments(), {theta, {}}, metadata);
  CHECK(directory.names() == std::set<std::string>{"a.safetensors"});

  const lmc::Safetensors file = lmc::load_safetensors(path);
  CHECK(file.metadata == metadata);
  REQUIRE(file.tensors.size() == 2);
  CHECK(file.tensors[0].name == "dense10/weight");
  CHECK(file.tensors[0].shape == lmc::Shape{2, 3});
  CHECK(same_bits(std::get<std::vector<TestType>>(file.tensors[0].values), {theta.begin(), theta.begin() + 6}));
  CHECK(file.tensors[1].name == "dense2/bias");
  CHECK(file.tensors[1].shape == lmc::Shape(2));
  CHECK(same_bits(std::get<std::vector<TestType>>(file.tensors[1].values), {theta.begin() + 6, theta.end()}));

  CHECK(same_bits(lmc::load_state<TestType>(path, two_segments()).parameters, theta));
}

TEST_CASE("write_safetensors: writes text that is not UTF-8 so that the file can be read", "[io]") {
  const testing::TemporaryDirectory directory;
  const auto path = directory / "a.safetensors";
  lmc::save_safetensors<float>(path, {}, {}, {{"path", "caf\xe9"}});
  CHECK(lmc::load_safetensors(path).metadata == lmc::Metadata{{"path", "caf\xef\xbf\xbd"}});
}

TEST_CASE("write_safetensors: refuses a theta of another length, and names that are taken", "[io]") {
  std::ostringstream out;
  const std::vector<float> theta(9);
  CHECK_THROWS_WITH(lmc::write_safetensors<float>(out, two_segments(), {theta, {}}),
                    Contains("the state has 9 parameters; expected the layout's 8"));
  lmc::ParameterLayout layout = two_segments();
  layout.parameters[1].name = layout.parameters[0].name;
  CHECK_THROWS_WITH(lmc::write_safetensors<float>(out, layout, {std::vector<float>(8), {}}),
                    Contains("'dense10/weight' is taken"));
  layout.parameters[1].name = "__metadata__";
  CHECK_THROWS_WITH(lmc::write_safetensors<float>(out, layout, {std::vector<float>(8), {}}),
                    Contains("'__metadata__' is taken"));
  CHECK(out.str().empty());
}

TEST_CASE("save_safetensors: says that a file cannot be written", "[io]") {
  const testing::TemporaryDirectory directory;
  const std::vector<float> theta(8);
  CHECK_THROWS_WITH(lmc::save_safetensors<float>(directory / "absent/a.safetensors", two_segments(), {theta, {}}),
                    Contains("there is no directory"));
  CHECK_THROWS_WITH(lmc::save_safetensors<float>("/dev/full", two_segments(), {theta, {}}),
                    Contains("cannot write all of '/dev/full'"));
}

TEST_CASE("load_safetensors: reads scalars, empty tensors, mixed types, any order of the header, and no padding", "[io]") {
  const testing::TemporaryDirectory directory;
  const std::string header = "{" + tensor("z", "F64", "", "0,8") + "," + tensor("a", "F32", "2", "8,16") + "," +
                             tensor("empty", "F32", "3,0", "8,8") + "}";
  std::string file = file_of(header, 16);
  const double z = 2.5;
  const float a[] = {-1, 4};
  std::memcpy(file.data() + file.size() - 16, &z, 8);
  std::memcpy(file.data() + file.size() - 8, a, 8);
  const lmc::Safetensors read = lmc::load_safetensors(directory.write("file", file));
  REQUIRE(read.tensors.size() == 3);
  CHECK(read.metadata.empty());
  CHECK(read.tensors[0].name == "z");
  CHECK(read.tensors[0].shape == lmc::Shape{});
  CHECK(std::get<std::vector<double>>(read.tensors[0].values) == std::vector<double>{2.5});
  CHECK(read.tensors[1].name == "empty");
  CHECK(read.tensors[1].shape == lmc::Shape{3, 0});
  CHECK(std::get<std::vector<float>>(read.tensors[2].values) == std::vector<float>{-1, 4});
}

TEST_CASE("safetensors: keep values of every type of the format, to the byte", "[io]") {
  const testing::TemporaryDirectory directory;
  const std::string header = R"({"__metadata__":{"format":"pt"},)" + tensor("half", "F16", "3", "0,6") + "," +
                             tensor("count", "I64", "", "6,14") + "," + tensor("x", "F32", "2", "14,22") + "}";
  std::string file = file_of(header, 22);
  for (std::size_t i = 0; i < 22; ++i) file[file.size() - 22 + i] = static_cast<char>(7 * i + 1);
  const lmc::Safetensors read = lmc::load_safetensors(directory.write("file", file));
  REQUIRE(read.tensors.size() == 3);
  CHECK(read.tensors[0].dtype() == "F16");
  CHECK(read.tensors[1].dtype() == "I64");
  CHECK(std::get<lmc::RawValues>(read.tensors[1].values).bytes.front() == std::byte{7 * 6 + 1});
  std::ostringstream out;
  lmc::write_safetensors(out, read);
  CHECK(out.str().ends_with(file.substr(file.size() - 22)));
  CHECK(lmc::load_safetensors(directory.write("again", out.str())) == read);
  CHECK_THROWS_WITH(
      lmc::state_of<float>(read, {.parameters = {{"half", 3, lmc::Role::weight, {{}}, 0}}, .buffers = {}, .groups = {}}, "x"),
      "x: tensor 'half' is F16, not F32; convert it");

  lmc::Safetensors wrong = read;
  wrong.tensors[0].shape = {4};
  CHECK_THROWS_WITH(lmc::write_safetensors(out, wrong),
                    Contains("tensor 'half' has the shape [4] of F16 and 6 bytes; expected a dtype of the format"));
  wrong = read;
  std::get<lmc::RawValues>(wrong.tensors[0].values).dtype = "F12";
  CHECK_THROWS_WITH(lmc::write_safetensors(out, wrong), Contains("of F12 and 6 bytes"));
  wrong = read;
  wrong.tensors[1].name = "half";
  CHECK_THROWS_WITH(lmc::write_safetensors(out, wrong), Contains("the name 'half' is taken"));
}

TEST_CASE("load_safetensors: reads a file without tensors", "[io]") {
  const testing::TemporaryDirectory directory;
  CHECK(lmc::load_safetensors(directory.write("file", file_of("{}", 0))).tensors.empty());
}

TEST_CASE("load_safetensors: refuses a header that is not what the format has", "[io]") {
  const testing::TemporaryDirectory directory;
  const auto error = [&](const std::string& header, std::size_t data_size = 0) {
    try {
      lmc::load_safetensors(directory.write("file", file_of(header, data_size)));
    } catch (const lmc::Error& e) {
      return std::string(e.what());
    }
    return std::string("none");
  };
  CHECK_THAT(error("{\"a\":"), Contains("load_safetensors: '") && Contains("file': the header is not valid JSON"));
  CHECK_THAT(error(""), Contains("the header is not a JSON object: it begins with"));
  CHECK_THAT(error("{\"a\":" + std::string(5'000'000, '[')),
             Contains("file': the header has arrays or objects inside each other, more than 16 deep"));
  CHECK_THAT(error(" {}"),
             Contains("the header is not a JSON object: it begins with 20 7b 7d; expected '{' (7b) as its first byte"));
  CHECK_THAT(error("{}   "), Contains("none"));
  CHECK_THAT(error(std::string("{}\0{\"a\":1} anything", 20)),
             Contains("the header has a byte 0 at position 2; expected one JSON object"));
  CHECK_THAT(error("{\"\xff\":{}}"), Contains("not valid JSON"));
  CHECK_THAT(error("{} {}"), Contains("not valid JSON"));
  CHECK_THAT(error("{\"a\":" + std::string(10, '[')), Contains("not valid JSON"));
  CHECK_THAT(error("[1]"), Contains("not a JSON object"));
  CHECK_THAT(error(R"({"__metadata__":"x"})"), Contains("__metadata__ is not an object"));
  CHECK_THAT(error(R"({"__metadata__":{"seed":7}})"), Contains("__metadata__ 'seed' is not a string"));
  CHECK_THAT(error(R"({"__metadata__":{"seed":"1","seed":"2"}})"), Contains("the key 'seed' appears twice"));
  CHECK_THAT(error("{" + tensor("a", "F32", "1", "0,4") + "," + tensor("a", "F32", "1", "4,8") + "}", 8),
             Contains("the key 'a' appears twice"));
  CHECK_THAT(error(R"({"a":5})"), Contains("tensor 'a': 'shape' is not an array"));
  CHECK_THAT(error(R"({"a":{"dtype":"F32","data_offsets":[0,4]}})", 4), Contains("tensor 'a': 'shape' is not an array"));
  CHECK_THAT(error(R"({"a":{"dtype":"F32","shape":[1]}})", 4), Contains("'data_offsets' is not an array"));
  CHECK_THAT(error(R"({"a":{"shape":[1],"data_offsets":[0,4]}})", 4), Contains("'dtype' is not a string"));
  CHECK_THAT(error("{" + tensor("a", "F32", "-1", "0,4") + "}", 4),
             Contains("'shape' is not an array of numbers that are not negative"));
  CHECK_THAT(error("{" + tensor("a", "F32", "1.0", "0,4") + "}", 4), Contains("'shape' is not an array of numbers"));
  CHECK_THAT(error("{" + tensor("a", "F32", "99999999999999999999", "0,4") + "}", 4),
             Contains("'shape' is not an array of numbers"));
  CHECK_THAT(error("{" + tensor("a", "F32", "1", "4,0") + "}", 4), Contains("'data_offsets' are not a begin and an end"));
  CHECK_THAT(error("{" + tensor("a", "F32", "1", "0,4,8") + "}", 4), Contains("'data_offsets' are not a begin and an end"));
  CHECK_THAT(error("{" + tensor("a", "F12", "2", "0,4") + "}", 4),
             Contains("dtype F12 cannot be read; expected F32, F64 or another that the format has"));
}

TEST_CASE("load_safetensors: refuses offsets that do not fit the shapes, each other, or the file", "[io]") {
  const testing::TemporaryDirectory directory;
  const auto load = [&](const std::string& tensors, std::size_t data_size) {
    return lmc::load_safetensors(directory.write("file", file_of("{" + tensors + "}", data_size)));
  };
  CHECK_THROWS_WITH(load(tensor("a", "F32", "2", "0,4"), 4),
                    Contains("tensor 'a': the shape [2] of F32 takes 8 bytes, and 'data_offsets' give it 4"));
  const std::string a = tensor("a", "F32", "1", "0,4");
  CHECK_THROWS_WITH(load(a + "," + tensor("b", "F32", "1", "8,12"), 12),
                    Contains("tensor 'b' begins at byte 8 of the data, expected 4: there is a hole before it"));
  CHECK_THROWS_WITH(load(tensor("a", "F32", "1", "4,8"), 8), Contains("expected 0: there is a hole before it"));
  CHECK_THROWS_WITH(load(a + "," + tensor("b", "F64", "1", "2,10"), 10), Contains("expected 4: it overlaps another"));
  CHECK_THROWS_WITH(load(a + "," + tensor("b", "F32", "1", "0,4"), 4), Contains("expected 4: it overlaps another"));
  CHECK_THROWS_WITH(load(a, 3), Contains("the file is cut: its tensors take 4 bytes, and there are 3"));
  CHECK_THROWS_WITH(load(a, 5), Contains("bytes are left over: the tensors take 4 bytes, and there are 5"));
  // 2⁶⁴ bytes are 0 where the product wraps.
  CHECK_THROWS_WITH(load(tensor("a", "F32", "4611686018427387904", "0,0"), 0), Contains("more entries than can be addressed"));
  CHECK_THROWS_WITH(load(tensor("a", "F64", "4294967296,4294967296", "0,0"), 0),
                    Contains("more entries than can be addressed"));
  CHECK_THROWS_WITH(load(tensor("a", "F32", "1099511627776", "0,4398046511104"), 8), Contains("the file is cut"));
}

TEST_CASE("load_safetensors: refuses a cut file, wherever it is cut, and a missing one", "[io]") {
  const testing::TemporaryDirectory directory;
  std::ostringstream out;
  lmc::write_safetensors<float>(out, two_segments(), {eight_values<float>(), {}}, {{"seed", "1"}});
  const std::string whole = out.str();
  CHECK_NOTHROW(lmc::load_safetensors(directory.write("file", whole)));
  for (std::size_t n = 0; n < whole.size(); ++n) {
    CAPTURE(n);
    const auto path = directory.write("file", whole.substr(0, n));
    if (n < 8) {
      CHECK_THROWS_WITH(lmc::load_safetensors(path), Contains("the file has " + std::to_string(n) + " bytes"));
    } else {
      CHECK_THROWS_WITH(lmc::load_safetensors(path), Contains("the file is cut"));
    }
  }
  CHECK_THROWS_WITH(lmc::load_safetensors(directory.write("file", std::string(8, '\xff') + "{}")),
                    Contains("its header should take 18446744073709551615 bytes, and 2 follow"));
  CHECK_THROWS_WITH(lmc::load_safetensors(directory / "absent"), Contains("absent': there is no such file"));
}

TEST_CASE("load_safetensors: names what a file is that is none", "[io]") {
  const testing::TemporaryDirectory directory;
  const auto load = [&](std::string_view bytes) { return lmc::load_safetensors(directory.write("file", bytes)); };
  CHECK_THROWS_WITH(load("version https://git-lfs.github.com/spec/v1\noid sha256:1\n"),
                    Contains("file': this is no safetensors file: it is a Git LFS pointer; run `git lfs pull`"));
  CHECK_THROWS_WITH(load("<!DOCTYPE html>\n<html></html>"), Contains("it is an HTML page"));
  CHECK_THROWS_WITH(load(std::string("PK\3\4").append(22, '\0') + std::string("\x10\0\0\0", 4) + "archive/data.pkl"),
                    Contains("it is a PyTorch file; in Python, load it with torch.load, and save its tensors"));
  CHECK_THROWS_WITH(load("Entry not found"), Contains("; it begins with the text 'Entry not found'"));
  // 100,000,001 bytes: beyond what the format allows, whatever the file's length.
  CHECK_THROWS_WITH(load(std::string("\x01\xe1\xf5\x05\0\0\0\0{\"a\":1}", 15)),
                    Contains("its header should take 100000001 bytes"));
  // A length whose first bytes are those that a JSON text begins with.
  const std::string header = "{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}";
  CHECK(load(file_of(header + std::string(0x227b - header.size(), ' '), 0)).tensors.size() == 1);
}

TEST_CASE("load_safetensors: reads all files of a model by its index", "[io]") {
  const testing::TemporaryDirectory directory;
  directory.write("m-1.safetensors",
                  file_of("{" + tensor("a", "F32", "1", "0,4") + "," + tensor("b", "F64", "", "4,12") + "}", 12));
  directory.write("m-2.safetensors",
                  file_of("{\"__metadata__\":{\"format\":\"pt\"}," + tensor("c", "I64", "2", "0,16") + "}", 16));
  const auto load = [&](const std::string& map, const std::string& metadata = "\"total_size\": 28") {
    return lmc::load_safetensors(directory.write("model.safetensors.index.json",
                                                 "{\"metadata\": {" + metadata + "},\n\"weight_map\": {" + map + "}}\n"));
  };
  const std::string right = R"("c": "m-2.safetensors", "a": "m-1.safetensors", "b": "m-1.safetensors")";
  const lmc::Safetensors model = load(right);
  REQUIRE(model.tensors.size() == 3);
  CHECK(model.tensors[0].name == "a");
  CHECK(model.tensors[1].name == "b");
  CHECK(model.tensors[2] == lmc::load_safetensors(directory / "m-2.safetensors").tensors[0]);
  CHECK(model.metadata == lmc::Metadata{{"format", "pt"}});
  CHECK(load(right, "") == model);
  CHECK(load(right, "\"total_size\": 28.0") == model);

  CHECK_THROWS_WITH(load(right, "\"total_size\": 20"), Contains("the tensors take 28 bytes, and the index's total_size is 20"));
  CHECK_THROWS_WITH(load(right, "\"total_size\": -1"), Contains("total_size is no number of bytes"));
  CHECK_THROWS_WITH(load(R"("a": "m-1.safetensors", "b": "m-1.safetensors", "z": "m-2.safetensors")"),
                    Contains("'m-2.safetensors' has the tensor 'c', which the index lacks"));
  CHECK_THROWS_WITH(load(right + R"(, "z": "m-2.safetensors")"),
                    Contains("'m-2.safetensors' lacks the tensor 'z', which the index says"));
  CHECK_THROWS_WITH(load(R"("c": "m-1.safetensors", "a": "m-1.safetensors", "b": "m-2.safetensors")"),
                    Contains("the tensor 'b' is in 'm-1.safetensors'; the index says 'm-2.safetensors'"));
  CHECK_THROWS_WITH(load(right + R"(, "x": "m-3.safetensors", "y": "m-4.safetensors")"),
                    Contains("index.json': the model's files 'm-3.safetensors', 'm-4.safetensors' are missing; fetch them"));
  for (const char* outside : {"../m-1.safetensors", "/etc/passwd", "a/../../m-1.safetensors", ""}) {
    CAPTURE(outside);
    CHECK_THROWS_WITH(load("\"a\": \"" + std::string(outside) + "\""), Contains("expected a file in the folder of the index"));
  }
  CHECK_THROWS_WITH(load("\"a\": 1"), Contains("the file of the tensor 'a' is no text"));
  CHECK_THROWS_WITH(load(""),
                    Contains("this is a JSON text without a 'weight_map'; expected a safetensors file, or the index"));
  CHECK_THROWS_WITH(load(right + "," + right), Contains("the key 'c' appears twice"));
  CHECK_THROWS_WITH(load("\"a\": " + std::string(100, '[')),
                    Contains("the index has arrays or objects inside each other, more than 16 deep"));
  directory.write("m-2.safetensors", file_of("{}", 1));
  CHECK_THROWS_WITH(load(right), Contains("m-2.safetensors': bytes are left over"));
}

TEST_CASE("load_state: says that a file has no tensors", "[io]") {
  const testing::TemporaryDirectory directory;
  CHECK_THROWS_WITH(
      lmc::load_state<float>(directory.write("none", file_of("{\"__metadata__\":{\"format\":\"pt\"}}", 0)), two_segments()),
      Contains("none' has no tensors; is it a checkpoint of another network?"));
}

TEST_CASE("load_state: refuses a checkpoint of another network", "[io]") {
  const testing::TemporaryDirectory directory;
  const auto path = directory / "a.safetensors";
  lmc::save_safetensors<float>(path, two_segments(), {eight_values<float>(), {}});

  lmc::ParameterLayout other = two_segments();
  other.parameters[1].name = "dense3/bias";
  CHECK_THROWS_WITH(lmc::load_state<float>(path, other),
                    Contains("a.safetensors' has no tensor 'dense3/bias'; there are: dense10/weight, dense2/bias"));
  other = two_segments();
  other.parameters[0].shape = {3, 2};
  CHECK_THROWS_WITH(lmc::load_state<float>(path, other),
                    Contains("tensor 'dense10/weight' has the shape [2, 3], expected [3, 2]"));
  other = two_segments();
  other.parameters.pop_back();
  CHECK_THROWS_WITH(lmc::load_state<float>(path, other), Contains("tensor 'dense2/bias' is not in the network"));
  CHECK_THROWS_WITH(lmc::load_state<double>(path, two_segments()),
                    Contains("tensor 'dense10/weight' is F32, not F64; load it with"));
}

TEST_CASE("save_safetensors: buffers are tensors beside the parameters, and come back", "[io]") {
  const testing::TemporaryDirectory directory;
  const auto path = directory / "a.safetensors";
  lmc::LayoutBuilder builder(2);
  builder.add_parameter("scale", 2, lmc::Role::scale, {{}});
  builder.add_buffer("mean", 2, lmc::Role::mean, {{}});
  builder.add_buffer("variance", 2, lmc::Role::variance, {{}});
  const lmc::ParameterLayout layout = std::move(builder).build();
  const lmc::ModelState<double> state{{1, 2}, {3, 4, 5, 6}};
  lmc::save_safetensors(path, layout, state);
  CHECK(lmc::load_safetensors(path).tensors.size() == 3);
  CHECK(lmc::load_state<double>(path, layout) == state);
  CHECK_THROWS_WITH(lmc::save_safetensors<double>(path, layout, {{1, 2}, {}}),
                    Contains("the state has 0 buffer values; expected the layout's 4"));
}

}  // namespace io_safetensors_test
