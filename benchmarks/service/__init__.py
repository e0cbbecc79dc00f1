"""What the service costs beside a bare FastAPI application: CPU, memory, start; never a test."""
