// SPDX-License-Identifier: BSD-3-Clause
#include "study/running/cost.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include <lmc/layers/for_each_layer.hpp>
#include <lmc/transfer/lift.hpp>

#include "study/running/datasets.hpp"
#include "study/running/training.hpp"

namespace lmc::study {

double multiplications(const Network<float>& network) {
  double sum = 0;
  for_each_layer(network, [&](const AnyLayer<float>& layer, Index) {
    const std::optional<Shape> in = layer.input_shape();
    if (!in) return;  // element by element, without parameters
    const auto parameters = static_cast<double>(Network<float>({layer}).layout().parameter_count());
    if (const auto local = lmc::detail::as_local<float>(layer)) {
      const Extent grid = local->window().out;
      sum += static_cast<double>(local->bank_size()) * static_cast<double>(grid.rows * grid.cols);
      return;
    }
    const Shape out = layer.output_shape(*in);
    sum += parameters * (out.rank() == 2 ? static_cast<double>(out[0]) : 1.0);
  });
  return sum;
}

CostModel::CostModel(DataSets& data, const Store& store) : data_(&data) {
  // What was loaded once need not be loaded to learn from it.
  for (const DataRow& row : store.all_data())
    stored_.emplace(id_of(row.spec), DataSizes{row.shape, row.classes, row.train, row.test});
  const auto if_known = [](const auto& learn_one) {
    try {
      learn_one();
    } catch (const Error&) {  // a name that nobody has registered here, say
    }
  };
  // A child's seconds are those after its prefix; of a prefix itself it is not known where it began.
  for (const RunRow& row : store.runs())
    if (row.spec.until == 0) if_known([&] { learn(row.spec, row.steps - row.spec.prefix, row.made.seconds); });
  std::map<std::string, PairSpec> specs;
  for (PairRow& row : store.pairs()) {
    if_known([&] { learn("", row.spec, row.made.seconds); });
    specs.emplace(row.id, std::move(row.spec));
  }
  for (const MeasurementRow& row : store.measurements())
    if (const auto pair = specs.find(row.subject); pair != specs.end())
      if_known([&] { learn(row.name, pair->second, row.made.seconds); });
}

double CostModel::seconds(const RunSpec& s, Index from) const {
  return work(s, std::max<Index>(0, updates(s) - from)) * seconds_per_multiplication(s);
}

double CostModel::seconds(const PairSpec& s, const std::string& measurement) const {
  const auto known = of_measurement_.find(measurement);
  const double ratio = known == of_measurement_.end() ? 1.0 : known->second.seconds / known->second.work;
  return forward_seconds(s) * ratio;
}

void CostModel::learn(const RunSpec& s, Index steps, double seconds) {
  const double done = work(s, steps);
  if (done <= 0 || seconds <= 0) return;
  Speed& speed = of_network_[key(s)];
  speed.work += done;
  speed.seconds += seconds;
  all_.work += done;
  all_.seconds += seconds;
}

void CostModel::learn(const std::string& measurement, const PairSpec& s, double seconds) {
  if (seconds <= 0) return;
  Speed& speed = of_measurement_[measurement];
  speed.work += forward_seconds(s);
  speed.seconds += seconds;
}

double CostModel::forward_seconds(const PairSpec& s) const {
  const DataSizes data = sizes(s.a.data);
  const Index sample = s.curve_train_examples > 0 ? std::min(data.train, s.curve_train_examples) : data.train;
  // A forward pass is a third of an update's work.
  return static_cast<double>((s.alphas + 2) * (sample + data.test)) / 3 * per_example(s.a) * seconds_per_multiplication(s.a);
}

std::string CostModel::key(const RunSpec& s) {
  nlohmann::json json = nlohmann::json::object();
  visit_network_options(s.network, [&](const char* name, const char*, const auto& value) {
    if constexpr (is_optional<std::remove_cvref_t<decltype(value)>>) {
      if (value) json[name] = *value;
    } else {
      json[name] = value;
    }
  });
  return lmc::concat(json.dump(), s.data.dataset, ' ', s.data.downsample, s.data.gray ? " gray " : " ", s.lift);
}

DataSizes CostModel::sizes(const DataSpec& s) const {
  const auto known = stored_.find(id_of(s));
  return known != stored_.end() ? known->second : data_->sizes(s);
}

Index CostModel::updates(const RunSpec& s) const { return last_update(s, sizes(s.data).train); }

double CostModel::per_example(const RunSpec& s) const {
  auto& known = per_example_[key(s)];
  if (known == 0) {
    const DataSizes data = sizes(s.data);
    known = 3 * multiplications(final_network(s, data.shape, data.classes).network);
  }
  return known;
}

double CostModel::work(const RunSpec& s, Index steps) const {
  const Index batch = std::min(s.batch_size, sizes(s.data).train);
  return static_cast<double>(steps) * static_cast<double>(batch) * per_example(s);
}

double CostModel::seconds_per_multiplication(const RunSpec& s) const {
  const auto known = of_network_.find(key(s));
  const Speed& speed = known != of_network_.end() ? known->second : all_;
  constexpr double guess = 1e-11;  // a core with AVX-512 does 784-512-10 at 0.7e-11, convolutions more slowly
  return speed.work > 0 ? speed.seconds / speed.work : guess;
}

}  // namespace lmc::study
