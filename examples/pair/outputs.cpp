// SPDX-License-Identifier: BSD-3-Clause
#include "pair/outputs.hpp"

#include <exception>
#include <iostream>
#include <new>
#include <system_error>
#include <utility>

#include <lmc/core/error.hpp>
#include <lmc/core/text.hpp>
#include <lmc/plot/gnuplot.hpp>

std::filesystem::path figure_beside(const std::filesystem::path& figure, std::string_view name) {
  return figure.parent_path() / lmc::concat(figure.stem().string(), '-', name, figure.extension().string());
}

Outputs::Outputs(std::string_view program, const Options& o, const std::vector<std::string_view>& figures,
                 const std::vector<std::pair<const char*, std::filesystem::path>>& further)
    : program_(program),
      claims_(registry::data_paths(o.data), registry::image_folder(o.data)),
      runs_(static_cast<std::size_t>(o.runs)),
      checkpoints_(runs_ * static_cast<std::size_t>(o.pairs)) {
  for (const auto& [option, path] : {std::pair("--csv", &o.csv), std::pair("--json", &o.json), std::pair("--figure", &o.figure),
                                     std::pair("--save-checkpoints", &o.checkpoints)})
    lmc::require(!*path || !(*path)->empty(), option, " '': expected a name; leave the option out for no output");
  std::optional<std::string> csv_path = o.csv;
  const char* csv_option = "--csv";
  if (o.figure) {
    registry::named(registry::typed("--", "figure", o.figure), [&] { lmc::check_figure_path(*o.figure); });
    if (lmc::gnuplot_available()) {
      figure = *o.figure;
      claim("--figure", *o.figure);
      for (const std::string_view name : figures) {
        const auto beside = figure_beside(*o.figure, name);
        lmc::check_figure_path(beside);
        claim("--figure", beside);
      }
    } else {
      if (!csv_path) {
        csv_path = std::filesystem::path(*o.figure).replace_extension(".csv").string();
        csv_option = "--figure, without gnuplot,";
        lmc::require(!std::filesystem::exists(*csv_path), "--figure ", *o.figure,
                     ": gnuplot is not installed, and the numbers would replace '", *csv_path,
                     "'; install gnuplot, or name a file for them with --csv");
      }
      std::cerr << "note: gnuplot is not installed, so that there will be no figure " << *o.figure
                << ", but the curve's numbers in " << *csv_path << "; on Debian: apt install gnuplot-nox\n";
    }
  }
  if (csv_path) open(csv, csv_option, *csv_path);
  if (o.json) open(json, "--json", *o.json);
  for (std::size_t i = 0; o.checkpoints && i < static_cast<std::size_t>(o.pairs); ++i) {
    const std::filesystem::path folder = std::filesystem::path(*o.checkpoints) / (i == 0 ? "" : "init" + std::to_string(i));
    const auto file = [&](std::size_t run) { return folder / (std::string(1, static_cast<char>('a' + run)) + ".safetensors"); };
    for (std::size_t run = 0; run < runs_; ++run) claim("--save-checkpoints", file(run));
    std::error_code failure;
    std::filesystem::create_directories(folder, failure);
    lmc::require(!failure, "--save-checkpoints: cannot make the folder '", folder.string(), "': ", failure.message());
    for (std::size_t run = 0; run < runs_; ++run) checkpoint(i, run).emplace(file(run));
  }
  for (const auto& [option, path] : further) {
    claim(option, path);
    // What is there is tried by who goes on from it; a kill while the lock is tried would leave its unfinished file behind.
    std::error_code none;
    if (!std::filesystem::exists(path, none)) const lmc::OutputFile writable(path);
  }
}

void Outputs::attempt(const std::function<void()>& work, bool& done) {
  try {
    work();
  } catch (const std::bad_alloc&) {
    std::cerr << program_
              << ": not enough memory for one of the results, which is left out; a smaller network or --threads 1 needs less\n";
    done = false;
  } catch (const std::exception& e) {
    std::cerr << program_ << ": " << e.what() << '\n';
    done = false;
  }
}

void Outputs::measure(const std::function<void()>& work) { attempt(work, measured); }

void Outputs::write(const std::function<void()>& work) {
  restore_folders();
  attempt(work, written);
}

void Outputs::write(std::optional<lmc::OutputFile>& file, const std::function<void(std::ostream&)>& write_to) {
  if (!file) return;
  write([&] {
    if (file->is_lost()) {
      const std::filesystem::path path = file->path();
      file.emplace(path);
    }
    write_to(file->stream());
    file->commit();
  });
}

void Outputs::open(std::optional<lmc::OutputFile>& file, const char* option, const std::filesystem::path& path) {
  claim(option, path);
  file.emplace(path);
}

void Outputs::claim(const char* option, const std::filesystem::path& path) {
  claims_.claim(option, path);
  folders_.insert(path.has_parent_path() ? path.parent_path() : ".");
}

void Outputs::restore_folders() const {
  for (const auto& folder : folders_) {
    std::error_code none;
    if (std::filesystem::create_directories(folder, none))
      std::cerr << "note: the folder " << folder << " was removed meanwhile, and is made again\n";
  }
}
