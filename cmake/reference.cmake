# SPDX-License-Identifier: BSD-3-Clause
# The target `reference`: an API reference in HTML, made by Doxygen from the doc comments, with README and docs/ as its pages. Every
# warning is an error, and a public name without a comment is a warning.
find_package(Doxygen 1.9.4 QUIET)
if(NOT DOXYGEN_FOUND)
  return()
endif()

set(DOXYGEN_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/reference)
set(DOXYGEN_STRIP_FROM_PATH ${PROJECT_SOURCE_DIR}/include)
set(DOXYGEN_STRIP_FROM_INC_PATH ${PROJECT_SOURCE_DIR}/include)
set(DOXYGEN_IMAGE_PATH ${PROJECT_SOURCE_DIR})
set(DOXYGEN_USE_MDFILE_AS_MAINPAGE ${PROJECT_SOURCE_DIR}/README.md)
set(DOXYGEN_EXCLUDE_PATTERNS */detail/* */lmc/compiled/* */lmc/simd/*)
set(DOXYGEN_EXCLUDE_SYMBOLS lmc::*detail*)
set(DOXYGEN_INPUT_FILTER "awk -f ${PROJECT_SOURCE_DIR}/cmake/reference_filter.awk")

set(DOXYGEN_JAVADOC_AUTOBRIEF YES)  # lists show the first sentence
set(DOXYGEN_HIDE_IN_BODY_DOCS YES)  # comments in functions are about the code
set(DOXYGEN_SHOW_INCLUDE_FILES NO)
set(DOXYGEN_VERBATIM_HEADERS NO)
set(DOXYGEN_HAVE_DOT NO)
set(DOXYGEN_GENERATE_LATEX NO)

set(DOXYGEN_EXTRACT_ALL NO)
set(DOXYGEN_WARN_IF_UNDOCUMENTED YES)
set(DOXYGEN_WARN_AS_ERROR FAIL_ON_WARNINGS)
set(DOXYGEN_QUIET YES)

set(reference_input README.md CONTRIBUTING.md docs include/lmc)
list(TRANSFORM reference_input PREPEND ${PROJECT_SOURCE_DIR}/)
doxygen_add_docs(reference ${reference_input} COMMENT "API reference: ${PROJECT_BINARY_DIR}/reference/html/index.html")
