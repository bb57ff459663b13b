// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <filesystem>

#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/curve_csv.hpp>
#include <lmc/io/output_file.hpp>

namespace lmc {

/// write_curve_csv to a file that appears when it is complete: `save_curve_csv("curve.csv", curve)`. Throws: Error also when
/// the file cannot be written.
inline void save_curve_csv(const std::filesystem::path& path, const Curve& curve) {
  OutputFile file(path);
  write_curve_csv(file.stream(), curve);
  file.commit();
}
/// The same of a path measured on two data sets.
inline void save_curve_csv(const std::filesystem::path& path, const Curve& train, const Curve& test) {
  OutputFile file(path);
  write_curve_csv(file.stream(), train, test);
  file.commit();
}

}  // namespace lmc
