// SPDX-License-Identifier: BSD-3-Clause
#include "registry/read_report.hpp"

#include <algorithm>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>

namespace registry {

namespace {

// The first of the parts with commas between, and how many there are where some are left out.
std::string abbreviated(const std::vector<std::string>& parts, std::size_t most) {
  std::string list;
  for (std::size_t i = 0; i < std::min(most, parts.size()); ++i) list += (i == 0 ? "" : ", ") + parts[i];
  return parts.size() > most ? lmc::concat(list, ", … (", parts.size(), " in all)") : list;
}

template <class Item, class Text>
std::vector<std::string> texts(const std::vector<Item>& items, Text text) {
  std::vector<std::string> all;
  for (const Item& item : items) all.push_back(text(item));
  return all;
}

std::string classes_text(const lmc::ReadReport& report) {
  constexpr std::size_t most = 10;
  return "classes: " + abbreviated(texts(report.classes,
                                         [](const lmc::ReadClass& c) {
                                           return lmc::concat(c.name.empty() ? "''" : c.name, ' ', c.train, " + ", c.test);
                                         }),
                                   most);
}

std::string columns_text(const lmc::ReadReport& report) {
  const auto count = [&](lmc::ColumnKind kind) { return std::ranges::count(report.columns, kind, &lmc::ReadColumn::kind); };
  std::vector<std::string> parts;
  for (const lmc::ReadColumn& column : report.columns)
    if (column.kind == lmc::ColumnKind::label) parts.push_back("label '" + column.name + "'");
  if (const auto numbers = count(lmc::ColumnKind::number); numbers > 0)
    parts.push_back(lmc::concat(numbers, numbers == 1 ? " number" : " numbers"));
  std::vector<std::string> values;
  for (const lmc::ReadColumn& column : report.columns)
    if (column.kind == lmc::ColumnKind::category) values.push_back(std::to_string(column.values));
  if (!values.empty())
    parts.push_back(lmc::concat(values.size(), values.size() == 1 ? " category of " : " categories of ", abbreviated(values, 8),
                                " values"));
  if (const auto dropped = count(lmc::ColumnKind::dropped); dropped > 0) parts.push_back(lmc::concat(dropped, " dropped"));
  return abbreviated(parts, parts.size());
}

const char* name_of(lmc::ColumnKind kind) {
  switch (kind) {
    case lmc::ColumnKind::number:
      return "number";
    case lmc::ColumnKind::category:
      return "category";
    case lmc::ColumnKind::label:
      return "label";
    case lmc::ColumnKind::dropped:
      return "dropped";
  }
  return "";
}

}  // namespace

void print_read_report(std::ostream& out, const lmc::ReadReport& report) {
  if (!report.classes.empty())
    out << classes_text(report) << (report.columns.empty() ? "" : "; ") << columns_text(report) << '\n';
  if (!report.missing.empty())
    out << "missing: "
        << abbreviated(texts(report.missing, [](const lmc::ReadMissing& m) { return lmc::concat("'", m.text, "' ", m.count); }),
                       10)
        << '\n';
  if (!report.sizes.empty())
    out << "sizes: "
        << abbreviated(
               texts(report.sizes, [](const lmc::ReadSize& s) { return lmc::concat(s.width, "×", s.height, ": ", s.count); }),
               8)
        << '\n';
  constexpr std::size_t most = 20;
  for (std::size_t i = 0; i < std::min(most, report.notes.size()); ++i) {
    const lmc::ReadNote& note = report.notes[i];
    out << "note: " << note.what;
    if (note.count > 1 || !note.first.empty())
      out << " (" << note.count << (note.first.empty() ? "" : ", first ") << note.first << ')';
    out << '\n';
  }
  if (report.notes.size() > most) out << "note: … (" << report.notes.size() << " notes in all)\n";
}

nlohmann::json read_report_json(const lmc::ReadReport& report) {
  nlohmann::json all = nlohmann::json::object();
  for (const lmc::ReadClass& c : report.classes)
    all["classes"].push_back({{"name", c.name}, {"train", c.train}, {"test", c.test}});
  for (const lmc::ReadColumn& c : report.columns) {
    nlohmann::json column = {{"name", c.name}, {"kind", name_of(c.kind)}};
    if (c.values > 0) column["values"] = c.values;
    all["columns"].push_back(std::move(column));
  }
  for (const lmc::ReadMissing& m : report.missing) all["missing"].push_back({{"text", m.text}, {"count", m.count}});
  for (const lmc::ReadSize& s : report.sizes)
    all["sizes"].push_back({{"height", s.height}, {"width", s.width}, {"count", s.count}});
  for (const lmc::ReadNote& n : report.notes)
    all["notes"].push_back({{"what", n.what}, {"count", n.count}, {"first", n.first}});
  // A path need not be UTF-8, which JSON has to be.
  return nlohmann::json::parse(all.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace registry
