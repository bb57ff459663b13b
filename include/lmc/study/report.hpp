// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/version.hpp>
#include <lmc/io/output_file.hpp>
#include <lmc/plot/dot_figure.hpp>
#include <lmc/plot/gnuplot.hpp>
#include <lmc/study/claims.hpp>
#include <lmc/study/grid.hpp>
#include <lmc/study/report_figures.hpp>
#include <lmc/study/report_table.hpp>
#include <lmc/study/results.hpp>
#include <lmc/study/store.hpp>
#include <lmc/study/study_progress.hpp>

namespace lmc::study {

struct ReportOptions {
  std::string preset = "standard";
  std::filesystem::path output = {};  // FILE.html; figures and tables go to the folder FILE beside it
  std::string grids = {};             // what --experiments was, for the commands; empty: left out
};

namespace detail {

inline std::string base64(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k)
      bits = bits << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) text += i + k > bytes.size() ? '=' : digits[bits >> (18 - 6 * k) & 63];
  }
  return text;
}

inline std::string verdict_text(const Judgment& j) {
  return lmc::detail::concat(verdict_mark(j.verdict), ' ', j.verdict, j.tested() && j.partial ? ", in part" : "");
}

inline std::string effect_text(const Judgment& j) {
  if (!j.tested()) return "";
  const int digits = j.correlation ? 2 : 4;
  const std::string interval = interval_text(j.effect.interval, digits);
  return (j.correlation ? "ρ = " : "") + number_text(j.effect.mean, digits) + (interval.empty() ? "" : " " + interval);
}

inline ReportTable::Entry p_entry(const Judgment& j, double p) {
  return j.tested() ? ReportTable::Entry(p) : ReportTable::Entry(std::string());
}

/// What a reader of a README wants to know.
inline ReportTable short_claims_table(const std::vector<Judgment>& judgments) {
  ReportTable t{.columns = {{"#"}, {"Claim"}, {"This run"}, {"Effect [95 %]"}, {"p (Holm)"}}, .rows = {}};
  for (const Judgment& j : judgments)
    t.rows.push_back(
        {std::to_string(j.experiment->number), j.claim->text, verdict_text(j), effect_text(j), p_entry(j, j.p_holm)});
  return t;
}

/// Everything about the claims, for programs.
inline ReportTable full_claims_table(const std::vector<Judgment>& judgments) {
  ReportTable t{.columns = {{"experiment"},
                            {"claim"},
                            {"verdict"},
                            {"in part"},
                            {"effect"},
                            {"null"},
                            {"effect is"},
                            {"test"},
                            {"replicates"},
                            {"p"},
                            {"p Holm"},
                            {"notes"}},
                .rows = {}};
  for (const Judgment& j : judgments) {
    std::string notes;
    for (const std::string& note : j.notes) notes += (notes.empty() ? "" : "; ") + note;
    t.rows.push_back({j.experiment->name, j.claim->text, lmc::detail::concat(j.verdict), j.partial ? "yes" : "no", j.effect,
                      j.null, j.measure, j.test, static_cast<double>(j.replicates), p_entry(j, j.p), p_entry(j, j.p_holm),
                      notes});
  }
  return t;
}

