// SPDX-License-Identifier: BSD-3-Clause
#include "study/store/database.hpp"

#include <sqlite3.h>

#include <string_view>

namespace lmc::study {

Database::Database(std::filesystem::path path, int flags) : path_(std::move(path)) {
  guarded([&] {
    database_ = std::make_unique<SQLite::Database>(path_.string(), flags, 10'000);
    database_->exec("PRAGMA synchronous = FULL");
  });
}

void Database::execute(const std::string& statement) const {
  guarded([&] { database_->exec(statement); });
}

std::int64_t Database::number(const std::string& query) const {
  return guarded([&] { return database_->execAndGet(query).getInt64(); });
}

std::string Database::text(const std::string& query) const {
  return guarded([&] { return database_->execAndGet(query).getString(); });
}

bool Database::is_read_only() const { return sqlite3_db_readonly(database_->getHandle(), "main") != 0; }

void Database::fail(const SQLite::Exception& e) const {
  const auto what = [&] {
    switch (e.getErrorCode()) {
      case SQLITE_FULL:
        return "cannot grow: the disk is full; what is in it is intact, make room and start again";
      case SQLITE_READONLY:
        return "is read-only; copy it to where it can be written, or give another --store";
      case SQLITE_BUSY:
        return "is held by another process for more than 10 seconds; wait for it";
      case SQLITE_NOTADB:
        return "is no store: it is not an SQLite database; give another --store";
      case SQLITE_CORRUPT:
        return "is damaged; take a copy, or recover what is left by sqlite3's .recover";
      case SQLITE_IOERR:
        return "cannot be read or written; is the disk full, or gone?";
      default:
        return "cannot be used";
    }
  }();
  throw Error(lmc::concat("the store '", path_.string(), "' ", what, " (SQLite: ", e.getErrorStr(), ", ",
                          e.getExtendedErrorCode(), ")"));
}

nlohmann::json Database::value(SQLite::Statement& row, const char* column, bool document) {
  bool there = false;
  for (int i = 0; i < row.getColumnCount(); ++i) there |= std::string_view(column) == row.getColumnName(i);
  if (!there) return {};  // a store of an older version has no such column
  const SQLite::Column found = row.getColumn(column);
  if (document) return nlohmann::json::parse(found.getString());
  if (found.isNull()) return {};
  if (found.isInteger()) return found.getInt64();
  if (found.isFloat()) return found.getDouble();
  return found.getString();
}

void Database::insert(const char* table, const std::vector<std::pair<std::string, nlohmann::json>>& columns) const {
  std::string names, marks;
  for (const auto& [name, value] : columns) {
    names += (names.empty() ? "" : ", ") + name;
    marks += marks.empty() ? "?" : ", ?";
  }
  SQLite::Statement statement(*database_, lmc::concat("INSERT INTO ", table, " (", names, ") VALUES (", marks, ')'));
  for (int at = 1; const auto& [name, value] : columns) {
    if (value.is_null())
      statement.bind(at);
    else if (value.is_number_float())
      statement.bind(at, value.get<double>());  // NaN becomes NULL
    else if (value.is_number())
      statement.bind(at, value.get<std::int64_t>());
    else
      statement.bind(at, value.get<std::string>());
    ++at;
  }
  statement.exec();
}

}  // namespace lmc::study
