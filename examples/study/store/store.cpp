// SPDX-License-Identifier: BSD-3-Clause
#include "study/store/store.hpp"

#include <algorithm>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

#include <lmc/io/input_file.hpp>

#include "study/specification/spec_digest.hpp"
#include "study/store/database.hpp"

namespace lmc::study {

namespace {

constexpr int store_version = 3;
constexpr int store_application = 0x6c6d6373;  // "lmcs"

constexpr const char* store_schema = R"(
CREATE TABLE data (
  id TEXT PRIMARY KEY, spec TEXT NOT NULL, digest TEXT NOT NULL, train INTEGER NOT NULL, test INTEGER NOT NULL,
  classes INTEGER NOT NULL, shape TEXT NOT NULL, report TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE runs (
  id TEXT PRIMARY KEY, spec TEXT NOT NULL, dataset TEXT NOT NULL, network TEXT NOT NULL, optimizer TEXT NOT NULL,
  learning_rate REAL NOT NULL, init_seed INTEGER NOT NULL, order_seed INTEGER NOT NULL, parameters INTEGER NOT NULL,
  steps INTEGER NOT NULL, diverged_at INTEGER, reached_at INTEGER, epoch_losses TEXT NOT NULL, digest TEXT NOT NULL, checkpoint TEXT NOT NULL,
  seconds REAL NOT NULL, machine TEXT NOT NULL, version TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE pairs (
  id TEXT PRIMARY KEY, spec TEXT NOT NULL, run_a TEXT NOT NULL, run_b TEXT NOT NULL, train TEXT NOT NULL, test TEXT NOT NULL,
  train_error_barrier REAL, test_error_barrier REAL, test_low REAL, test_high REAL, test_verdict TEXT NOT NULL,
  seconds REAL NOT NULL, machine TEXT NOT NULL, version TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE measurements (
  subject TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
  seconds REAL NOT NULL, machine TEXT NOT NULL, version TEXT NOT NULL, PRIMARY KEY (subject, name)) STRICT, WITHOUT ROWID;
)";

/// The digest of a file's bytes. Throws: Error when it cannot be read.
std::string file_digest(const std::filesystem::path& path) {
  InputFile file = open_input_file(path);
  SpecDigest digest;
  std::vector<char> buffer(1 << 20);
  for (std::uintmax_t left = file.size; left > 0;) {
    const auto n = static_cast<std::size_t>(std::min<std::uintmax_t>(left, buffer.size()));
    file.stream.read(buffer.data(), static_cast<std::streamsize>(n));
    require(file.stream.good(), "cannot read all of '", path.string(), "'");
    digest.add(std::string_view(buffer.data(), n));
    left -= n;
  }
  return digest.text();
}

template <class Row>
std::optional<Row> first(std::vector<Row> all) {
  if (all.empty()) return std::nullopt;
  return std::move(all.front());
}

bool has_schema(const Database& database) { return database.number("SELECT count(*) FROM sqlite_master") > 0; }

// Where a row goes, and the columns beside those of its fields.
const char* table_of(const RunRow&) { return "runs"; }
const char* table_of(const PairRow&) { return "pairs"; }
const char* table_of(const MeasurementRow&) { return "measurements"; }
const char* table_of(const DataRow&) { return "data"; }
std::vector<ExtraColumn> extra_columns(const RunRow& r) {
  return {{"dataset", r.spec.data.dataset},
          {"optimizer", r.spec.optimizer.name},
          {"learning_rate", r.spec.optimizer.learning_rate.value_or(0)},
          {"init_seed", static_cast<std::int64_t>(r.spec.init_seed)},
          {"order_seed", static_cast<std::int64_t>(r.spec.seeds.order)}};
}
std::vector<ExtraColumn> extra_columns(const PairRow& r) {
  const auto bound = [&](double Interval::*end) -> nlohmann::json {
    return r.test.error.interval ? nlohmann::json((*r.test.error.interval).*end) : nlohmann::json();
  };
  return {{"run_a", id_of(r.spec.a)},
          {"run_b", id_of(r.spec.b)},
          {"train_error_barrier", r.train.error.value},
          {"test_error_barrier", r.test.error.value},
          {"test_low", bound(&Interval::low)},
          {"test_high", bound(&Interval::high)},
          {"test_verdict", lmc::concat(r.test.error.verdict)}};
}
std::vector<ExtraColumn> extra_columns(const MeasurementRow&) { return {}; }
std::vector<ExtraColumn> extra_columns(const DataRow& r) { return {{"id", id_of(r.spec)}}; }

}  // namespace

Store::Store(std::filesystem::path path, Access access) : path_(std::move(path)) {
  std::error_code none;
  const bool exists = std::filesystem::exists(path_, none);
  require(!std::filesystem::is_directory(path_, none), "the store '", path_.string(),
          "' is a directory; expected the name of a file");
  require(exists || access == Access::write, "there is no store '", path_.string(), "'; `run` makes one");
  if (exists) {
    // Opened for writing even to read, so that what a killed writer has left half done is rolled back first. A file that cannot
    // be written is opened read-only.
    database_ = std::make_unique<Database>(path_, SQLite::OPEN_READWRITE);
    check(access);
  }
  if (access == Access::read) {
    database_->execute("PRAGMA query_only = ON");
    return;
  }
  require(!exists || !database_->is_read_only(), "the store '", path_.string(),
          "' is read-only; copy it to where it can be written, or give another --store");
  const std::filesystem::path folder = path_.has_parent_path() ? path_.parent_path() : ".";
  require(std::filesystem::is_directory(folder, none), "cannot make the store '", path_.string(), "': there is no directory '",
          folder.string(), "'; create it first");
  std::error_code failure;
  std::filesystem::create_directory(checkpoints(), failure);
  require(!failure, "cannot make the folder '", checkpoints().string(), "': ", failure.message());
  lock_ = std::make_unique<registry::FileLock>(checkpoints() / "lock", lmc::concat("the store '", path_.string(), "'"),
                                               "; wait for it, or give this one a store of its own and join them by merge");
  remove_left_over();
  database_ = std::make_unique<Database>(path_, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  database_->transaction([&] {
    if (has_schema(*database_)) return;
    database_->execute(store_schema);
    database_->execute(lmc::concat("PRAGMA application_id = ", store_application));
    database_->execute(lmc::concat("PRAGMA user_version = ", store_version));
  });
}

Store::Store(Store&&) noexcept = default;
Store::~Store() = default;

std::filesystem::path Store::checkpoints() const {
  std::filesystem::path folder = path_;
  return folder += ".checkpoints";
}

std::filesystem::path Store::checkpoint(const std::string& run_id) const { return checkpoints() / (run_id + ".safetensors"); }

bool Store::has_checkpoint(const RunRow& row) const {
  std::error_code none;
  const std::filesystem::path file = checkpoint(row.id);
  if (!std::filesystem::exists(file, none)) return false;
  const std::string found = file_digest(file);
  require(found == row.checkpoint, "the checkpoint '", file.string(), "' does not match its row in the store '", path_.string(),
          "': its digest is ", found, ", expected ", row.checkpoint,
          "; was it changed or damaged? Move it away, and the run is trained again");
  return true;
}

std::optional<RunRow> Store::run(const std::string& id) const {
  return first(database_->rows<RunRow>("runs WHERE id = ?", {id}));
}

std::optional<PairRow> Store::pair(const std::string& id) const {
  return first(database_->rows<PairRow>("pairs WHERE id = ?", {id}));
}

std::optional<DataRow> Store::data(const DataSpec& spec) const {
  return first(database_->rows<DataRow>("data WHERE id = ?", {id_of(spec)}));
}

std::optional<MeasurementRow> Store::measurement(const std::string& subject, const std::string& name) const {
  return first(database_->rows<MeasurementRow>("measurements WHERE subject = ? AND name = ?", {subject, name}));
}

std::optional<PairResult> Store::result(const std::string& pair_id) const {
  auto row = pair(pair_id);
  if (!row) return std::nullopt;
  PairResult result{.train = std::move(row->train), .test = std::move(row->test)};
  for (MeasurementRow& m : database_->rows<MeasurementRow>("measurements WHERE subject = ?", {pair_id}))
    result.extra[m.name] = std::move(m.value);
  return result;
}

std::vector<RunRow> Store::runs() const { return database_->rows<RunRow>("runs ORDER BY id"); }

std::vector<PairRow> Store::pairs() const { return database_->rows<PairRow>("pairs ORDER BY id"); }

std::vector<MeasurementRow> Store::measurements() const {
  return database_->rows<MeasurementRow>("measurements ORDER BY subject, name");
}

std::vector<DataRow> Store::all_data() const { return database_->rows<DataRow>("data ORDER BY id"); }

template <class Row>
void Store::insert(const Row& row, const std::optional<Row>& there, const std::string& what) {
  if (there) {
    require(agreed_json(*there) == agreed_json(row), "the store '", path_.string(), "' has another result for the ", what,
            ": the same specification gave two. Were they computed by another version, or on another instruction set?");
    return;
  }
  database_->transaction([&] { database_->insert(table_of(row), row, extra_columns(row)); });
}

void Store::put(const RunRow& r) { insert(r, run(r.id), "run " + r.id); }

void Store::put(const PairRow& r) { insert(r, pair(r.id), "pair " + r.id); }

void Store::put(const MeasurementRow& r) {
  insert(r, measurement(r.subject, r.name), "measurement " + r.name + " of " + r.subject);
}

void Store::require_same(const DataRow& r) const {
  const auto there = data(r.spec);
  require(!there || there->digest == r.digest, "the data set ", to_json(r.spec).dump(),
          " is not the one that the runs in the store '", path_.string(), "' were trained on: its digest is ", r.digest,
          ", expected ", there ? there->digest : "", "; give the same --data as before, or another --store");
}

void Store::put(const DataRow& r) {
  require_same(r);
  insert(r, data(r.spec), "data set " + to_json(r.spec).dump());
}

void Store::remove_left_over() const {
  std::error_code ignored;
  std::vector<std::filesystem::path> left_over;
  for (const auto& entry : std::filesystem::directory_iterator(checkpoints(), ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".tmp") && name.find(".safetensors.") != std::string::npos) left_over.push_back(entry.path());
  }
  for (const auto& file : left_over) std::filesystem::remove(file, ignored);
}

void Store::check(Access access) const {
  const std::int64_t application = database_->number("PRAGMA application_id");
  const std::int64_t version = database_->number("PRAGMA user_version");
  if (!has_schema(*database_) && application == 0 && access == Access::write) return;  // an empty file
  require(application == store_application, "'", path_.string(),
          "' is an SQLite database, but no store of a study; give another --store");
  require(version <= store_version, "the store '", path_.string(), "' is of version ", version,
          ", made by a newer lmc; this one knows version ", store_version, "; use the newer one");
  require(version == store_version, "the store '", path_.string(), "' is of version ", version,
          ", made by an older lmc, whose pairs lack what is measured now; begin another store, or use the older lmc");
  const std::string health = database_->text("PRAGMA quick_check(1)");
  require(health == "ok", "the store '", path_.string(), "' is damaged: ", health,
          "; take a copy, or recover what is left by sqlite3's .recover");
}

}  // namespace lmc::study
