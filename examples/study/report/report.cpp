// SPDX-License-Identifier: BSD-3-Clause
#include "study/report/report.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include <lmc/core/version.hpp>
#include <lmc/io/output_file.hpp>
#include <lmc/plot/dot_figure.hpp>
#include <lmc/plot/gnuplot.hpp>

#include "study/analysis/claims.hpp"
#include "study/analysis/results.hpp"
#include "study/report/primary_claims.hpp"
#include "study/report/report_figures.hpp"
#include "study/report/report_table.hpp"
#include "study/report/report_tables.hpp"
#include "study/report/report_texts.hpp"
#include "study/running/study_progress.hpp"

namespace lmc::study {

std::string base64(std::string_view bytes) {
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

namespace {

/// Writes figures and tables to their folder, and gathers the page.
class ReportWriter {
 public:
  ReportWriter(const Store& store, const std::vector<Experiment>& all, const ReportOptions& options)
      : options_(options), store_(store), stored_(store) {
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
    return lmc::concat("<figure", size.width < 1000 ? " class=\"narrow\"" : "", "><img alt=\"", html_text(caption),
                       "\" src=\"data:image/svg+xml;base64,", base64(draw_figure(name + ".svg", script, size)),
                       "\"/><figcaption>", html_text(caption), "</figcaption></figure>\n");
  }
  static std::string table(const ReportTable& t) { return "<div class=\"wide\">" + html_of(t) + "</div>\n"; }
  template <class T>
  static std::string listed(const std::set<T>& all) {
    std::string text;
    for (const T& one : all) text += lmc::concat(text.empty() ? "" : ", ", one);
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
    for (const auto& [verdict, n] : count) text += lmc::concat(text.empty() ? "" : ", ", verdict, " ", n);
    return text;
  }

  [[nodiscard]] std::string html() const {
    std::string body = summary();
    for (const ExperimentResult& r : results_) body += section(r);
    body += method();
    return lmc::concat(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
        "<title>Linear mode connectivity: the study, preset ",
        options_.preset, "</title>\n<style>", report_style, "</style>\n</head>\n<body>\n", body, "</body>\n</html>\n");
  }

  [[nodiscard]] std::string summary() const {
    std::set<std::string> machines, versions, empty;
    std::set<std::size_t> replicates;
    std::size_t planned = 0, measured = 0, diverged = 0, cells = 0;
    double seconds = 0;
    std::set<std::string> pairs;
    for (const ExperimentResult& r : results_) {
      machines.insert(r.machines.begin(), r.machines.end());
      versions.insert(r.versions.begin(), r.versions.end());
      empty.insert(r.empty_data.begin(), r.empty_data.end());
      if (r.experiment->all_others()) continue;
      for (const CellResult& c : r.cells) {
        ++cells;
        replicates.insert(c.replicates.size());
        for (const Replicate& p : c.replicates) {
          if (!pairs.insert(p.pair).second) continue;
          ++planned;
          measured += p.result != nullptr ? 1 : 0;
          diverged += p.diverged ? 1 : 0;
        }
      }
    }
    seconds = stored_seconds();
    std::string text = lmc::concat(
        "<h1>Linear mode connectivity: the study, preset ", options_.preset,
        "</h1>\n<p>Two networks from one initialization are ",
        "trained under different noise; the error barrier is how far the test error rises over the line between them. ",
        "They count as connected below 0.02. Every cell is repeated with ", listed(replicates),
        " seeds of initialization, and no two pairs share an end.</p>\n<p><b>", judgments_.size(),
        judgments_.size() == 1 ? " claim: " : " claims: ", counted_verdicts(), ".</b> Measured: ", measured, " of ", planned,
        " pairs in ", cells, " cells; ", diverged,
        " of them with a run that diverged, which are left out of all means and tests.",
        empty.empty() ? "" : " No runs in this store on: " + html_text(listed(empty)) + ".", "</p>\n");
    text += primary_claims();
    text += "<h2>All experiments</h2>\n";
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
    text += lmc::concat("<p class=\"notes\">Computed by lmc ", html_text(listed(versions)), ", reported by lmc ", version, "; ",
                        study::duration_text(seconds), " of one thread, on ", html_text(listed(machines)),
                        ". All of it again: <code>", html_text(command("")), "</code></p>\n");
    text += data_notes();
    text += "<h3>Experiments</h3>\n<ol>\n";
    for (const ExperimentResult& r : results_)
      text += lmc::concat("<li value=\"", r.experiment->number, "\"><a href=\"#experiment-", r.experiment->number, "\">",
                          html_text(r.experiment->title), "</a>: ", html_text(r.experiment->question), "</li>\n");
    return text + "</ol>\n<p><a href=\"#method\">How it is judged</a></p>\n";
  }

  /// The claims that the study is made for, in words, with a figure each; nothing where there is none.
  [[nodiscard]] std::string primary_claims() const {
    std::string text;
    for (const Judgment& j : judgments_) {
      if (j.claim->rank != "primary") continue;
      text += lmc::concat("<h3>", verdict_mark(j.verdict), ' ', html_text(j.claim->text), "</h3>\n<p>",
                          html_text(verdict_sentences(j)), " <a href=\"#experiment-", j.experiment->number,
                          "\">The experiment</a>.</p>\n");
      const auto result = std::ranges::find(results_, j.experiment, [](const ExperimentResult& r) { return r.experiment; });
      const DotFigure drawn = figure_of_claim(*j.claim, *result);
      if (drawn.panels.empty()) continue;
      text += figure(
          "primary-" + j.experiment->name, dot_figure_script(drawn), drawn.size(),
          "Small marks: single pairs. Large marks: their means, with 95 % intervals. The noise floor is the maximum over the "
          "line where chance alone makes it; the cross-fitted barrier is 0 there on average.");
    }
    return text.empty() ? "" : "<h2>The primary claims</h2>\n" + text;
  }

  /// What the loaders noted of the files, of all data sets in the store; nothing where they noted nothing.
  [[nodiscard]] std::string data_notes() const {
    std::set<std::string> notes;
    for (const DataRow& row : store_.all_data()) {
      if (!row.report.contains("notes")) continue;
      for (const nlohmann::json& note : row.report["notes"]) {
        const std::string first = note.value("first", "");
        notes.insert(lmc::concat(row.spec.dataset, ": ", note.value("what", ""), " (", note.value("count", Index{0}),
                                 first.empty() ? "" : ", first ", first, ")"));
      }
    }
    std::string text;
    for (const std::string& note : notes) text += "<li>" + html_text(note) + "</li>\n";
    return text.empty() ? "" : "<h3>Noted of the data</h3>\n<ul class=\"notes\">\n" + text + "</ul>\n";
  }

  /// Seconds of all that the experiments need together, each thing counted once.
  [[nodiscard]] double stored_seconds() const {
    const auto all_others =
        std::find_if(results_.begin(), results_.end(), [](const ExperimentResult& r) { return r.experiment->all_others(); });
    if (all_others != results_.end()) return all_others->seconds;
    double sum = 0;
    for (const ExperimentResult& r : results_) sum += r.seconds;
    return sum;
  }

  [[nodiscard]] std::string section(const ExperimentResult& r) const {
    const Experiment& e = *r.experiment;
    std::string text = lmc::concat("<section id=\"experiment-", e.number, "\">\n<h2>", e.number, ". ", html_text(e.title),
                                   "</h2>\n<p class=\"question\">", html_text(e.question), "</p>\n");
    std::string lacking;
    if (r.measured() < r.planned()) {
      lacking = lmc::concat("Measured: ", r.measured(), " of ", r.planned(), " pairs");
      lacking +=
          r.empty_data.empty() ? "; the others are not run yet." : "; no runs in this store on " + listed(r.empty_data) + ".";
      text += "<p><b>" + html_text(lacking) + "</b></p>\n";
    }
    if (r.measured() > 0) {
      const DotFigure drawn = figure_of(r);
      if (!drawn.panels.empty())
        text += figure(file_stem(e), dot_figure_script(drawn), drawn.size(),
                       e.all_others() ? "Every pair of the study is a dot."
                                      : "Small marks: single pairs. Large marks: their means, with 95 % intervals.");
    }
    text += claims(e);
    if (!e.all_others()) {
      const ReportTable cells = cells_table(r);
      put_table(file_stem(e), cells);
      text += "<h3>Cells</h3>\n" + table(cells);
    }
    if (!r.complexity.empty()) {
      const ReportTable complexity = complexity_table(r);
      put_table(file_stem(e) + "-data", complexity);
      text += "<h3>Complexity of the data sets</h3>\n" + table(complexity);
    }
    text += lmc::concat("<p class=\"notes\">Again: <code>", html_text(command(e.name)),
                        "</code><br/>Grid: ", html_text(std::filesystem::path(e.file).filename().string()), ", digest ",
                        e.digest, "<br/>");
    if (r.measured() > 0)
      text += lmc::concat("Took ", study::duration_text(r.seconds),
                          " of one thread (what other experiments share is counted in each), on ",
                          html_text(listed(r.machines)), ".");
    return text + "</p>\n</section>\n";
  }

  [[nodiscard]] std::string claims(const Experiment& e) const {
    ReportTable t{
        .columns =
            {{"claim"}, {"rank"}, {"this run"}, {"effect [95 %]"}, {"what the effect is"}, {"test"}, {"p"}, {"p (Holm)"}},
        .rows = {}};
    std::string notes;
    for (const Judgment& j : judgments_) {
      if (j.experiment != &e) continue;
      std::string what = j.measure;
      if (j.tested())
        what += lmc::concat("; ", value_text({j.claim->value, j.claim->part}),
                            j.claim->with.empty() ? "" : " and " + value_text({j.claim->with, j.claim->part}));
      t.rows.push_back({j.claim->text, j.claim->rank, verdict_text(j), effect_text(j), what,
                        j.tested() ? lmc::concat(j.test, ", n = ", j.replicates) : "", p_entry(j, j.p),
                        p_entry(j, j.p_adjusted)});
      for (const std::string& note : j.notes)
        notes += lmc::concat("<li>Claim ", t.rows.size(), ": ", html_text(note), "</li>\n");
    }
    if (t.rows.empty()) return "";
    return "<h3>Claims</h3>\n" + table(t) + (notes.empty() ? "" : "<ul class=\"notes\">\n" + notes + "</ul>\n");
  }

  [[nodiscard]] std::string method() const {
    return lmc::concat("<section id=\"method\">\n<h2>How it is judged</h2>\n", method_text, "</section>\n");
  }

  ReportOptions options_;
  const Store& store_;
  StoredResults stored_;
  std::vector<ExperimentResult> results_;
  std::vector<Judgment> judgments_;
  std::filesystem::path folder_;
};

}  // namespace

void write_report(const Store& store, const std::vector<Experiment>& all, const ReportOptions& options) {
  ReportWriter(store, all, options).write();
}

}  // namespace lmc::study
