"""Scenes for others: SDF worlds for Gazebo, maps for Nav2, and scene files of drawn scenes."""
