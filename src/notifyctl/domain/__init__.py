"""Ground floor: policy as pure functions over frozen values; standard library only, time is an argument."""
