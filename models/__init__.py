"""What is inferred from the marts: frames in, frames out. Nothing here reads or writes a file."""
