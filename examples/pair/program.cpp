// SPDX-License-Identifier: BSD-3-Clause
#include "pair/program.hpp"

#include <exception>
#include <iostream>
#include <new>
#include <string>

#include "pair/outputs.hpp"
#include "pair/results.hpp"
#include "prepare_output.hpp"
#include "registry/extra.hpp"

int run_program(const char* name, const std::function<int()>& work) {
  prepare_output();
  try {
    registry::register_extra(registry::known());
    return work();
  } catch (const std::bad_alloc&) {
    std::cerr << name << ": not enough memory; is the network, the data set or the batch too large?\n";
  } catch (const std::exception& e) {
    std::cerr << name << ": " << e.what() << '\n';
  }
  return unmeasured_exit;
}

int exit_code(const char* name, const Results& r, const Outputs& outputs) {
  if (!outputs.measured) return unmeasured_exit;
  for (const std::string& reason : r.not_saved) std::cerr << name << ": --checkpoint: " << reason << '\n';
  if (!outputs.written || !r.not_saved.empty()) return unwritten_exit;
  if (r.judged() || r.options.allow_divergence) return 0;
  std::cerr << name << ": a network diverged, so that there is no verdict (exit code " << diverged_exit
            << "); a lower --learning-rate may help, and --allow-divergence takes this for a result\n";
  return diverged_exit;
}
