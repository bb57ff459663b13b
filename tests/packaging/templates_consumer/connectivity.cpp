// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>
#include <cstdint>
#include <span>
#include <sstream>
#include <string_view>
#include <vector>

#include <lmc/align/permute.hpp>
#include <lmc/connectivity/barrier_matrix.hpp>
#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/block_path.hpp>
#include <lmc/connectivity/causes/attribution.hpp>
#include <lmc/connectivity/causes/decomposition.hpp>
#include <lmc/connectivity/curve_csv.hpp>
#include <lmc/connectivity/ensemble.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/connectivity/onset.hpp>
#include <lmc/connectivity/paths/arc_length.hpp>
#include <lmc/connectivity/paths/bent_path.hpp>
#include <lmc/connectivity/paths/combination.hpp>
#include <lmc/connectivity/paths/path_curve.hpp>
#include <lmc/connectivity/paths/simplex.hpp>
#include <lmc/connectivity/paths/simplex_volume.hpp>
#include <lmc/connectivity/plane/filter_plane.hpp>
#include <lmc/connectivity/plane/plane.hpp>
#include <lmc/connectivity/plane/plane_grid.hpp>
#include <lmc/connectivity/plane/plane_surface.hpp>
#include <lmc/connectivity/plane/principal_plane.hpp>
#include <lmc/connectivity/plane/projection_check.hpp>
#include <lmc/connectivity/plane/random_plane.hpp>
#include <lmc/connectivity/slerp.hpp>
#include <lmc/connectivity/soup.hpp>
#include <lmc/connectivity/split_vector.hpp>
#include <lmc/connectivity/statistics/onset_search.hpp>
#include <lmc/core/digest.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/parameter_layers.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>
#include <lmc/io/npy.hpp>
#include <lmc/io/safetensors.hpp>
#include <lmc/io/text_file.hpp>
#include <lmc/io/torch_state.hpp>
#include <lmc/io/utf8.hpp>

#include "parts.hpp"

