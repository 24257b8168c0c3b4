"""Learn, score and look at models of how people keep their distance and meet."""

# Each module of this folder is one sub-command, named after its file. It has a docstring (shown
# by --help), SUMMARY (one line), add_arguments(parser) and run(arguments) -> exit status; what is
# slow to import (matplotlib) it imports inside run.
