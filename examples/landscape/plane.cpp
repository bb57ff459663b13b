// SPDX-License-Identifier: BSD-3-Clause
#include "landscape/plane.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <numeric>
#include <span>
#include <string_view>
#include <system_error>

#include <lmc/connectivity/plane/filter_plane.hpp>
#include <lmc/connectivity/plane/plane.hpp>
#include <lmc/connectivity/plane/plane_grid.hpp>
#include <lmc/connectivity/plane/principal_plane.hpp>
#include <lmc/connectivity/plane/random_plane.hpp>
#include <lmc/core/digest.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/text.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/gradient.hpp>
#include <lmc/measure/plane_file.hpp>

#include "registry/memory_limit.hpp"

namespace {

using Networks = std::vector<std::span<const float>>;

constexpr Index default_checkpoints = 20;

// Columns and rows, of "51" or "51x31".
std::array<Index, 2> parse_grid(const std::string& text) {
  std::array<Index, 2> sides{};
  const char *at = text.data(), *const end = at + text.size();
  const auto [x, first] = std::from_chars(at, end, sides[0]);
  bool good = first == std::errc();
  sides[1] = sides[0];
  if (good && x != end) {
    const auto [last, second] =
        *x == 'x' ? std::from_chars(x + 1, end, sides[1]) : std::from_chars_result{x, std::errc::invalid_argument};
    good = second == std::errc() && last == end;
  }
  lmc::require(good && sides[0] >= 2 && sides[1] >= 2 && sides[0] <= 10'000 && sides[1] <= 10'000, "--plane-grid ", text,
               "; expected 2 to 10000 places on both sides, as in 51, or 51x31 for 51 columns and 31 rows");
  return sides;
}

// A plane, the networks that stand in it or near it, and what is measured over.
struct Drawn {
  lmc::MarkedPlane<float> marked;
  Networks networks;
  lmc::PlaneGrid grid;
};

Drawn through_three(const Ends& ends, const PlanePoints& points, const lmc::GridAround& around, PlaneMeasurement& m) {
  const bool third_run = points.third != nullptr;
  const std::span<const float> a = ends.a.state.parameters, b = ends.b.state.parameters,
                               c = third_run ? points.third->state.parameters : points.start.parameters;
  Drawn drawn{lmc::plane_through<float>(a, b, c, {"A", "B", third_run ? "C" : "start"}), {a, b, c}, {}};
  drawn.grid = lmc::grid_around(drawn.marked.marks, around);
  m.axes = {"distance from A, towards B", "distance from the line AB"};
  m.lines = {{0, 1}};
  return drawn;
}

// Whether the norms of the filters are needed: random directions have the radius of filter-normalized ones, so that their figures show as
// much of the space and can be compared.
bool takes_filters(const PlaneChoice& choice) { return choice.kind == "filter" || (choice.kind == "random" && !choice.radius); }

Drawn around_first(const PlaneChoice& choice, const Ends& ends, const lmc::GridAround& around, PlaneMeasurement& m) {
  const std::vector<float>& theta = ends.a.state.parameters;
  const std::uint64_t seed = choice.seed.value_or(0);
  const bool filters = choice.kind == "filter";
  double radius = choice.radius.value_or(0);
  std::optional<lmc::FilterPlane<float>> normalized;
  if (takes_filters(choice)) {
    normalized = lmc::filter_plane(ends.net.layout(), theta, seed,
                                   choice.biases == "scaled" ? lmc::NoFilters::scaled : lmc::NoFilters::zero);
    radius = choice.radius.value_or(normalized->step);
  }
  Drawn drawn{{filters ? std::move(normalized->plane) : lmc::random_plane(theta, seed), {{"A", {0, 0}, 0}}}, {theta}, {}};
  drawn.grid = {-radius, radius, -radius, radius, around.columns, around.rows};
  const std::string of = filters ? "filter-normalized direction" : "random direction";
  m.axes = {"first " + of, "second " + of};
  if (filters) m.step = normalized->step, m.cosine = normalized->cosine;
  return drawn;
}

Drawn of_trajectory(const Ends& ends, const PlanePoints& points, const lmc::GridAround& around, PlaneMeasurement& m) {
  Networks networks{points.start.parameters};
  std::vector<std::string> names{"start"};
  for (const lmc::TrajectoryPoint<float>& point : points.way) {
    networks.emplace_back(point.state.parameters);
    names.push_back(lmc::concat("update ", point.step));
  }
  names.back() = "A";
  lmc::PrincipalPlane<float> found = lmc::principal_plane<float>(networks, lmc::PlaneCenter::last, names);
  Drawn drawn{{std::move(found.plane), std::move(found.marks)}, std::move(networks), {}};
  drawn.grid = lmc::grid_around(drawn.marked.marks, around);
  m.explained = found.explained;
  const auto axis = [&](const char* which, std::size_t k) {
    return lmc::concat(which, " principal direction, ", lmc::fixed(100 * found.explained[k], 1), " % of the squared distances");
  };
  m.axes = {axis("first", 0), axis("second", 1)};
  for (std::size_t k = 1; k < drawn.networks.size(); ++k) m.lines.emplace_back(k - 1, k);
  lmc::require(drawn.networks.back().size() == ends.a.state.parameters.size(), "--plane trajectory: no state was kept");
  return drawn;
}

}  // namespace

