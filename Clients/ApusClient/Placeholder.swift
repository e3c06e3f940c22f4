// The library follows.
