"""What a simulated human body is made of: proportions, limbs, gait, gestures, hands and face."""
