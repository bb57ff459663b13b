// SPDX-License-Identifier: BSD-3-Clause
#include "comparison.hpp"

#include <unistd.h>

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
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "lmc_worker.hpp"
#include "protocol.hpp"
#include "report.hpp"
#include "workload.hpp"

namespace versus {

namespace {

struct Options {
  std::string mnist = "data/mnist", cifar = "data/cifar-10-batches-bin", names, json, markdown, figure;
  std::vector<std::string> read, tuned;
  int repetitions = 5;
  double seconds = 1;
  bool quick = false, list = false;

  [[nodiscard]] const std::string& data(const Workload& w) const { return w.on_cifar() ? cifar : mnist; }
};

/// A folder for what the opponents read, that is gone at the end.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "versus.XXXXXX").string();
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

ChildProcess start_lmc(const Job& job) {
  return {{std::filesystem::read_symlink("/proc/self/exe").string(), "--worker", nlohmann::json(job).dump()}, {}};
}

/// What one measurement gave, and how many cores other programs took in its time.
struct Measured {
  Outcome outcome;
  double disturbance = 0;
};

/// The outcomes of processes that begin together once all have loaded what they need.
std::vector<Outcome> run(std::vector<ChildProcess> children, double& disturbance) {
  for (ChildProcess& child : children) {
    const std::string line = child.read_line();
    lmc::require(line == "ready", "a measuring process said '", line, "'; expected 'ready'");
  }
  const auto of_others = [&] {
    double seconds = machine_seconds();
    for (const ChildProcess& child : children) seconds -= child.processor_seconds();
    return seconds;
  };
  const double before = of_others();
  std::vector<Outcome> outcomes;
  const double seconds = seconds_of([&] {
    for (ChildProcess& child : children) child.write_line("go");
    for (ChildProcess& child : children) outcomes.push_back(nlohmann::json::parse(child.read_line()).get<Outcome>());
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
  job.threads = cores;
  std::vector<ChildProcess> children;
  children.push_back(start_lmc(job));
  Measured measured;
  measured.outcome = joined(run(std::move(children), measured.disturbance), false);
  return measured;
}

Measured measure_opponent(const Opponent& opponent, Job job, const Choice& choice) {
  job.choice = choice;
  const bool processes = choice.at("arrangement") == "two processes";
  job.threads = choice.at("arrangement") == "in turn, two threads" ? cores : 1;
  std::vector<ChildProcess> children;
  if (!processes) {
    children.push_back(opponent.start(job));
  } else {
    for (std::size_t i = 0; i < cores; ++i) {
      Job part = job;
      part.part = static_cast<int>(i);
      if (!job.seeds.empty()) {
        part.seeds = {job.seeds[i]};
        part.orders = {job.orders[i]};
      }
      part.points.clear();
      for (std::size_t p = i; p < job.points.size(); p += cores) part.points.push_back(job.points[p]);
      children.push_back(opponent.start(part));
    }
  }
  Measured measured;
  measured.outcome = joined(run(std::move(children), measured.disturbance), processes && !job.points.empty());
  return measured;
}

/// Images of a whole measurement.
double images(const Workload& w, const Job& job) {
  const Index once = w.task == Task::curve ? curve_points * curve_images : 2 * job.steps * w.batch;
  return static_cast<double>(job.repeats * once);
}

Choice first_of(const Knobs& knobs) {
  Choice choice;
  for (const auto& [knob, values] : knobs) choice[knob] = values.front();
  return choice;
}

/// Goes through the knobs one by one and keeps what is fastest. What seems faster is measured again, and has to be so both
/// times. A configuration that fails is not taken.
void tune(const Opponent& opponent, const Workload& w, const Job& job, Opposed& opposed) {
  const auto attempt = [&](const Choice& choice) {
    opposed.trials.push_back({choice, images(w, job) / measure_opponent(opponent, job, choice).outcome.seconds});
    return opposed.trials.back().rate;
  };
  double best = attempt(opposed.choice);
  for (const auto& [knob, values] : opponent.knobs(w)) {
    Choice fastest = opposed.choice;
    for (std::size_t i = 1; i < values.size(); ++i) {
      Choice other = opposed.choice;
      other[knob] = values[i];
      try {
        double rate = attempt(other);
        if (rate > best) rate = std::min(rate, attempt(other));
        if (rate > best) {
          best = rate;
          fastest = other;
        }
      } catch (const lmc::Error&) {
        opposed.trials.push_back({other, 0});
      }
    }
    opposed.choice = fastest;
  }
}

/// Why a training counts for nothing. All sides see the same batches from the same parameters: the first losses agree to
/// rounding, 1e-4 of them; the losses on the test set after the last step, of each order of the data, to within two standard
/// deviations between lmc's orders.
std::string why_invalid_training(const Side& lmc, const Opposed& opponent) {
  std::vector<double> ends;
  for (const Outcome& outcome : lmc.outcomes) ends.insert(ends.end(), outcome.losses.begin(), outcome.losses.end());
  const double noise = support::deviation_of(ends);
  for (std::size_t r = 0; r < lmc.outcomes.size(); ++r) {
    const Outcome &ours = lmc.outcomes[r], &theirs = opponent.side.outcomes[r];
    for (std::size_t i = 0; i < ours.losses.size(); ++i) {
      const double first = ours.first_losses[i], other_first = theirs.first_losses.at(i);
      if (!(std::abs(first - other_first) <= 1e-4 * first))
        return lmc::concat("the first batch's loss is ", first, " with lmc and ", other_first, " with ", opponent.name);
      if (!(std::abs(ours.losses[i] - theirs.losses.at(i)) <= 2 * noise))
        return lmc::concat("the test loss is ", ours.losses[i], " with lmc and ", theirs.losses[i], " with ", opponent.name,
                           "; between orders of the data it has the standard deviation ", noise);
    }
  }
  return {};
}

/// The same for a curve, where there is no noise: losses agree to 1e-4 of them, errors to three images whose logits nearly tie.
std::string why_invalid_curve(const Side& lmc, const Opposed& opponent) {
  const Outcome &ours = lmc.outcomes.front(), &theirs = opponent.side.outcomes.front();
  if (ours.losses.size() != theirs.losses.size()) return "the curves have different numbers of points";
  for (std::size_t i = 0; i < ours.losses.size(); ++i)
    if (!(std::abs(ours.losses[i] - theirs.losses[i]) <= 1e-4 * ours.losses[i]) ||
        !(std::abs(ours.errors[i] - theirs.errors.at(i)) * curve_images <= 3.5))
      return lmc::concat("at point ", i, " of the curve lmc has the loss ", ours.losses[i], " and the error ", ours.errors[i],
                         ", ", opponent.name, " ", theirs.losses[i], " and ", theirs.errors[i]);
  return {};
}

/// Memory of the repetition with the median, in turn: peaks hardly differ.
void finish(Side& side, double images_of_measurement) {
  std::vector<double> megabytes;
  for (const Outcome& outcome : side.outcomes) {
    side.rates.push_back(images_of_measurement / outcome.seconds);
    megabytes.push_back(outcome.peak_megabytes);
  }
  side.megabytes = support::spread_of(megabytes).median;
}

/// The opponents' files of a workload, in a folder that its data set and its start have to themselves.
class Exported {
 public:
  Exported(const Workload& w, const Options& o, const std::filesystem::path& folder)
      : data_(folder / (w.on_cifar() ? "cifar10" : "mnist")), start_((folder / w.name).string()) {
    std::filesystem::create_directories(data_);
    if (!std::filesystem::exists(data_ / "examples")) {
      const Index examples = export_data(w, o.data(w), data_.string());
      write_numbers<Index>(data_ / "examples", std::span(&examples, 1));
    }
    examples_ = read_numbers<Index>(data_ / "examples").front();
    write_start(w, o.data(w), start_);
  }
  Exported(const Exported&) = delete;
  Exported& operator=(const Exported&) = delete;
  ~Exported() {
    std::error_code none;
    std::filesystem::remove(start_, none);
  }
  [[nodiscard]] std::string data() const { return data_.string(); }
  [[nodiscard]] const std::string& start() const { return start_; }
  [[nodiscard]] Index examples() const { return examples_; }
  /// The files of the runs' orders, written where they are not there yet.
  [[nodiscard]] std::vector<std::string> orders(const std::vector<std::uint64_t>& seeds) const {
    std::vector<std::string> paths;
    for (const std::uint64_t seed : seeds) {
      paths.push_back((data_ / lmc::concat("order", seed)).string());
      if (!std::filesystem::exists(paths.back())) write_order(examples_, seed, paths.back());
    }
    return paths;
  }

 private:
  std::filesystem::path data_;
  std::string start_;
  Index examples_ = 0;
};

/// What `row` has of an opponent; nullptr when it has nothing.
const Opposed* find_opposed(const Row& row, const std::string& name) {
  const auto found = std::ranges::find(row.opponents, name, &Opposed::name);
  return found == row.opponents.end() ? nullptr : &*found;
}

Row measure(const Workload& w, const Options& o, const std::vector<Opponent>& opponents, const std::vector<Row>& tuned,
            const std::filesystem::path& folder) {
  Row row{.name = w.name, .title = w.title, .batch = w.batch, .operations = operations(w)};
  for (const Opponent& opponent : opponents)
    row.opponents.push_back({.name = opponent.name, .choice = first_of(opponent.knobs(w))});
  // What an opponent cannot do makes its part void, and leaves the others alone.
  const auto for_valid = [&](const auto& work) {
    for (std::size_t k = 0; k < opponents.size(); ++k) {
      Opposed& opposed = row.opponents[k];
      if (opposed.invalid.empty()) try {
          work(opponents[k], opposed);
        } catch (const lmc::Error& e) {
          opposed.invalid = e.what();
        }
    }
  };

  const Exported files(w, o, folder);
  Job theirs{.workload = w.name, .data = files.data(), .start = files.start()};
  const auto take_seeds = [&](std::uint64_t first) {
    theirs.seeds = {first, first + 1};
    theirs.orders = files.orders(theirs.seeds);
  };
  const auto as_lmc = [&](Job job) {
    job.data = o.data(w);
    return job;
  };
  if (w.task == Task::curve) {
    for (Index i = 0; i < curve_points; ++i) theirs.points.push_back(i);
  } else {
    take_seeds(1);
    // As many as even the slowest opponent makes in the time of a measurement, at least ten and at most an epoch.
    Job probe = theirs;
    probe.steps = 10;
    probe.evaluate = false;
    double slowest = 1e9;
    for_valid([&](const Opponent& opponent, const Opposed& opposed) {
      slowest = std::min(slowest, images(w, probe) / measure_opponent(opponent, probe, opposed.choice).outcome.seconds);
    });
    const auto steps = static_cast<Index>(o.seconds * slowest / static_cast<double>(2 * w.batch));
    theirs.steps = std::min(std::max<Index>(10, steps), files.examples() / w.batch);
  }
  row.steps = theirs.steps;

  Job tuning = theirs;
  tuning.evaluate = false;
  if (w.task == Task::training) tuning.steps = std::max<Index>(10, theirs.steps / 2);
  for_valid([&](const Opponent& opponent, Opposed& opposed) {
    const auto known = std::ranges::find(tuned, w.name, &Row::name);
    const auto same = known == tuned.end() ? nullptr : find_opposed(*known, opponent.name);
    if (same != nullptr) {
      opposed.choice = same->choice;
      opposed.trials = same->trials;
    } else if (!o.quick) {
      tune(opponent, w, tuning, opposed);
    }
  });
  tuning.steps = theirs.steps;

  const auto repeats = [&](const Measured& probe) {
    return std::clamp(static_cast<Index>(std::round(o.seconds / probe.outcome.seconds)), Index{1}, Index{1000});
  };
  row.lmc.repeats = repeats(measure_lmc(as_lmc(tuning)));
  for_valid([&](const Opponent& opponent, Opposed& opposed) {
    opposed.side.repeats = repeats(measure_opponent(opponent, tuning, opposed.choice));
  });
  const auto add = [](Side& side, const Measured& measured) {
    side.outcomes.push_back(measured.outcome);
    side.disturbances.push_back(measured.disturbance);
  };
  const auto with_repeats = [](Job job, const Side& side) {
    job.repeats = side.repeats;
    return job;
  };
  for (int r = 0; r < o.repetitions; ++r) {
    if (w.task == Task::training) take_seeds(static_cast<std::uint64_t>(2 * r + 1));
    const auto ours = [&] { add(row.lmc, measure_lmc(as_lmc(with_repeats(theirs, row.lmc)))); };
    // lmc comes first, then last: nobody always runs after the same neighbour.
    if (r % 2 == 0) ours();
    for_valid([&](const Opponent& opponent, Opposed& opposed) {
      add(opposed.side, measure_opponent(opponent, with_repeats(theirs, opposed.side), opposed.choice));
    });
    if (r % 2 == 1) ours();
  }
  finish(row.lmc, images(w, with_repeats(theirs, row.lmc)));
  for_valid([&](const Opponent&, Opposed& opposed) {
    finish(opposed.side, images(w, with_repeats(theirs, opposed.side)));
    opposed.invalid = w.task == Task::curve ? why_invalid_curve(row.lmc, opposed) : why_invalid_training(row.lmc, opposed);
  });
  return row;
}

Report about_this_machine(const std::string& program, const Opponents& opponents) {
  lmc::require(std::thread::hardware_concurrency() >= cores, "this machine has one core; a pair is trained on ", cores);
  Report report;
  report.program = program;
  report.absent = opponents.absent;
  for (const Opponent& opponent : opponents.present) report.opponents[opponent.name] = opponent.about;
  report.peak = nlohmann::json::parse(start_lmc({.task = "peak"}).read_line()).get<double>();
  report.machine = {{"processor", lmc::processor_name()},
                    {"cores", std::thread::hardware_concurrency()},
                    {"instruction_set", lmc::simd::instruction_set()},
                    {"compiler", lmc::compiler_name()}};
  return report;
}

/// What is fastest, and how fast it is, depends on the machine and on the opponents' versions.
void require_same_surroundings(const std::string& name, const Report& report, const std::string& other_name,
                               const Report& other) {
  const auto text = [](const Report& r) { return r.machine.dump() + " with " + nlohmann::json(r.opponents).dump(); };
  lmc::require(text(report) == text(other), name, ": measured on ", text(report), ", but ", other_name, " on ", text(other),
               "; expected one machine and the same opponents");
}

/// Throws: lmc::Error when two reports cannot be one, or `paths` name none of this program.
Report read_reports(const std::string& program, const std::vector<std::string>& paths) {
  std::optional<Report> all;
  for (const std::string& path : paths) {
    std::ifstream file(path);
    lmc::require(file.good(), path, ": cannot be read");
    Report part;
    try {
      part = nlohmann::json::parse(file).get<Report>();
    } catch (const nlohmann::json::exception& e) {
      throw lmc::Error(lmc::concat(path, ": not a file of ", program, " --json: ", e.what()));
    }
    lmc::require(part.program == program, path, ": a file of ", part.program, "; expected one of ", program);
    if (!all) {
      all = std::move(part);
      continue;
    }
    require_same_surroundings(path, part, paths.front(), *all);
    all->rows.insert(all->rows.end(), part.rows.begin(), part.rows.end());
  }
  return *all;
}

/// Those that were asked for; without names, all whose data are here.
std::vector<Workload> chosen_workloads(const Options& o) {
  std::vector<Workload> chosen;
  if (o.names.empty()) {
    chosen = workloads();
    if (!std::filesystem::exists(o.cifar)) {
      std::erase_if(chosen, [](const Workload& w) { return w.on_cifar(); });
      std::cout << "There is no folder '" << o.cifar << "' with CIFAR-10 (--cifar10): its rows are left out.\n";
    }
  }
  std::istringstream parts(o.names);
  for (std::string name; std::getline(parts, name, ',');) chosen.push_back(workload_named(name));
  return chosen;
}

void save_json(const std::string& path, const Report& report) {
  lmc::OutputFile file(path);
  file.stream() << nlohmann::json(report).dump(1) << '\n';
  file.commit();
}

void run_comparison(const Options& o, const Comparison& comparison) {
  // Opened now, so that a file that cannot be written is an error before the work.
  std::optional<lmc::OutputFile> markdown;
  if (!o.json.empty()) lmc::OutputFile{o.json};
  if (!o.markdown.empty()) markdown.emplace(o.markdown);
  if (!o.figure.empty()) lmc::check_figure_path(o.figure);
  const bool measures = o.read.empty();
  const std::vector<Workload> chosen = measures ? chosen_workloads(o) : std::vector<Workload>{};
  const Opponents opponents = measures ? comparison.find_opponents() : Opponents{};
  Report report = measures ? about_this_machine(comparison.program, opponents) : read_reports(comparison.program, o.read);

  std::cout << report.machine.dump() << "; peak of " << cores << " cores " << lmc::fixed(report.peak, 0) << " GFLOP/s\n";
  for (const auto& [name, about] : report.opponents) std::cout << name << ": " << about.value("summary", about.dump()) << '\n';
  for (const auto& [name, why] : report.absent) std::cout << name << " is not here, and left out: " << why << '\n';
  print_header(std::cout, report);
  for (const Row& row : report.rows) print_row(std::cout, row, report.peak);
  if (!o.json.empty()) save_json(o.json, report);
  if (measures) {
    std::vector<Row> tuned;
    if (!o.tuned.empty()) {
      const Report earlier = read_reports(comparison.program, o.tuned);
      require_same_surroundings(o.tuned.front(), earlier, "this", report);
      tuned = earlier.rows;
    }
    const ScratchFolder folder;
    for (const Workload& workload : chosen) {
      report.rows.push_back(measure(workload, o, opponents.present, tuned, folder.path()));
      print_row(std::cout, report.rows.back(), report.peak);
      if (!o.json.empty()) save_json(o.json, report);  // what is interrupted keeps the rows that it has
    }
  }
  if (markdown) {
    write_markdown(markdown->stream(), report);
    markdown->commit();
  }
  if (!o.figure.empty()) lmc::save_figure(o.figure, figure_script(report));
}

}  // namespace

int compare(int argc, char** argv, const Comparison& comparison) {
  if (argc == 3 && std::string_view(argv[1]) == "--worker") return serve(argv[2], lmc_work);
  Options o;
  CLI::App app(comparison.description);
  if (comparison.add_options) comparison.add_options(app);
  app.add_option("--data", o.mnist, "folder of MNIST")->capture_default_str();
  app.add_option("--cifar10", o.cifar, "folder of CIFAR-10")->capture_default_str();
  app.add_option("--workloads", o.names, "names with commas between; see --list [all whose data are there]");
  app.add_option("--repetitions", o.repetitions, "alternating measurements of each side")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--seconds", o.seconds, "of one measurement, about")->check(CLI::Range(0.01, 1000.0))->capture_default_str();
  app.add_flag(
      "--quick", o.quick,
      "takes the first of each opponent's configurations instead of searching for the fastest: for whether losses agree");
  app.add_option("--json", o.json, "file for everything that was measured");
  app.add_option("--markdown", o.markdown, "file for the table");
  app.add_option("--figure", o.figure, "file for dots of the ratios: .png, .svg or .pdf");
  auto* read = app.add_option("--read", o.read, "files of earlier --json: reports on them together, and measures nothing");
  read->excludes("--workloads");
  app.add_option("--tuned", o.tuned,
                 "files of earlier --json: takes the opponents' configurations from them instead of searching")
      ->excludes(read);
  app.add_flag("--list", o.list, "prints the names of the workloads");
  CLI11_PARSE(app, argc, argv);
  try {
    if (o.list) {
      for (const Workload& w : workloads()) std::cout << w.name << std::string(20 - w.name.size(), ' ') << w.title << '\n';
      return 0;
    }
    std::signal(SIGPIPE, SIG_IGN);  // a measuring process that has ended is an error with a name
    run_comparison(o, comparison);
  } catch (const std::exception& e) {
    std::cerr << "error: " << e.what() << '\n';
    return 1;
  }
  return 0;
}

}  // namespace versus
