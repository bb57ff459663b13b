# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Sourced: reads the JSON files of our programs, without a program of its own for JSON.

# json_lines FILE: one line `path value` for each number, text, null and empty list, as in `curve.0.test.error 0.125`. The file has an
# entry per line.
json_lines() {
  awk '
    { sub(/^ +/, ""); sub(/,$/, "") }
    /^[]}]$/ { --depth; next }
    {
      key = ""
      if (depth > 0 && list[depth]) key = entries[depth]++
      if (match($0, /^"[^"]*": /)) { key = substr($0, 2, RLENGTH - 4); $0 = substr($0, RLENGTH + 1) }
      path = depth > 1 ? prefix[depth] "." key : key
      if ($0 == "{" || $0 == "[") { list[++depth] = $0 == "["; entries[depth] = 0; prefix[depth] = path; next }
      gsub(/^"|"$/, "")
      print path, $0
    }' "$1"
}
