// SPDX-License-Identifier: BSD-3-Clause
#include <iomanip>
#include <iostream>
#include <string>
#include <string_view>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/paths/path_curve.hpp>
#include <lmc/core/text.hpp>
#include <lmc/plot/path_figure.hpp>

#include "landscape/path.hpp"

namespace {

nlohmann::json level_json(const lmc::Curve& curve, lmc::Metric metric) {
  const lmc::PathLevel level = lmc::path_level(curve, metric);
  return {{"mean", level.mean}, {"maximum", level.maximum}, {"at", level.alpha}};
}

nlohmann::json part_json(const PathPart& part) {
  nlohmann::json points = nlohmann::json::array();
  for (std::size_t i = 0; i < part.along_t.curve.points.size(); ++i) {
    const lmc::CurvePoint& point = part.along_t.curve.points[i];
    points.push_back({{"t", point.alpha},
                      {"length_share", part.along_length.points[i].alpha},
                      {"loss", point.metrics.loss},
                      {"error", point.metrics[lmc::Metric::error]}});
  }
  const lmc::LossBarrier loss = lmc::loss_barrier(part.along_length);
  const lmc::ErrorBarrier error = lmc::error_barrier(part.along_length);
  return {{"curve", points},
          {"along_t",
           {{"barrier", to_json(part.along_t)},
            {"error", level_json(part.along_t.curve, lmc::Metric::error)},
            {"loss", level_json(part.along_t.curve, lmc::Metric::loss)}}},
          {"along_length",
           {{"barrier", {{"error", error.value}, {"alpha", error.alpha}, {"loss", loss.value}, {"loss_alpha", loss.alpha}}},
            {"error", level_json(part.along_length, lmc::Metric::error)},
            {"loss", level_json(part.along_length, lmc::Metric::loss)}}}};
}

}  // namespace

nlohmann::json to_json(const PathMeasurement& path) {
  return {{"kind", path.kind},
          {"bends", path.bends},
          {"training",
           {{"epochs", path.epochs},
            {"updates", path.updates},
            {"learning_rate", path.learning_rate},
            {"weight_decay", path.weight_decay},
            {"seed", path.seed},
            {"first_epoch_loss", path.first_loss},
            {"last_epoch_loss", path.last_loss},
            {"seconds", path.seconds}}},
          {"length", {{"path", path.length}, {"line", path.line_length}}},
          {"digests", path.digests},
          {"train", part_json(path.train)},
          {"test", part_json(path.test)}};
}

void print_path(const PairMeasurement& line, const PathMeasurement& path) {
  const auto row = [](std::string_view name, const std::string& a, const std::string& b, const std::string& c,
                      const std::string& d, std::string_view meaning = "") {
    std::cout << std::left << std::setw(26) << name << std::right << std::setw(17) << a << std::setw(17) << b << std::setw(17)
              << c << std::setw(17) << d << (meaning.empty() ? "" : "   ") << meaning << '\n';
  };
  const auto number = [](double x) { return lmc::fixed(x, 4); };
  const auto of_all = [&](std::string_view name, auto value, std::string_view meaning = "") {
    row(name, number(value(line.train.curve)), number(value(line.test.curve)), number(value(path.train.along_t.curve)),
        number(value(path.test.along_t.curve)), meaning);
  };
  const auto levels = [&](std::string_view metric_name, lmc::Metric metric) {
    const std::string name(metric_name);
    of_all(name + ", highest", [&](const lmc::Curve& c) { return lmc::path_level(c, metric).maximum; });
    of_all("  at", [&](const lmc::Curve& c) { return lmc::path_level(c, metric).alpha; });
    of_all(
        name + ", mean", [&](const lmc::Curve& c) { return lmc::path_level(c, metric).mean; }, "along t");
    row("  along the length", number(lmc::path_level(line.train.curve, metric).mean),
        number(lmc::path_level(line.test.curve, metric).mean), number(lmc::path_level(path.train.along_length, metric).mean),
        number(lmc::path_level(path.test.along_length, metric).mean));
  };
  std::cout << "\nthe line, and a " << path.kind << " with " << path.bends << (path.bends == 1 ? " bend" : " bends")
            << " trained in " << path.updates << " updates: mean loss " << number(path.first_loss) << " in the first epoch, "
            << number(path.last_loss) << " in the last\n";
  row("", "line, train", "line, test", path.kind + ", train", path.kind + ", test");
  levels("error", lmc::Metric::error);
  of_all(
      "error barrier", [](const lmc::Curve& c) { return lmc::error_barrier(c).value; }, "max of error above the chord");
  const auto interval = [&](const PartMeasurement& part) -> std::string {
    const auto& i = part.error.interval;
    return i ? "[" + number(i->low) + ", " + number(i->high) + "]" : "none";
  };
  row("  95 % interval", interval(line.train), interval(line.test), interval(path.train.along_t), interval(path.test.along_t));
  row("  at 0.02 connected by it", lmc::concat(line.train.error.verdict), lmc::concat(line.test.error.verdict),
      lmc::concat(path.train.along_t.error.verdict), lmc::concat(path.test.along_t.error.verdict));
  row("  along the length", number(line.train.error.value), number(line.test.error.value),
      number(lmc::error_barrier(path.train.along_length).value), number(lmc::error_barrier(path.test.along_length).value),
      "chord over the share of the length");
  levels("loss", lmc::Metric::loss);
  of_all(
      "loss barrier", [](const lmc::Curve& c) { return lmc::loss_barrier(c).value; }, "max of loss above the chord");
  std::cout << "length of the path " << lmc::fixed(path.length, 3) << ", of the line " << lmc::fixed(path.line_length, 3)
            << ", ratio " << lmc::fixed(path.length / path.line_length, 3) << "; training of the bends "
            << lmc::fixed(path.seconds, 2) << " s\n";
}

void save_path_figure(const std::filesystem::path& file, const std::string& title, const PairMeasurement& line,
                      const PathMeasurement& path) {
  lmc::save_path_figure(file, {.title = title,
                               .path_name = path.kind,
                               .parts = {{"training data", line.train.curve, path.train.along_t.curve},
                                         {"test data", line.test.curve, path.test.along_t.curve}}});
}
