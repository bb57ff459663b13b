// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/io/npy.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include <support/temporary_directory.hpp>

namespace io_npy_test {

namespace {

using Catch::Matchers::Contains;

struct Reference {
  const char* dtype;
  lmc::Shape shape;
  std::vector<double> values;
  const char* hexadecimal;
};

const std::vector<Reference>& references() {
  static const std::vector<Reference> all = {
#include "npy_reference.inc"
  };
  return all;
}

std::string bytes_of(std::string_view hexadecimal) {
  std::string bytes;
  for (std::size_t i = 0; i < hexadecimal.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(hexadecimal.substr(i, 2)), nullptr, 16));
  return bytes;
}

// A file of version 1 with that header and so many bytes of values.
std::string file_of(std::string header, std::size_t values, int version = 1) {
  std::string file = "\x93NUMPY";
  file += static_cast<char>(version);
  file += '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) file += static_cast<char>(header.size() >> 8 * i & 255);
  return file + header + std::string(values, '\0');
}

template <class T>
std::string written(const lmc::Shape& shape, const std::vector<T>& values) {
  std::ostringstream out;
  if constexpr (std::is_same_v<T, bool>)
    lmc::write_npy(out, shape, values);
  else
    lmc::write_npy(out, shape, std::span<const T>(values));
  return out.str();
}

}  // namespace

TEST_CASE("load_npy: reads what NumPy writes, of every type, order and version", "[io]") {
  const testing::TemporaryDirectory directory;
  for (const Reference& r : references()) {
    CAPTURE(r.dtype, r.shape, r.hexadecimal);
    const lmc::NpyArray array = lmc::load_npy(directory.write("a.npy", bytes_of(r.hexadecimal)));
    CHECK(array.dtype == r.dtype);
    CHECK(array.shape == r.shape);
    CHECK(array.as<double>() == r.values);
  }
  CHECK(references().size() > 30);
}

TEST_CASE("write_npy: writes the bytes that NumPy does", "[io]") {
  std::size_t compared = 0;
  for (const Reference& r : references()) {
    CAPTURE(r.dtype, r.shape, r.hexadecimal);
    const std::string file = bytes_of(r.hexadecimal);
    if (file[6] != '\1' || file.find("'>") != std::string::npos || file.find("True") != std::string::npos) continue;
    const auto as = [&]<class T>(T) { return written(r.shape, std::vector<T>(r.values.begin(), r.values.end())); };
    const std::string_view dtype = r.dtype;
    if (dtype == "b1") CHECK(as(bool{}) == file);
    if (dtype == "i1") CHECK(as(std::int8_t{}) == file);
    if (dtype == "i8") CHECK(as(std::int64_t{}) == file);
    if (dtype == "u2") CHECK(as(std::uint16_t{}) == file);
    if (dtype == "f4") CHECK(as(float{}) == file);
    if (dtype == "f8") CHECK(as(double{}) == file);
    ++compared;
  }
  CHECK(compared > 15);
}

TEST_CASE("load_npy: reads back a flat θ to the bit, NaN and infinity too", "[io]") {
  const testing::TemporaryDirectory directory;
  const std::vector<float> theta = {1.1F, -0.0F, 1e-45F, std::numeric_limits<float>::infinity(), 3e38F};
  lmc::save_npy(directory / "theta.npy", {5}, std::span<const float>(theta));
  const lmc::NpyArray read = lmc::load_npy(directory / "theta.npy");
  CHECK(read.as<float>() == theta);
  CHECK(std::signbit(read.as<float>()[1]));
  CHECK(read.as<double>()[0] == double{1.1F});
  const std::vector<double> none = {std::nan("")};
  lmc::save_npy(directory / "nan.npy", {1}, std::span<const double>(none));
  CHECK(std::isnan(lmc::load_npy(directory / "nan.npy").as<double>()[0]));
}

