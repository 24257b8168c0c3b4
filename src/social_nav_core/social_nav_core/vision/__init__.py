"""People in camera images: pose estimators, tracks of skeletons, and where people stand."""
