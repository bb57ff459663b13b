// SPDX-License-Identifier: BSD-3-Clause
// The Python module lmc._core, which lmc/__init__.py gives its names to.
#include <pybind11/pybind11.h>

#include <string>

#include <lmc/core/error.hpp>
#include <lmc/core/version.hpp>

#include "convert.hpp"

PYBIND11_MODULE(_core, m) {
  m.attr("__version__") = std::string(lmc::version);
  pybind11::register_exception<lmc::Error>(m, "Error", PyExc_ValueError).doc() =
      "What a caller can get wrong: the text names what was given, what was expected and the way out.";
  // Classes first, so that the signatures in help() have their names.
  lmc_python::bind_results(m);
  lmc_python::bind_exact(m);
  lmc_python::bind_barriers(m);
  lmc_python::bind_paths(m);
  lmc_python::bind_alignment(m);
  lmc_python::bind_soups(m);
}
