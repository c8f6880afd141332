"""What people read: progress, diagnoses, summaries."""
