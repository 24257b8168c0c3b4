"""Social navigation algorithms for mobile robots; knows no ROS."""
