"""What Beaconmart infers from its marts: pure functions, frames in and frames out.

Nothing here reads a file, opens a database or knows of an orchestrator: numpy, pandas, scipy and scikit-learn are all
it imports.
"""