TEST_CASE("NpyArray: gives outcomes and whole numbers from any type that holds them, and rounds nothing", "[io]") {
  const testing::TemporaryDirectory directory;
  const auto load = [&]<class T>(const std::vector<T>& values) {
    return lmc::load_npy(directory.write("a.npy", written({static_cast<lmc::Index>(values.size())}, values)));
  };
  const std::vector<bool> outcomes = {false, true, true};
  CHECK(load(outcomes).as<bool>() == outcomes);
  CHECK(load(outcomes).as<lmc::Index>() == std::vector<lmc::Index>{0, 1, 1});
  CHECK(load(std::vector<double>{0, 1, 1}).as<bool>() == outcomes);
  CHECK(load(std::vector<std::uint8_t>{0, 1, 1}).as<bool>() == outcomes);
  CHECK(load(std::vector<float>{-3, 4}).as<lmc::Index>() == std::vector<lmc::Index>{-3, 4});
  CHECK_THROWS_WITH(load(std::vector<std::int64_t>{0, 1, 2}).as<bool>(),
                    "the array of i8 has the value 2 at position 2; expected 0 or 1, wrong or right");
  CHECK_THROWS_WITH(load(std::vector<double>{0.5}).as<bool>(), Contains("the value 0.5 at position 0"));
  CHECK_THROWS_WITH(load(std::vector<double>{1, std::nan("")}).as<bool>(), Contains("the value nan at position 1"));
  CHECK_THROWS_WITH(load(std::vector<double>{1.5}).as<lmc::Index>(), Contains("expected whole numbers"));
  CHECK_THROWS_WITH(load(std::vector<double>{1e300}).as<lmc::Index>(), Contains("expected whole numbers"));
  CHECK_THROWS_WITH(load(std::vector<double>{std::nan("")}).as<lmc::Index>(), Contains("expected whole numbers"));
  CHECK_THROWS_WITH(load(std::vector<std::uint64_t>{~std::uint64_t{0}}).as<lmc::Index>(), Contains("18446744073709551615"));
  CHECK_THROWS_WITH(load(std::vector<double>{1}).as<float>(), Contains("read it as double, or convert it with astype('f4')"));
  CHECK_THROWS_WITH(load(std::vector<std::int64_t>{16777217}).as<float>(), Contains("the value 16777217"));
  CHECK(load(std::vector<std::int64_t>{16777216}).as<float>() == std::vector<float>{16777216});
  CHECK(load(std::vector<std::int64_t>{-9007199254740992}).as<double>()[0] == -9007199254740992.0);
  CHECK_THROWS_WITH(load(std::vector<std::int64_t>{-9007199254740993}).as<double>(), Contains("a double holds"));
  CHECK_THROWS_WITH(lmc::NpyArray{.dtype = "c8"}.as<float>(), Contains("the dtype 'c8'"));
  const std::string any_true = written({2}, outcomes.empty() ? outcomes : std::vector<bool>{true, false});
  std::string odd = any_true;
  odd[odd.size() - 2] = '\7';
  CHECK(lmc::load_npy(directory.write("odd.npy", odd)).as<bool>() == std::vector<bool>{true, false});
}

TEST_CASE("load_npy: widens every half, as NumPy does", "[io]") {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const int exponent = static_cast<int>(bits >> 10 & 31), fraction = static_cast<int>(bits & 1023);
    const float sign = bits >> 15 != 0 ? -1.0F : 1.0F;
    const float value = lmc::detail::widened({static_cast<std::uint16_t>(bits)});
    if (exponent == 31 && fraction != 0) {
      CHECK(std::isnan(value));
      continue;
    }
    const float plain = exponent == 31  ? std::numeric_limits<float>::infinity()
                        : exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                                        : std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
    if (value != sign * plain || std::signbit(value) != (sign < 0)) FAIL(bits);
  }
}

