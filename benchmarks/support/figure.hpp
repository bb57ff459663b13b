// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <filesystem>
#include <lmc/core/error.hpp>
#include <lmc/io/output_file.hpp>
#include <lmc/plot/curve_figure.hpp>
#include <string>

namespace support {

/// Draws a gnuplot script's plots into a file, whose extension chooses PNG, SVG or PDF; the script sets no terminal. Throws:
/// lmc::Error when gnuplot is not installed or fails, when the extension is another one, when path cannot be written.
inline void save_figure(const std::filesystem::path& path, const std::string& script) {
  const std::string terminal = lmc::detail::figure_terminal(path);
  lmc::OutputFile file(path);
  const auto [status, drawing, messages] =
      lmc::detail::run_gnuplot("set encoding utf8\nset terminal " + terminal + " noenhanced\n" + script);
  lmc::require(status.has_value(), "figure '", path.string(),
               "': gnuplot is not installed; on Debian: apt install gnuplot-nox");
  lmc::require(*status == 0 && !drawing.empty(), "figure '", path.string(), "': gnuplot failed with status ", *status, ": ",
               messages);
  file.stream() << drawing;
  file.commit();
}

}  // namespace support
