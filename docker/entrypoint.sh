#!/bin/bash
# Runs a command with ROS 2 and the suite in its environment.
set -e
source "/opt/ros/$ROS_DISTRO/setup.bash"
source /opt/social_nav/install/setup.bash
exec "$@"
