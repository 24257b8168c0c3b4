"""``python -m social_nav_nodes.demo``; quiet when interrupted before it has begun."""

import signal
import sys

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from social_nav_nodes.demo.demonstration import main

    sys.exit(main())
