"""What both converters of the digit recogniser feed it."""

import os

import numpy as np

CALIBRATION_IMAGES = 256


def network_input(image):
    """The value a user feeds: f32(pixel) / f32(255)."""
    return (image.astype(np.float32) / np.float32(255)).reshape(1, 1, 32, 32)


def write_calibration_set(trained, folder):
    """The first training digits, an .npz each."""
    os.makedirs(folder)
    for i, image in enumerate(np.load(trained + "/train.npz")["images"][:CALIBRATION_IMAGES]):
        np.savez("%s/%04d.npz" % (folder, i), image=network_input(image))
