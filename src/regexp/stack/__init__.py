"""All knowledge of the runs axis: many runs as one tensor program, in which no run knows of its neighbours."""
