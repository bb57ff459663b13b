// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <lmc/connectivity/plane/plane.hpp>
#include <lmc/connectivity/plane/plane_grid.hpp>
#include <lmc/connectivity/plane/plane_surface.hpp>
#include <lmc/core/digest.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/hash.hpp>
#include <lmc/core/text.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/io/csv.hpp>
#include <lmc/io/output_file.hpp>
#include <lmc/io/text_file.hpp>
#include <lmc/layers/network.hpp>

namespace lmc {

/// What a surface was measured of, as names and texts without line ends, in an order of its own.
using PlaneIdentity = std::vector<std::pair<std::string, std::string>>;

namespace detail {

template <std::floating_point Scalar>
std::string digest_of_data(const Dataset<Scalar>& data) {
  std::uint64_t hash = std::visit(
      [](const auto& features) {
        return fnv1a({reinterpret_cast<const std::byte*>(features.data()), features.size() * sizeof(*features.data())});
      },
      data.features());
  hash = fnv1a(std::as_bytes(data.labels()), hash);
  hash = fnv1a(std::as_bytes(data.targets()), hash);
  hash = fnv1a(std::as_bytes(std::span(data.standardization().mean)), hash);
  hash = fnv1a(std::as_bytes(std::span(data.standardization().standard_deviation)), hash);
  return digest(std::span<const std::uint64_t>(&hash, 1));
}

}  // namespace detail

/// What a network's surface over a grid of a plane on a data set depends on: digests of the plane's origin and axes, the grid, the
/// network's layers, the examples, the loss, and, for a network with running statistics, the data that they are estimated from.
template <std::floating_point Scalar>
PlaneIdentity plane_identity(const Plane<Scalar>& plane, const PlaneGrid& grid, const Network<Scalar>& network,
                             const Dataset<Scalar>& data, const Dataset<Scalar>& statistics, std::string_view loss) {
  const std::string layers = concat(network);
  PlaneIdentity identity{
      {"plane", concat("origin ", digest(plane.origin()), ", axes ", digest(plane.axis(0)), " and ", digest(plane.axis(1)))},
      {"grid", concat(grid.columns, " columns, u = ", shortest(grid.u_low), " to ", shortest(grid.u_high), "; ", grid.rows,
                      " rows, v = ", shortest(grid.v_low), " to ", shortest(grid.v_high))},
      {"network", concat(plane.size(), " parameters, layers ", digest(std::span<const char>(layers)))},
      {"data", concat(data.size(), " examples ", detail::digest_of_data(data))},
      {"loss", std::string(loss)}};
  if (network.layout().buffer_count() > 0)
    identity.emplace_back("running statistics", concat(statistics.size(), " examples ", detail::digest_of_data(statistics)));
  return identity;
}

/// Writes what was measured: a line `# name: text` for each entry of the identity, the header
///   u,v,error,loss   or   u,v,loss   where there is no error,
/// and a line for each measured place, row by row. Numbers read back as they are; `nan` and `inf` are numbers, too.
inline void write_plane_csv(std::ostream& out, const PlaneSurface& surface, const PlaneIdentity& identity = {}) {
  bool with_error = false;
  for (const auto& value : surface.values) with_error = with_error || (value && value->error);
  for (const auto& [name, text] : identity) out << "# " << name << ": " << text << '\n';
  out << (with_error ? "u,v,error,loss\n" : "u,v,loss\n");
  for (std::size_t k = 0; k < surface.values.size(); ++k) {
    if (!surface.values[k]) continue;
    const PlanePoint place = surface.grid.point(k);
    out << shortest(place.u) << ',' << shortest(place.v) << ',';
    if (with_error) out << shortest(surface.values[k]->error.value()) << ',';
    out << shortest(surface.values[k]->loss) << '\n';
  }
}

/// What such a file has of a grid; a last line without a line end may have lost digits, and is left out. Throws: Error when it cannot be read, has another identity, which is named, is damaged, or has
/// places that are not those of the grid.
inline PlaneSurface read_plane_csv(const std::filesystem::path& path, const PlaneGrid& grid, const PlaneIdentity& identity) {
  detail::require_grid("read_plane_csv", grid);
  PlaneSurface surface{.grid = grid, .values = {}, .loss_name = {}};
  surface.values.resize(grid.size());
  std::size_t names = 0, next = 0;
  std::optional<bool> with_error;
  const std::string way_out = "; give another file, or remove this one to measure anew";
  const auto fail = [&](std::ptrdiff_t line, const std::string& what) {
    throw Error(concat("'", path.string(), "', line ", line, ": ", what, way_out));
  };
  std::string content = read_utf8(path);
  content.resize(content.rfind('\n') + 1);  // none: npos + 1 is 0
  for_each_line(content, [&](std::string_view line, std::ptrdiff_t number) {
    if (names < identity.size()) {
      const auto& [name, text] = identity[names++];
      const std::string begin = concat("# ", name, ": ");
      if (!line.starts_with(begin)) fail(number, concat("expected '", begin, "…', as in a file of this measurement"));
      const std::string_view found = line.substr(begin.size());
      if (found != text)
        fail(number, concat("what was measured is of another ", name, ": '", found, "', expected '", text, "'"));
      if (name == "loss") surface.loss_name = text;
    } else if (!with_error) {
      if (line != "u,v,error,loss" && line != "u,v,loss") fail(number, "expected the header u,v,error,loss or u,v,loss");
      with_error = line == "u,v,error,loss";
    } else {
      std::array<double, 4> values{};
      const std::size_t columns = *with_error ? 4 : 3;
      std::string_view rest = line;
      for (std::size_t i = 0; i < columns; ++i) {
        const std::size_t end = i + 1 < columns ? rest.find(',') : rest.size();
        const auto value = end == std::string_view::npos ? std::nullopt : parse_number(rest.substr(0, end));
        if (!value) fail(number, concat("expected ", columns, " numbers with commas between"));
        values[i] = *value;
        rest.remove_prefix(i + 1 < columns ? end + 1 : end);
      }
      while (next < grid.size() && !(grid.point(next) == PlanePoint{values[0], values[1]})) ++next;
      if (next == grid.size()) fail(number, "the place is none of the grid, or out of its order");
      surface.values[next++] = *with_error ? PlaneValue{values[3], values[2]} : PlaneValue{values[2], std::nullopt};
    }
  });
  if (!with_error) fail(1, "the file ends before its header");
  return surface;
}

/// measure_plane with a file that is written as it goes, about every options.seconds: a run that is stopped goes on when it is called
/// again, and ends with the bytes that it would have had. The file is replaced as a whole, so that it is complete at any moment.
/// options.known is what the file has. Throws: Error as measure_plane and read_plane_csv, and when the file cannot be written, which
/// is found out before anything is measured.
template <std::floating_point T, Evaluator<T> E>
PlaneSurface measure_plane(const std::filesystem::path& path, const PlaneIdentity& identity, const Plane<T>& plane,
                           const PlaneGrid& grid, E&& evaluate, PlaneOptions options = {}) {
  const auto save = [&](const PlaneSurface& surface) {
    OutputFile file(path);
    write_plane_csv(file.stream(), surface, identity);
    file.commit();
  };
  if (std::filesystem::is_regular_file(path)) options.known = read_plane_csv(path, grid, identity);
  { const OutputFile writable(path); }  // one that cannot be written is an error before anything is measured
  options.on_progress = [save, report = std::move(options.on_progress)](const PlaneSurface& surface) {
    save(surface);
    if (report) report(surface);
  };
  return measure_plane(plane, grid, evaluate, options);
}

}  // namespace lmc
