# SPDX-License-Identifier: BSD-3-Clause
"""Builds the Python module by CMake, which needs no dependency of the library but a compiler and pybind11."""
import os
import pathlib
import re
import subprocess
import sys

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = pathlib.Path(__file__).parent.resolve()
VERSION = re.search(r'version = "(.*)"', (ROOT / "include/lmc/core/version.hpp").read_text()).group(1)


class BuildByCMake(build_ext):
    def build_extension(self, extension):
        # Where setuptools wants lmc/_core.*.so; CMake puts the other files of the package beside it.
        packages = pathlib.Path(self.get_ext_fullpath(extension.name)).parent.parent.resolve()
        build = pathlib.Path(self.build_temp).resolve()
        subprocess.run(["cmake", "-S", ROOT, "-B", build, "-DCMAKE_BUILD_TYPE=Release", "-DLMC_CONNECTIVITY_ONLY=ON", "-DLMC_BUILD_TESTS=OFF",
                        "-DLMC_BUILD_PYTHON=ON", "-DLMC_INSTALL=ON", "-DLMC_PYTHON_DIR=.", f"-DPython3_EXECUTABLE={sys.executable}"], check=True)
        jobs = [f"-j{self.parallel}"] if self.parallel else [f"-j{os.cpu_count()}"]
        subprocess.run(["cmake", "--build", build, "--target", "lmc_python", *jobs], check=True)
        subprocess.run(["cmake", "--install", build, "--prefix", packages, "--component", "python"], check=True)


setup(version=VERSION, packages=["lmc"], package_dir={"lmc": "python/lmc"}, package_data={"lmc": ["*.pyi", "py.typed"]},
      ext_modules=[Extension("lmc._core", sources=[])], cmdclass={"build_ext": BuildByCMake})
