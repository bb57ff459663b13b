# SPDX-License-Identifier: BSD-3-Clause
"""The Python code of docs/own-trainer.md runs, block after block, as a reader would type it."""
import contextlib
import io
import pathlib
import re
import unittest

page = pathlib.Path(__file__).resolve().parents[2] / "docs/own-trainer.md"


class Blocks(unittest.TestCase):
    def test_blocks_run(self):
        blocks = re.findall(r"^```python\n(.*?)^```", page.read_text(), re.M | re.S)
        self.assertGreater(len(blocks), 5)
        names, printed = {}, io.StringIO()
        with contextlib.redirect_stdout(printed):
            for block in blocks:
                exec(compile(block, str(page), "exec"), names)
        text = printed.getvalue()
        for expected in ("95 % [", "git_rebasin_barrier ", "2 pairs from 2 initializations", "examples, barrier"):
            self.assertIn(expected, text)


if __name__ == "__main__":
    unittest.main()
