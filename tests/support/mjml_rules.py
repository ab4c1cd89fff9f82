"""Renews src/digest/rendering/mjml_rules.json from npm's `mjml`, which Node must be able to load.

npm install --prefix FOLDER mjml
python -m tests.support.mjml_rules FOLDER
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

RULES = Path(__file__).resolve().parents[2] / "src" / "digest" / "rendering" / "mjml_rules.json"

_ABOUT = (
    "What MJML's tags take: attributes with their types, HTML or not, and what may stand directly in them "
    "(null: anything); the names of colours. Taken from npm's mjml-preset-core and mjml-core, whose licence "
    "is below, by tests/support/mjml_rules.py."
)

# Prints what the packages know; a rule that is no list of names (any tag in mj-attributes) is null.
_DUMP = """
const preset = require("mjml-preset-core"), core = preset.default || preset;
const fs = require("fs"), path = require("path"), found = require.resolve("mjml-preset-core/package.json");
const tags = {};
for (const [name, names] of Object.entries(core.dependencies))
  tags[name] = {
    html: false,
    children: names.every((one) => typeof one === "string") ? names : null,
    attributes: {},
  };
for (const tag of core.components)
  tags[tag.componentName] = {
    html: !!tag.endingTag,
    children: (tags[tag.componentName] || { children: [] }).children,
    attributes: tag.allowedAttributes || {},
  };
console.log(JSON.stringify({
  version: require(found).version,
  licence: fs.readFileSync(path.join(path.dirname(found), "LICENSE.md"), "utf8"),
  colours: require("mjml-core/lib/types/helpers/colors"),
  tags,
}));
"""


def rules(known: dict[str, Any]) -> str:
    """The file's text for what npm's packages know: one line for each tag."""
    head = {
        "about": _ABOUT,
        "version": known["version"],
        "licence": " ".join(known["licence"].split()),
        "colours": " ".join(sorted(set(known["colours"]))),
    }
    lines = [f" {json.dumps(key)}: {json.dumps(value)}," for key, value in head.items()]
    tags = [f"  {json.dumps(name)}: {json.dumps(tag)}" for name, tag in sorted(known["tags"].items())]
    return "\n".join(["{", *lines, ' "tags": {', ",\n".join(tags), " }", "}"]) + "\n"


def installed(folder: Path) -> dict[str, Any]:
    """What the packages under `folder` know."""
    found = subprocess.run(["node", "-e", _DUMP], cwd=folder, check=True, capture_output=True, text=True)
    known: dict[str, Any] = json.loads(found.stdout)
    return known


if __name__ == "__main__":
    RULES.write_text(rules(installed(Path(sys.argv[1]))), encoding="utf-8")
