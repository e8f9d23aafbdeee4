"""Drives Studio's main job as a screen reader would: through the accessibility tree, by the names in the guide.

Run by the system's own Python, because PyGObject is no wheel:

    /usr/bin/python3 tests/accessibility/drive.py --prompt "a lighthouse" --folder OUT --python .venv/bin/python

in a session with an accessibility bus, beside a running Studio. It types into `Prompt`, presses `Generate`, waits for
`Status` to say Done, presses `Export…`, fills the dialog and presses its button. Then it writes another prompt, drags
the exported file onto the canvas with the pointer, and waits for the first prompt to come back. Prints what it saw as
JSON.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402

PATIENCE = 60.0


class NotThere(Exception):
    """Something that should have appeared did not."""


def children(node):
    """The children of an accessible; none where it has gone meanwhile."""
    try:
        return [node.get_child_at_index(index) for index in range(node.get_child_count())]
    except GLib.Error:
        return []


def walk(node):
    """An accessible and everything below it."""
    yield node
    for child in children(node):
        if child is not None:
            yield from walk(child)


def shown(node):
    """True for what is on the screen: pages that are not in front are in the tree as well."""
    try:
        return node.get_state_set().contains(Atspi.StateType.SHOWING)
    except GLib.Error:
        return False


def programs():
    """The programs on the bus."""
    return [node for node in children(Atspi.get_desktop(0)) if node is not None]


def look_for(name, role=None):
    """All shown accessibles with this very name (and role), in any program."""
    found = []
    for program in programs():
        for node in walk(program):
            try:
                if node.get_name() == name and shown(node) and role in (None, node.get_role_name()):
                    found.append(node)
            except GLib.Error:  # it went away while we looked
                continue
    return found


def wait_for(what, look, seconds=PATIENCE):
    """The first true answer of `look()`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = look()
        if answer:
            return answer
        time.sleep(0.05)
    raise NotThere(f"{what} did not come within {seconds:.0f} s")


def find(name, role=None):
    """One accessible by name, waiting until it is there."""
    return wait_for(f"{name!r}", lambda: look_for(name, role))[0]


def actions(node):
    """What can be done with an accessible."""
    return [Atspi.Action.get_action_name(node, index) for index in range(Atspi.Action.get_n_actions(node))]


def press(name):
    """Press the button of this name; a dialog may have the same name."""
    button = wait_for(f"a button {name!r}", lambda: [node for node in look_for(name) if "Press" in actions(node)])[0]
    Atspi.Action.do_action(button, actions(button).index("Press"))


def fields(name):
    """The text fields of a name: the accessible itself, or the one inside a composite. Its label has the same name."""
    inner = (node for found in look_for(name) for node in walk(found))
    return [node for node in inner if node.get_state_set().contains(Atspi.StateType.EDITABLE)]


def text_of(node):
    """All the text of a field."""
    return Atspi.Text.get_text(node, 0, Atspi.Text.get_character_count(node))


def type_into(name, text):
    """Replace the text of a field, and see that it is there."""
    field = wait_for(f"a field {name!r} to type into", lambda: fields(name))[0]
    if not Atspi.EditableText.set_text_contents(field, text):
        raise NotThere(f"{name!r} did not take the text")
    wait_for(f"{text!r} in {name!r}", lambda: text_of(field) == text, 5)


def middle_of(node):
    """Where an accessible is on the screen, in pixels."""
    place = Atspi.Component.get_extents(node, Atspi.CoordType.SCREEN)
    return place.x + place.width // 2, place.y + place.height // 2


def point(x, y, what="abs"):
    """Move the pointer ("abs") or press ("b1p") and let go ("b1r") its button there, and let the programs see it."""
    Atspi.generate_mouse_event(x, y, what)
    time.sleep(0.04)


def drag(python, file, target):
    """Drag a file out of another program's window onto an accessible; what that program says of it."""
    script = Path(__file__).with_name("drag_source.py")
    with subprocess.Popen([python, str(script), str(file)], stdout=subprocess.PIPE, text=True) as source:
        try:
            x, y = wait_for("the file to drag", lambda: [middle_of(node) for node in look_for("File to drag")])[0]
            to_x, to_y = middle_of(target)
            point(x, y)
            point(x, y, "b1p")
            steps = 30
            for step in range(1, steps + 1):
                point(x + (to_x - x) * step // steps, y + (to_y - y) * step // steps)
            time.sleep(0.5)  # the target says whether it takes the file
            point(to_x, to_y, "b1r")
            return source.communicate(timeout=20)[0].strip()
        finally:
            source.kill()


def drop_back(python, file, prompt):
    """Write something else, drop the file, and see that what made it is there again."""
    type_into("Prompt", "something else altogether")
    said = drag(python, file, find("Canvas"))
    wait_for(
        f"{prompt!r} from the file, after the drag ended as {said!r}",
        lambda: [field for field in fields("Prompt") if text_of(field) == prompt],
        20,
    )
    return said


def main():
    """Do the main job once."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--prompt", required=True)
    options.add_argument("--folder", required=True)
    options.add_argument("--limit", type=float, default=240.0)
    options.add_argument("--python", required=True, help="one with PySide6, for the window that is dragged from")
    wanted = options.parse_args()
    saw = {"statuses": []}

    find("Generate")
    status = find("Status")  # once: walking the whole tree takes longer than a step
    type_into("Prompt", wanted.prompt)
    press("Generate")

    def ended():
        words = status.get_description()
        if words and saw["statuses"][-1:] != [words]:
            saw["statuses"].append(words)
        if words.startswith("Failed"):
            raise NotThere(f"the status says {words!r}")
        return words == "Done"

    wait_for("Status Done", ended, wanted.limit)
    saw["canvas"] = find("Canvas").get_description()
    saw["ribbon"] = find("Ribbon").get_description()

    press("Export…")
    find("File name")
    type_into("Folder", wanted.folder)
    type_into("File name", "driven")
    press("Export")
    wait_for("the end of the dialog", lambda: not look_for("File name"))
    (file,) = wait_for("the exported file", lambda: list(Path(wanted.folder).glob("driven*")))
    saw["dropped"] = drop_back(wanted.python, file, wanted.prompt)
    print(json.dumps(saw))


if __name__ == "__main__":
    try:
        main()
    except NotThere as problem:
        names = sorted({node.get_name() for program in programs() for node in walk(program) if shown(node)} - {""})
        print(f"{problem}\nshown: {names}", file=sys.stderr)
        sys.exit(1)
