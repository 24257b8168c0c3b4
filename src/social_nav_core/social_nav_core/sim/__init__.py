"""A headless room with people and a robot: scenes, bodies, sensors, planning and driving."""
