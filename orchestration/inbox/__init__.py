"""The inbox: a folder or a bucket in which sources arrive; what lies there, and what was taken."""
