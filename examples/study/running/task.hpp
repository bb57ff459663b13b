// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <string>
#include <variant>
#include <vector>

#include <lmc/core/error.hpp>

#include "study/running/datasets.hpp"
#include "study/running/measurements.hpp"
#include "study/specification/pair_spec.hpp"
#include "study/specification/run_spec.hpp"

namespace lmc::study {

/// One piece of work, done by one thread: to train a run, to measure the curves of a pair, to measure something further of it,
/// or to say how complex a data set is.
struct Task {
  enum class Kind { run, pair, measurement, complexity };
  Kind kind = Kind::run;
  std::string id = {};                // id of the row that it makes; for a measurement, that of its pair
  std::string name = {};              // name of a measurement
  RunSpec run = {};                   // specification of a run
  PairSpec pair = {};                 // specification of a pair, or of a measurement's pair
  DataSpec data = {};                 // what it reads
  std::vector<std::string> inputs{};  // the runs whose checkpoints it reads: a run's prefix, if any; a pair's ends
};

/// What a task gives: a row of its kind, of a run with the bytes of its checkpoint; and the data set it was computed from.
struct Outcome {
  std::variant<RunRow, PairRow, MeasurementRow> row;
  std::string checkpoint = {};
  DataRow data = {};
};

/// Does a task. `inputs` are the bytes of the checkpoints it reads, in the order of Task::inputs; observers see the updates of
/// a run; the row names program as the version that computed it. But for the row's provenance, the outcome is a function of
/// task, data and inputs. Throws: Error as the loaders, train and the measurements.
Outcome execute(const Task& task, DataSets& data_sets, const std::vector<std::string>& inputs, const std::string& program,
                const std::vector<Observer<float>>& observers = {});

}  // namespace lmc::study