namespace {

template <class T>
void use_connectivity_with(T) {
  const std::vector<std::vector<T>> thetas{{0, 1}, {2, 1}};
  const auto measure = [](std::span<const T> theta) {
    return lmc::Metrics{.loss = std::sin(static_cast<double>(theta[0])), .error = 0.25, .count = 4, .wrong = {1, 0, 0, 0}};
  };
  const auto gradient = [](std::span<const T> theta, std::span<T> out) {
    out[0] = std::cos(theta[0]), out[1] = 0;
    return std::sin(static_cast<double>(theta[0]));
  };
  const lmc::Curve curve = lmc::linear_path(thetas[0], thetas[1], measure);
  check(lmc::error_barrier(curve).value == 0, "equal errors have a barrier");
  check(lmc::loss_barrier(curve).value > 0.1, "a bump has no barrier");
  check(lmc::barrier_matrix(thetas, measure).at(0, 1).loss.value().value == lmc::loss_barrier(curve).value, "barrier_matrix");
  check(lmc::block_path(thetas[0], thetas[1], {0, std::nullopt}, measure) == curve, "block_path");
  check(std::abs(lmc::barrier_contributions(thetas[0], thetas[1], gradient).sum) > 0.1, "barrier_contributions");
  check(lmc::slerp_path(thetas[0], thetas[1], measure).points.size() == curve.points.size(), "slerp_path");
  check(lmc::path_curve(lmc::BentPath<T>::line(lmc::PathKind::bezier, thetas[0], thetas[1], 1), measure).points.size() == 25,
        "path_curve");
  const lmc::BentPath<T> chain(lmc::PathKind::polychain, {{0, 0}, {3, 0}, {3, 1}});
  check(lmc::ArcLength(chain).total() == 4, "ArcLength");
  check(lmc::along_length(lmc::path_curve(chain, measure, {.alphas = 3}), chain).points[1].alpha == 0.75, "along_length");
  std::vector<double> tangent(2);
  chain.tangent({0, 1}, tangent);
  check(tangent[0] == 6, "tangent");
  check(lmc::log_volume<T>(chain.points) > std::log(1.49), "log_volume");
  check(lmc::log_volume_gradient<T>(chain.points).size() == 9, "log_volume_gradient");
  check(lmc::sample_simplex<T>(chain.points, measure, {.samples = 3}).samples == 3, "sample_simplex");
  std::vector<T> combined(2);
  lmc::combine<T>(thetas, std::vector<double>{0.5, 0.5}, combined);
  check(combined[0] == 1, "combine");
  check(lmc::GreatCircle<T>(thetas[0], thetas[1]).angle() > 1, "GreatCircle");
  const auto [plane, marks] = lmc::plane_through(thetas[0], thetas[1], std::vector<T>{0, 3});
  check(lmc::measure_plane(plane, lmc::grid_around(marks, {.columns = 3, .rows = 2}), measure).measured() == 6,
        "measure_plane");
  const std::vector<T> third{1, 4};
  const std::vector<std::span<const T>> way{thetas[0], thetas[1], third};
  check(lmc::principal_plane<T>(way).explained[0] > 0.5, "principal_plane");
  check(lmc::check_projections<T>(plane, std::span(marks).first(2), std::span(way).first(2), measure).size() == 2,
        "check_projections");
  check(lmc::random_plane(thetas[0]).size() == 2, "random_plane");
  check(lmc::uniform_soup(thetas, measure).state.parameters[0] == 1, "uniform_soup");
  check(lmc::greedy_soup(thetas, measure).taken.size() == 2, "greedy_soup");
  std::ostringstream text;
  lmc::write_curve_csv(text, curve);
  lmc::write_curve_csv(text, curve, curve);

  const std::vector<T> logits{0, 1, 2, 3};
  const std::vector<std::int32_t> labels{0, 1};
  check(lmc::decompose_loss<T>(logits, logits, logits, labels, {0.5, 0.5}).height == 0, "decompose_loss");
  check(lmc::ensemble_of_logits<T>({logits, logits}, labels).error == 0.5, "ensemble_of_logits");
  check(lmc::ensemble_of_probabilities<T>({logits, logits}, labels).error == 0.5, "ensemble_of_probabilities");
  const auto child = [](std::uint64_t, lmc::Index, std::uint64_t noise) { return std::vector<T>{T(noise), 1}; };
  const auto judge = [](std::span<const T>) { return lmc::Metrics{.loss = 0, .error = 0, .count = 4, .wrong = {0, 0, 0, 0}}; };
  check(lmc::onset(8, std::vector<std::uint64_t>{1, 2}, child, judge).curve->broken == 0, "onset of another trainer");
  std::vector<T> middle(2);
  lmc::interpolate<T>(thetas[0], thetas[1], {0.5, 0.5}, middle);
  check(middle[0] == 1, "interpolate");
  std::vector<T> tensor(middle.size());
  lmc::SplitVector<T>({std::span<T>(tensor)}).scatter(middle);
  check(tensor == middle, "SplitVector");

  lmc::LayoutBuilder builder(lmc::Shape{2});
  builder.add_parameter("weight", {2}, lmc::Role::weight, {std::nullopt});
  const lmc::ParameterLayout layout = std::move(builder).build();
  const lmc::ModelState<T> state{thetas[0], {}};
  check(lmc::filter_plane(layout, thetas[1]).step > 2, "filter_plane");
  std::vector<double> direction{1, 1};
  lmc::normalize_filters<T>(layout, thetas[1], direction);
  check(lmc::segment_of(layout, 0, std::span<const T>(thetas[0]))[1] == 1, "segment_of");
  check(lmc::permute(layout, {}, state) == state, "permute");
  check(lmc::digest(state) == lmc::digest(std::span<const T>(thetas[0])), "digest");
  lmc::write_safetensors(text, layout, state);
  instantiate(lmc::save_safetensors<T>, lmc::state_of<T>, lmc::load_state<T>, lmc::state_of_torch<T>);
  lmc::write_npy(text, {2}, std::span<const T>(thetas[0]).first(2));
  instantiate(lmc::save_npy<T>);
  check(lmc::NpyArray{.dtype = "u1", .shape = {1}, .bytes = {std::byte{3}}}.as<T>()[0] == 3, "NpyArray");
  std::vector<T> cards{1, 2, 3};
  lmc::shuffle(lmc::Stream{.seed = 1}, std::span(cards));
}

}  // namespace

void use_connectivity() {
  for_each_scalar([](auto scalar) { use_connectivity_with(scalar); });
  int calls = 0;
  lmc::for_each_index({2, 3}, [&](std::span<const lmc::Index>) { ++calls; });
  lmc::for_each_line("a\nb", [&](auto&&...) { ++calls; });
  lmc::for_each_code_point("a", [&](auto&&...) { ++calls; });
  check(calls == 9, "for_each_");
  lmc::require(lmc::concat("a ", 1) == "a 1", "concat ", 1);
}
