"""What starts runs: jobs, and the schedules and sensors to come. No asset and no check."""
