// SPDX-License-Identifier: BSD-3-Clause
// Both runs of a pair trained together on MNIST, and curves between two networks: lmc beside libtorch, with the same initial
// parameters, the same batches in the same order, the same hyper-parameters. Every measurement is a process of its own
// (libtorch's may be two); the sides alternate. For every workload libtorch's fastest configuration is found first: how the
// runs share the cores, which formulation of the layers, which way of updating, which vector instructions, how malloc keeps
// memory.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <csignal>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <lmc/core/machine.hpp>
#include <lmc/io/output_file.hpp>
#include <lmc/plot/gnuplot.hpp>
#include <lmc/simd/instruction_set.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "child_process.hpp"
#include "lmc_worker.hpp"
#include "protocol.hpp"
#include "report.hpp"
#include "workload.hpp"

namespace {

using versus::Choice;
using versus::Index;
using versus::Job;
using versus::Outcome;
using versus::Report;
using versus::Row;
using versus::Task;
using versus::Workload;

struct Options {
  std::string data = "data/mnist", names, json, markdown, figure;
  std::vector<std::string> read, tuned;
  int repetitions = 5;
  double seconds = 1;
  bool list = false;
};

using Environment = std::map<std::string, std::string>;

/// A folder for the start's parameters, that is gone at the end.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "versus_torch.XXXXXX").string();
    lmc::require(mkdtemp(pattern.data()) != nullptr, "cannot make a folder like '", pattern, "'");
    path_ = pattern;
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code none;
    std::filesystem::remove_all(path_, none);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::filesystem::path this_program() { return std::filesystem::read_symlink("/proc/self/exe"); }

versus::ChildProcess start_lmc(const Job& job) {
  return {{this_program().string(), "--worker", nlohmann::json(job).dump()}, {}};
}

versus::ChildProcess start_torch(const Job& job) {
  const std::string threads = std::to_string(job.threads);
  Environment environment{{"OMP_NUM_THREADS", threads}, {"OPENBLAS_NUM_THREADS", threads}, {"MKL_NUM_THREADS", threads}};
  const auto chosen = [&](const char* knob) {
    const auto found = job.choice.find(knob);
    return found == job.choice.end() ? std::string() : found->second;
  };
  if (chosen("vectors") == "avx512") environment["ATEN_CPU_CAPABILITY"] = "avx512";
  if (chosen("BLAS kernels") == "SkylakeX") environment["OPENBLAS_CORETYPE"] = "SkylakeX";
  // Large arrays otherwise go back to the system and come again, page by page, in every step.
  const std::string kept =
      "glibc.malloc.trim_threshold=4294967296:glibc.malloc.top_pad=67108864:glibc.malloc.mmap_threshold=33554432";
  if (chosen("malloc") == "keeps") environment["GLIBC_TUNABLES"] = kept;
  if (chosen("malloc") == "keeps, huge pages") environment["GLIBC_TUNABLES"] = kept + ":glibc.malloc.hugetlb=1";
  return {{(this_program().parent_path() / "versus_torch_worker").string(), nlohmann::json(job).dump()}, environment};
}

/// What one measurement gave, and how many cores other programs took in its time.
struct Measured {
  Outcome outcome;
  double disturbance = 0;
};

/// The outcomes of processes that begin together once all have loaded what they need.
std::vector<Outcome> run(std::vector<versus::ChildProcess> children, double& disturbance) {
  for (versus::ChildProcess& child : children) {
    const std::string line = child.read_line();
    lmc::require(line == "ready", "a measuring process said '", line, "'; expected 'ready'");
  }
  const auto of_others = [&] {
    double seconds = versus::machine_seconds();
    for (const versus::ChildProcess& child : children) seconds -= child.processor_seconds();
    return seconds;
  };
  const double before = of_others();
  std::vector<Outcome> outcomes;
  const double seconds = versus::seconds_of([&] {
    for (versus::ChildProcess& child : children) child.write_line("go");
    for (versus::ChildProcess& child : children) outcomes.push_back(nlohmann::json::parse(child.read_line()).get<Outcome>());
  });
  disturbance = std::max(0.0, of_others() - before) / seconds;
  return outcomes;
}

/// The outcome of both runs, or of the whole curve: the seconds until the last process had ended, the memory of all.
Outcome joined(const std::vector<Outcome>& parts, bool interleaved) {
  Outcome all;
  for (const Outcome& part : parts) {
    all.seconds = std::max(all.seconds, part.seconds);
    all.peak_megabytes += part.peak_megabytes;
    for (const auto list : {&Outcome::first_losses, &Outcome::losses, &Outcome::errors})
      (all.*list).insert((all.*list).end(), (part.*list).begin(), (part.*list).end());
  }
  if (!interleaved) return all;
  for (const auto list : {&Outcome::losses, &Outcome::errors})
    for (std::size_t i = 0; i < (all.*list).size(); ++i) (all.*list)[i] = (parts[i % parts.size()].*list)[i / parts.size()];
  return all;
}

Measured measure_lmc(Job job) {
  job.threads = versus::cores;
  std::vector<versus::ChildProcess> children;
  children.push_back(start_lmc(job));
  Measured measured;
  measured.outcome = joined(run(std::move(children), measured.disturbance), false);
  return measured;
}

Measured measure_torch(Job job, const Choice& choice) {
  job.choice = choice;
  const bool processes = choice.at("arrangement") == "two processes";
  job.threads = choice.at("arrangement") == "in turn, two threads" ? 2 : 1;
  std::vector<versus::ChildProcess> children;
  if (!processes) {
    children.push_back(start_torch(job));
  } else {
    for (std::size_t i = 0; i < versus::cores; ++i) {
      Job part = job;
      if (!job.seeds.empty()) part.seeds = {job.seeds[i]};
      part.points.clear();
      for (std::size_t p = i; p < job.points.size(); p += versus::cores) part.points.push_back(job.points[p]);
      children.push_back(start_torch(part));
    }
  }
  Measured measured;
  measured.outcome = joined(run(std::move(children), measured.disturbance), processes && !job.points.empty());
  return measured;
}

/// Images of a whole measurement.
double images(const Workload& w, const Job& job) {
  const Index once = w.task == Task::curve ? versus::curve_points * versus::curve_images : 2 * job.steps * w.batch;
  return static_cast<double>(job.repeats * once);
}

/// The ways that libtorch may go, the first of each being the first tried.
std::vector<std::pair<std::string, std::vector<std::string>>> knobs(const Workload& w) {
  std::vector<std::pair<std::string, std::vector<std::string>>> all{
      {"arrangement", {"two processes", "two threads", "in turn, two threads"}}};
  if (w.family == versus::Family::cnn) all.push_back({"formulation", {"nchw", "nhwc", "products"}});
  if (w.family == versus::Family::lcn) all.push_back({"formulation", {"positions", "unfold", "einsum"}});
  if (w.family == versus::Family::vit) all.push_back({"formulation", {"linear", "conv2d"}});
  if (w.task == Task::training) all.push_back({"update", {"in place", "foreach", "torch::optim"}});
  if (w.task == Task::curve) all.push_back({"images at once", {"250", "1000", "10000"}});
#ifdef __AVX512F__  // this program is compiled for this machine
  all.push_back({"vectors", {"avx512", "default"}});
  // Which OpenBLAS takes by itself depends on whether it knows the processor.
  all.push_back({"BLAS kernels", {"detected", "SkylakeX"}});
#endif
  all.push_back({"malloc", {"keeps", "keeps, huge pages", "default"}});
  return all;
}

/// Goes through the knobs one by one and keeps what is fastest. What seems faster is measured again, and has to be so both
/// times.
void tune_torch(const Workload& w, const Job& job, Row& row) {
  const auto all = knobs(w);
  for (const auto& [knob, values] : all) row.choice[knob] = values.front();
  const auto attempt = [&](const Choice& choice) {
    row.trials.push_back({choice, images(w, job) / measure_torch(job, choice).outcome.seconds});
    return row.trials.back().rate;
  };
  double best = attempt(row.choice);
  for (const auto& [knob, values] : all) {
    Choice fastest = row.choice;
    for (std::size_t i = 1; i < values.size(); ++i) {
      Choice other = row.choice;
      other[knob] = values[i];
      double rate = attempt(other);
      if (rate > best) rate = std::min(rate, attempt(other));
      if (rate > best) {
        best = rate;
        fastest = other;
      }
    }
    row.choice = fastest;
  }
}

/// Why a training's row counts for nothing. Both sides see the same batches from the same parameters: the first losses agree to
/// rounding, 1e-4 of them; the losses on the test set after the last step, of each order of the data, to within two standard
/// deviations between lmc's orders.
std::string why_invalid_training(const Row& row) {
  std::vector<double> ends;
  for (const Outcome& outcome : row.lmc.outcomes) ends.insert(ends.end(), outcome.losses.begin(), outcome.losses.end());
  const double noise = support::deviation_of(ends);
  for (std::size_t r = 0; r < row.lmc.outcomes.size(); ++r) {
    const Outcome &ours = row.lmc.outcomes[r], &theirs = row.torch.outcomes[r];
    for (std::size_t i = 0; i < ours.losses.size(); ++i) {
      const double first = ours.first_losses[i], other_first = theirs.first_losses[i];
      if (!(std::abs(first - other_first) <= 1e-4 * first))
        return lmc::concat("the first batch's loss is ", first, " with lmc and ", other_first, " with libtorch");
      if (!(std::abs(ours.losses[i] - theirs.losses[i]) <= 2 * noise))
        return lmc::concat("the test loss is ", ours.losses[i], " with lmc and ", theirs.losses[i],
                           " with libtorch; between orders of the data it has the standard deviation ", noise);
    }
  }
  return {};
}

/// The same for a curve, where there is no noise: losses agree to 1e-4 of them, errors to three images whose logits nearly tie.
std::string why_invalid_curve(const Row& row) {
  const Outcome &ours = row.lmc.outcomes.front(), &theirs = row.torch.outcomes.front();
  if (ours.losses.size() != theirs.losses.size()) return "the curves have different numbers of points";
  for (std::size_t i = 0; i < ours.losses.size(); ++i)
    if (!(std::abs(ours.losses[i] - theirs.losses[i]) <= 1e-4 * ours.losses[i]) ||
        !(std::abs(ours.errors[i] - theirs.errors[i]) * versus::curve_images <= 3.5))
      return lmc::concat("at point ", i, " of the curve lmc has the loss ", ours.losses[i], " and the error ", ours.errors[i],
                         ", libtorch ", theirs.losses[i], " and ", theirs.errors[i]);
  return {};
}

/// Memory of the repetition with the median, in turn: peaks hardly differ.
void finish(versus::Side& side, double images_of_measurement) {
  std::vector<double> megabytes;
  for (const Outcome& outcome : side.outcomes) {
    side.rates.push_back(images_of_measurement / outcome.seconds);
    megabytes.push_back(outcome.peak_megabytes);
  }
  side.megabytes = support::spread_of(megabytes).median;
}

Row measure(const Workload& w, const Options& o, const std::vector<Row>& tuned, const std::filesystem::path& folder) {
  Row row{.name = w.name, .title = w.title, .batch = w.batch, .operations = versus::operations(w)};
  Job job{.workload = w.name, .data = o.data, .start = (folder / w.name).string()};
  versus::write_start(w, o.data, job.start);
  if (w.task == Task::curve) {
    for (Index i = 0; i < versus::curve_points; ++i) job.points.push_back(i);
  } else {
    job.seeds = {1, 2};
    // As many steps as libtorch takes in the time of a measurement, at most an epoch.
    job.steps = 10;
    job.evaluate = false;
    Choice first;
    for (const auto& [knob, values] : knobs(w)) first[knob] = values.front();
    const double rate = images(w, job) / measure_torch(job, first).outcome.seconds;
    job.evaluate = true;
    const Index epoch = 60'000 / w.batch;
    job.steps = std::clamp(static_cast<Index>(o.seconds * rate / static_cast<double>(2 * w.batch)), Index{20}, epoch);
  }
  row.steps = job.steps;
  Job tuning = job;
  tuning.evaluate = false;
  if (w.task == Task::training) tuning.steps = std::max<Index>(10, job.steps / 2);
  if (const auto known = std::ranges::find(tuned, w.name, &Row::name); known != tuned.end()) {
    row.choice = known->choice;
    row.trials = known->trials;
  } else {
    tune_torch(w, tuning, row);
  }
  tuning.steps = job.steps;

  const auto repeats = [&](const Outcome& probe) {
    return std::clamp(static_cast<Index>(std::round(o.seconds / probe.seconds)), Index{1}, Index{1000});
  };
  Job ours = job, theirs = job;
  ours.repeats = row.lmc.repeats = repeats(measure_lmc(tuning).outcome);
  theirs.repeats = row.torch.repeats = repeats(measure_torch(tuning, row.choice).outcome);
  const auto add = [](versus::Side& side, const Measured& measured) {
    side.outcomes.push_back(measured.outcome);
    side.disturbances.push_back(measured.disturbance);
  };
  for (int r = 0; r < o.repetitions; ++r) {
    if (w.task == Task::training) {
      const auto seed = static_cast<std::uint64_t>(2 * r + 1);
      ours.seeds = theirs.seeds = {seed, seed + 1};
    }
    // Neither always comes after the other.
    if (r % 2 == 0) add(row.lmc, measure_lmc(ours));
    add(row.torch, measure_torch(theirs, row.choice));
    if (r % 2 == 1) add(row.lmc, measure_lmc(ours));
  }
  finish(row.lmc, images(w, ours));
  finish(row.torch, images(w, theirs));
  row.invalid = w.task == Task::curve ? why_invalid_curve(row) : why_invalid_training(row);
  std::filesystem::remove(job.start);
  return row;
}

Report about_this_machine() {
  Report report;
  lmc::require(std::thread::hardware_concurrency() >= versus::cores, "this machine has one core; a pair is trained on ",
               versus::cores);
  const Job versions{.task = "versions"}, peak{.task = "peak"};
  report.torch = nlohmann::json::parse(start_torch(versions).read_line());
  lmc::require(report.torch.at("optimized_products").get<bool>(), "libtorch's products go to the reference BLAS (",
               report.torch.at("libraries").dump(),
               "), which is ten times slower; on Debian: apt install libopenblas0-pthread");
  report.peak = nlohmann::json::parse(start_lmc(peak).read_line()).get<double>();
  report.machine = {{"processor", lmc::processor_name()},
                    {"cores", std::thread::hardware_concurrency()},
                    {"instruction_set", lmc::simd::instruction_set()},
                    {"compiler", lmc::compiler_name()}};
  return report;
}

Report read_reports(const std::vector<std::string>& paths) {
  std::optional<Report> all;
  for (const std::string& path : paths) {
    std::ifstream file(path);
    lmc::require(file.good(), "--read ", path, ": cannot be read");
    Report part;
    try {
      part = nlohmann::json::parse(file).get<Report>();
    } catch (const nlohmann::json::exception& e) {
      throw lmc::Error("--read " + path + ": not a file of versus_torch --json: " + e.what());
    }
    if (!all) {
      all = std::move(part);
      continue;
    }
    lmc::require(all->machine == part.machine && all->torch == part.torch, "--read ", path, ": measured on ",
                 part.machine.dump(), ", but ", paths.front(), " on ", all->machine.dump(),
                 "; expected one machine and one libtorch");
    all->rows.insert(all->rows.end(), part.rows.begin(), part.rows.end());
  }
  return *all;
}

std::vector<Workload> chosen_workloads(const std::string& names) {
  if (names.empty()) return versus::workloads();
  std::vector<Workload> chosen;
  std::istringstream parts(names);
  for (std::string name; std::getline(parts, name, ',');) chosen.push_back(versus::workload_named(name));
  return chosen;
}

void save_json(const std::string& path, const Report& report) {
  lmc::OutputFile file(path);
  file.stream() << nlohmann::json(report).dump(1) << '\n';
  file.commit();
}

void compare(const Options& o) {
  // Opened now, so that a file that cannot be written is an error before the work.
  std::optional<lmc::OutputFile> markdown;
  if (!o.json.empty()) lmc::OutputFile{o.json};
  if (!o.markdown.empty()) markdown.emplace(o.markdown);
  if (!o.figure.empty()) lmc::check_figure_path(o.figure);
  const auto chosen = chosen_workloads(o.names);

  Report report;
  if (o.read.empty()) {
    report = about_this_machine();
  } else {
    report = read_reports(o.read);
  }
  std::cout << report.machine.dump() << "\nlibtorch " << report.torch.at("torch").get<std::string>() << ", "
            << report.torch.value("openblas", "MKL") << "; peak of " << versus::cores << " cores " << lmc::fixed(report.peak, 0)
            << " GFLOP/s\n";
  versus::print_header(std::cout);
  for (const Row& row : report.rows) versus::print_row(std::cout, row, report.peak);
  if (!o.json.empty()) save_json(o.json, report);
  if (o.read.empty()) {
    // Earlier results count only from the same machine and libtorch: what is fastest depends on both.
    std::vector<Row> tuned;
    if (!o.tuned.empty()) {
      const Report earlier = read_reports(o.tuned);
      lmc::require(earlier.machine == report.machine && earlier.torch == report.torch, "--tuned: measured on ",
                   earlier.machine.dump(), ", but this is ", report.machine.dump(), "; expected one machine and one libtorch");
      tuned = earlier.rows;
    }
    const ScratchFolder folder;
    for (const Workload& workload : chosen) {
      report.rows.push_back(measure(workload, o, tuned, folder.path()));
      versus::print_row(std::cout, report.rows.back(), report.peak);
      if (!o.json.empty()) save_json(o.json, report);  // what is interrupted keeps the rows that it has
    }
  }
  if (markdown) {
    versus::write_markdown(markdown->stream(), report);
    markdown->commit();
  }
  if (!o.figure.empty()) lmc::save_figure(o.figure, versus::figure_script(report));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "--worker") return versus::serve(argv[2], versus::lmc_work);
  Options o;
  CLI::App app("Trains the same networks with lmc and with libtorch, and compares their speed.");
  app.add_option("--data", o.data, "folder of MNIST")->capture_default_str();
  app.add_option("--workloads", o.names, "names with commas between; see --list [all]");
  app.add_option("--repetitions", o.repetitions, "alternating measurements of each side")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--seconds", o.seconds, "of one measurement, about")->check(CLI::Range(0.01, 1000.0))->capture_default_str();
  app.add_option("--json", o.json, "file for everything that was measured");
  app.add_option("--markdown", o.markdown, "file for the table");
  app.add_option("--figure", o.figure, "file for bars of the ratios: .png, .svg or .pdf");
  auto* read = app.add_option("--read", o.read, "files of earlier --json: reports on them together, and measures nothing");
  read->excludes("--workloads");
  app.add_option("--tuned", o.tuned, "files of earlier --json: takes libtorch's configurations from them instead of searching")
      ->excludes(read);
  app.add_flag("--list", o.list, "prints the names of the workloads");
  CLI11_PARSE(app, argc, argv);
  try {
    if (o.list) {
      for (const Workload& w : versus::workloads())
        std::cout << w.name << std::string(20 - w.name.size(), ' ') << w.title << '\n';
      return 0;
    }
    std::signal(SIGPIPE, SIG_IGN);  // a measuring process that has ended is an error with a name
    compare(o);
  } catch (const std::exception& e) {
    std::cerr << "error: " << e.what() << '\n';
    return 1;
  }
  return 0;
}