TEST_CASE("load_npy: takes a header in any order of its keys, quotes and blanks", "[io]") {
  const testing::TemporaryDirectory directory;
  const auto shape = [&](const std::string& header) {
    return lmc::load_npy(directory.write("a.npy", file_of(header, 24))).shape;
  };
  CHECK(shape("{'shape': (2, 3), 'fortran_order': False, 'descr': '<f4'}") == lmc::Shape{2, 3});
  CHECK(shape(R"(  {"descr":"<f4","fortran_order":False,"shape":(6,),}   )"
              "\n") == lmc::Shape{6});
  CHECK(shape("{'descr': '=f4', 'fortran_order': True, 'shape': (2L, 3L,)}") == lmc::Shape{2, 3});
  CHECK(shape("{'descr': '<u1', 'fortran_order': False, 'shape': (24,)}") == lmc::Shape{24});
}

TEST_CASE("load_npy: refuses a header that NumPy would not take, or that stands for other values", "[io]") {
  const testing::TemporaryDirectory directory;
  const auto error = [&](const std::string& header, std::size_t values = 0, int version = 1) {
    try {
      lmc::load_npy(directory.write("a.npy", file_of(header, values, version)));
    } catch (const lmc::Error& e) {
      return std::string(e.what());
    }
    return std::string("none");
  };
  const auto of_type = [&](const std::string& descr) {
    return error("{'descr': " + descr + ", 'fortran_order': False, 'shape': (1,), }", 8);
  };
  const auto of_shape = [&](const std::string& shape) {
    return error("{'descr': '<f8', 'fortran_order': False, 'shape': " + shape + ", }", 8);
  };
  CHECK_THAT(error(""), Contains("load_npy: '") && Contains("a.npy': the header is no dictionary"));
  CHECK_THAT(error("[]"), Contains("the header is no dictionary"));
  CHECK_THAT(error("{}"), Contains("the header lacks descr"));
  CHECK_THAT(error("{'descr': '<f4', 'shape': ()}", 4), Contains("the header lacks fortran_order"));
  CHECK_THAT(error("{'descr': '<f4', 'fortran_order': False}", 4), Contains("the header lacks shape"));
  CHECK_THAT(error("{'descr': '<f4', 'descr': '<f8'}"), Contains("the key 'descr' appears twice"));
  CHECK_THAT(error("{'order': 'C'}"), Contains("the header has the key 'order'"));
  CHECK_THAT(error("{descr: '<f4'}"), Contains("a key of the header is no text in quotes"));
  CHECK_THAT(error("{'descr"), Contains("is not closed"));
  CHECK_THAT(error("{'descr' '<f4'}"), Contains("there is no ':' behind a key (byte 9 of it)"));
  CHECK_THAT(error("{'descr': '<f4' 'shape': ()}"), Contains("neither ',' nor '}'"));
  CHECK_THAT(error("{'descr': '<f4', 'fortran_order': 0, 'shape': ()}"), Contains("neither True nor False"));
  CHECK_THAT(error("{'descr': '<f4', 'fortran_order': False, 'shape': ()} {}", 4), Contains("more than one dictionary"));
  CHECK_THAT(of_shape("1"), Contains("shape is no tuple"));
  CHECK_THAT(of_shape("[1]"), Contains("shape is no tuple"));
  CHECK_THAT(of_shape("(1)"), Contains("a number in brackets"));
  CHECK_THAT(of_shape("(-1,)"), Contains("numbers that are not negative"));
  CHECK_THAT(of_shape("(1.0,)"), Contains("numbers that are not negative"));
  CHECK_THAT(of_shape("(,)"), Contains("numbers that are not negative"));
  CHECK_THAT(of_shape("(1 1)"), Contains("numbers that are not negative"));
  CHECK_THAT(of_shape("(1,"), Contains("numbers that are not negative"));
  CHECK_THAT(of_shape("(9223372036854775808,)"), Contains("cannot be addressed"));
  CHECK_THAT(of_shape("(4294967296, 4294967296)"), Contains("more entries than can be addressed"));
  CHECK_THAT(of_shape("(4611686018427387904,)"), Contains("more entries than can be addressed"));
  CHECK_THAT(of_shape("(0, 9223372036854775807, 2)"), Contains("bytes are left over"));
  CHECK_THAT(of_type("'<c8'"), Contains("the dtype '<c8' (complex numbers); expected bool, integers, or f2, f4, f8"));
  CHECK_THAT(of_type("'|O'"), Contains("'|O' (Python objects, which are pickled)"));
  CHECK_THAT(of_type("'<U4'"), Contains("(texts)"));
  CHECK_THAT(of_type("'|V2'"), Contains("bfloat16"));
  CHECK_THAT(of_type("'<f16'"), Contains("machines differ"));
  CHECK_THAT(of_type("'<M8[ns]'"), Contains("(times)"));
  CHECK_THAT(of_type("'<b4'"), Contains("the dtype '<b4'; expected"));
  CHECK_THAT(of_type("''"), Contains("the dtype ''"));
  CHECK_THAT(of_type("'f8'"), Contains("expected < or > before it, for the order of bytes"));
  CHECK_THAT(of_type("'|f8'"), Contains("for the order of bytes"));
  CHECK_THAT(of_type("[('x', '<f4'), ('y', '<f4')]"), Contains("records of several fields"));
  CHECK_THAT(of_type("3"), Contains("descr of the header is no text"));
  CHECK_THAT(error("{}", 0, 4), Contains("it is of version 4.0; expected 1.0, 2.0 or 3.0"));
  CHECK_THAT(error("{}", 0, 0), Contains("version 0.0"));
}

