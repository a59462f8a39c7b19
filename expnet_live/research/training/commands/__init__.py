"""The steps of `expnet-live train`, a module for each: its docstring is the help text.

`add_arguments` makes its parser, and `run` imports what it needs.
"""

STEPS = (
    "topology",
    "landmarks",
    "face_model",
    "rig",
    "labels",
    "expnet",
    "readout",
    "scores",
    "pictures",
    "actions",
    "mean",
    "finder",
    "likeness",
    "runtime",
    "demo_clip",
    "component_sheet",
)