/// One row a cell: means over the pairs that count, and what is missing.
inline ReportTable cells_table(const ExperimentResult& r) {
  ReportTable t;
  for (const auto& [axis, label] : r.cells.front().cell.coordinates) t.columns.push_back({axis});
  t.columns.push_back({"pairs"});
  struct Column {
    NamedPairValue value;
    bool interval;
    int digits;
  };
  std::vector<Column> columns;
  for (const NamedPairValue& v : values_of(*r.experiment)) columns.push_back({v, true, v.part == "train" ? 5 : 4});
  const auto add = [&](const NamedPairValue& v, bool interval, int digits) {
    for (const Column& c : columns)
      if (c.value == v) return;
    columns.push_back({v, interval, digits});
  };
  add({"normalized-error-barrier", "test"}, true, 4);
  add({"error-barrier", "train"}, true, 4);
  for (const std::string& measure : r.experiment->measure) {
    const nlohmann::json::json_pointer root, correlation("/correlation");
    if (measure == "attribution")
      for (const std::string& name : members_of(r, measure, correlation))
        add({"/attribution/correlation/" + name + "/all", "test"}, true, 3);
    if (measure == "block-path")
      for (const std::string& name : members_of(r, measure, root))
        add({"/block-path/" + name + "/error-barrier", "test"}, true, 4);
  }
  add({"mean-loss", "train"}, false, 4);
  add({"mean-error", "train"}, false, 4);
  add({"mean-error", "test"}, false, 4);
  for (const Column& c : columns) {
    std::string name = value_text(c.value);
    if (c.value.value == "mean-loss") name = "loss of the ends, train part";
    if (c.value.value == "mean-error") name = "error of the ends, " + c.value.part + " part";
    t.columns.push_back({name, c.digits, c.interval});
  }
  t.columns.push_back({"notes"});
  for (const CellResult& c : r.cells) {
    std::vector<ReportTable::Entry>& row = t.rows.emplace_back();
    for (const auto& [axis, label] : c.cell.coordinates) row.emplace_back(label);
    const std::size_t measured = c.measured(), planned = c.replicates.size(), diverged = c.diverged();
    row.emplace_back(std::to_string(measured) + (measured < planned ? " of " + std::to_string(planned) : ""));
    for (const Column& column : columns) row.emplace_back(mean_estimate(c.values(column.value.value, column.value.part)));
    std::string notes = measured == 0 ? "not run" : measured < planned ? "not all run" : "";
    if (diverged > 0) notes += lmc::detail::concat(notes.empty() ? "" : "; ", diverged, " diverged, left out");
    row.emplace_back(notes);
  }
  return t;
}

inline ReportTable complexity_table(const ExperimentResult& r) {
  ReportTable t{.columns = {{"data set"},
                            {"training examples", 0},
                            {"test examples", 0},
                            {"values of an example", 0},
                            {"classes", 0},
                            {"entropy of the labels (bits)", 3},
                            {"error of the majority class"},
                            {"error of logistic regression"},
                            {"error of the reference MLP"}},
                .rows = {}};
  std::set<std::string> seen;
  for (const CellResult& c : r.cells) {
    const std::string id = id_of(c.cell.pairs.front().a.data);
    const auto record = r.complexity.find(id);
    if (record == r.complexity.end() || !seen.insert(id).second) continue;
    std::vector<ReportTable::Entry>& row = t.rows.emplace_back();
    row.emplace_back(c.name());
    for (const char* key : {"train-examples", "test-examples", "dimension", "classes", "label-entropy", "majority-error",
                            "logistic-error", "mlp-error"})
      row.emplace_back(number_from_json(record->second.at(key)));
  }
  return t;
}

/// Every pair by itself, for whoever wants to compute something else.
inline std::string pairs_csv(const std::vector<ExperimentResult>& all) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> values{{{"error-barrier", "test"},
                                                                                 {"normalized-error-barrier", "test"},
                                                                                 {"loss-barrier", "test"},
                                                                                 {"error-barrier", "train"},
                                                                                 {"loss-barrier", "train"},
                                                                                 {"mean-error", "test"},
                                                                                 {"mean-loss", "test"},
                                                                                 {"mean-error", "train"},
                                                                                 {"mean-loss", "train"}}};
  std::string csv = "experiment,cell,replicate,pair,diverged";
  for (const auto& [value, part] : values) csv += lmc::detail::concat(",", part, " ", value);
  csv += "\n";
  for (const ExperimentResult& r : all) {
    if (r.experiment->all_others) continue;
    for (const CellResult& c : r.cells)
      for (std::size_t i = 0; i < c.replicates.size(); ++i) {
        const Replicate& p = c.replicates[i];
        if (p.result == nullptr) continue;
        csv += lmc::detail::concat(r.experiment->name, ",", csv_text(c.name()), ",", i, ",", p.pair, ",", p.diverged ? 1 : 0);
        for (const auto& [value, part] : values) csv += "," + lmc::detail::shortest(pair_value(*p.result, value, part));
        csv += "\n";
      }
  }
  return csv;
}

