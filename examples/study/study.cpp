// SPDX-License-Identifier: BSD-3-Clause
// The study: every experiment of the paper, planned, run, and reported.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <exception>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <lmc/core/error.hpp>
#include <lmc/core/names.hpp>
#include <lmc/core/version.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>
#include "registry/extra.hpp"
#include "registry/memory_limit.hpp"
#include "registry/parse.hpp"
#include "registry/read_report.hpp"
#include "study/report/keys_page.hpp"
#include "study/report/report.hpp"
#include "study/running/measurements.hpp"
#include "study/running/plan.hpp"
#include "study/running/scheduler.hpp"
#include "study/running/shard.hpp"
#include "study/running/study_progress.hpp"
#include "study/running/training.hpp"
#include "study/specification/grid.hpp"
#include "study/specification/grid_file.hpp"
#include "study/store/merge.hpp"
#include "study/store/store.hpp"

#include "prepare_output.hpp"
#ifdef LMC_STUDY_MPI
#include "study/running/mpi_study.hpp"
#endif

const char* lmc_revision();  // written by the build

namespace {

namespace study = lmc::study;

struct Options {
  std::string grids = LMC_STUDY_EXPERIMENTS;
  std::vector<std::string> experiments;  // by name or number; none: all
  std::string preset = "standard";
  std::string store = "study.db";
  std::string data = "data";
  std::string output;
  std::string shard = "1/1";
  int threads = 0;
  std::optional<double> rank_timeout;
  std::vector<std::string> stores;  // to merge
};

// The chosen experiments, and all of them, since one may consist of the others' cells.
struct Chosen {
  std::vector<study::Experiment> all;
  std::vector<const study::Experiment*> chosen;
};

Chosen choose(const Options& o) {
  lmc::find_name("preset", o.preset, study::preset_names);
  Chosen c{study::load_experiments(o.grids), {}};
  for (const std::string& name : o.experiments) {
    const study::Experiment* found = &study::find_experiment(c.all, name);
    if (std::find(c.chosen.begin(), c.chosen.end(), found) == c.chosen.end()) c.chosen.push_back(found);
  }
  if (o.experiments.empty())
    for (const study::Experiment& e : c.all) c.chosen.push_back(&e);
  return c;
}

// What experiments ask for, as far as there are data for it.
struct Wanted {
  std::vector<study::PlannedPair> pairs;
  std::vector<lmc::study::DataSpec> complexities;
  std::set<std::string> absent;
};

void want(Wanted& to, const study::Experiment& e, const Options& o, const std::vector<study::Experiment>& all,
          study::DataSets& data) {
  const std::vector<study::Cell> cells = study::expand(e, o.preset, all);
  for (const study::Cell& cell : cells) {
    const study::RunSpec& run = cell.pairs.front().a;
    bool present = false;
    // Tried here, so that what does not fit is an error at once, and not after hours. Pairs of a cell differ where settings are drawn.
    try {
      present = data.present(run.data);
      const bool all_pairs = !e.drawn.empty();
      if (present || study::data_kind(run.data).sizes)
        for (const study::PairSpec& pair : std::span(cell.pairs).first(all_pairs ? cell.pairs.size() : 1)) {
          const study::DataSizes sizes = data.sizes(pair.a.data);
          study::require_trainable(pair.a, sizes.shape, sizes.classes, sizes.train);
          const lmc::Network<float> network = study::final_network(pair.a, sizes.shape, sizes.classes).network;
          for (const std::string& name : cell.measure) study::require_measurable(name, pair, network);
        }
    } catch (const lmc::Error& error) {
      throw lmc::Error(lmc::concat(e.file, ": ", cell.name(), ": ", error.what()));
    }
    if (!present) {
      to.absent.insert(run.data.dataset);
      continue;
    }
    for (const study::PairSpec& pair : cell.pairs) to.pairs.push_back({pair, cell.measure});
    if (e.complexity && std::find(to.complexities.begin(), to.complexities.end(), run.data) == to.complexities.end())
      to.complexities.push_back(run.data);
  }
}

// What was found in the files of data sets that were loaded to make the plan: tables and one's own, which may have been read otherwise
// than their user thinks.
void print_read(const Wanted& wanted, study::DataSets& data) {
  std::vector<study::DataSpec> printed;
  for (const study::PlannedPair& planned : wanted.pairs) {
    const study::DataSpec& spec = planned.pair.a.data;
    const study::DataSpec whole{.dataset = spec.dataset, .table = spec.table};  // one table may be read in several ways
    if (study::data_kind(spec).sizes || std::find(printed.begin(), printed.end(), whole) != printed.end()) continue;
    printed.push_back(whole);
    std::ostringstream report;
    registry::print_read_report(report, data.get(spec).data.report);
    if (!report.str().empty()) std::cerr << spec.dataset << ":\n" << report.str();
  }
}

// The store may have runs on data sets that were loaded to make the plan (tables and one's own): were those the same data?
void require_same_data(const Wanted& wanted, study::DataSets& data, const study::Store& store) {
  for (const study::PlannedPair& planned : wanted.pairs)
    if (!study::data_kind(planned.pair.a.data).sizes) store.require_same(data.get(planned.pair.a.data).row);
}

// The memory that one of the runs needs in any case, before hours of others.
void require_memory(const study::Plan& plan, study::DataSets& data) {
  for (const study::PlannedTask& planned : plan.tasks) {
    if (planned.task.kind != study::Task::Kind::run) continue;
    const study::RunSpec& run = planned.task.run;
    const study::DataSizes sizes = data.sizes(run.data);
    registry::require_memory(static_cast<double>(study::training_bytes(run, sizes.shape, sizes.classes, sizes.train)),
                             lmc::concat("training the network ", run.network.network, " on ", run.data.dataset, " needs"),
                             "expected a smaller network or batch-size in the file of the experiment");
  }
}

void name_absent(const Wanted& wanted, const Options& o) {
  for (const std::string& name : wanted.absent)
    std::cerr << "note: there is no " << name << " in '" << o.data << "'; its cells are left out\n";
}

void list(const Options& o) {
  for (const study::Experiment& e : study::load_experiments(o.grids))
    std::cout << std::setw(2) << e.number << "  " << std::left << std::setw(14) << e.name << std::right << "  " << e.title
              << ": " << e.question << '\n';
}

// Prints what there is to do in each experiment and in all together; what experiments share is counted once.
// time: the head of the last column.
void plan(const Options& o, const char* time) {
  const Chosen c = choose(o);
  study::DataSets data(o.data);
  std::optional<study::Store> store;
  std::error_code none;
  if (std::filesystem::exists(o.store, none)) store.emplace(o.store, study::Access::read);
  const study::CostModel costs = store ? study::CostModel(data, *store) : study::CostModel(data);
  std::ostringstream table;  // printed when all of it is there: an error comes without half a table before it
  const auto row = [&](const std::string& name, const Wanted& wanted) {
    const study::Plan p = make_plan(wanted.pairs, wanted.complexities, store ? &*store : nullptr, costs);
    const auto of = [](std::size_t done, std::size_t all) { return lmc::concat(done, '/', all); };
    table << std::left << std::setw(20) << name << std::right << std::setw(13) << of(p.runs_done, p.runs) << std::setw(13)
          << of(p.pairs_done, p.pairs) << std::setw(13) << of(p.measurements_done, p.measurements);
    const bool short_time = p.seconds() > 0 && p.seconds() < 1;
    table << std::setw(14) << (short_time ? "under 1 s" : study::duration_text(p.seconds())) << '\n';
  };
  table << std::left << std::setw(20) << o.preset << std::right << std::setw(13) << "runs" << std::setw(13) << "pairs"
        << std::setw(13) << "measured" << std::setw(14) << time << '\n';
  Wanted all;
  for (const study::Experiment* e : c.chosen) {
    Wanted one;
    want(one, *e, o, c.all, data);
    row(lmc::concat(e->number, ' ', e->name), one);
    want(all, *e, o, c.all, data);
  }
  row("together", all);
  print_read(all, data);
  if (store) require_same_data(all, data, *store);
  std::cout << table.str() << std::flush;
  name_absent(all, o);
}

#ifdef LMC_STUDY_MPI
using Job = MpiJob;
#else
// Without MPI there is one rank.
struct Job {
  Job(int&, char**&) {}
  static int rank() { return 0; }
  static int size() { return 1; }
  static void abort() {}
};
#endif

// Returns the signal that ended it early, or 0.
int run(const Options& o, const Job& job) {
  lmc::require(!o.rank_timeout || (std::isfinite(*o.rank_timeout) && *o.rank_timeout > 0), "--rank-timeout ",
               o.rank_timeout.value_or(0), "; expected a positive number of seconds");
  study::DataSets data(o.data);
  std::string program(lmc::version);
  if (*lmc_revision() != '\0') program += lmc::concat(" (", lmc_revision(), ')');
#ifdef LMC_STUDY_MPI
  if (job.rank() > 0) {
    mpi_compute(data, program);
    return 0;
  }
#endif
  const Chosen c = choose(o);
  const study::Shard shard = study::parse_shard(o.shard);
  Wanted wanted;
  for (const study::Experiment* e : c.chosen) want(wanted, *e, o, c.all, data);
  name_absent(wanted, o);
  lmc::require(!wanted.pairs.empty() || wanted.absent.empty(), "the data of no cell are there; say with --data where they lie");
  print_read(wanted, data);
  wanted.pairs = study::pairs_of_shard(wanted.pairs, shard, data);
  if (shard.index != 1) wanted.complexities.clear();
  study::Store store(o.store, study::Access::write);
  require_same_data(wanted, data, store);
  study::Plan plan = make_plan(wanted.pairs, wanted.complexities, &store, study::CostModel(data, store));
  require_memory(plan, data);
  const int workers = job.size() > 1 ? job.size() - 1 : lmc::ThreadTeam(o.threads).size();
  std::cerr << plan.tasks.size() << " tasks: " << plan.runs - plan.runs_done << " runs, " << plan.pairs - plan.pairs_done
            << " pairs and " << plan.measurements - plan.measurements_done << " further measurements, about "
            << study::duration_text(plan.seconds() / workers) << " on " << workers
            << (job.size() > 1 ? " ranks\n"
                : workers == 1 ? " thread\n"
                               : " threads\n");
#ifdef LMC_STUDY_MPI
  if (job.size() > 1) return mpi_hand_out(std::move(plan), store, job.size(), o.rank_timeout);
#endif
  return run_plan(std::move(plan), store, data, workers, program);
}

void merge(const Options& o) {
  study::Store to(o.store, study::Access::write);
  for (const std::string& path : o.stores) {
    const study::Store from(path, study::Access::read);
    study::merge(from, to);
    std::cout << path << ": " << from.runs().size() << " runs, " << from.pairs().size() << " pairs\n";
  }
  std::cout << o.store << ": " << to.runs().size() << " runs, " << to.pairs().size() << " pairs\n";
}

void report(const Options& o) {
  const Chosen c = choose(o);
  const study::Store store(o.store, study::Access::read);
  study::write_report(store, c.all,
                      {.preset = o.preset, .output = o.output, .grids = o.grids == LMC_STUDY_EXPERIMENTS ? "" : o.grids});
  std::cout << o.output << ", with figures and tables in " << std::filesystem::path(o.output).replace_extension().string()
            << "/\n";
}

// Returns the exit code.
int run_command(int argc, char** argv, const Job& job) {
  registry::register_extra(registry::known());
  Options o;
  CLI::App app("The experiments of the paper on linear mode connectivity: run, stored, judged.");
  app.require_subcommand(1);
  app.footer("What `dataset` and `network` may be, and every other key of an experiment's file: study keys.");
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  const auto command = [&](const char* name, const char* what) {
    CLI::App* sub = app.add_subcommand(name, what);
    sub->get_formatter()->column_width(34);
    return sub;
  };
  const auto grids = [&](CLI::App* sub) {
    sub->add_option("--experiments", o.grids, "folder of the grid files")->capture_default_str();
  };
  const auto which = [&](CLI::App* sub) {
    grids(sub);
    sub->add_option("EXPERIMENT", o.experiments, "names or numbers [all]");
    sub->add_option("--preset", o.preset, "size: smoke, standard or full")->capture_default_str();
    sub->add_option("--store", o.store, "file of the results")->capture_default_str();
  };
  const auto with_data = [&](CLI::App* sub) {
    sub->add_option("--data", o.data, "folder of the data sets, one subfolder each: mnist, cifar-10-batches-bin, …")
        ->capture_default_str();
  };
  CLI::App* const list_command = command("list", "the experiments and their questions");
  grids(list_command);
  CLI::App* const keys_command = command("keys", "all that a file of an experiment may say, as Markdown");
  CLI::App* const plan_command = command("plan", "what there is to do, and how long it will take");
  which(plan_command);
  with_data(plan_command);
  CLI::App* const run = command("run", "do what the store lacks; under mpirun, by all ranks");
  which(run);
  with_data(run);
  run->add_option("--threads", o.threads, "runs side by side; 0 takes all cores; changes no result")->capture_default_str();
  run->add_option("--shard", o.shard, "i/n: one of n parts, each with a store of its own")->capture_default_str();
  run->add_option("--rank-timeout", o.rank_timeout,
                  "under mpirun: seconds at one task after which a rank is taken to hang, which ends the study [an hour, or 20 "
                  "times as long as the task was estimated to take]");
  run->footer(
      "SIGINT and SIGTERM: tasks in work are finished and kept, then the exit code is 130 or 143; the same command goes on. mpirun kills its ranks "
      "soon after Ctrl-C.");
  CLI::App* const status = command("status", "how much of it is done");
  which(status);
  with_data(status);
  CLI::App* const merge_command = command("merge", "join the stores of shards");
  merge_command->add_option("STORE", o.stores, "stores to read")->required();
  merge_command->add_option("--store", o.store, "store to add them to")->capture_default_str();
  CLI::App* const report_command = command("report", "write results, figures and verdicts to an HTML file");
  grids(report_command);
  report_command->add_option("--preset", o.preset, "size: smoke, standard or full")->capture_default_str();
  report_command->add_option("--store", o.store, "file of the results")->capture_default_str();
  report_command->add_option("--output", o.output, "page to write, FILE.html; figures and tables go to the folder FILE")
      ->required();
  if (!registry::parse_or_help(app, argc, argv)) return 0;
  if (job.rank() > 0 && !run->parsed()) return 0;  // one rank is enough
  if (list_command->parsed()) list(o);
  if (keys_command->parsed()) study::write_keys_page(std::cout);
  if (plan_command->parsed()) plan(o, "thread time");
  if (run->parsed()) {
    const int signal = ::run(o, job);
    return signal == 0 ? 0 : 128 + signal;
  }
  if (status->parsed()) plan(o, "left");
  if (merge_command->parsed()) merge(o);
  if (report_command->parsed()) report(o);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  prepare_output();
  const Job job(argc, argv);
  try {
    return run_command(argc, argv, job);
  } catch (const std::bad_alloc&) {
    std::cerr << "study: not enough memory; fewer --threads need less\n";
  } catch (const nlohmann::json::exception& e) {
    std::cerr << "study: a measurement in the store cannot be read: " << e.what()
              << "; was it changed by hand? Delete its row, and `run` computes it anew\n";
  } catch (const std::exception& e) {
    std::cerr << "study: " << e.what() << '\n';
  }
  job.abort();
  return 1;
}