void add_plane_options(CLI::App& app, PlaneChoice& choice) {
  const char* const group = "Plane";
  app.add_option("--plane", choice.kind,
                 "through the two networks A and B and a third (three), through A along random or filter-normalized directions "
                 "(random, filter), or nearest to the way of A's training (trajectory)")
      ->group(group)
      ->capture_default_str();
  app.add_option("--plane-grid", choice.grid, "places on both sides, as in 51, or columns and rows, as in 51x31 [51]")
      ->group(group);
  app.add_option("--plane-data", choice.data, "what is measured on: test or train")->group(group)->capture_default_str();
  app.add_option("--plane-csv", choice.csv,
                 "file for error and loss at all places, written as they are measured: the same command goes on after a stop")
      ->group(group);
  app.add_option("--plane-third", choice.third, "three: start, from which A was trained, or run, the third of --runs [start]")
      ->group(group);
  app.add_option("--plane-margin", choice.margin,
                 "three, trajectory: around the points, as a share of the longer side of their box [0.2]")
      ->group(group);
  app.add_option("--plane-radius", choice.radius,
                 "random, filter: Euclidean distance from A to the edges [norm of A's weights]")
      ->group(group);
  app.add_option("--plane-seed", choice.seed, "random, filter: of the directions [0]")->group(group);
  app.add_option(
         "--plane-biases", choice.biases,
         "filter: zero leaves biases and normalization parameters as they are, scaled moves them by their own norm [zero]")
      ->group(group);
  app.add_option("--plane-checkpoints", choice.checkpoints, "trajectory: states that are kept beside the start [20]")
      ->group(group);
}

void require_plane(const PlaneChoice& choice, const Results& r) {
  const std::string& kind = choice.kind;
  lmc::require(kind == "none" || kind == "three" || kind == "random" || kind == "filter" || kind == "trajectory", "--plane ",
               kind, "; expected none, three, random, filter or trajectory");
  const auto belongs = [&](const char* option, const auto& value, std::initializer_list<std::string_view> kinds) {
    if (!value) return;
    std::string list;
    bool known = false;
    for (const std::string_view k : kinds) {
      list += (list.empty() ? "--plane " : " or --plane ") + std::string(k);
      known = known || k == kind;
    }
    lmc::require(known, option, ' ', *value, ": --plane ", kind, " has no such thing; add ", list);
  };
  belongs("--plane-grid", choice.grid, {"three", "random", "filter", "trajectory"});
  belongs("--plane-csv", choice.csv, {"three", "random", "filter", "trajectory"});
  belongs("--plane-third", choice.third, {"three"});
  belongs("--plane-margin", choice.margin, {"three", "trajectory"});
  belongs("--plane-radius", choice.radius, {"random", "filter"});
  belongs("--plane-seed", choice.seed, {"random", "filter"});
  belongs("--plane-biases", choice.biases, {"filter"});
  belongs("--plane-checkpoints", choice.checkpoints, {"trajectory"});
  if (choice.grid) parse_grid(*choice.grid);
  lmc::require(choice.data == "test" || choice.data == "train", "--plane-data ", choice.data, "; expected test or train");
  lmc::require(!choice.third || *choice.third == "start" || *choice.third == "run", "--plane-third ", choice.third.value_or(""),
               "; expected start or run");
  lmc::require(choice.third != "run" || r.options.runs >= 3, "--plane-third run: there are only ", r.options.runs,
               " runs from each initialization; add --runs 3");
  lmc::require(!choice.biases || *choice.biases == "zero" || *choice.biases == "scaled", "--plane-biases ",
               choice.biases.value_or(""), "; expected zero or scaled");
  for (const auto& [option, value] : {std::pair("--plane-margin", choice.margin), std::pair("--plane-radius", choice.radius)})
    lmc::require(!value || (std::isfinite(*value) && *value > 0), option, ' ', value.value_or(0),
                 "; expected a positive number");
  lmc::require(!choice.checkpoints || *choice.checkpoints >= 2, "--plane-checkpoints ", choice.checkpoints.value_or(0),
               "; expected at least 2: with the start, a plane goes through three points");
  lmc::require(kind != "three" || choice.third == "run" || !r.differing.empty(),
               "--plane three: the two runs differ in nothing, so that they are one point; give two --noise-seeds");
  lmc::require(!choice.csv || !choice.csv->empty(), "--plane-csv '': expected a name; leave the option out for no output");
}

