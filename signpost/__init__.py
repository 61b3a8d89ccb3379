"""Signpost: looks at a picture and says where it goes.

The core library. Pure Python, no TensorFlow and no CDK, imported by everything else and importing none of it.
"""
