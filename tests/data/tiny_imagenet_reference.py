# SPDX-License-Identifier: BSD-3-Clause
"""What Pillow decodes from the reduced Tiny ImageNet in LMC_TEST_DATA, in the loader's order: check sums over all pixels, and a few
images' own. Needs Debian's python3-pil. Prints C++:
    LMC_TEST_DATA=DIR python3 tiny_imagenet_reference.py > tiny_imagenet_reference.inc"""
import os
import zlib

from PIL import Image

root = os.path.join(os.environ["LMC_TEST_DATA"], "tiny-imagenet-200")
wnids = open(f"{root}/wnids.txt").read().split()
train = [f"train/{w}/images/{name}" for w in wnids for name in sorted(os.listdir(f"{root}/train/{w}/images"), key=str.encode)]
val = [f"val/images/{line.split()[0]}" for line in open(f"{root}/val/val_annotations.txt")]


def pixels(path, mode):
    image = Image.open(f"{root}/{path}")
    image.draft(mode, image.size)  # gray: the luma that the file stores, not one computed from colors
    return image.convert(mode).tobytes()


def check_sum(paths, mode):
    result = 0
    for path in paths:
        result = zlib.crc32(pixels(path, mode), result)
    return result


print("// SPDX-License-Identifier: BSD-3-Clause")
print("// Made by tiny_imagenet_reference.py with Pillow.")
for name, paths in (("train", train), ("val", val)):
    gray = sum(Image.open(f"{root}/{path}").mode == "L" for path in paths)
    print(f"constexpr std::size_t {name}_images = {len(paths)}, gray_{name}_images = {gray};")
    for mode, channels in (("RGB", 3), ("L", 1)):
        print(f"constexpr unsigned long {name}_{channels} = {check_sum(paths, mode):#010x};")
print("const std::vector<Golden> golden = {")
first_gray = next(path for path in train if Image.open(f"{root}/{path}").mode == "L")
for path in (train[0], train[-1], val[0], first_gray):
    data = pixels(path, "RGB")
    corners = ", ".join(str(b) for i in (0, 63, 64 * 63, 64 * 64 - 1) for b in data[3 * i:3 * i + 3])
    print(f'    {{"{path}", {zlib.crc32(data):#010x}, {{{corners}}}}},')
print("};")
