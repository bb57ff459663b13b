# SPDX-License-Identifier: BSD-3-Clause
# What Doxygen reads in place of a header or a page. A line stays a line, so that warnings name the right one. In headers:
#   ///  text              a block becomes /** … */; lines that are indented by three spaces or more stay as they are, in verbatim
#   int a = 1;  // text    the comment documents a, with the lines that go on below it
#   friend … operator== … = default; and, in layers/, what the concept Layer prescribes get a standing sentence

function print_comment() {
  if (comment == "") return
  print comment (formula ? " @endverbatim" : "") " */"
  comment = ""
  formula = 0
}

# Links are meant for the folder of the page: to files that are no pages, they become absolute.
FILENAME ~ /\.md$/ {
  gsub(/\.md#[a-z-]+\)/, ".md)")  # Doxygen 1.9.4 gives headings no anchors of these names
  gsub(/\]\(\.\.\//, "](")        # IMAGE_PATH is the root
  root = FILENAME
  sub(/(docs\/)?[^\/]*$/, "", root)
  if (match($0, /\]\((examples\/[^)]*[^g)]|LICENSE)\)/)) $0 = substr($0, 1, RSTART + 1) root substr($0, RSTART + 2)
  print
  next
}

FNR == 1 { print "/** @file */"; next }  # in place of the license; without it, a header has no page

/^ *\/\/\/( |$)/ {
  text = $0
  sub(/^ *\/\/\/ ?/, "", text)
  if (comment != "") print comment
  if (text ~ /^  /) {
    comment = (comment == "" ? "/** " : "") (formula ? "" : "@details @verbatim ") substr(text, 3)
    formula = 1
  } else {
    comment = (comment == "" ? "/**" : "") (formula ? "@endverbatim" : "") " " text
    formula = 0
  }
  documented = 1
  next
}
{ print_comment() }

match($0, /[;,]  +\/\/ /) && !/\/\/ NOLINT/ {
  column = RSTART + RLENGTH
  print substr($0, 1, column - 4) "///< " substr($0, column)
  documented = 0
  next
}
column && match($0, /^ +\/\/ /) && RLENGTH + 1 == column {
  print "///< " substr($0, column)
  next
}
{ column = 0 }

!documented && /^  friend .*operator==.* = default;$/ { printf "/** Equal in all members. */" }
!documented && FILENAME ~ /\/layers\// {
  if (/^  (\[\[nodiscard\]\] )?[A-Za-z:<>_]+ (kind|describe|input_shape|output_shape|declare|initialize|cache_size|workspace_size|forward|backward|forward_tangent|backward_tangent|tangent_cache_size)\(.*\) const/)
    printf "/** As the concept @ref lmc::Layer \"Layer\" says. */"
  if (/^  \[\[nodiscard\]\] const [A-Za-z0-9]+Options(<Scalar>)?& options\(\) const/) printf "/** Those that the layer was made with. */"
  if (/^  explicit [A-Za-z0-9]+\([A-Za-z0-9]+Options(<Scalar>)? options\)/)
    printf "/** The layer of these options; the comment on the class says which are errors. */"
  if (/^  static constexpr bool (affine_in_parameters|bilinear|linear|overwrites_gradient|scales_units|works_in_place) = [^;]*;$/) {
    printf "/** See the concept of that name in layer.hpp or tangent.hpp. */"
    if (/,/) $0 = $0 "  ///< See the concept of that name in layer.hpp or tangent.hpp."
  }
}
{
  print
  documented = 0
}
END { print_comment() }
