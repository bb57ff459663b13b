// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include <lmc/core/shape.hpp>
#include <lmc/study/pair_spec.hpp>
#include <lmc/study/run_spec.hpp>

// What a store holds, row by row.

namespace lmc::study {

/// Where and by what something was computed: the part of a row in which the rows of two machines may differ.
struct Provenance {
  double seconds = 0;
  std::string machine = {};  // processor, instruction set, compiler
  std::string version = {};  // of the program: of lmc, and its commit
};

/// One training.
struct RunRow {
  std::string id = {};
  RunSpec spec = {};         // canonical
  std::string network = {};  // in a few words
  Index parameters = 0;
  Index steps = 0;  // updates that led to the end
  std::optional<Index> diverged_at = {};
  std::vector<double> epoch_losses = {};  // mean training loss of each epoch's updates
  std::string digest = {};                // of the final parameters (Run::digest)
  std::string checkpoint = {};            // digest of the checkpoint file's bytes
  Provenance made = {};
};

/// One pair, its curves and barriers; further measurements are rows of their own.
struct PairRow {
  std::string id = {};
  PairSpec spec = {};  // canonical
  PartResult train = {}, test = {};
  Provenance made = {};
};

/// One further measurement of a pair, named by Cell::measure, or of a data set: its `complexity`.
struct MeasurementRow {
  std::string subject = {};  // id of the pair or the data set
  std::string name = {};
  nlohmann::json value = {};
  Provenance made = {};
};

/// A data set that runs were trained on: the specification names it, and the digest is that of all its bytes. A run is never
/// mixed with runs on another data set of that name.
struct DataRow {
  DataSpec spec = {};
  std::string digest = {};
  Index train = 0, test = 0, classes = 0;  // examples, examples, classes
  Shape shape = {};                        // of an example
};

}  // namespace lmc::study
