"""OpenFst's file format of const FSTs: header, states, arcs."""

import struct

import numpy as np

MAGIC = 2125659606  # OpenFst's, of every FST
VERSION = 2  # of one whose parts follow each other without padding; there is an aligned one too
EXPANDED = 1  # the property that all const FSTs have
HEAD = struct.Struct("<i")
REST = struct.Struct("<iiQqqq")  # version, flags, properties, start, states, arcs
STATE = np.dtype([("weight", "<f4"), ("arc", "<u4"), ("arcs", "<u4"), ("silent_in", "<u4"), ("silent_out", "<u4")])
ARC = np.dtype([("label", "<i4"), ("word", "<i4"), ("weight", "<f4"), ("next", "<i4")])