inline constexpr std::string_view report_style = R"(
body { font: 16px/1.45 "DejaVu Sans", "Helvetica Neue", Arial, sans-serif; color: #000; background: #fff; max-width: 62rem;
  margin: 2rem auto; padding: 0 1rem; }
h1, h2, h3 { line-height: 1.2; } h2 { border-top: 2px solid #000; padding-top: 0.6rem; margin-top: 2.5rem; }
.question { font-style: italic; } .wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.78rem; margin: 0.8rem 0; }
th, td { border: 1px solid #999; padding: 0.2rem 0.45rem; text-align: left; vertical-align: top; }
th { background: #eee; border-bottom: 2px solid #000; } td.n { white-space: nowrap; }
small { color: #333; } figure { margin: 1rem 0; } figure img { width: 100%; height: auto; max-width: 62rem; }
figure.narrow img { max-width: 46rem; } figcaption, .notes { font-size: 0.82rem; }
code { background: #eee; padding: 0.1rem 0.3rem; overflow-wrap: anywhere; }
@media print {
  @page { size: A4; margin: 14mm; }
  body { font-size: 10pt; max-width: none; margin: 0; padding: 0; } a { color: #000; text-decoration: none; }
  table { font-size: 7pt; } th, td { padding: 0.1rem 0.25rem; } .wide { overflow: visible; }
  thead { display: table-header-group; } tr, figure { break-inside: avoid; } h2, h3 { break-after: avoid; } section h2 { margin-top: 0; }
  figcaption, .notes, code { font-size: 8pt; }
  section { break-before: page; }
}
)";

inline constexpr std::string_view method_text = R"(<p>The independent units are the replicates: a pair of runs with an
initialization and noise of its own. Intervals are 95 % t intervals over replicates. A claim is tested, two-sided, on the replicates that
all its cells have, at least five. The p values of all claims that were tested are adjusted by Holm's method. A claim is decided where
its adjusted p is below 0.05 and the interval excludes the null hypothesis: it agrees or disagrees by the effect's side. Everything else
is undecided, which is not evidence of no effect. In part: some of the cells that the claim speaks of are not run.</p>
<ul>
<li>Connected, broken: every cell's mean is below (above) the threshold. For it, the largest p of the cells' t tests (intersection-union);
against it, the smallest times the number of cells. The effect is the mean of the cell that is likeliest to contradict.</li>
<li>Greater: the paired t test of the differences by replicate, averaged over all comparisons of cells that differ in nothing but what
the claim names. At matched training loss, cells that are each other's nearest in training loss are compared, if they are within a
quarter of it.</li>
<li>Rises, falls: Page's exact permutation test of the ranks along the axis in each replicate; the effect is the mean of their rank
correlations. Of two places only, the paired t test of their difference.</li>
<li>Correlates: the rank correlation over cells, in each replicate; t test of their mean. It speaks of these cells, not of all that could
be thought of.</li>
</ul>
<p>The exact sign-flip test is not used, since with five replicates its smallest two-sided p is 0.0625. The t test assumes nearly normal
values. Barriers near 0 are skewed: of five exponential values the interval covers the mean in 88 % of cases, and in 11 % its upper end
is too low, so that "connected" close to the threshold asks for more replicates. The figures show every one. The interval of a single
pair's barrier, over test examples, is in the store.</p>
)";

/// Writes figures and tables to their folder, and gathers the page.
class ReportWriter {
 public:
  ReportWriter(const Store& store, const std::vector<Experiment>& all, const ReportOptions& options)
      : options_(options), stored_(store) {
    for (const Experiment& e : all) results_.push_back(stored_.of(e, options.preset, all));
    const bool any = std::any_of(results_.begin(), results_.end(), [](const ExperimentResult& r) { return r.measured() > 0; });
    require(any, "the store '", store.path().string(), "' has no pair of the preset ", options.preset,
            "; compute them with `study run --preset ", options.preset, "`, or give the --preset that was run");
    for (const ExperimentResult& r : results_)
      for (const Claim& claim : r.experiment->claims) judgments_.push_back(judge(claim, r));
    decide(judgments_);
  }

  void write() {
    require(options_.output.extension() == ".html", "cannot write the report to '", options_.output.string(),
            "': expected a name that ends in .html");
    require(gnuplot_available(),
            "the report's figures are drawn by gnuplot, which is not installed; on Debian: apt install "
            "gnuplot-nox");
    OutputFile page(options_.output);
    folder_ = std::filesystem::path(options_.output).replace_extension();
    for (const char* part : {"figures", "tables"}) {
      std::error_code failure;
      std::filesystem::create_directories(folder_ / part, failure);
      require(!failure, "cannot make the folder '", (folder_ / part).string(), "': ", failure.message());
    }
    page.stream() << html();
    page.commit();
  }

 private:
  void put(const std::filesystem::path& name, const std::string& content) const {
    OutputFile file(folder_ / name);
    file.stream() << content;
    file.commit();
  }
  void put_table(const std::string& name, const ReportTable& table) const {
    put("tables/" + name + ".csv", csv_of(table));
    put("tables/" + name + ".tex", latex_of(table));
  }
  /// The figure as a part of the page; also as PDF and PNG in the folder.
  [[nodiscard]] std::string figure(const std::string& name, const std::string& script, FigureSize size,
                                   const std::string& caption) const {
    for (const char* extension : {".pdf", ".png"}) save_figure(folder_ / "figures" / (name + extension), script, size);
    return lmc::detail::concat("<figure", size.width < 1000 ? " class=\"narrow\"" : "", "><img alt=\"", html_text(caption),
                               "\" src=\"data:image/svg+xml;base64,", base64(draw_figure(name + ".svg", script, size)),
                               "\"/><figcaption>", html_text(caption), "</figcaption></figure>\n");
  }
  static std::string table(const ReportTable& t) { return "<div class=\"wide\">" + html_of(t) + "</div>\n"; }
  static std::string listed(const std::set<std::string>& all) {
    std::string text;
    for (const std::string& one : all) text += (text.empty() ? "" : ", ") + one;
    return text;
  }
  static std::string file_stem(const Experiment& e) { return std::filesystem::path(e.file).stem().string(); }

  [[nodiscard]] std::string command(const std::string& experiment) const {
    return "study run" + (experiment.empty() ? "" : " " + experiment) + " --preset " + options_.preset +
           (options_.grids.empty() ? "" : " --experiments " + options_.grids) + " --store new.db --data data";
  }

  [[nodiscard]] std::string counted_verdicts() const {
    std::map<ClaimVerdict, std::size_t> count;
    for (const Judgment& j : judgments_) ++count[j.verdict];
    std::string text;
    for (const auto& [verdict, n] : count) text += lmc::detail::concat(text.empty() ? "" : ", ", verdict, " ", n);
    return text;
  }

  [[nodiscard]] std::string html() const {
    std::string body = summary();
    for (const ExperimentResult& r : results_) body += section(r);
    body += method();
    return lmc::detail::concat(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
        "<title>Linear mode connectivity: the study, preset ",
        options_.preset, "</title>\n<style>", report_style, "</style>\n</head>\n<body>\n", body, "</body>\n</html>\n");
  }

  [[nodiscard]] std::string summary() const {
    std::set<std::string> machines, versions, empty, replicates;
    std::size_t planned = 0, measured = 0, diverged = 0, cells = 0;
    double seconds = 0;
    std::set<std::string> pairs;
    for (const ExperimentResult& r : results_) {
      machines.insert(r.machines.begin(), r.machines.end());
      versions.insert(r.versions.begin(), r.versions.end());
      empty.insert(r.empty_data.begin(), r.empty_data.end());
      if (r.experiment->all_others) continue;
      for (const CellResult& c : r.cells) {
        ++cells;
        replicates.insert(std::to_string(c.replicates.size()));
        for (const Replicate& p : c.replicates) {
          if (!pairs.insert(p.pair).second) continue;
          ++planned;
          measured += p.result != nullptr ? 1 : 0;
          diverged += p.diverged ? 1 : 0;
        }
      }
    }
    seconds = stored_seconds();
    std::string text = lmc::detail::concat(
        "<h1>Linear mode connectivity: the study, preset ", options_.preset,
        "</h1>\n<p>Two networks from one initialization are ",
        "trained under different noise; the error barrier is how far the test error rises over the line between them. ",
        "They count as connected below 0.02. Every cell is repeated with ", listed(replicates),
        " seeds of initialization, and no two pairs share an end.</p>\n<p><b>", judgments_.size(),
        " claims: ", counted_verdicts(), ".</b> Measured: ", measured, " of ", planned, " pairs in ", cells, " cells; ",
        diverged, " of them with a run that diverged, which are left out of all means and tests.",
        empty.empty() ? "" : " No runs in this store on: " + html_text(listed(empty)) + ".", "</p>\n");
    text += figure("summary", summary_script(results_, judgments_), summary_size(results_.size()),
                   "Error barriers of all cells, means over their pairs, and the verdicts on the claims of each experiment. "
                   "Intervals and single pairs are in the experiments' figures.");
    std::error_code failure;
    std::filesystem::copy_file(folder_ / "figures/summary.png", folder_ / "summary.png",
                               std::filesystem::copy_options::overwrite_existing, failure);
    require(!failure, "cannot write '", (folder_ / "summary.png").string(), "': ", failure.message());
    const ReportTable claims = short_claims_table(judgments_);
    put("claims.md", markdown_of(claims));
    put("tables/claims.csv", csv_of(full_claims_table(judgments_)));
    put("tables/claims.tex", latex_of(claims));
    put("tables/pairs.csv", pairs_csv(results_));
    text += "<h3>Claims</h3>\n" + table(claims);
    text +=
        lmc::detail::concat("<p class=\"notes\">Computed by lmc ", html_text(listed(versions)), ", reported by lmc ", version,
                            "; ", study::duration_text(seconds), " of one thread, on ", html_text(listed(machines)),
                            ". All of it again: <code>", html_text(command("")), "</code></p>\n");
    text += "<h3>Experiments</h3>\n<ol>\n";
    for (const ExperimentResult& r : results_)
      text +=
          lmc::detail::concat("<li value=\"", r.experiment->number, "\"><a href=\"#experiment-", r.experiment->number, "\">",
                              html_text(r.experiment->title), "</a>: ", html_text(r.experiment->question), "</li>\n");
    return text + "</ol>\n<p><a href=\"#method\">How it is judged</a></p>\n";
  }

  /// Of everything that the experiments need together, each thing once.
  [[nodiscard]] double stored_seconds() const {
    const auto all_others =
        std::find_if(results_.begin(), results_.end(), [](const ExperimentResult& r) { return r.experiment->all_others; });
    if (all_others != results_.end()) return all_others->seconds;
    double sum = 0;
    for (const ExperimentResult& r : results_) sum += r.seconds;
    return sum;
  }

  [[nodiscard]] std::string section(const ExperimentResult& r) const {
    const Experiment& e = *r.experiment;
    std::string text =
        lmc::detail::concat("<section id=\"experiment-", e.number, "\">\n<h2>", e.number, ". ", html_text(e.title),
                            "</h2>\n<p class=\"question\">", html_text(e.question), "</p>\n");
    std::string lacking;
    if (r.measured() < r.planned()) {
      lacking = lmc::detail::concat("Measured: ", r.measured(), " of ", r.planned(), " pairs");
      lacking +=
          r.empty_data.empty() ? "; the others are not run yet." : "; no runs in this store on " + listed(r.empty_data) + ".";
      text += "<p><b>" + html_text(lacking) + "</b></p>\n";
    }
    if (r.measured() > 0) {
      const DotFigure drawn = figure_of(r);
      if (!drawn.panels.empty())
        text += figure(file_stem(e), dot_figure_script(drawn), drawn.size(),
                       e.all_others ? "Every pair of the study is a dot."
                                    : "Small marks: single pairs. Large marks: their means, with 95 % intervals.");
    }
    text += claims(e);
    if (!e.all_others) {
      const ReportTable cells = cells_table(r);
      put_table(file_stem(e), cells);
      text += "<h3>Cells</h3>\n" + table(cells);
    }
    if (!r.complexity.empty()) {
      const ReportTable complexity = complexity_table(r);
      put_table(file_stem(e) + "-data", complexity);
      text += "<h3>Complexity of the data sets</h3>\n" + table(complexity);
    }
    text += lmc::detail::concat("<p class=\"notes\">Again: <code>", html_text(command(e.name)), "</code><br/>");
    if (r.measured() > 0)
      text += lmc::detail::concat("Took ", study::duration_text(r.seconds),
                                  " of one thread (what other experiments share is counted in each), on ",
                                  html_text(listed(r.machines)), ".");
    return text + "</p>\n</section>\n";
  }

  [[nodiscard]] std::string claims(const Experiment& e) const {
    ReportTable t{
        .columns = {{"claim"}, {"this run"}, {"effect [95 %]"}, {"what the effect is"}, {"test"}, {"p"}, {"p (Holm)"}},
        .rows = {}};
    std::string notes;
    for (const Judgment& j : judgments_) {
      if (j.experiment != &e) continue;
      std::string what = j.measure;
      if (j.tested())
        what += lmc::detail::concat("; ", value_text({j.claim->value, j.claim->part}),
                                    j.claim->with.empty() ? "" : " and " + value_text({j.claim->with, j.claim->part}));
      if (j.null != 0) what += "; threshold " + lmc::detail::shortest(j.null);
      t.rows.push_back({j.claim->text, verdict_text(j), effect_text(j), what,
                        j.tested() ? lmc::detail::concat(j.test, ", n = ", j.replicates) : "", p_entry(j, j.p),
                        p_entry(j, j.p_holm)});
      for (const std::string& note : j.notes)
        notes += lmc::detail::concat("<li>Claim ", t.rows.size(), ": ", html_text(note), "</li>\n");
    }
    if (t.rows.empty()) return "";
    return "<h3>Claims</h3>\n" + table(t) + (notes.empty() ? "" : "<ul class=\"notes\">\n" + notes + "</ul>\n");
  }

  [[nodiscard]] std::string method() const {
    return lmc::detail::concat("<section id=\"method\">\n<h2>How it is judged</h2>\n", method_text, "</section>\n");
  }

  ReportOptions options_;
  StoredResults stored_;
  std::vector<ExperimentResult> results_;
  std::vector<Judgment> judgments_;
  std::filesystem::path folder_;
};

}  // namespace detail

/// Writes what the store has of a preset: one page FILE.html that needs no other file, and in the folder FILE beside it
///   figures/NN-name.pdf, .png     tables/NN-name.csv, .tex     tables/claims.csv, .tex     tables/pairs.csv (every pair)
///   summary.png, claims.md        for a README
/// A function of the store, the experiments and the options. Throws: Error as the store; when the preset has no results; when
/// the output does not end in .html or cannot be written; when gnuplot is missing.
inline void write_report(const Store& store, const std::vector<Experiment>& all, const ReportOptions& options) {
  detail::ReportWriter(store, all, options).write();
}

}  // namespace lmc::study
