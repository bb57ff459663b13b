# SPDX-License-Identifier: BSD-3-Clause
# Sourced: writes 200 training and 100 test images of 28x28 with ten classes into the folder images, in MNIST's format.
mkdir images
write_set() {  # write_set NAME COUNT (two hexadecimal digits): COUNT images of 28x28, with labels 0 to 9
  local count=$((16#$2))
  { printf '\x00\x00\x08\x03\x00\x00\x00'"\\x$2"'\x00\x00\x00\x1c\x00\x00\x00\x1c'
    awk -v n=$((count * 784)) 'BEGIN { for (i = 0; i < n; ++i) { x = (x * 75 + 74) % 65537; printf "%c", 33 + x % 90 } }'; } > "images/$1-images-idx3-ubyte"
  { printf '\x00\x00\x08\x01\x00\x00\x00'"\\x$2"
    for ((i = 0; i < count; ++i)); do printf "\\x0$((i % 10))"; done; } > "images/$1-labels-idx1-ubyte"
}
write_set train c8
write_set t10k 64