TEST_CASE("load_npy: refuses files that are cut anywhere, longer, or none", "[io]") {
  const testing::TemporaryDirectory directory;
  for (const int version : {1, 2}) {
    const std::string whole = file_of("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }\n", 24, version);
    CHECK_NOTHROW(lmc::load_npy(directory.write("a.npy", whole)));
    for (std::size_t n = 0; n < whole.size(); ++n) {
      CAPTURE(n);
      const auto path = directory.write("a.npy", whole.substr(0, n));
      CHECK_THROWS_WITH(lmc::load_npy(path), Contains(n < 8 ? "this is no .npy file" : "the file is cut"));
    }
    CHECK_THROWS_WITH(lmc::load_npy(directory.write("a.npy", whole + "x")),
                      Contains("the shape [2, 3] of f4 takes 24 bytes, and there are 25; expected one array in the file"));
  }
  const std::string npz = std::string("PK\3\4").append(22, '\0') + '\5' + std::string(3, '\0') + "a.npy";
  CHECK_THROWS_WITH(lmc::load_npy(directory.write("a.npz", npz)),
                    Contains("this is no .npy file: it is a zip file of NumPy arrays (.npz); save one array with numpy.save"));
  CHECK_THROWS_WITH(lmc::load_npy(directory.write("a.npy", "0.1,0.2,0.3\n")), Contains("this is no .npy file"));
  CHECK_THROWS_WITH(lmc::load_npy(directory / "absent.npy"), Contains("absent.npy': there is no such file"));
  CHECK_THROWS_WITH(lmc::load_npy(directory.write(
                        "a.npy", file_of("{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776,), }", 8))),
                    Contains("the file is cut"));
}

TEST_CASE("write_npy: refuses another number of values than the shape has entries", "[io]") {
  std::ostringstream out;
  const std::vector<float> six(6);
  CHECK_THROWS_WITH(lmc::write_npy(out, {2, 4}, std::span<const float>(six)),
                    "write_npy: 6 values for the shape [2, 4]; expected one for each entry");
  CHECK_THROWS_WITH(lmc::write_npy(out, {-2, -3}, std::span<const float>(six)), Contains("6 values for the shape [-2, -3]"));
  CHECK_THROWS_WITH(lmc::write_npy(out, {3}, std::vector<bool>(2)), Contains("2 values for the shape [3]"));
  CHECK(out.str().empty());
}

}  // namespace io_npy_test
