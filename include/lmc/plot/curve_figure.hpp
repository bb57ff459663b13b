// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/detail/number_text.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/names.hpp>
#include <lmc/io/output_file.hpp>

namespace lmc {

/// A figure of loss and error along a path, as measured on one or two data sets.
struct CurveFigure {
  std::string title = {};
  std::optional<Curve> train = {};
  Curve test = {};
};

namespace detail {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

/// A file without a name, that is gone when it goes out of scope.
class ScratchFile {
 public:
  ScratchFile() : file_(std::tmpfile()) {
    require(file_ != nullptr, "gnuplot: no temporary file: ", std::strerror(errno), "; is the file system full?");
  }
  void write(std::string_view text) {
    require(std::fwrite(text.data(), 1, text.size(), file_.get()) == text.size() && std::fflush(file_.get()) == 0,
            "gnuplot: cannot write to a temporary file: ", std::strerror(errno));
    std::rewind(file_.get());
  }
  [[nodiscard]] int descriptor() const { return fileno(file_.get()); }
  /// All that was written, by whomever.
  [[nodiscard]] std::string contents() {
    std::rewind(file_.get());
    std::string all;
    std::array<char, 4096> part;
    for (std::size_t n = 0; (n = std::fread(part.data(), 1, part.size(), file_.get())) > 0;) all.append(part.data(), n);
    return all;
  }

