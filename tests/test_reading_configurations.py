"""Configurations are read block by block, and mean what they mean as a whole."""

from __future__ import annotations

import pytest
import yaml

from regexp.comparison import reading

TEXTS = {
    "blocks": "model:\n  hidden: [4, 2]\nseed: 0\nlr: 1.0e-05\n",
    "lists without indent": "regularizer:\n- l1\n- l2\nseed: 3\n",
    "an alias of another block": "a: &shared\n  x: 1\nb: *shared\n",
    "comments and an empty line": "# made by hand\n\na: 1  # one\n# two\nb:\n  c: null\n",
    "a text over two lines": "a: 'one\n\n  two'\nb: 2\n",
    "a text that looks like a block": "a: 'one\nb: two'\nc: 3\n",
    "no mapping": "- 1\n- 2\n",
    "nothing": "",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=list(TEXTS))
def test_blocks_are_read_as_the_whole_is(text):
    assert reading._config(text) == yaml.safe_load(text)


def test_a_damaged_file_is_an_error_of_the_whole():
    with pytest.raises(yaml.YAMLError):
        reading._config("a: [1\nb: 2\n")
