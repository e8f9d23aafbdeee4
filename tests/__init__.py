"""The tests. A package of its own, since a dependency installs one called `tests` and would come first otherwise."""
