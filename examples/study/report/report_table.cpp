// SPDX-License-Identifier: BSD-3-Clause
#include "study/report/report_table.hpp"

#include <cmath>
#include <cstddef>

#include <lmc/io/csv.hpp>

namespace lmc::study {

std::string replace_all(std::string_view text, const std::vector<std::pair<std::string_view, std::string_view>>& with) {
  std::string out;
  while (!text.empty()) {
    std::size_t used = 1;
    std::string_view put = text.substr(0, 1);
    for (const auto& [from, to] : with)
      if (text.starts_with(from)) {
        used = from.size();
        put = to;
        break;
      }
    out += put;
    text.remove_prefix(used);
  }
  return out;
}

std::string html_text(std::string_view text) {
  return replace_all(text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

namespace {

std::string latex_text(std::string_view text) {
  return replace_all(text, {{"\\", "\\textbackslash{}"},
                            {"{", "\\{"},
                            {"}", "\\}"},
                            {"&", "\\&"},
                            {"%", "\\%"},
                            {"$", "\\$"},
                            {"#", "\\#"},
                            {"_", "\\_"},
                            {"^", "\\textasciicircum{}"},
                            {"~", "\\textasciitilde{}"},
                            {"<", "\\textless{}"},
                            {">", "\\textgreater{}"},
                            {"−", "$-$"},
                            {"–", "--"},
                            {"σ", "$\\sigma$"},
                            {"ρ", "$\\rho$"},
                            {"✓", "+"},
                            {"✗", "$-$"}});
}

}  // namespace

namespace {

std::string markdown_text(std::string_view text) { return replace_all(text, {{"|", "\\|"}, {"\n", " "}}); }

}  // namespace

std::string number_text(double x, int digits) {
  if (!std::isfinite(x)) return {};
  const std::string text = lmc::fixed(std::abs(x), digits);
  const bool zero = text.find_first_not_of("0.") == std::string::npos;
  return (x < 0 && !zero ? "−" : "") + text;
}

std::string interval_text(const Interval& i, int digits) {
  if (!std::isfinite(i.low) || !std::isfinite(i.high)) return {};
  return "[" + number_text(i.low, digits) + ", " + number_text(i.high, digits) + "]";
}

namespace {

std::string entry_text(const ReportTable::Entry& entry, const ReportColumn& column, std::string_view between) {
  if (const auto* text = std::get_if<std::string>(&entry)) return *text;
  if (const auto* number = std::get_if<double>(&entry)) {
    const double least = std::pow(10, -column.digits);
    if (*number >= 0 && *number < least / 2 && column.digits > 0) return "< " + lmc::fixed(least, column.digits);
    return number_text(*number, column.digits);
  }
  const auto& e = std::get<MeanEstimate>(entry);
  const std::string interval = column.interval ? interval_text(e.interval, column.digits) : std::string();
  return number_text(e.mean, column.digits) + (interval.empty() ? "" : std::string(between)) + interval;
}

}  // namespace

std::string html_of(const ReportTable& t) {
  std::string html = "<table>\n<thead><tr>";
  for (const ReportColumn& c : t.columns) html += "<th>" + html_text(c.name) + "</th>";
  html += "</tr></thead>\n<tbody>\n";
  for (const auto& row : t.rows) {
    html += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool number = !std::holds_alternative<std::string>(row[i]);
      std::string text = html_text(entry_text(row[i], t.columns[i], "\n"));
      if (const auto end = text.find('\n'); number && end != std::string::npos)
        text = text.substr(0, end) + "<br/><small>" + text.substr(end + 1) + "</small>";
      html += (number || text.size() < 26 ? "<td class=\"n\">" : "<td>") + text + "</td>";
    }
    html += "</tr>\n";
  }
  return html + "</tbody>\n</table>\n";
}

std::string latex_of(const ReportTable& t) {
  std::string alignment;
  for (std::size_t i = 0; i < t.columns.size(); ++i) {
    bool number = false, wide = false;
    for (const auto& row : t.rows) {
      number = number || !std::holds_alternative<std::string>(row[i]);
      if (const auto* text = std::get_if<std::string>(&row[i])) wide = wide || text->size() > 40;
    }
    alignment += number ? "r" : wide ? "p{0.4\\linewidth}" : "l";
  }
  std::string latex = "\\begin{tabular}{" + alignment + "}\n\\hline\n";
  const auto line = [&](const auto& text_of) {
    for (std::size_t i = 0; i < t.columns.size(); ++i) latex += (i == 0 ? "" : " & ") + latex_text(text_of(i));
    latex += " \\\\\n";
  };
  line([&](std::size_t i) { return t.columns[i].name; });
  latex += "\\hline\n";
  for (const auto& row : t.rows) line([&](std::size_t i) { return entry_text(row[i], t.columns[i], " "); });
  return latex + "\\hline\n\\end{tabular}\n";
}

std::string markdown_of(const ReportTable& t) {
  std::string markdown, rule;
  for (const ReportColumn& c : t.columns) {
    markdown += "| " + markdown_text(c.name) + " ";
    rule += "|---";
  }
  markdown += "|\n" + rule + "|\n";
  for (const auto& row : t.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) markdown += "| " + markdown_text(entry_text(row[i], t.columns[i], " ")) + " ";
    markdown += "|\n";
  }
  return markdown;
}

std::string csv_of(const ReportTable& t) {
  std::vector<bool> mean(t.columns.size());
  for (const auto& row : t.rows)
    for (std::size_t i = 0; i < row.size(); ++i) mean[i] = mean[i] || std::holds_alternative<MeanEstimate>(row[i]);
  const auto exact = [](double x) { return std::isfinite(x) ? lmc::shortest(x) : std::string(); };
  std::string csv;
  for (std::size_t i = 0; i < t.columns.size(); ++i) {
    const std::string& name = t.columns[i].name;
    csv += (i == 0 ? "" : ",") + csv_field(name);
    if (mean[i]) csv += "," + csv_field(name + " low") + "," + csv_field(name + " high");
  }
  csv += "\n";
  for (const auto& row : t.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      csv += i == 0 ? "" : ",";
      if (const auto* e = std::get_if<MeanEstimate>(&row[i])) {
        csv += exact(e->mean) + "," + exact(e->interval.low) + "," + exact(e->interval.high);
      } else {
        const auto* text = std::get_if<std::string>(&row[i]);
        csv += (text != nullptr ? csv_field(*text) : exact(std::get<double>(row[i]))) + (mean[i] ? ",," : "");
      }
    }
    csv += "\n";
  }
  return csv;
}

}  // namespace lmc::study