void require_plane_file(const PlaneChoice& choice) {
  std::error_code none;
  if (!choice.csv || !std::filesystem::is_regular_file(*choice.csv, none)) return;
  std::string first, grid;
  std::ifstream file(*choice.csv);
  std::getline(file, first);
  lmc::require(
      first.starts_with("# plane: "), "--plane-csv '", *choice.csv,
      "': there is a file of that name, which is none of a plane: it does not begin with '# plane: '; give another name");
  // How far a grid reaches is known after the training, and compared then; a line that a stopped run has cut is, too.
  std::getline(file, grid);
  const auto [columns, rows] = parse_grid(choice.grid.value_or("51"));
  lmc::require(!grid.starts_with("# grid: ") || file.eof() ||
                   (grid.starts_with(lmc::concat("# grid: ", columns, " columns,")) &&
                    grid.find(lmc::concat("; ", rows, " rows,")) != std::string::npos),
               "--plane-csv '", *choice.csv, "': what was measured is of another grid than --plane-grid ", columns, 'x', rows,
               ": '", grid.substr(std::min<std::size_t>(grid.size(), 8)), "'; give the grid of the file, or another file");
}

void require_filters(const PlaneChoice& choice, const lmc::Network<float>& net, const lmc::ModelState<float>& start,
                     const lmc::Dataset<float>& data, const lmc::AnyLoss<float>& loss) {
  const auto weights_are_zero = [&](std::span<const float> theta) {
    return std::ranges::all_of(net.layout().parameters, [&](const lmc::Segment& segment) {
      return (segment.role != lmc::Role::weight && segment.role != lmc::Role::embedding) ||
             std::ranges::all_of(
                 theta.subspan(static_cast<std::size_t>(segment.offset), static_cast<std::size_t>(segment.size())),
                 [](float x) { return x == 0; });
    });
  };
  if (!takes_filters(choice) || !weights_are_zero(start.parameters)) return;
  std::vector<Index> few(static_cast<std::size_t>(std::min<Index>(100, data.size())));
  std::iota(few.begin(), few.end(), Index{0});
  lmc::require(
      !weights_are_zero(lmc::mean_gradient(net, start, data.subset(few), lmc::ThreadTeam(1), loss).gradient), "--plane ",
      choice.kind,
      ": all weights are 0 at the start, and so are their gradients, so that no filter has a norm; expected another --init",
      choice.kind == "random" ? ", or --plane-radius" : "");
}

void require_memory(const PlaneChoice& choice, Index parameters, std::size_t runs, std::size_t bytes) {
  if (choice.kind != "trajectory") return;
  // Every run keeps its states until the plane takes those of the first.
  const auto states = static_cast<double>(choice.checkpoints.value_or(default_checkpoints)) * static_cast<double>(runs + 1);
  const double needed = states * sizeof(float) * static_cast<double>(parameters) + static_cast<double>(bytes);
  registry::require_memory(needed,
                           lmc::concat("--plane trajectory: keeping ", choice.checkpoints.value_or(default_checkpoints),
                                       " states of each run needs"),
                           "expected fewer --plane-checkpoints, or a smaller network");
}

std::optional<lmc::Trajectory<float>> plane_trajectory(const PlaneChoice& choice, const lmc::TrainOptions<float>& training,
                                                       Index examples) {
  if (choice.kind != "trajectory") return std::nullopt;
  const Index updates = training.epochs * ((examples + training.batch_size - 1) / training.batch_size);
  const Index kept = choice.checkpoints.value_or(default_checkpoints);
  lmc::require(updates >= kept, "--plane-checkpoints ", kept, ": the training has only ", updates,
               " updates; expected at most that many states");
  std::vector<Index> steps;
  for (Index k = 1; k <= kept; ++k) steps.push_back(updates * k / kept);
  return lmc::Trajectory<float>(steps);
}

PlaneMeasurement measure_plane(const PlaneChoice& choice, const Ends& ends, const PlanePoints& points) {
  PlaneMeasurement m;
  m.choice = choice;
  const auto [columns, rows] = parse_grid(choice.grid.value_or("51"));
  const lmc::GridAround around{.columns = columns, .rows = rows, .margin = choice.margin.value_or(0.2)};
  const Drawn drawn = choice.kind == "three"        ? through_three(ends, points, around, m)
                      : choice.kind == "trajectory" ? of_trajectory(ends, points, around, m)
                                                    : around_first(choice, ends, around, m);
  const lmc::Plane<float>& plane = drawn.marked.plane;
  m.axis_digests = {lmc::digest(plane.axis(0)), lmc::digest(plane.axis(1))};

  const lmc::Dataset<float>& data = choice.data == "test" ? ends.data.test : ends.trained_on;
  const auto evaluate = lmc::evaluator(ends.net, data, ends.data.train, ends.team, {}, ends.training.loss);
  const auto start = std::chrono::steady_clock::now();
  lmc::PlaneOptions options;
  options.on_progress = [&](const lmc::PlaneSurface& surface) {
    if (!surface.complete())
      std::cerr << "plane: " << surface.measured() << " of " << surface.values.size() << " places\n" << std::flush;
  };
  m.surface =
      choice.csv
          ? lmc::measure_plane(
                *choice.csv, lmc::plane_identity(plane, drawn.grid, ends.net, data, ends.data.train, ends.training.loss.name()),
                plane, drawn.grid, evaluate, options)
          : lmc::measure_plane(plane, drawn.grid, evaluate, options);
  m.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  m.networks = lmc::check_projections<float>(plane, drawn.marked.marks, drawn.networks, evaluate);
  return m;
}
