// SPDX-License-Identifier: BSD-3-Clause
// What programs that train a pair do around their work.
#pragma once
#include <functional>

/// Exit codes besides 0. What was not measured may be all, or one of several results.
inline constexpr int unmeasured_exit = 1, diverged_exit = 3, unwritten_exit = 4;

/// What a program's footer says of its exit codes.
inline constexpr const char* exit_codes =
    "Exit codes: 0 done; 1 not done, or not all of it; 3 a network diverged, so that there is no verdict; 4 an output could not be written, "
    "but the results were shown and all other outputs written.";

/// Runs the program's work, which returns the exit code; what it throws is shown under the program's name.
int run_program(const char* name, const std::function<int()>& work);

struct Results;
class Outputs;

/// The exit code at the end of the work; says why where it is not 0.
int exit_code(const char* name, const Results& r, const Outputs& outputs);
