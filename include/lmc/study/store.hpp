// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/io/input_file.hpp>
#include <lmc/io/output_file.hpp>
#include <lmc/study/pair_spec.hpp>
#include <lmc/study/run_spec.hpp>
#include <lmc/study/spec_digest.hpp>
#include <lmc/study/store_lock.hpp>

namespace lmc::study {

/// Where and by what something was computed: the part of a row in which the rows of two machines may differ.
struct Provenance {
  double seconds = 0;
  std::string machine = {};  // processor, instruction set, compiler
  std::string version = {};  // of lmc
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

/// One further measurement of a pair, named by Cell::measure.
struct MeasurementRow {
  std::string pair = {};  // id
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
  nlohmann::json complexity = {};          // the complexity record: label entropy, errors of reference models
};

namespace detail {

inline constexpr int store_version = 1;
inline constexpr int store_application = 0x6c6d6373;  // "lmcs"

inline constexpr const char* store_schema = R"(
CREATE TABLE data (
  id TEXT PRIMARY KEY, spec TEXT NOT NULL, digest TEXT NOT NULL, train INTEGER NOT NULL, test INTEGER NOT NULL,
  classes INTEGER NOT NULL, shape TEXT NOT NULL, complexity TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE runs (
  id TEXT PRIMARY KEY, spec TEXT NOT NULL, dataset TEXT NOT NULL, network TEXT NOT NULL, optimizer TEXT NOT NULL,
  learning_rate REAL NOT NULL, init_seed INTEGER NOT NULL, order_seed INTEGER NOT NULL, parameters INTEGER NOT NULL,
  steps INTEGER NOT NULL, diverged_at INTEGER, epoch_losses TEXT NOT NULL, digest TEXT NOT NULL, checkpoint TEXT NOT NULL,
  seconds REAL NOT NULL, machine TEXT NOT NULL, version TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE pairs (
  id TEXT PRIMARY KEY, spec TEXT NOT NULL, run_a TEXT NOT NULL, run_b TEXT NOT NULL, train TEXT NOT NULL, test TEXT NOT NULL,
  train_error_barrier REAL, test_error_barrier REAL, test_low REAL, test_high REAL, test_verdict TEXT NOT NULL,
  seconds REAL NOT NULL, machine TEXT NOT NULL, version TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE measurements (
  pair TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
  seconds REAL NOT NULL, machine TEXT NOT NULL, version TEXT NOT NULL, PRIMARY KEY (pair, name)) STRICT, WITHOUT ROWID;
)";

}  // namespace detail

enum class Access { read, write };

/// All that a study has computed: an SQLite file, and beside it in `<file>.checkpoints` the trained endpoints, ID.safetensors.
/// It knows nothing of experiments: rows are found by the ids of their specifications. A row appears as a whole or not at all,
/// and is never changed.
///
/// One process at a time may write, any number may read meanwhile. The journal is SQLite's rollback journal: its write-ahead
/// log needs shared memory, which network file systems do not have.
class Store {
 public:
  /// Access::write makes the file where it is missing. Throws: Error when the file is missing (read), is no store, is damaged,
  /// is of a newer version, or, to write, when it is read-only or another process writes to it.
  Store(std::filesystem::path path, Access access);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  /// Nothing where there is no such row.
  [[nodiscard]] std::optional<RunRow> run(const std::string& id) const;
  [[nodiscard]] std::optional<PairRow> pair(const std::string& id) const;
  [[nodiscard]] std::optional<DataRow> data(const DataSpec& spec) const;
  /// A pair with the measurements that there are.
  [[nodiscard]] std::optional<PairResult> result(const std::string& pair_id) const;
  [[nodiscard]] std::optional<MeasurementRow> measurement(const std::string& pair_id, const std::string& name) const;

  [[nodiscard]] std::vector<RunRow> runs() const;  // by id
  [[nodiscard]] std::vector<DataRow> all_data() const;
  [[nodiscard]] std::set<std::string> run_ids() const;
  [[nodiscard]] std::set<std::string> pair_ids() const;
  [[nodiscard]] std::set<std::pair<std::string, std::string>> measurement_keys() const;  // pair id, name

  /// Each is one transaction. A row that is there already must be equal but for its provenance. Throws: Error when it is not,
  /// and when the disk is full.
  void put(const RunRow& row);
  void put(const PairRow& row);
  void put(const MeasurementRow& row);
  void put(const DataRow& row);

 private:
  std::filesystem::path path_;
};

}  // namespace lmc::study
