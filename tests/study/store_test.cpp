// SPDX-License-Identifier: BSD-3-Clause
#include <SQLiteCpp/SQLiteCpp.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include "study/specification/spec_digest.hpp"
#include "study/store/merge.hpp"
#include "study/store/store.hpp"

#include "study/tiny_study.hpp"
#include "support/temporary_directory.hpp"

namespace study_store_test {

using Catch::Matchers::Contains;
using lmc::study::Access;
using lmc::study::MeasurementRow;
using lmc::study::PairRow;
using lmc::study::RunRow;
using lmc::study::Store;

namespace {

RunRow run_row() {
  RunRow row{.spec = canonical(testing::tiny_run()),
             .network = "2-8-3 relu",
             .parameters = 51,
             .steps = 20,
             .epoch_losses = {1.5, std::numeric_limits<double>::quiet_NaN()},
             .digest = "d",
             .checkpoint = "c",
             .made = {.seconds = 2, .machine = "m", .version = "v"}};
  row.id = id_of(row.spec);
  return row;
}

PairRow pair_row() {
  lmc::Curve curve;
  for (const double alpha : {0.0, 0.5, 1.0})
    curve.points.push_back(
        {alpha, 1 - alpha, {.loss = 1 + alpha * (1 - alpha), .error = 0.1 + alpha * (1 - alpha), .count = 4, .wrong = {}}});
  PairRow row{.spec = testing::tiny_pair(), .train = lmc::study::part_result(curve), .test = lmc::study::part_result(curve)};
  row.id = id_of(row.spec);
  return row;
}

}  // namespace

TEST_CASE("Store: gives back what was put, after it was closed, too", "[study]") {
  const testing::TemporaryDirectory folder;
  const auto path = folder.path() / "s.db";
  const RunRow row = run_row();
  {
    Store store(path, Access::write);
    CHECK(!store.run(row.id));
    store.put(row);
    store.put(pair_row());
    store.put(MeasurementRow{.subject = pair_row().id, .name = "robustness", .value = {{"x", 0.5}}});
  }
  const Store store(path, Access::read);
  const auto back = store.run(row.id);
  REQUIRE(back);
  CHECK(to_json(back->spec) == to_json(row.spec));
  CHECK(back->steps == 20);
  CHECK(!back->diverged_at);
  CHECK(back->epoch_losses[0] == 1.5);
  CHECK(std::isnan(back->epoch_losses[1]));
  CHECK(back->made.seconds == 2);
  const auto result = store.result(pair_row().id);
  REQUIRE(result);
  CHECK(to_json(result->test) == to_json(pair_row().test));
  CHECK(result->test.error.value == pair_row().test.error.value);
  CHECK(result->extra.at("robustness").at("x") == 0.5);
}

TEST_CASE("Store: a row that is there is never changed, but may come from another machine", "[study]") {
  const testing::TemporaryDirectory folder;
  Store store(folder.path() / "s.db", Access::write);
  RunRow row = run_row();
  store.put(row);
  row.made = {.seconds = 9, .machine = "other", .version = "other"};
  store.put(row);
  CHECK(store.run(row.id)->made.seconds == 2);
  row.digest = "another";
  CHECK_THROWS_WITH(store.put(row), Contains("has another result for the run " + row.id));
  CHECK(store.run(row.id)->digest == "d");
}

TEST_CASE("Store: another data set of the same name is refused", "[study]") {
  const testing::TemporaryDirectory folder;
  Store store(folder.path() / "s.db", Access::write);
  store.put(
      lmc::study::DataRow{.spec = {.dataset = "mnist"}, .digest = "d", .train = 1, .test = 1, .classes = 1, .shape = {2}});
  CHECK_THROWS_WITH(store.put(lmc::study::DataRow{.spec = {.dataset = "mnist"}, .digest = "e"}),
                    Contains("is not the one that the runs in the store"));
}

TEST_CASE("Store: one process writes, others read meanwhile", "[study]") {
  const testing::TemporaryDirectory folder;
  const auto path = folder.path() / "s.db";
  {
    Store store(path, Access::write);
    CHECK_THROWS_WITH(Store(path, Access::write), Contains("another process is writing to the store") && Contains("process "));
    const Store reader(path, Access::read);
    CHECK(reader.runs().empty());
    store.put(run_row());
    CHECK(reader.runs().size() == 1);
  }
  CHECK_NOTHROW(Store(path, Access::write));
}

TEST_CASE("Store: what is no store is refused and left as it is", "[study]") {
  const testing::TemporaryDirectory folder;
  CHECK_THROWS_WITH(Store(folder.path() / "missing.db", Access::read), Contains("there is no store"));
  CHECK_THROWS_WITH(Store(folder.path(), Access::write), Contains("is a directory"));
  CHECK_THROWS_WITH(Store(folder.path() / "no" / "s.db", Access::write), Contains("there is no directory"));

  const auto text = folder.write("text.db", std::string_view("this is no database, but it is long enough to be looked at"));
  CHECK_THROWS_WITH(Store(text, Access::write), Contains("is no store"));
  CHECK(testing::content(text).starts_with("this is no database"));

  const auto other = folder.path() / "other.db";
  SQLite::Database(other.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec("CREATE TABLE mine (x)");
  CHECK_THROWS_WITH(Store(other, Access::write), Contains("is an SQLite database, but no store of a study"));

  const auto newer = folder.path() / "newer.db";
  { const Store store(newer, Access::write); }
  SQLite::Database(newer.string(), SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 99");
  const std::string before = testing::content(newer);
  CHECK_THROWS_WITH(Store(newer, Access::write), Contains("is of version 99, made by a newer lmc"));
  CHECK_THROWS_WITH(Store(newer, Access::read), Contains("is of version 99"));
  CHECK(testing::content(newer) == before);
}

TEST_CASE("Store: one of an older version is refused", "[study]") {
  const testing::TemporaryDirectory folder;
  const auto path = folder.path() / "old.db";
  Store(path, Access::write);
  SQLite::Database(path.string(), SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 2");
  for (const Access access : {Access::read, Access::write})
    CHECK_THROWS_WITH(Store(path, access),
                      Contains("is of version 2, made by an older lmc") && Contains("begin another store"));
}

TEST_CASE("Store: damage is found", "[study]") {
  const testing::TemporaryDirectory folder;
  const auto path = folder.path() / "s.db";
  {
    Store store(path, Access::write);
    store.put(run_row());
  }
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  for (std::streamoff at = 4096; at < static_cast<std::streamoff>(std::filesystem::file_size(path)); at += 64) {
    file.seekp(at);
    file.write("damage", 6);
  }
  file.close();
  CHECK_THROWS_WITH(Store(path, Access::write), Contains("is damaged"));
}

TEST_CASE("Store: a row that was changed by hand to what no row has is refused, and the store is named", "[study]") {
  const testing::TemporaryDirectory folder;
  const auto path = folder.path() / "s.db";
  {
    Store store(path, Access::write);
    store.put(pair_row());
  }
  SQLite::Database database(path.string(), SQLite::OPEN_READWRITE);
  const auto refusal = [&](const std::string& from, const std::string& to) {
    const std::string before = database.execAndGet("SELECT test FROM pairs").getString();
    const auto set = [&](const std::string& text) {
      SQLite::Statement update(database, "UPDATE pairs SET test = ?");
      update.bind(1, text);
      update.exec();
    };
    std::string changed = before;
    const auto at = changed.find(from);
    REQUIRE(at != std::string::npos);
    set(changed.replace(at, from.size(), to));
    std::string text = "nothing was refused";
    try {
      (void)Store(path, Access::read).pairs();
    } catch (const lmc::Error& e) {
      text = e.what();
    }
    set(before);
    return text;
  };
  const std::string store =
      "the store '" + path.string() + "': the row '" + pair_row().id + "' of the table pairs cannot be read: ";
  CHECK_THAT(refusal("\"undecided\"", "\"undecide\""),
             Contains(store) && Contains("the verdict \"undecide\"; expected \"connected\""));
  CHECK_THAT(refusal("\"instability\":", "\"instability\":\"0,5\",\"was\":"),
             Contains(store) && Contains("'0,5'; expected a number"));
  CHECK_THAT(refusal("\"instability\":", "\"was\":"), Contains(store) && Contains("instability"));
  CHECK_THAT(refusal("{", "["), Contains(store));
  CHECK_THAT(refusal("\"error\":0.1", "\"error\":5"), Contains(store) && Contains("error = 5"));
  CHECK_THAT(refusal("\"alpha\":0.0", "\"alpha\":7"), Contains(store) && Contains("alpha = 7"));
  CHECK_THAT(refusal("\"count\":4", "\"count\":4.5"), Contains(store) && Contains("4.5; expected a whole number"));
  CHECK_THAT(refusal("\"count\":4", "\"count\":1e30"), Contains(store) && Contains("1e+30; expected a whole number"));
  CHECK_THAT(refusal("\"count\":4", "\"count\":18446744073709551615"), Contains(store) && Contains("to 9223372036854775807"));
  CHECK_THAT(refusal("\"count\":4", "\"count\":-4"), Contains(store) && Contains("count = -4"));
  CHECK(Store(path, Access::read).pairs().size() == 1);
}

TEST_CASE("Store: a checkpoint that does not match its row is an error", "[study]") {
  const testing::TemporaryDirectory folder;
  Store store(folder.path() / "s.db", Access::write);
  RunRow row = run_row();
  row.checkpoint = lmc::study::SpecDigest().add("bytes").text();
  store.put(row);
  CHECK(!store.has_checkpoint(row));
  std::ofstream(store.checkpoint(row.id)) << "bytes";
  CHECK(store.has_checkpoint(row));
  std::ofstream(store.checkpoint(row.id)) << "bytez";
  CHECK_THROWS_WITH(store.has_checkpoint(row), Contains("does not match its row") && Contains(row.checkpoint));
  CHECK(testing::content(store.checkpoint(row.id)) == "bytez");
}

TEST_CASE("merge: joins stores, and finds those that disagree", "[study]") {
  const testing::TemporaryDirectory folder;
  Store to(folder.path() / "to.db", Access::write), from(folder.path() / "from.db", Access::write);
  RunRow row = run_row();
  row.checkpoint = lmc::study::SpecDigest().add("bytes").text();
  from.put(row);
  std::ofstream(from.checkpoint(row.id)) << "bytes";
  from.put(pair_row());
  merge(from, to);
  merge(from, to);
  CHECK(to.runs().size() == 1);
  CHECK(to.has_checkpoint(row));
  CHECK(to.pairs().size() == 1);

  Store other(folder.path() / "other.db", Access::write);
  row.digest = "another";
  other.put(row);
  CHECK_THROWS_WITH(merge(other, to), Contains("has another result for the run"));
}

TEST_CASE("merge: what disagrees leaves the checkpoints as they are", "[study]") {
  const testing::TemporaryDirectory folder;
  Store to(folder.path() / "to.db", Access::write), from(folder.path() / "from.db", Access::write);
  RunRow row = run_row();
  to.put(row);  // its checkpoint was lost
  row.checkpoint = lmc::study::SpecDigest().add("bytes").text();
  from.put(row);
  std::ofstream(from.checkpoint(row.id)) << "bytes";
  CHECK_THROWS_WITH(merge(from, to), Contains("has another result for the run"));
  CHECK(!std::filesystem::exists(to.checkpoint(row.id)));

  // A checkpoint that is not its row's is not handed on.
  Store fresh(folder.path() / "fresh.db", Access::write);
  std::ofstream(from.checkpoint(row.id)) << "bytez";
  CHECK_THROWS_WITH(merge(from, fresh), Contains("does not match its row"));
  CHECK(fresh.runs().empty());
  CHECK(!std::filesystem::exists(fresh.checkpoint(row.id)));
}

TEST_CASE("merge: pairs, measurements and data sets that disagree are found, too", "[study]") {
  const testing::TemporaryDirectory folder;
  Store to(folder.path() / "to.db", Access::write);
  to.put(pair_row());
  to.put(MeasurementRow{.subject = "p", .name = "robustness", .value = 1});
  to.put(lmc::study::DataRow{.spec = {.dataset = "mnist"}, .digest = "d", .train = 1, .test = 1, .classes = 1, .shape = {2}});
  const auto refuses = [&](const std::string& name, const auto& row, const std::string& text) {
    Store from(folder.path() / (name + ".db"), Access::write);
    from.put(row);
    CHECK_THROWS_WITH(merge(from, to), Contains(text));
  };
  PairRow pair = pair_row();
  pair.test.error.value = 0.5;
  refuses("pair", pair, "has another result for the pair");
  refuses("measurement", MeasurementRow{.subject = "p", .name = "robustness", .value = 2},
          "has another result for the measurement");
  refuses("data",
          lmc::study::DataRow{.spec = {.dataset = "mnist"}, .digest = "e", .train = 1, .test = 1, .classes = 1, .shape = {2}},
          "is not the one that the runs in the store");
  CHECK(to.pairs()[0].test.error.value == pair_row().test.error.value);
}

TEST_CASE("Store: what a killed writer was writing is removed by the next, and nothing else", "[study]") {
  const testing::TemporaryDirectory folder;
  const auto path = folder.path() / "s.db";
  { const Store store(path, Access::write); }
  const auto checkpoints = folder.path() / "s.db.checkpoints";
  for (const char* name : {"ab.safetensors.77-0.tmp", "ab.safetensors", "notes.tmp"}) std::ofstream(checkpoints / name) << "x";
  { const Store store(path, Access::read); }
  CHECK(std::filesystem::exists(checkpoints / "ab.safetensors.77-0.tmp"));  // who reads changes nothing
  { const Store store(path, Access::write); }
  CHECK(!std::filesystem::exists(checkpoints / "ab.safetensors.77-0.tmp"));
  CHECK(std::filesystem::exists(checkpoints / "ab.safetensors"));
  CHECK(std::filesystem::exists(checkpoints / "notes.tmp"));
}

TEST_CASE("Store: an interrupted transaction leaves nothing of its row", "[study]") {
  const testing::TemporaryDirectory folder;
  const auto path = folder.path() / "s.db";
  Store store(path, Access::write);
  store.put(run_row());
  // What another process sees of a row whose transaction has not ended, and after that process has gone away.
  {
    SQLite::Database writer(path.string(), SQLite::OPEN_READWRITE);
    writer.exec("BEGIN IMMEDIATE");
    writer.exec("UPDATE runs SET steps = 77");
    CHECK(store.run(run_row().id)->steps == 20);
  }
  CHECK(store.run(run_row().id)->steps == 20);
}

}  // namespace study_store_test
