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
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <lmc/core/error.hpp>
#include <lmc/core/names.hpp>
#include <lmc/core/text.hpp>
#include <lmc/io/output_file.hpp>

namespace lmc {

/// In pixels of an SVG image; a PNG image has 1.6 times as many, and 40 are a centimeter of a PDF page.
struct FigureSize {
  int width = 1000;  // from left to right
  int height = 470;  // from top to bottom
};

namespace detail {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

/// A file without a name, that is gone when it goes out of scope.
class ScratchFile {
 public:
  ScratchFile() : file_(std::tmpfile()) {
    const int reason = errno;
    require(file_ != nullptr, "gnuplot: no temporary file in " P_tmpdir ": ", std::strerror(reason));
  }
  void write(std::string_view text) {
    const bool written = std::fwrite(text.data(), 1, text.size(), file_.get()) == text.size() && std::fflush(file_.get()) == 0;
    const int reason = errno;  // before the message is made, which may change it
    require(written, "gnuplot: cannot write to a temporary file: ", std::strerror(reason));
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
  std::optional<int> status;  // as waitpid gives it; none where gnuplot is not installed; 0 is success
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
  require(failure == 0, "gnuplot cannot be started: ", std::strerror(failure), "; repair it, or ask for no figure");
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return {status, output.contents(), errors.contents()};
}

/// How a program ended, by what waitpid gives.
inline std::string ending_text(int status) {
  return WIFSIGNALED(status) ? concat("was ended by signal ", WTERMSIG(status), ", ", strsignal(WTERMSIG(status)))
                             : concat("ended with status ", WEXITSTATUS(status));
}

/// The gnuplot terminal for a file's extension. Throws: Error that names the known ones.
inline std::string figure_terminal(const std::filesystem::path& path, FigureSize size = {}) {
  const std::string extension = path.extension().string();
  require(!extension.empty(), "figure '", path.string(), "' has no extension; known: .png, .svg, .pdf");
  const std::array<std::pair<std::string_view, std::string>, 3> terminals{{
      {".png", concat("pngcairo size ", std::lround(1.6 * size.width), ",", std::lround(1.6 * size.height),
                      " fontscale 1.6 linewidth 2 pointscale 1.6")},
      {".svg", concat("svg size ", size.width, ",", size.height, " dynamic background '#ffffff'")},
      {".pdf", concat("pdfcairo size ", shortest(size.width / 40.0), "cm,", shortest(size.height / 40.0),
                      "cm fontscale 0.7 linewidth 1.5 pointscale 0.7")},
  }};
  std::array<std::string_view, terminals.size()> names;
  std::ranges::transform(terminals, names.begin(), [](const auto& terminal) { return terminal.first; });
  return terminals[find_name("figure extension", extension, names)].second;
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

/// Whether a drawing ends as one of its format does: gnuplot itself ends well also where it could not write all of it.
inline bool is_whole_drawing(const std::filesystem::path& path, std::string_view drawing) {
  const auto last = drawing.find_last_not_of(" \r\n");
  const std::string_view text = drawing.substr(0, last == std::string_view::npos ? 0 : last + 1);
  if (path.extension() == ".png") return text.ends_with("IEND\xae\x42\x60\x82");  // the last chunk and its check sum
  return text.ends_with(path.extension() == ".svg" ? "</svg>" : "%%EOF");
}

}  // namespace detail

/// Whether gnuplot is installed. Throws: Error when the system cannot start it for another reason.
inline bool gnuplot_available() { return detail::run_gnuplot("").status.has_value(); }

/// Throws Error unless path has an extension that figures are saved under and could be written: to be asked before hours of
/// training.
inline void check_figure_path(const std::filesystem::path& path) {
  detail::figure_terminal(path);
  std::error_code none;
  require(!std::filesystem::is_fifo(path, none), "cannot write the figure '", path.string(),
          "': it is a pipe, expected a file");
  OutputFile{path};
}

/// What gnuplot draws by a script without its terminal, in the format of path's extension, which is PNG, SVG or PDF. Nothing is
/// written. Throws: Error when gnuplot is not installed or fails, and when the extension is another one.
inline std::string draw_figure(const std::filesystem::path& path, std::string_view script, FigureSize size = {}) {
  const std::string terminal = detail::figure_terminal(path, size);
  const auto [status, drawing, messages] =
      detail::run_gnuplot(concat("set encoding utf8\nset terminal ", terminal, " noenhanced\n", script));
  require(status.has_value(), "figure '", path.string(), "': gnuplot is not installed; on Debian: apt install gnuplot-nox");
  require(*status == 0, "figure '", path.string(), "': gnuplot ", detail::ending_text(*status), ": ", messages);
  require(detail::is_whole_drawing(path, drawing), "figure '", path.string(), "': gnuplot drew ",
          drawing.empty() ? "nothing" : "no whole figure", "; is the disk of temporary files, " P_tmpdir ", full? ", messages);
  return drawing;
}

/// Draws to a file, which appears under its name when it is complete. Throws: Error as draw_figure, and when path cannot be
/// written.
inline void save_figure(const std::filesystem::path& path, std::string_view script, FigureSize size = {}) {
  detail::figure_terminal(path);  // if the name and the folder are both wrong, the name is reported
  OutputFile file(path);
  file.stream() << draw_figure(path, script, size);
  file.commit();
}

}  // namespace lmc