 private:
  std::unique_ptr<std::FILE, CloseFile> file_;
};

struct GnuplotResult {
  std::optional<int> status;  // none where gnuplot is not installed; 0 is success
  std::string drawing;        // what it wrote to standard output
  std::string messages;       // and to standard error
};

/// Runs gnuplot on a script, without a shell and without the user's own settings.
inline GnuplotResult run_gnuplot(std::string_view script) {
  // Files and no pipes: nothing can block, or raise SIGPIPE when gnuplot stops early.
  ScratchFile input, output, errors;
  input.write(script);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input.descriptor(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output.descriptor(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, errors.descriptor(), STDERR_FILENO);
  std::string name = "gnuplot", defaults = "--default-settings";
  std::array<char*, 3> arguments = {name.data(), defaults.data(), nullptr};
  pid_t child = 0;
  const int failure = posix_spawnp(&child, name.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure == ENOENT) return {};
  require(failure == 0, "gnuplot: cannot be started: ", std::strerror(failure));
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, output.contents(), errors.contents()};
}

/// The gnuplot terminal for a file's extension. Throws: Error that names the known ones.
inline std::string figure_terminal(const std::filesystem::path& path) {
  constexpr std::array<std::string_view, 3> known = {".png", ".svg", ".pdf"};
  constexpr std::array<std::string_view, 3> terminals = {
      "pngcairo size 1600,750 fontscale 1.6 linewidth 2 pointscale 1.6",
      "svg size 1000,470 dynamic background '#ffffff'",
      "pdfcairo size 25cm,11.75cm fontscale 0.7 linewidth 1.5 pointscale 0.7",
  };
  const std::string extension = path.extension().string();
  require(!extension.empty(), "figure '", path.string(), "' has no extension; known: .png, .svg, .pdf");
  return std::string(terminals[find_name("figure extension", extension, known)]);
}

/// Text as a gnuplot string: '' is a quote inside '…', and nothing else is special there but the end of the line.
inline std::string gnuplot_string(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += '\'';
    quoted += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return quoted + "'";
}

/// One of the curves of a figure: how it is called and drawn. Marks and darkness differ, and not only colors.
struct FigureCurve {
  const char* name;
  const Curve* curve;
  const char* line;   // gnuplot's style of the curve itself
  const char* color;  // of the curve, its chord and its barrier
};

/// A panel: every curve, its chord dashed, and its barrier as a bar between the chord and the curve.
inline std::string figure_panel(const std::vector<FigureCurve>& curves, Metric metric) {
  const double scale = metric == Metric::error ? 100 : 1;
  double low = std::numeric_limits<double>::infinity(), high = -low;
  std::string data, plot, lines;
  for (const auto& [name, curve, line, color] : curves) {
    const std::string block = concat(name, metric == Metric::error ? "_error" : "_loss");
    data += concat("$", block, " << END\n");
    for (const CurvePoint& p : curve->points) {
      const double value = scale * p.metrics[metric];
      // A diverged point leaves a gap.
      data += shortest(p.alpha) + " " + (std::isfinite(value) ? shortest(value) : "NaN") + "\n";
      if (!std::isfinite(value)) continue;
      low = std::min(low, value);
      high = std::max(high, value);
    }
    data += "END\n";

    const Bump bump = highest_above_chord(*curve, metric);
    const double a = scale * curve->points.front().metrics[metric], b = scale * curve->points.back().metrics[metric];
    std::string legend = std::string(name) + ", barrier ";
    if (!std::isfinite(bump.value))
      legend += "not finite";
    else
      legend += metric == Metric::error ? fixed(100 * bump.value, 2) + " %" : fixed(bump.value, 4);
    const bool visible = std::isfinite(bump.value) && bump.value >= 5e-5;  // not 0.00 % or 0.0000
    if (visible) legend += " at α = " + fixed(bump.alpha, 2);
    plot += concat("$", block, " using 1:2 with linespoints ", line, " lc rgb '", color, "' title '", legend, "', ");
    if (!std::isfinite(a) || !std::isfinite(b)) continue;
    const auto segment = [&, color = color](double x0, double y0, double x1, double y1, const char* style) {
      lines += concat("set arrow from ", shortest(x0), ",", shortest(y0), " to ", shortest(x1), ",", shortest(y1), " ", style,
                      " lc rgb '", color, "'\n");
    };
    segment(0, a, 1, b, "nohead dt 2 lw 1.2");
    if (visible)
      segment(bump.alpha, chord(a, b, bump.point->weights()), bump.alpha, scale * bump.point->metrics[metric],
              "heads size screen 0.005,90 front lw 1.8");
  }
  if (!(low <= high)) low = 0, high = 1;  // nothing is finite
  const double margin = high > low ? 0.06 * (high - low) : high != 0 ? 0.1 * std::abs(high) : 0.1;
  return concat(data, "unset arrow\n", lines, "set ylabel '",
                metric == Metric::error ? "0-1 error (%)" : "mean cross-entropy (nats)", "'\nset yrange [",
                shortest(low - margin), ":", shortest(high + margin), "]\nplot ", plot,
                "keyentry with lines dt 2 lw 1.2 lc rgb '#444444' title 'line between the ends'\n");
}

inline std::string figure_script(const CurveFigure& figure, const std::string& terminal) {
  std::vector<FigureCurve> curves;
  if (figure.train) curves.push_back({"train", &*figure.train, "lw 1.5 pt 6 ps 0.8", "#d55e00"});
  curves.push_back({"test", &figure.test, "lw 1.5 pt 7 ps 0.7", "#0b3c6f"});
  return concat("set encoding utf8\nset terminal ", terminal,
                " noenhanced\n"
                "set multiplot layout 1,2 title ",
                gnuplot_string(figure.title),
                "\n"
                "set key below vertical maxrows 3 Left reverse samplen 3 height 1\n"
                "set border 3\nset tics nomirror out\nset grid y lc rgb '#cccccc' dt 1 lw 0.5\n"
                "set xrange [-0.02:1.02]\nset xtics 0.25\nset xlabel 'α' offset 0,0.6\n",
                figure_panel(curves, Metric::loss), figure_panel(curves, Metric::error), "unset multiplot\n");
}

}  // namespace detail

/// Whether gnuplot is installed. Throws: Error when the system cannot start it for another reason.
inline bool gnuplot_available() { return detail::run_gnuplot("").status.has_value(); }

/// Throws Error unless path has an extension that save_curve_figure knows and could be written: to be asked before hours of
/// training.
inline void check_figure_path(const std::filesystem::path& path) {
  detail::figure_terminal(path);
  OutputFile{path};
}

/// Draws loss and error along a path, two panels side by side, with gnuplot: the curves, the chords between their ends
/// (dashed), and the barriers as bars between chord and curve, with their values in the legend. The extension of path chooses
/// PNG, SVG or PDF. The file appears under its name when it is complete.
/// Throws: Error when gnuplot is not installed (see gnuplot_available) or fails; when the extension is another one; when path
/// cannot be written; when a curve lacks α = 0 or α = 1.
inline void save_curve_figure(const std::filesystem::path& path, const CurveFigure& figure) {
  const std::string script = detail::figure_script(figure, detail::figure_terminal(path));
  OutputFile file(path);
  const auto [status, drawing, messages] = detail::run_gnuplot(script);
  require(status.has_value(), "figure '", path.string(), "': gnuplot is not installed; on Debian: apt install gnuplot-nox");
  require(*status == 0 && !drawing.empty(), "figure '", path.string(), "': gnuplot failed with status ", *status, ": ",
          messages);
  file.stream() << drawing;
  file.commit();
}

}  // namespace lmc
