// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/measure/plane_file.hpp>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <lmc/connectivity/plane/random_plane.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/models/mlp.hpp>

#include "support/temporary_directory.hpp"

namespace measure_plane_file_test {

using Catch::Matchers::Contains;
using lmc::PlaneSurface;

namespace {

const lmc::PlaneGrid grid{-1, 1, -0.5, 0.5, 4, 3};

struct Setting {
  lmc::Network<float> net = lmc::mlp<float>({.inputs = 2, .hidden = {4}, .outputs = 3});
  lmc::Dataset<float> data = lmc::spirals<float>({.examples = 30, .classes = 3, .seed = 1});
  lmc::Plane<float> plane = lmc::random_plane(net.initialize({.seed = 1}).parameters, 5);

  [[nodiscard]] lmc::PlaneIdentity identity() const { return lmc::plane_identity(plane, grid, net, data, data, "own"); }
};

// An evaluator without a network, whose loss is not finite at one place.
lmc::Metrics measured(std::span<const float> theta, int call) {
  return {.loss = call == 5 ? std::numeric_limits<double>::infinity() : std::exp(static_cast<double>(theta[0])),
          .error = call == 5 ? std::nan("") : 0.1 * static_cast<double>(std::abs(theta[1])),
          .count = 10,
          .loss_name = "own"};
}
std::string content(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("plane file: a run that is killed goes on, and ends with the same bytes", "[measure]") {
  const testing::TemporaryDirectory folder;
  const Setting s;
  int calls = 0;
  const auto evaluate = [&](std::span<const float> theta) { return measured(theta, calls++); };
  lmc::measure_plane(folder.path() / "whole.csv", s.identity(), s.plane, grid, evaluate);
  REQUIRE(calls == 12);

  const auto stopped = folder.path() / "stopped.csv";
  const int stop = GENERATE(1, 6, 11);
  calls = 0;
  const auto dying = [&](std::span<const float> theta) {
    if (calls == stop) throw std::runtime_error("killed");
    return measured(theta, calls++);
  };
  CHECK_THROWS_WITH(lmc::measure_plane(stopped, s.identity(), s.plane, grid, dying, {.seconds = 0}), "killed");
  CHECK(lmc::read_plane_csv(stopped, grid, s.identity()).measured() == static_cast<std::size_t>(stop));
  const PlaneSurface surface = lmc::measure_plane(stopped, s.identity(), s.plane, grid, evaluate);
  CHECK(calls == 12);  // none twice
  CHECK(surface.complete());
  CHECK(content(stopped) == content(folder.path() / "whole.csv"));
  // A run that is complete measures nothing.
  lmc::measure_plane(stopped, s.identity(), s.plane, grid, evaluate);
  CHECK(calls == 12);
  CHECK(content(stopped) == content(folder.path() / "whole.csv"));
}

TEST_CASE("plane file: has u, v, error and loss, also what is not finite", "[measure]") {
  PlaneSurface surface{.grid = {0, 1, 0, 2, 2, 2}, .values = {}, .loss_name = {}};
  surface.values = {lmc::PlaneValue{0.5, 0.25}, std::nullopt, lmc::PlaneValue{NAN, 1}, lmc::PlaneValue{INFINITY, 0}};
  std::ostringstream text;
  lmc::write_plane_csv(text, surface, {{"plane", "p"}});
  CHECK(text.str() == "# plane: p\nu,v,error,loss\n0,0,0.25,0.5\n0,2,1,nan\n1,2,0,inf\n");
  for (auto& value : surface.values)
    if (value) value->error.reset();
  std::ostringstream without;
  lmc::write_plane_csv(without, surface);
  CHECK(without.str() == "u,v,loss\n0,0,0.5\n0,2,nan\n1,2,inf\n");
}

TEST_CASE("plane file: a last line that was cut is measured again, also where a shorter number is left", "[measure]") {
  const testing::TemporaryDirectory folder;
  const auto file = folder.path() / "plane.csv";
  const Setting s;
  int calls = 0;
  const auto evaluate = [&](std::span<const float> theta) { return measured(theta, 6 + calls++); };
  lmc::measure_plane(file, s.identity(), s.plane, grid, evaluate);
  const std::string whole = content(file);
  for (const std::uintmax_t cut : {1U, 2U, 9U}) {
    calls = 0;
    std::filesystem::resize_file(file, whole.size() - cut);
    lmc::measure_plane(file, s.identity(), s.plane, grid, evaluate);
    CHECK(calls == 1);
    CHECK(content(file) == whole);
  }
  calls = 0;
  lmc::measure_plane("/dev/null", s.identity(), s.plane, grid, evaluate);  // a device has nothing to go on with
  CHECK(calls == 12);
}

TEST_CASE("plane file: one of another plane, network, grid, data set or loss is refused by name", "[measure]") {
  const testing::TemporaryDirectory folder;
  const auto file = folder.path() / "plane.csv";
  const Setting s;
  const auto evaluate = [](std::span<const float> theta) { return measured(theta, 0); };
  lmc::measure_plane(file, s.identity(), s.plane, grid, evaluate);
  const std::string before = content(file);
  const auto refused = [&](const lmc::PlaneIdentity& identity, const std::string& why) {
    CHECK_THROWS_WITH(lmc::measure_plane(file, identity, s.plane, grid, evaluate),
                      Contains(why) && Contains("give another file"));
    CHECK(content(file) == before);
  };
  const auto other_plane = lmc::random_plane(s.net.initialize({.seed = 1}).parameters, 6);
  refused(lmc::plane_identity(other_plane, grid, s.net, s.data, s.data, "own"),
          "line 1: what was measured is of another plane:");
  refused(lmc::plane_identity(s.plane, {-1, 1, -0.5, 0.5, 5, 3}, s.net, s.data, s.data, "own"),
          "line 2: what was measured is of another grid: '4 columns");
  const auto leaky = lmc::mlp<float>({.inputs = 2, .hidden = {4}, .outputs = 3, .slope = 0.1});
  refused(lmc::plane_identity(s.plane, grid, leaky, s.data, s.data, "own"), "line 3: what was measured is of another network:");
  const auto other_data = lmc::spirals<float>({.examples = 30, .classes = 3, .seed = 2});
  refused(lmc::plane_identity(s.plane, grid, s.net, other_data, s.data, "own"),
          "line 4: what was measured is of another data:");
  refused(lmc::plane_identity(s.plane, grid, s.net, s.data, s.data, "squared error"),
          "line 5: what was measured is of another loss: 'own', expected 'squared error'");
}

TEST_CASE("plane file: damage is an error with its line", "[measure]") {
  const testing::TemporaryDirectory folder;
  const auto file = folder.path() / "plane.csv";
  const auto read = [&](const std::string& text) {
    std::ofstream(file) << text;
    return lmc::read_plane_csv(file, {0, 1, 0, 2, 2, 2}, {{"loss", "own"}});
  };
  CHECK(read("# loss: own\nu,v,loss\n1,0,3\n").loss_name == "own");
  CHECK_THROWS_WITH(read(""), Contains("ends before its header"));
  CHECK_THROWS_WITH(read("alpha,loss\n"), Contains("line 1: expected '# loss: …'"));
  CHECK_THROWS_WITH(read("# loss: own\nu,loss\n"), Contains("line 2: expected the header"));
  CHECK_THROWS_WITH(read("# loss: own\nu,v,loss\n0,0\n"), Contains("line 3: expected 3 numbers"));
  CHECK_THROWS_WITH(read("# loss: own\nu,v,loss\n0,0,x\n"), Contains("line 3: expected 3 numbers"));
  CHECK_THROWS_WITH(read("# loss: own\nu,v,loss\n0,0,1\n0.5,0,1\n"), Contains("line 4: the place is none of the grid"));
  CHECK_THROWS_WITH(read("# loss: own\nu,v,loss\n1,0,1\n0,0,1\n"),
                    Contains("line 4: the place is none of the grid, or out of"));
}

}  // namespace measure_plane_file_test
