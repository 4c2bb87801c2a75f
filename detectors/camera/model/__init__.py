"""A user's own ONNX detector, run inside the decoder's process."""
